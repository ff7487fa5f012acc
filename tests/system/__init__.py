"""Tests against real programs: podman before and after its fix, four C libraries, other machines. Slow; need root."""
