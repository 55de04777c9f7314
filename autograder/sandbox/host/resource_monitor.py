"""Watches what a sandbox's processes take, from outside: memory of their own, and CPU time."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable

import psutil

from autograder.errors import ConversationEndedError
from autograder.model import Outcome
from autograder.protocol.limits import Limits

PATIENCE = 0.5
"""Seconds between two looks: reading the figures costs a millisecond a process."""

COUNTED = ("Private_Dirty:", "Private_Clean:", "Swap:", "Pss_Shmem:")
"""What one process holds alone, and its part of what several hold together (alone, that counts twice)."""

HELD = ("RssAnon:", "RssShmem:", "VmSwap:")
"""What one process holds, alone or not."""


class ResourceMonitor:
    """Raises `ConversationEndedError` from `look` when all processes below `root` together take more than `limits`
    allow.

    `spent` is what ends every later check too: the CPU time of the whole submission is used up. `memory_files`: they
    may make anonymous files, which belong to no process's own memory.
    """

    def __init__(self, root: int, limits: Limits, *, memory_files: bool = False) -> None:
        self._root = root
        self._memory_files = memory_files
        self._inherited = _own_kilobytes(root)
        self._limits = limits
        self._next = time.monotonic() + PATIENCE
        self._before: float | None = None
        self.spent: ConversationEndedError | None = None

    def start_check(self) -> None:
        """From here on, CPU time is counted for another check. (It begins with the first look: that is cheaper.)"""
        self._before = None

    def look(self) -> None:
        """Cheap to call often: most calls return at once."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PATIENCE
        family = self._family()
        kilobytes = sum(self._kilobytes(process.pid) for process in family)
        if self._memory_files:
            kilobytes += _in_memory_files(process.pid for process in family)
        if kilobytes / 1024 > self._limits.memory_mb:
            raise ConversationEndedError(Outcome.OUT_OF_MEMORY, f"more than {self._limits.memory_mb} MB of memory")
        self._look_at_cpu(family)

    def _look_at_cpu(self, family: list[psutil.Process]) -> None:
        seconds = sum(map(_cpu_seconds, family))
        if self._before is None:
            self._before = seconds
        allowed = self._limits.submission_cpu_seconds
        if seconds > allowed:
            self.spent = ConversationEndedError(
                Outcome.TIMED_OUT, f"the whole submission used up its {allowed:g} s of CPU time"
            )
            raise self.spent
        if seconds - self._before > self._limits.cpu_seconds:
            raise ConversationEndedError(Outcome.TIMED_OUT, f"stopped after {self._limits.cpu_seconds:g} s of CPU time")

    def _family(self) -> list[psutil.Process]:
        try:
            return list(psutil.Process(self._root).children(recursive=True))
        except psutil.Error:
            return []

    def _kilobytes(self, pid: int) -> int:
        """What one process took for itself. Where the kernel does not tell (another user's process, in a container
        without the right to look), what it holds beyond what it inherited from the server."""
        private = _private_kilobytes(pid)
        return max(0, _own_kilobytes(pid) - self._inherited) if private is None else private


def _cpu_seconds(process: psutil.Process) -> float:
    """Of a process and of those below it that have ended: who is still alive is asked in person."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _private_kilobytes(pid: int) -> int | None:
    total = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith(COUNTED):
                    total += int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    except OSError:
        return None
    return total


def _in_memory_files(pids: Iterable[int]) -> int:
    """What anonymous files hold that these processes have open. What is mapped counts there and here."""
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(entry.path).startswith("/memfd:"):
                        file = os.stat(entry.path)
                        found[file.st_dev, file.st_ino] = file.st_blocks // 2  # blocks of 512 bytes
    return sum(found.values())


def _own_kilobytes(pid: int) -> int:
    """Return the memory that does not come from files, in kilobytes.

    Memory shared with the fork server or with others counts in full for each process. Everybody may ask for these
    figures.
    """
    total = 0
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(HELD):
                    total += int(line.split()[1])
    except OSError:
        return 0
    return total
