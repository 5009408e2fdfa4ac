"""Transcripts: what a line says, the tree of entries, what the model sees, and what takes the room."""
