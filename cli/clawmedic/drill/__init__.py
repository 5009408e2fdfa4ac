"""The rehearsal: made-up state directories with every kind of session, and whether each is judged right."""
