"""Where a check finds its student: a sandbox, or this process for code that is trusted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from autograder.errors import ConversationEndedError
from autograder.grading.local import LocalConversation, TimedConversation
from autograder.model import Outcome
from autograder.protocol.conversation import Conversation
from autograder.protocol.devices import CPU
from autograder.protocol.limits import Limits
from autograder.sandbox.host.session import SLOW_MACHINE, SandboxConversation, Session

REOPENED = 20
"""How often a submission may end its own sandbox before the rest of its checks is given up."""
FAIR_SHARE = 0.5
"""The part of a time budget that a submission must have used to be told that it used it up."""


class Host(Protocol):
    """Opens one conversation a check."""

    device: str
    """What its code computes on."""

    @property
    def cpu_seconds(self) -> float:
        """What the student's code has computed so far; 0 where nobody counts."""
        ...

    def allowed(self, seconds: float | None) -> float:
        """Return the CPU seconds that a check has, given its own limit; 0 where there is none."""
        ...

    def check(self, seconds: float | None = None) -> AbstractContextManager[Conversation]:
        """Open a fresh conversation, limited to `seconds` of computing."""
        ...


class LocalHost:
    """Runs trusted code in this process: the reference and its variants, or one's own work at home.

    Args:
        namespace: makes the namespace that a check runs in.
        device: what the code computes on.
        timed: whether a check keeps to its time limit.
        seconds: the limit of a check that has none of its own; None for no limit.
        computing: whether limits are CPU seconds, rather than the clock's.
        files: the names of files that errors may point to.
    """

    cpu_seconds = 0.0

    def __init__(
        self,
        namespace: Callable[[], dict[str, Any]],
        device: str = CPU,
        *,
        timed: bool = False,
        seconds: float | None = None,
        computing: bool = False,
        files: frozenset[str] = frozenset(),
    ) -> None:
        self._namespace = namespace
        self._timed = timed
        self._seconds = seconds
        self._computing = computing
        self._files = files
        self.device = device

    def allowed(self, seconds: float | None) -> float:
        """Return the seconds that a check has, given its own limit; 0 where there is none."""
        return (self._seconds if seconds is None else seconds) or 0.0

    @contextmanager
    def check(self, seconds: float | None = None) -> Iterator[Conversation]:
        """Open a conversation with a fresh namespace, as every check in a sandbox has its own fork."""
        limit = self.allowed(seconds)
        if self._timed and limit:
            yield TimedConversation(self._namespace(), limit, self._files, self.device, computing=self._computing)
        else:
            yield LocalConversation(self._namespace(), self._files, self.device)


class SubmissionHost:
    """Runs a submission in a sandbox, and in a fresh one where that has ended.

    A function that ends its own sandbox or hangs costs its own checks: those of other functions go on. What comes to
    an end counts towards the submission's CPU seconds; what is stopped has cost its check already.

    Args:
        opening: opens a session with the submission loaded.
        limits: what the submission may use.
        ends: when all checks have to be done, in seconds of the monotonic clock, where somebody sets such a limit.
        cpus: how many cores there are to be had in that time.
        leeway: how many times its CPU seconds it may use: beyond what it has alone, that is for a run alone to decide.
    """

    def __init__(
        self,
        opening: Callable[[], Session],
        limits: Limits,
        *,
        ends: float | None = None,
        cpus: float = 1.0,
        leeway: float = 1.0,
    ) -> None:
        self._open = opening
        self._limits = limits
        self._ends = ends
        self._cpus = cpus
        self._leeway = leeway
        self._began = time.monotonic()
        self._ours = time.process_time()
        self._reopened = 0
        self._closed: list[Session] = []
        self._session = opening()
        self._counted = self._session.cpu_seconds
        self.load_error = self._session.load_error
        self.device = self._session.device

    def __enter__(self) -> SubmissionHost:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    @property
    def _sessions(self) -> list[Session]:
        return [*self._closed, self._session]

    @property
    def cpu_seconds(self) -> float:
        """What the student's code has computed so far, loading included."""
        return sum(session.cpu_seconds for session in self._sessions)

    @property
    def own_seconds(self) -> float:
        """The wall time that was spent waiting for the student's code."""
        return sum(session.own_seconds for session in self._sessions)

    @property
    def output(self) -> str:
        """What the code printed."""
        return "\n".join(filter(None, (session.output for session in self._sessions)))

    def allowed(self, seconds: float | None) -> float:
        """Return the CPU seconds of one check."""
        return self._limits.check_seconds if seconds is None else seconds

    @contextmanager
    def check(self, seconds: float | None = None) -> Iterator[Conversation]:
        """Open a conversation with a fresh fork of the submission. Raises `ConversationEndedError`."""
        if self._counted > self._limits.submission_seconds:
            if self._counted <= self._limits.submission_seconds * self._leeway:
                raise ConversationEndedError(Outcome.GRADER_ERROR, SLOW_MACHINE)
            text = f"the whole submission used up its {self._limits.submission_seconds:g} s of computing"
            raise ConversationEndedError(Outcome.TIMED_OUT, text)
        if self._ends is not None and time.monotonic() > self._ends:
            raise self._out_of_time(self._ends - self._began)
        with self._checking(seconds) as conversation:
            before = self._session.cpu_seconds
            try:
                yield conversation
            finally:
                ended = conversation.ended
        if ended is None or ended.outcome is not Outcome.TIMED_OUT:
            self._counted += self._session.cpu_seconds - before

    @contextmanager
    def _checking(self, seconds: float | None) -> Iterator[SandboxConversation]:
        """Open a conversation in the sandbox, or in a fresh one where that has ended meanwhile."""
        self._revive()
        opened = False
        try:
            with self._session.check(seconds) as conversation:
                opened = True
                yield conversation
        except ConversationEndedError:
            if opened or not self._session.dead:
                raise
            self._revive()
            with self._session.check(seconds) as conversation:
                yield conversation

    def _revive(self) -> None:
        """Open a fresh sandbox if the last one has ended."""
        if not self._session.dead:
            return
        if self._reopened >= REOPENED:
            raise ConversationEndedError(Outcome.CRASHED, "your program ended itself again and again")
        self._reopened += 1
        self._session.close()
        self._closed.append(self._session)
        self._session = self._open()
        self._counted += self._session.cpu_seconds

    def _out_of_time(self, budget: float) -> ConversationEndedError:
        """Say why the time is over: the submission used it, or the machine was too slow.

        It has used what its code computed, what it made this process compute (answers to decode and to compare,
        questions of stand-ins), and the time that its code slept.
        """
        computed = self.cpu_seconds + time.process_time() - self._ours
        idle = sum(session.idle_seconds for session in self._sessions)
        if computed / min(1.0, self._cpus) + idle >= FAIR_SHARE * budget:
            text = f"the whole submission used up the {budget:.0f} s that there are"
            return ConversationEndedError(Outcome.TIMED_OUT, text)
        return ConversationEndedError(Outcome.GRADER_ERROR, SLOW_MACHINE)
