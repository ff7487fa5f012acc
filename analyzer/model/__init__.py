"""The values that flow through the house: Snapshot (what was seen), Diagnosis (what it means). Both are plain frozen data.

Field names are the names in the JSON (schema 1): fields may be added, none renamed. ``None`` means *not known*, never zero
or empty. Addresses are hexadecimal strings (``0x7f...``), because JSON numbers lose bits above 2**53. Times: ``_ms``
milliseconds, ``_s`` seconds, ``_at`` UTC in ISO 8601.
"""

from analyzer.model.diagnosis import (
    SCHEMA,
    Affected,
    Certainty,
    ChainLink,
    Diagnosis,
    Finding,
    NearMiss,
    Reason,
    Redaction,
    Reference,
    ReferencePhoto,
    Status,
    TrialFigures,
)
from analyzer.model.private import Private, PrivateValue
from analyzer.model.snapshot import (
    Capture,
    CaptureMethod,
    Fact,
    Frame,
    Holds,
    Host,
    Libc,
    Lock,
    Module,
    Owner,
    Process,
    Snapshot,
    Syscall,
    Thread,
    ThreadRef,
    Tool,
    Wait,
)

__all__ = [
    "SCHEMA",
    "Affected",
    "Capture",
    "CaptureMethod",
    "Certainty",
    "ChainLink",
    "Diagnosis",
    "Fact",
    "Finding",
    "Frame",
    "Holds",
    "Host",
    "Libc",
    "Lock",
    "Module",
    "NearMiss",
    "Owner",
    "Private",
    "PrivateValue",
    "Process",
    "Reason",
    "Redaction",
    "Reference",
    "ReferencePhoto",
    "Snapshot",
    "Status",
    "Syscall",
    "Thread",
    "ThreadRef",
    "Tool",
    "TrialFigures",
    "Wait",
]
