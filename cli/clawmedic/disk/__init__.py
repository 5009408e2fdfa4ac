"""The only room that writes files, and the careful ways to read them."""
