"""Telling people what happened. Nothing is in this room yet."""
