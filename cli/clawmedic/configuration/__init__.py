"""clawmedic's own config.toml: its sections, how it is read, and the commented file that `setup config` writes."""
