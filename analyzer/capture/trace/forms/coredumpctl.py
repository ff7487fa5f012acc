"""``coredumpctl info`` and the journal's entry of a core: the process, its threads' stacks, its libraries' build ids."""

from __future__ import annotations

import re

from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.reading import Reading
from analyzer.model import Module

_PID = re.compile(r"PID: (\d{1,9})(?: \((.{1,100})\))?$")
_MESSAGE = re.compile(r"(?:Message: )?Process (\d{1,9}) \((.{1,100})\) of user .{1,60} dumped core")
_THREAD = re.compile(r"Stack trace of thread (\d{1,9}):$")
_EXECUTABLE = re.compile(r"Executable: (/.{1,1000})$")
_MODULE = re.compile(r"(?:Found module|Module) (\S{1,1000}) (?:from \S+ \S+ )?with(?:out)? build-id[:.]?(?: ([0-9a-f]{8,80}))?")
_ARCHITECTURE = re.compile(r"ELF object binary architecture: (.{1,60})$")
_ARCHITECTURES = {
    "AMD x86-64": "x86_64", "IBM S/390": "s390x", "AARCH64": "aarch64", "ARM AARCH64": "aarch64", "PowerPC64": "ppc64le",
    "RISC-V": "riscv64", "Intel 80386": "i386", "Intel i386": "i386", "LoongArch": "loongarch64",
}  # fmt: skip


def process(reading: Reading, line: str) -> bool:
    """``PID: 1234 (podman)`` and ``Process 1234 (podman) of user 1000 dumped core.``"""
    match = _PID.match(line) or _MESSAGE.match(line)
    if match is None:
        return False
    pid = int(match[1])
    reading.process(pid, match[2], fresh=reading.trace.has_frames)
    reading.hint = "coredumpctl"
    return True


def message(reading: Reading, line: str) -> bool:
    """``Message: Process 1234 (podman) ...``; ``Module libc.so.6 with build-id ..``."""
    return process(reading, line) or module(reading, line)


def thread(reading: Reading, line: str) -> bool:
    """``Stack trace of thread 1234:``."""
    match = _THREAD.match(line)
    if match is None:
        return False
    reading.heading("coredumpctl", None, int(match[1]))
    return True


def details(reading: Reading, line: str) -> bool:
    """``Executable: ..``, ``ELF object binary architecture: ..``."""
    match = _EXECUTABLE.match(line)
    if match is not None:
        reading.trace.executable = match[1]
        return True
    match = _ARCHITECTURE.match(line)
    if match is not None:
        reading.trace.architecture = _ARCHITECTURES.get(match[1].strip())
        return True
    return False


def module(reading: Reading, line: str) -> bool:
    """``Module libc.so.6 with build-id 2898e5f1``."""
    match = _MODULE.match(line)
    if match is None:
        return False
    if match[2] and len(reading.trace.modules) < 5_000:
        reading.trace.modules[match[1]] = Module(match[1], match[2])
    return True


HANDLERS: dict[str, Handler] = {"P": process, "M": message, "S": thread, "E": details, "F": module}
