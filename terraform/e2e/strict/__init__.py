"""A stricter AWS: a proxy that enforces the rules that the emulators do not."""
