"""How much one submission may use. Every limit is hit as itself: a time-out is reported as a time-out."""

from __future__ import annotations

import msgspec

WALL_FACTOR = 4.0
"""How many times longer than its CPU seconds a check may take by the clock: the backstop for code that waits."""
LEEWAY = 2.0
"""How many times its CPU seconds a check may use beside others: they slow its memory and caches down. What needs more
than its own is decided alone."""
SUBMISSION_FACTOR = 5
"""One process ends after so many times the submission's CPU seconds, should nobody have ended it before."""


class Limits(msgspec.Struct, frozen=True):
    """What one submission may use.

    Seconds are CPU seconds of all its processes together, so that a busy machine costs nobody a point: of one check, of
    loading the file, and of all checks that come to an end. Then megabytes of memory (beyond what the libraries take),
    of disk and of one message; kilobytes of captured output; processes.
    """

    check_seconds: float = 20
    load_seconds: float = 30
    submission_seconds: float = 300
    memory_mb: int = 2048
    processes: int = 64
    disk_mb: int = 64
    output_kb: int = 64
    message_mb: int = 64


class OpenSandbox(msgspec.Struct, frozen=True):
    """Asks the fork server for a sandbox with these limits, on the given CPU cores (none: wherever there is room)."""

    limits: Limits
    cores: tuple[int, ...] = ()
