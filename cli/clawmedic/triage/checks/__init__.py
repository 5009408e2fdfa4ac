"""One symptom, one file. `table.py` lists them all; nothing registers itself."""
