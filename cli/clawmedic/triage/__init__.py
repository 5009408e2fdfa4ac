"""Triage: what is wrong with which session, since when, and why."""
