"""How anything is changed: plan, verified backup, act, prove, journal; and undo."""
