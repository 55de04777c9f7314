"""Watches what a sandbox's processes take of the memory for themselves, from outside."""

from __future__ import annotations

import resource
import time

import psutil

from autograder.model import Outcome
from autograder.sandbox.conversation import Ended

PATIENCE = 0.5
"""Seconds between two looks: reading the figures costs a millisecond a process."""


class Watch:
    """Raises `Ended` from `look` when all processes below `root` together take more than `megabytes` unshared."""

    def __init__(self, root: int, megabytes: int) -> None:
        self._root = root
        self._inherited = _own_kilobytes(root)
        self._megabytes = megabytes
        self._next = time.monotonic() + PATIENCE

    def look(self) -> None:
        """Cheap to call often: most calls return at once."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PATIENCE
        if self.megabytes() > self._megabytes:
            raise Ended(Outcome.OUT_OF_MEMORY, f"more than {self._megabytes} MB of memory")

    def megabytes(self) -> float:
        """Unshared memory of all descendants, in megabytes."""
        try:
            family = psutil.Process(self._root).children(recursive=True)
        except psutil.Error:
            return 0.0
        return sum(self._kilobytes(process.pid) for process in family) / 1024

    def _kilobytes(self, pid: int) -> int:
        """What one process took for itself. Where the kernel does not tell (another user's process, in a container
        without the right to look), what it holds beyond what it inherited from the zygote."""
        private = _private_kilobytes(pid)
        return max(0, _own_kilobytes(pid) - self._inherited) if private is None else private


def _private_kilobytes(pid: int) -> int | None:
    total = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith(("Private_Dirty:", "Private_Clean:", "Swap:")):
                    total += int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    except OSError:
        return None
    return total


def _own_kilobytes(pid: int) -> int:
    """Resident memory that does not come from files, shared with the zygote or not."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            resident, shared = (int(word) for word in file.read().split()[1:3])
    except OSError:
        return 0
    return (resident - shared) * resource.getpagesize() // 1024
