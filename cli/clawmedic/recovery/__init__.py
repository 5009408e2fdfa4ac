"""Bringing sessions back: the ladder, its rungs, and what they share."""
