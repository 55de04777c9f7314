"""Write a rubric: exercises with points, and the checks that earn them. A check reads like a test."""

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
"""What to ban where a gradient is to be written by hand: `bans=AUTOGRAD`."""

CheckFunction = Callable[[Student, Reference, Draw], Score | float | None]
PracticeFunction = Callable[[Student, Path, int], tuple[float, Sequence[float]]]


@dataclass(frozen=True)
class Check:
    """One check of an exercise, as `Exercise.check` adds it.

    Attributes:
        name: The exercise's number and the function's name: "1.3 any_length".
        exercise: The exercise's number.
        asked: The function's docstring: one sentence that students read.
        points: What it is worth.
        public: Whether students may run it at home.
        uses: Functions of other exercises that the student's code may call on the way. Where the student's own is
            missing or wrong, the reference's takes its place, so that one mistake costs once.
        trains: Whether it is a training check: run once, in one precision, without a search for the known mistake.
        seconds: Its time limit in seconds; None for the assignment's.
        run: The check itself.

    Example:
        >>> exercise = Rubric().exercise("1.3", "Losses", owns=("mse",), points=2)
        >>> @exercise.check(2, public=True)
        ... def any_length(student, reference, draw):
        ...     '''The mean of the squared errors.'''
        ...     matches(student, reference, "mse", draw.normal(5), draw.normal(5))
        >>> check = exercise.checks[0]
        >>> check.name, check.asked, check.points
        ('1.3 any_length', 'The mean of the squared errors.', 2)
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
    """A training exercise to try at home, on public data and for no points.

    Attributes:
        ladder: Where the result is shown.
        run: `run(student, data, seed)` trains on the files in the folder `data`; returns the ladder's metric and the
            training losses.
    """

    ladder: Ladder
    run: PracticeFunction


@dataclass(frozen=True)
class Exercise:
    """A numbered exercise, as `Rubric.exercise` adds it.

    Attributes:
        number: "1.3".
        title: "Two losses".
        owns: The functions that the student writes in it.
        points: The sum over its checks.
        bans: Library functions that do the exercise's work, dotted as documented; each stands for its family.
        bonus: Whether its points come on top of the assignment's.
        checks: Its checks, in the order in which they were added.
        practices: What students can train at home.

    Example:
        >>> exercise = Rubric().exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
        >>> exercise.number, exercise.owns
        ('1.3', ('mse', 'mae'))
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
        """Return whether all its checks are training checks."""
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
        """Add the decorated function as a check.

        The function takes (student, reference, draw). Its docstring tells students in one sentence what is asked.
        Where the work is not that, the function raises, as `matches` and `expect` do. It returns nothing for all of
        its points, or a part of them: a float from 0 to 1, or a `Score`.

        Args:
            points: What the check is worth.
            public: Whether students may know its inputs and run it at home.
            uses: Functions of other exercises that the student's code may call on the way.
            trains: Whether it trains: run once, in one precision, without a search for the known mistake.
            seconds: Its own time limit in seconds; by default the assignment's.

        Returns:
            A decorator, which returns the function unchanged.

        Raises:
            ValueError: The function has no docstring.

        Example:
            >>> rubric = Rubric()
            >>> losses = rubric.exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
            >>> @losses.check(2, public=True)
            ... def mse_small(student, reference, draw):
            ...     '''The mean of the squared errors, without a factor 1/2.'''
            ...     for n in (2, 5, 17):
            ...         matches(student, reference, "mse", draw.normal(n), draw.normal(n))
            >>> mse_small(student, reference, draw)
        """

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
        """Add the decorated function as a training run for students at home.

        It is released with its code, so it may need nothing that is hidden. It takes (student, data, seed): the
        student's code, the folder of the public data, an int.

        Args:
            ladder: Where the result is shown.

        Returns:
            A decorator, which returns the function unchanged. The function returns the ladder's metric and the losses.

        Example:
            >>> ladder = Ladder("loss", (Rung("simple", 1.0, 1.0, "train at all"),))
            >>> training = Rubric().exercise("1.4", "Training", owns=("descend",), points=5)
            >>> @training.practice(ladder)
            ... def on_a_parabola(student, data, seed):
            ...     losses = student.descend(3.0, 10)
            ...     return losses[-1], losses
            >>> loss, _ = on_a_parabola(student, None, 0)
            >>> ladder.reaches(loss, ladder.rungs[0])
            True
        """

        def add(function: PracticeFunction) -> PracticeFunction:
            self.practices.append(Practice(ladder, function))
            return function

        return add


