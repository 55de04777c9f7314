"""Where a check finds its student: a sandbox session, or this process for code that is trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from autograder.grading.local import LocalConversation, TimedConversation
from autograder.protocol.conversation import Conversation
from autograder.protocol.devices import CPU


class Host(Protocol):
    """Opens one conversation a check. A sandbox `Session` is one."""

    device: str
    """What its code computes on."""

    def check(self, seconds: float | None = None) -> AbstractContextManager[Conversation]:
        """A fresh conversation, limited to `seconds` of wall time."""
        ...

    def lengthen(self, seconds: float) -> None:
        """Do not count so many seconds: they went elsewhere."""
        ...


class LocalHost:
    """Runs the reference, its mutants and equivalents in this process. Never a student's code.

    `timed`: a check that has a time limit of its own, as training has, keeps to it.
    """

    def __init__(self, namespace: Callable[[], dict[str, Any]], device: str = CPU, *, timed: bool = False) -> None:
        self._namespace = namespace
        self._timed = timed
        self.device = device

    @contextmanager
    def check(self, seconds: float | None = None) -> Iterator[Conversation]:
        """A conversation with a fresh namespace, as every check in a sandbox has its own fork."""
        if self._timed and seconds is not None:
            yield TimedConversation(self._namespace(), seconds, device=self.device)
        else:
            yield LocalConversation(self._namespace(), device=self.device)

    def lengthen(self, seconds: float) -> None:
        """Checks together have no limit here."""
