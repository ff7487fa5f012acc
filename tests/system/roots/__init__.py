"""Debian roots for the system tests: `make` builds them, `enter` runs programs there, `podman` makes the real hang."""
