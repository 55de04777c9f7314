"""One's own code, run in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from autograder.grading.local import TimedConversation
from autograder.protocol.conversation import Conversation
from autograder.protocol.devices import CPU

CHECK_SECONDS = 20.0


class HomeHost:
    """Runs checks on a namespace of one's own. `files` are the file names that errors may point to."""

    cpu_seconds = 0.0

    def __init__(self, namespace: Mapping[str, Any], files: frozenset[str] = frozenset()) -> None:
        self.device = CPU
        self.namespace = namespace
        self._files = files

    @contextmanager
    def check(self, seconds: float | None = None) -> Iterator[Conversation]:
        """A conversation that is over after so many seconds, as the grader's is."""
        limit = CHECK_SECONDS if seconds is None else seconds
        yield TimedConversation(dict(self.namespace), limit, self._files)

    def allowed(self, seconds: float | None) -> float:
        """Return the seconds that a check has."""
        return CHECK_SECONDS if seconds is None else seconds
