"""Where sessions live: the layout of both generations, opened for reading or for repair."""
