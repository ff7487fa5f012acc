"""The reference loader: the steps of a rootless container tool, with the bug, with podman's fix, or a complete one."""
