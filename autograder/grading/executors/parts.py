"""What an executor on this machine needs besides slots: where sandboxes come from, and how a process has ended."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from typing import Protocol

from autograder.sandbox.host.launcher import Connection


class Sandboxes(Protocol):
    """Where slots get their sandboxes; `sandbox.host.sandbox.Sandbox` is one."""

    @property
    def boundary(self) -> tuple[str, ...]:
        """The layers that hold."""
        ...

    @property
    def memory_mb(self) -> int | None:
        """Megabytes that there are for one submission, where that is less than its limit."""
        ...

    def connect(self, libraries: Iterable[str], broken: int | None = None) -> Connection:
        """Return a connection to a fork server. Raises `SandboxUnavailableError`."""
        ...


def how_ended(code: int) -> str:
    """Say for a person how a process of ours has ended, by its exit code."""
    if code == -signal.SIGKILL:
        return "the system killed it, most likely because the machine or the container ran out of memory"
    if code < 0:
        return f"{signal.strsignal(-code) or 'a signal'} ended it"
    return f"it ended by itself, with exit code {code}"
