"""A laboratory with real OpenClaw gateways: everything runs on loopback, no account and no key is needed."""
