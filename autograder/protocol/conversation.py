"""Talking to a student: the interface that rubric code relies on, and the in-process form for trusted code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from autograder.protocol.messages import Ask, Raised, Request, Returned

Answerer = Callable[[Ask], Returned | Raised]


class Conversation(Protocol):
    """One check's conversation with a student, live until the check ends."""

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        """Carry out `request`, answering stand-ins' questions meanwhile. Raises `ConversationEndedError`."""
        ...

    @property
    def used(self) -> float:
        """The share of the time that this check is allowed which the student's side has used so far."""
        ...

    def hurry(self) -> None:
        """Leave little time from here on: the function that is called next did not come to an end before."""
        ...
