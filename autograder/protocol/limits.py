"""How much one submission may use. Every limit is hit as itself: a time-out is reported as a time-out."""

from __future__ import annotations

import math

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """Wall seconds a check, for loading, in all, and at the latest, with what was not the submission's own time; CPU
    seconds a check, and in all, of all its processes; megabytes of memory (beyond what the libraries take), disk and
    message; kilobytes of captured output; processes."""

    check_seconds: float = 20
    load_seconds: float = 30
    submission_seconds: float = 300
    latest_seconds: float = math.inf
    cpu_seconds: int = 300
    submission_cpu_seconds: int = 600
    memory_mb: int = 2048
    processes: int = 64
    disk_mb: int = 64
    output_kb: int = 64
    message_mb: int = 64
