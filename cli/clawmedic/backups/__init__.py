"""Every copy of a conversation there is: found, read, compared, exported, restored."""
