"""Pure values: what a session, a finding, a cause, an incident and a verdict are. No input, no output."""