class Rubric:
    """The exercises of one assignment, in order.

    `checks.py` keeps one as `rubric`.

    Attributes:
        exercises: The exercises, in the order in which they were added.

    Example:
        >>> rubric = Rubric()
        >>> losses = rubric.exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
        >>> sorted(rubric.functions)
        ['mae', 'mse']
    """

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
        """Add an exercise.

        Args:
            number: Its number, as in the solution's heading: "1.3".
            title: Its title: "Two losses".
            owns: The functions that the student writes in it. Each function has one owner.
            points: What its checks add up to; `verify` looks.
            bans: Library functions that would do the work, dotted; `AUTOGRAD` for a gradient by hand.
            bonus: Whether its points come on top of the assignment's.

        Returns:
            The exercise, to add checks to.

        Example:
            >>> rubric = Rubric()
            >>> slope = rubric.exercise("2.2", "Its gradient", owns=("slope",), points=8, bans=AUTOGRAD)
            >>> extra = rubric.exercise("2.3", "Momentum", owns=("momentum",), points=2, bonus=True)
            >>> rubric.points
            8
        """
        exercise = Exercise(number, title, owns, points, bans, bonus)
        self.exercises.append(exercise)
        return exercise

    @property
    def checks(self) -> list[Check]:
        """Return all checks, in the order of their exercises."""
        return [check for exercise in self.exercises for check in exercise.checks]

    @property
    def points(self) -> float:
        """Return the points of the whole assignment, without bonus exercises."""
        return sum(exercise.points for exercise in self.exercises if not exercise.bonus)

    @property
    def functions(self) -> frozenset[str]:
        """Return the names of all that the student is asked to write."""
        return frozenset(name for exercise in self.exercises for name in exercise.owns)

    def owner(self, function: str) -> Exercise:
        """Return the exercise that owns a function.

        Args:
            function: The name of a function that students write.

        Returns:
            The exercise that lists it in `owns`.

        Raises:
            KeyError: No exercise owns it.

        Example:
            >>> rubric = Rubric()
            >>> losses = rubric.exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
            >>> rubric.owner("mae").number
            '1.3'
        """
        for exercise in self.exercises:
            if function in exercise.owns:
                return exercise
        raise KeyError(function)

    def owner_of(self, check: Check) -> Exercise:
        """Return the exercise that a check belongs to.

        Args:
            check: One of `checks`.

        Returns:
            The exercise of that number.

        Example:
            >>> rubric = Rubric()
            >>> losses = rubric.exercise("1.3", "Two losses", owns=("mse",), points=1)
            >>> @losses.check(1)
            ... def small(student, reference, draw):
            ...     '''The mean of the squared errors.'''
            >>> rubric.owner_of(rubric.checks[0]) is losses
            True
        """
        return next(exercise for exercise in self.exercises if exercise.number == check.exercise)

    def verify(self) -> None:
        """Check that the rubric does not contradict itself. Loading an assignment calls this.

        Raises:
            ValueError: Points do not add up, two checks have one name, or a name in `uses` or `bans` is wrong.
            KeyError: A check uses a function that no exercise owns.

        Example:
            >>> rubric = Rubric()
            >>> losses = rubric.exercise("1.3", "Two losses", owns=("mse",), points=6)
            >>> rubric.verify()
            Traceback (most recent call last):
            ValueError: exercise 1.3 is worth 6, its checks add up to 0
        """
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
