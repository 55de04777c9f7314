"""A rubric: exercises with points, and the checks that earn them. A check reads like a test."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.protocol.names import resolve
from autograder.rubric.draw import Draw
from autograder.rubric.ladder import Ladder, Score
from autograder.rubric.student import Reference, Student

AUTOGRAD = (
    "torch.Tensor.backward",
    "torch.autograd.backward",
    "torch.autograd.grad",
    "torch.autograd._engine_run_backward",
    "torch.autograd.functional.jacobian",
    "torch.autograd.functional.vjp",
    "torch.func.grad",
    "torch.func.jacrev",
    "torch.func.jacfwd",
    "torch.func.vjp",
    "torch.func.jvp",
)
"""Bans for a gradient that is to be written by hand."""

CheckFunction = Callable[[Student, Reference, Draw], Score | float | None]
PracticeFunction = Callable[[Student, Path, int], tuple[float, Sequence[float]]]


@dataclass(frozen=True)
class Check:
    """One check. `uses` names functions of other exercises that the student's code may call on the way:
    where the student's own is missing or wrong, a stand-in takes its place, so that one mistake costs once.

    `trains` marks a training check: run once, without a float32 rerun and without the search for a known mistake.
    `seconds` is its time limit (None: the assignment's default).
    """

    name: str
    exercise: str
    asked: str
    points: float
    public: bool
    uses: tuple[str, ...]
    trains: bool
    seconds: float | None
    run: CheckFunction


@dataclass(frozen=True)
class Practice:
    """A training exercise tried at home, on public data and for no points: where it stands on its ladder.

    `run(student, data, seed)` trains on what is in the folder `data`; it gives the ladder's metric and the losses.
    """

    ladder: Ladder
    run: PracticeFunction


@dataclass(frozen=True)
class Exercise:
    """A numbered exercise, the student's functions it `owns`, and its points (the sum over its checks).

    `bans` names library functions (dotted, as documented) that do the exercise's work: calling one is not solving it.
    The points of a `bonus` come on top of the assignment's.
    """

    number: str
    title: str
    owns: tuple[str, ...]
    points: float
    bans: tuple[str, ...] = ()
    bonus: bool = False
    checks: list[Check] = field(default_factory=list)
    practices: list[Practice] = field(default_factory=list)

    @property
    def trains(self) -> bool:
        """Whether all its checks are training checks."""
        return all(check.trains for check in self.checks)

    def check(
        self,
        points: float,
        *,
        public: bool = False,
        uses: tuple[str, ...] = (),
        trains: bool = False,
        seconds: float | None = None,
    ) -> Callable[[CheckFunction], CheckFunction]:
        """Add a check. Its docstring says in one sentence what is asked; it may return a part (0 to 1) or a Score."""

        def add(function: CheckFunction) -> CheckFunction:
            asked = inspect.getdoc(function)
            if not asked:
                raise ValueError(f"check {function.__name__}: give it a docstring that says what is asked")
            name = f"{self.number} {function.__name__}"
            self.checks.append(
                Check(name, self.number, " ".join(asked.split()), points, public, uses, trains, seconds, function)
            )
            return function

        return add

    def practice(self, ladder: Ladder) -> Callable[[PracticeFunction], PracticeFunction]:
        """Add what students can train at home. It is released with its code: it may need nothing that is hidden."""

        def add(function: PracticeFunction) -> PracticeFunction:
            self.practices.append(Practice(ladder, function))
            return function

        return add


class Rubric:
    """The exercises of one assignment, in order."""

    def __init__(self) -> None:
        self.exercises: list[Exercise] = []

    def exercise(
        self,
        number: str,
        title: str,
        *,
        owns: tuple[str, ...],
        points: float,
        bans: tuple[str, ...] = (),
        bonus: bool = False,
    ) -> Exercise:
        """Add an exercise; `points` must be what its checks add up to (`verify` looks)."""
        exercise = Exercise(number, title, owns, points, bans, bonus)
        self.exercises.append(exercise)
        return exercise

    @property
    def checks(self) -> list[Check]:
        """All checks, in the order of their exercises."""
        return [check for exercise in self.exercises for check in exercise.checks]

    @property
    def points(self) -> float:
        """The points of the whole assignment, without what a bonus adds."""
        return sum(exercise.points for exercise in self.exercises if not exercise.bonus)

    @property
    def functions(self) -> frozenset[str]:
        """Everything the student is asked to write."""
        return frozenset(name for exercise in self.exercises for name in exercise.owns)

    def owner(self, function: str) -> Exercise:
        """The exercise that owns a function of the student's. Raises `KeyError`."""
        for exercise in self.exercises:
            if function in exercise.owns:
                return exercise
        raise KeyError(function)

    def owner_of(self, check: Check) -> Exercise:
        """The exercise a check belongs to."""
        return next(exercise for exercise in self.exercises if exercise.number == check.exercise)

    def verify(self) -> None:
        """Raise `ValueError` where the rubric contradicts itself: points, names, unknown `uses` or `bans`."""
        names: set[str] = set()
        for exercise in self.exercises:
            total = sum(check.points for check in exercise.checks)
            if abs(total - exercise.points) > 1e-9:
                raise ValueError(f"exercise {exercise.number} is worth {exercise.points}, its checks add up to {total}")
            for name in exercise.bans:
                try:
                    resolve(name)
                except LookupError as error:
                    raise ValueError(f"exercise {exercise.number} bans {name}: {error}") from error
            for check in exercise.checks:
                if check.name in names:
                    raise ValueError(f"two checks are called {check.name!r}")
                names.add(check.name)
                for function in check.uses:
                    if self.owner(function) is exercise:
                        raise ValueError(f"check {check.name!r} uses {function}, which its own exercise owns")
