"""Watch what a sandbox's processes take, from outside: CPU time, memory of their own, and the time they had to wait."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from autograder.errors import ConversationEndedError
from autograder.model import Outcome
from autograder.protocol.limits import Limits

PATIENCE = 0.5
"""Seconds between two looks: reading the figures costs a millisecond a process."""
TICKS = os.sysconf("SC_CLK_TCK")
KERNEL_LISTS_CHILDREN = Path(f"/proc/self/task/{threading.get_native_id()}/children").exists()
STARVED = 0.25
"""A process that waited for a core for this part of the time, while none of its own family ran, was starved."""

COUNTED = ("Private_Dirty:", "Private_Clean:", "Swap:", "Pss_Shmem:")
"""What one process holds alone, and its part of what several hold together (alone, that counts twice)."""

HELD = ("RssAnon:", "RssShmem:", "VmSwap:")
"""What one process holds, alone or not."""

TABLES = ("VmPTE:",)
"""The kernel's own memory for a process's map of it: a page that is only looked at costs no more than that."""


class Usage(msgspec.Struct, frozen=True):
    """CPU seconds that a sandbox's processes have used, and for each of them the seconds that it waited for a core."""

    cpu: float = 0.0
    waited: dict[int, float] = {}


class ResourceMonitor:
    """Raise `ConversationEndedError` from `look` when a sandbox's processes together take more than is allowed.

    `supervisor` is the pid of the sandbox's supervisor: what it and its child, init, use themselves is ours and does
    not count. Loading may take `leeway` times its CPU seconds.
    """

    def __init__(self, supervisor: int, limits: Limits, leeway: float = 1.0) -> None:
        self._supervisor = supervisor
        self._inherited = _kilobytes_of(supervisor, HELD)
        self._inherited_tables = _kilobytes_of(supervisor, TABLES)
        self._limits = limits
        self._next = time.monotonic() + PATIENCE
        self._budget = limits.load_seconds * leeway
        self._allowed = f"{limits.load_seconds:g}"
        self._before = Usage()
        self._began = time.monotonic()
        self._ours = time.process_time()
        self.idle = 0.0
        """Seconds in which none of the submission's threads wanted to run, as far as looks have told."""

    def start(self, seconds: float, allowed: float) -> None:
        """Count CPU time from here on: a check may use `seconds` more, of the `allowed` ones that it is told of."""
        self._budget = seconds
        self._allowed = f"{allowed:g}"
        self._before = self.usage()
        self._began = time.monotonic()
        self._ours = time.process_time()

    def hurry(self, seconds: float) -> None:
        """Allow only so many more CPU seconds."""
        self._budget = min(self._budget, self.used() + seconds)
        self._allowed = f"{seconds:g}"

    def used(self) -> float:
        """Return the CPU seconds used since `start`."""
        return max(0.0, self.usage().cpu - self._before.cpu)

    def starved(self) -> bool:
        """Return whether the machine kept the submission waiting, which neither its own processes nor the work that it
        made for this one can have done: they share a core."""
        now = self.usage()
        wall = time.monotonic() - self._began
        waited = max((seconds - self._before.waited.get(pid, 0.0) for pid, seconds in now.waited.items()), default=0.0)
        worked = now.cpu - self._before.cpu + time.process_time() - self._ours
        return waited - worked > STARVED * wall

    def look(self) -> None:
        """Check the figures. Cheap to call often: most calls return at once."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PATIENCE
        family = self._family()
        if family and all(map(_asleep, family)):
            self.idle += PATIENCE
        kilobytes = sum(self._kilobytes(pid) for pid in family) + _in_memory_files(family)
        if kilobytes / 1024 > self._limits.memory_mb:
            raise ConversationEndedError(Outcome.OUT_OF_MEMORY, f"more than {self._limits.memory_mb} MB of memory")
        if self.used() > self._budget:
            raise ConversationEndedError(
                Outcome.TIMED_OUT, f"stopped after {self._allowed} s of computing: is there an endless loop?"
            )

    def usage(self) -> Usage:
        """Return what the submission's processes have used so far, those that have ended included."""
        init = _children(self._supervisor)
        family = _descendants(init)
        cpu = sum(_cpu_seconds(pid, own=False) for pid in init) + sum(map(_cpu_seconds, family))
        return Usage(cpu, {pid: _waited_seconds(pid) for pid in family})

    def _family(self) -> list[int]:
        """The submission's own processes: all below init."""
        return _descendants(_children(self._supervisor))

    def _kilobytes(self, pid: int) -> int:
        """Return what one process took for itself.

        Where the kernel does not tell (another user's process, in a container without the right to look), this is what
        it holds beyond what it inherited from the fork server.
        """
        private = _private_kilobytes(pid)
        if private is None:
            private = max(0, _kilobytes_of(pid, HELD) - self._inherited)
        return private + max(0, _kilobytes_of(pid, TABLES) - self._inherited_tables)


def _descendants(roots: Iterable[int]) -> list[int]:
    """Return the pids of everything below `roots`."""
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        below = _children(waiting.pop())
        found += below
        waiting += below
    return found


def _children(pid: int) -> list[int]:
    """Return a process's children, those of all its threads."""
    if not KERNEL_LISTS_CHILDREN:
        return _children_in(Path("/proc"), pid)
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += map(int, file.read().split())
    return found


def _children_in(proc: Path, parent: int) -> list[int]:
    """Return a process's children, found by asking every process for its parent."""
    found = []
    for name in os.listdir(proc):
        if name.isdecimal():
            with contextlib.suppress(OSError, ValueError), open(proc / name / "stat", encoding="utf-8") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(name))
    return found


def _cpu_seconds(pid: int, *, own: bool = True) -> float:
    """Return the CPU seconds of a process and of its ended children that it has waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    ticks = [int(field) for field in fields[11:15]]  # utime, stime, cutime, cstime: proc(5)
    return sum(ticks if own else ticks[2:]) / TICKS


def _waited_seconds(pid: int) -> float:
    """Return the longest that one thread of a process has been runnable without running; 0 where nobody tells."""
    longest = 0
    with contextlib.suppress(OSError, ValueError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
                longest = max(longest, int(file.read().split()[1]))
    return longest / 1e9


def _asleep(pid: int) -> bool:
    """Return whether all threads of a process wait for something that is not the machine: neither a core nor a disk."""
    states = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/stat", "rb") as file:
                states.append(file.read().rpartition(b")")[2].split()[0])
    return all(state in b"STZX" for state in states)


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
    """Return the kilobytes of the anonymous files that processes have open. What is mapped counts there and here."""
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(entry.path).startswith("/memfd:"):
                        file = os.stat(entry.path)
                        found[file.st_dev, file.st_ino] = file.st_blocks // 2  # blocks of 512 bytes
    return sum(found.values())


def _kilobytes_of(pid: int, lines: tuple[str, ...]) -> int:
    """Return the sum of some lines of a process's status, in kilobytes.

    Memory shared with the fork server or with others counts in full for each process. Everybody may ask for these
    figures.
    """
    total = 0
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(lines):
                    total += int(line.split()[1])
    except OSError:
        return 0
    return total
