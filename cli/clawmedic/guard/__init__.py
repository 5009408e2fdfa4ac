"""The watchdog: a pass over all sessions by policy, with a memory."""
