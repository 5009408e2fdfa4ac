"""OpenClaw's logs: where they are, what their records say, and the catalogue of lines that mean something."""
