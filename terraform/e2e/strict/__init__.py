"""A proxy that makes the emulators as strict as AWS: it enforces the rules that they do not."""
