"""Writes what is generated from the program itself: man pages, completions and JSON Schemas.

`python -m docs.generate` in the repository's root writes them; with `--check` it only says which are not current.
"""
