"""What has to be said about a core before anything else: files that are not the ones it was made with, and what it lacks."""

from __future__ import annotations

from analyzer.capture.core_file import CoreFile
from analyzer.capture.core_notes import CoreProcess
from analyzer.capture.core_sysroot import FoundFiles

_MOST_NAMED = 8


def about_files(files: FoundFiles, libc: str | None, executable: str | None) -> tuple[str, ...]:
    """Sentences, the worst first: a wrong libc or program decides what can be known at all."""
    notes = []
    important = [path for path in (libc, executable) if path is not None]
    others = [path for path in files.other if path not in important]
    for path in [*[path for path in important if path in files.other], *others[:_MOST_NAMED]]:
        wanted, have = files.other[path]
        what = "the C library" if path == libc else "the program" if path == executable else "a library"
        notes.append(
            f"{path} here is not {what} of the core: its build id is {have}, the core's {wanted}; it was not used. "
            "Give the right files with --sysroot or --exe"
        )
    missing = [path for path in files.missing if path in important] + [path for path in files.missing if path not in important]
    if missing:
        named = ", ".join(missing[:_MOST_NAMED]) + (", ..." if len(missing) > _MOST_NAMED else "")
        notes.append(f"not here, so without symbols: {named}. Give the files with --sysroot or --exe")
    notes += [
        f"{path} has no build id that could be compared: {file} was used because it was named, "
        "and what depends on it is less sure"
        for path, file in files.believed.items()
    ]
    if files.unproven:
        named = ", ".join(files.unproven[:_MOST_NAMED]) + (", ..." if len(files.unproven) > _MOST_NAMED else "")
        notes.append(f"the core does not hold the build ids of these files, so they were not used: {named}")
    return tuple(notes)


def about_writer(core: CoreFile, process: CoreProcess) -> tuple[str, ...]:
    """Who wrote it and what is missing from it."""
    notes = []
    if core.cut_off:
        notes.append(f"the core is cut off: {core.cut_off} bytes of memory are missing (a limit on its size, or a full disk)")
    if not process.files:
        notes.append("the core does not say which files were mapped (a kernel before 3.7), so no module can be named")
    if process.fault is not None:
        notes.append(f"the process was ended by {process.fault}, which wrote this core")
    return tuple(notes)
