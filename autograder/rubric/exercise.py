"""Exercises with points, and the checks that earn them. A check reads like a test."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.errors import RubricError
from autograder.protocol.families import AUTOGRAD as AUTOGRAD_FAMILY
from autograder.rubric.authored import described, verify_call
from autograder.rubric.cases import Cases
from autograder.rubric.draw import Draw
from autograder.rubric.drivers import Driver
from autograder.rubric.ladder import Ladder, Score
from autograder.rubric.reference import Reference
from autograder.rubric.student import Student
from autograder.rubric.variants import Function, Mutant, adding

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
InputsFunction = Callable[..., Any]
PracticeFunction = Callable[[Student, Path, int], tuple[float, Sequence[float]]]


@dataclass(frozen=True)
class Check:
    """One check of an exercise, as `Exercise.check` adds it.

    Attributes:
        name: The exercise's number and the function's name: "1.3 any_length".
        exercise: The exercise's number.
        function: The student's function that it is about: a failure is that function's.
        asked: The docstring: one sentence that students read.
        points: What it is worth.
        public: Whether students may run it at home.
        trains: Whether it is a training check: run once, in one precision, without a search for the known mistake.
        seconds: Its time limit in seconds; None for the assignment's.
        lends: The earlier functions that may be answered by the reference; None for all.
        run: The check itself.

    Example:
        >>> exercise = Rubric().exercise("1.3", "Losses", owns=("mse",), points=2)
        >>> @exercise.check("mse", 2, public=True)
        ... def any_length(student, reference, draw):
        ...     '''The mean of the squared errors.'''
        ...     matches(student, reference, "mse", draw.normal(5), draw.normal(5))
        >>> check = exercise.checks[0]
        >>> check.name, check.function, check.points
        ('1.3 any_length', 'mse', 2)
    """

    name: str
    exercise: str
    function: str
    asked: str
    points: float
    public: bool
    trains: bool
    seconds: float | None
    lends: tuple[str, ...] | None
    run: CheckFunction

    @property
    def line(self) -> tuple[str, int]:
        """The file and the line of its function, for messages."""
        code = getattr(self.run, "__code__", None)
        return (code.co_filename, code.co_firstlineno) if code is not None else ("", 0)


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
    """A numbered exercise: its checks and the mistakes that students make in it.

    `Rubric.exercise` makes one and adds it; one that has a module of its own is handed to `Rubric`.

    Attributes:
        number: "1.3".
        title: "Two losses".
        owns: The functions that the student writes in it.
        points: The sum over its checks.
        bans: Library functions that do the exercise's work, dotted as documented; each stands for its family.
        bonus: Whether its points come on top of the assignment's.
        given: What of `owns` students get as the solution has it, also single answers: nothing of it is cut.
        line: The file and the line where it was added, for messages.
        checks: Its checks, in the order in which they were added.
        practices: What students can train at home.
        mistakes: Wrong implementations that its checks must catch.
        drivers: Code of its own that runs beside the student's.

    Example:
        >>> exercise = Exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
        >>> exercise.number, exercise.owns
        ('1.3', ('mse', 'mae'))
    """

    number: str
    title: str
    owns: tuple[str, ...]
    points: float
    bans: tuple[str, ...] = ()
    bonus: bool = False
    given: tuple[str, ...] = ()
    line: tuple[str, int] = field(default=("", 0), compare=False, repr=False)
    checks: list[Check] = field(default_factory=list)
    practices: list[Practice] = field(default_factory=list)
    mistakes: list[Mutant] = field(default_factory=list)
    drivers: list[Driver] = field(default_factory=list)

    @property
    def trains(self) -> bool:
        """Return whether all its checks are training checks."""
        return all(check.trains for check in self.checks)

    @property
    def by_hand(self) -> bool:
        """Return whether gradients are to be written by hand: none is lent, either."""
        return any(AUTOGRAD_FAMILY.means(name) for name in self.bans)

    def check(
        self,
        function: str,
        points: float,
        *,
        public: bool = False,
        trains: bool = False,
        seconds: float | None = None,
        lends: tuple[str, ...] | None = None,
    ) -> Callable[[CheckFunction], CheckFunction]:
        """Add the decorated function as a check of one of the student's functions.

        It takes (student, reference, draw). Its docstring tells students in one sentence what is asked. Where the work
        is not that, it raises, as `matches` and `expect` do. It returns nothing for all of its points, or a part of
        them: a float from 0 to 1, or a `Score`.

        The student's own function is called. Functions that come earlier in the assignment and have lost points are
        answered by the reference on the way, so that one mistake costs once.

        Args:
            function: The student's function that the check is about; the exercise owns it.
            points: What the check is worth.
            public: Whether students may know its inputs and run it at home.
            trains: Whether it trains: run once, in one precision, without a search for the known mistake.
            seconds: Its own time limit in seconds; by default the assignment's.
            lends: The earlier functions that may be answered by the reference; by default all. Each answer crosses to
                the grader: training that calls one at every step may take too long.

        Returns:
            A decorator, which returns the function unchanged.

        Raises:
            RubricError: The function has no docstring, or cannot be called as a check is; or the points are none.

        Example:
            >>> rubric = Rubric()
            >>> losses = rubric.exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
            >>> @losses.check("mse", 2)
            ... def shifted(student, reference, draw):
            ...     '''The same number added to both sides changes nothing.'''
            ...     prediction, target, shift = draw.normal(5), draw.normal(5), draw.number(1, 2)
            ...     compare(student.mse(prediction + shift, target + shift), reference.mse(prediction, target))
            >>> shifted(student, reference, draw)
        """

        def add(run: CheckFunction) -> CheckFunction:
            verify_call(run, (None, None, None), "(student, reference, draw)")
            self._add(run.__name__, function, run, inspect.getdoc(run), points, public, trains, seconds, lends)
            return run

        return add

    def cases(
        self,
        function: str,
        points: float,
        *,
        sizes: Sequence[object] = ((),),
        public: bool = False,
        seconds: float | None = None,
        rtol: float | None = None,
        atol: float | None = None,
        driver: Driver | Callable[..., Any] | None = None,
    ) -> Callable[[InputsFunction], InputsFunction]:
        """Add a check that needs nothing but inputs: the student's result is compared with the reference's.

        The form of most checks. The decorated function makes the arguments of one call: it takes `draw`, and what
        `sizes` says, and returns a tuple of arguments. What is no tuple is the only argument; a dict at the end of the
        tuple that was made by `named` holds keyword arguments.

        Args:
            function: The student's function that is called; the exercise owns it.
            points: What the check is worth.
            sizes: One entry for each call: a number or a tuple of them, handed on after `draw`. By default one call.
            public: Whether students may know its inputs and run it at home.
            seconds: Its own time limit in seconds; by default the assignment's.
            rtol: The relative tolerance; by default that of `compare`.
            atol: The absolute tolerance; by default that of `compare`.
            driver: What is run on both sides instead of calling the function: what `Exercise.driver` made.

        Returns:
            A decorator, which returns the function unchanged.

        Raises:
            RubricError: The function has no docstring, or cannot be called with `draw` and each size; or the points are
                none.

        Example:
            >>> rubric = Rubric()
            >>> losses = rubric.exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
            >>> @losses.cases("mse", 2, sizes=(2, 5, 17))
            ... def any_length(draw, n):
            ...     '''The mean of the squared errors, without a factor 1/2.'''
            ...     return draw.normal(n), draw.normal(n)
            >>> rubric.checks[0].run(student, reference, draw)
        """

        if isinstance(sizes, str) or not isinstance(sizes, Sequence) or not sizes:
            raise RubricError(f"sizes={described(sizes)} is no list of sizes: write sizes=(3, 8)")

        def add(inputs: InputsFunction) -> InputsFunction:
            for size in sizes:
                several = size if isinstance(size, tuple) else (size,)
                verify_call(inputs, (None, *several), "(draw) and what `sizes` says, or is a check: `Exercise.check`")
            run = Cases(function, inputs, tuple(sizes), rtol, atol, driver)
            self._add(inputs.__name__, function, run, inspect.getdoc(inputs), points, public, False, seconds, None)
            return inputs

        return add

    def driver(self, function: Callable[..., Any]) -> Driver:
        """Make the decorated function a driver: it is sent with a check, and runs beside the student's code.

        Its first argument is the student's work, with the student's own functions and classes as attributes; the others
        come from the check, and what it returns goes back there, as plain data. It may import what students may, and
        use other functions of its module. It begins in an empty folder, and may replace the standard streams.

        Args:
            function: The function.

        Returns:
            The driver, for `Student.drive`, `Reference.drive`, `matches` and `cases`.

        Example:
            >>> losses = Rubric().exercise("1.3", "Losses", owns=("mse",), points=1)
            >>> @losses.driver
            ... def slope(student, x, y):
            ...     x.requires_grad_(True)
            ...     student.mse(x, y).backward()
            ...     return x.grad
            >>> reference.drive(slope, torch.zeros(2), torch.tensor([1.0, 3.0]))
            tensor([-1., -3.])
        """
        verify_call(function, (None,), "(student, ...)", several=True)
        made = Driver(function)
        self.drivers.append(made)
        return made

    def _add(
        self,
        name: str,
        function: str,
        run: CheckFunction,
        asked: str | None,
        points: float,
        public: bool,
        trains: bool,
        seconds: float | None,
        lends: tuple[str, ...] | None,
    ) -> None:
        if not asked:
            raise RubricError(f"check {name}: give it a docstring that says what is asked")
        if not isinstance(function, str):
            raise RubricError(f'check {name}: name its function first, then its points: ("{self.owns[0]}", {function})')
        for what, value in (("points", points), ("seconds", seconds)):
            number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
            if not number and (what, value) != ("seconds", None):
                raise RubricError(f"check {name}: {what}={described(value)} is not a number from 0 on")
        if isinstance(lends, str):
            raise RubricError(f'check {name}: lends is a tuple of names, with a comma: ("{lends}",)')
        words = " ".join(asked.split())
        self.checks.append(
            Check(f"{self.number} {name}", self.number, function, words, points, public, trains, seconds, lends, run)
        )

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

    def mistake(self, function: str, hint: str) -> Callable[[Function], Function]:
        """Add the decorated function as a known mistake: what a student might write in place of one of the exercise's.

        Names that it does not define itself are looked up in the solution.

        Args:
            function: The solution's function that it replaces; "Scalar.backward" is a method. A class replaces what
                it defines of the solution's class, and leaves the rest.
            hint: What a student reads whose answers are this mistake's: a question or a pointer, not the answer.

        Returns:
            A decorator, which returns the function unchanged.

        Example:
            >>> losses = Exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
            >>> @losses.mistake("mae", hint="Where does the absolute value go?")
            ... def signed(prediction, target):
            ...     return (prediction - target).mean()
            >>> losses.mistakes[0].name
            'signed'
        """
        return adding(self.mistakes, function, hint)

    def wrong_value(self, name: str, of: str, hint: str, value: Any) -> None:
        """Add a known mistake in something that is not a function, such as a dictionary of short answers.

        Args:
            name: What the mistake is called.
            of: The name that it replaces.
            hint: What a student reads who has this value.
            value: The wrong value.

        Example:
            >>> steps = Exercise("1.7", "Batches", owns=("ANSWERS",), points=2)
            >>> steps.wrong_value("epochs", "ANSWERS", "Updates, or epochs?", {"updates": 100})
            >>> steps.mistakes[0].change
            {'updates': 100}
        """
        self.mistakes.append(Mutant(name, of, hint, value))
