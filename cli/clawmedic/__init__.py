"""clawmedic: finds OpenClaw sessions that no longer answer, says why, and brings them back."""

__version__ = "0.1.0"
