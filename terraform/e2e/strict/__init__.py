"""A stricter AWS: the rules that the emulators do not enforce."""
