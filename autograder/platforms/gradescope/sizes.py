"""How large the container is, and limits that fit into it."""

from __future__ import annotations

import re
import resource
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.errors import SandboxUnavailableError

RESERVE_MB = 96
"""Memory left to the container for what all processes read from files, and for the watchdog."""
LEAST_MB = 96
"""What a student's code needs. With less, the kernel would end honest work, so nothing is graded."""

_SHARE = re.compile(r"^Pss_Anon: +(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Size:
    """What the container may use; None where it may use all of the machine."""

    memory_mb: float | None
    cpus: float | None


def container_size(root: Path = Path("/sys/fs/cgroup")) -> Size:
    """Read the limits of this process's control group, in either version of their file system."""
    memory = _number(root / "memory.max") or _number(root / "memory/memory.limit_in_bytes")
    cpus = None
    words = _text(root / "cpu.max").split()
    if len(words) == 2 and words[0].isdecimal():
        cpus = int(words[0]) / int(words[1])
    else:
        quota, period = _number(root / "cpu/cpu.cfs_quota_us"), _number(root / "cpu/cpu.cfs_period_us")
        if quota and period:
            cpus = quota / period
    machine = psutil.virtual_memory().total
    return Size(memory / 2**20 if memory and memory < machine else None, cpus)


def memory_left(size: Size) -> int | None:
    """Return the megabytes that are left for a submission, besides the grader and the fork server; None for enough.

    Raises `SandboxUnavailableError` where the container is too small: that is for no student to pay.
    """
    if size.memory_mb is None:
        return None
    left = int(size.memory_mb - _taken_mb() - RESERVE_MB)
    if left < LEAST_MB:
        raise SandboxUnavailableError(
            f"the container's {size.memory_mb:.0f} MB are too few: {max(0, left)} MB are left for the student's code, "
            f"which needs {LEAST_MB}. Give it more memory in the assignment's settings on Gradescope"
        )
    return left


def _taken_mb() -> float:
    """Memory that this process and those below it hold, without what comes from files. What forks share counts once."""
    mine = psutil.Process()
    return sum(_held_kb(process.pid) for process in (mine, *mine.children(recursive=True))) / 1024


def _held_kb(pid: int) -> int:
    """Return a process's own memory and its part of what it shares; all of that where the kernel does not say more."""
    found = _SHARE.search(_text(Path(f"/proc/{pid}/smaps_rollup")))
    if found:
        return int(found[1])
    words = _text(Path(f"/proc/{pid}/statm")).split()
    return (int(words[1]) - int(words[2])) * resource.getpagesize() // 1024 if len(words) > 2 else 0


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
