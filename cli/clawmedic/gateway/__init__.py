"""The gateway: where it is, whether it is ours, and what it can be asked to do."""
