"""What a batch needs of its surroundings: where reports go, and where slots come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self

from autograder.grading.messages import WasRead
from autograder.grading.settings import AssignmentInfo
from autograder.intake.classroom import Entry
from autograder.model import CheckResult, Report


class Store(Protocol):
    """Where reports go (`Records` is one). Both calls come from several threads."""

    def latest(self, assignment: str, student: str) -> Report | None:
        """Return the student's last report on the assignment."""
        ...

    def save(self, report: Report) -> None:
        """Keep a report; once this returns, it is safe."""
        ...


class Slot(Protocol):
    """One submission's process: `executors.local_slot.LocalSlot` is one."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def read(self, entry: Entry) -> WasRead:
        """Read a submission."""
        ...

    def grade(
        self,
        *,
        known: tuple[CheckResult, ...] = (),
        earlier: tuple[CheckResult, ...] = (),
        given_up: tuple[str, ...] = (),
        broken: tuple[str, ...] = (),
        alone: bool = False,
        leeway: float = 1.0,
        progress: Progress | None = None,
    ) -> Report:
        """Grade what was read."""
        ...

    def probe(self, check: str) -> None:
        """Run a check on the reference."""
        ...


class Progress(Protocol):
    """Is told of each result."""

    def __call__(self, result: CheckResult, /) -> None: ...


Known = Callable[[str, str], Mapping[str, CheckResult]]
"""Gives results that an earlier run has left, by student and digest."""


class Executor(Protocol):
    """Makes slots: `executors.local.LocalExecutor` is one."""

    @property
    def info(self) -> AssignmentInfo:
        """The assignment."""
        ...

    def stop(self) -> None:
        """End all slots at once; there are no new ones."""
        ...

    def slot(self, cores: tuple[int, ...] = ()) -> Slot:
        """Return a new slot on the given cores."""
        ...
