"""Conversations with a namespace in this process: for the reference, mutants and one's own code only."""

from __future__ import annotations

import time
from typing import Any

from autograder.errors import ConversationEndedError
from autograder.grading.clock import Alarm
from autograder.model import Outcome
from autograder.protocol.conversation import Answerer
from autograder.protocol.devices import CPU
from autograder.protocol.messages import Ask, Raised, Request, Returned
from autograder.sandbox.guest.executor import Executor


class LocalConversation:
    """A conversation with a namespace in this process: for the reference, mutants and one's own code only."""

    def __init__(self, namespace: dict[str, Any], files: frozenset[str] = frozenset(), device: str = CPU) -> None:
        self._answer: Answerer | None = None
        self._runtime = Executor(namespace, self._ask, files, device)

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        self._answer = answer
        return self._runtime.perform(request)

    @property
    def used(self) -> float:
        """No time is counted."""
        return 0.0

    def hurry(self) -> None:
        """Trusted code has all the time that it had."""

    def _ask(self, question: Ask) -> Returned | Raised:
        assert self._answer is not None
        return self._answer(question)


class TimedConversation(LocalConversation):
    """A conversation with a namespace in this process that is over after so many seconds, as the grader's is.

    `computing`: these are CPU seconds, so that a busy machine ends nothing; else the clock's, which a person waits for.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        seconds: float,
        files: frozenset[str] = frozenset(),
        device: str = CPU,
        *,
        computing: bool = False,
    ) -> None:
        super().__init__(namespace, files, device)
        self._clock = time.process_time if computing else time.monotonic
        self._computing = computing
        self._limit = seconds
        self._left = seconds

    @property
    def used(self) -> float:
        """Of the time that there is, by whichever clock."""
        return 1 - self._left / self._limit

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        """Raises `ConversationEndedError` when time is up, and `KeyboardInterrupt` when it was the student who
        interrupted."""
        began = self._clock()
        with Alarm(self._left, computing=self._computing) as alarm:
            reply: Returned | Raised | None = None
            try:
                reply = super().perform(request, answer)
            except KeyboardInterrupt:
                if not alarm.rang:  # it came late: the answer was there already
                    raise
        self._left -= self._clock() - began
        if alarm.rang or reply is None:
            text = f"stopped after {self._limit:g} s: is there an endless loop?"
            raise ConversationEndedError(Outcome.TIMED_OUT, text)
        if isinstance(reply, Raised) and reply.type_name == "KeyboardInterrupt":
            raise KeyboardInterrupt
        return reply
