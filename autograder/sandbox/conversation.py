"""Talking to a student: the interface that rubric code relies on, and the in-process form for trusted code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from autograder.model import Mendable, Outcome
from autograder.sandbox.devices import CPU
from autograder.sandbox.messages import Ask, Raised, Request, Returned
from autograder.sandbox.runtime import Runtime

Answerer = Callable[[Ask], Returned | Raised]
NO_BOUNDARY = ("none: --unsafe-no-sandbox",)
"""The layers of a sandbox that has none."""


class Ended(Exception):
    """The conversation is over before its end: time-out, out of memory or a dead sandbox."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


class SandboxUnavailable(Mendable):
    """No sandbox can be had here. Never a student's fault; the message says what to install or change."""

    exit_code = 1
    prefix = "no sandbox: "


class Conversation(Protocol):
    """One check's conversation with a student, live until the check ends."""

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        """Carry out `request`, answering stand-ins' questions meanwhile. Raises `Ended`."""
        ...


class LocalConversation:
    """A conversation with a namespace in this process: for the reference, mutants and one's own code only."""

    def __init__(self, namespace: dict[str, Any], files: frozenset[str] = frozenset(), device: str = CPU) -> None:
        self._answer: Answerer | None = None
        self._runtime = Runtime(namespace, self._ask, files, device)

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        self._answer = answer
        return self._runtime.perform(request)

    def _ask(self, question: Ask) -> Returned | Raised:
        assert self._answer is not None
        return self._answer(question)
