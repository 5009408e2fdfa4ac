"""Telling people: notices through Apprise with a bounded outbox, and the dead-man switch."""
