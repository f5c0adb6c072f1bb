"""A proxy that makes the emulators stricter: it enforces rules of AWS that they do not."""
