"""Write a rubric: the exercises of an assignment, in their order."""

from __future__ import annotations

import math
from collections.abc import Collection

from autograder.errors import RubricError
from autograder.protocol.handed_in import KINDS, global_of, kind_of
from autograder.protocol.names import resolve
from autograder.rubric.authored import described, line_of_caller, near
from autograder.rubric.exercise import Check, Exercise
from autograder.rubric.written import Written


class Rubric:
    """The exercises of one assignment, in order.

    `checks.py` keeps one as `rubric`.

    Args:
        *parts: Exercises that have a module each, `exercises/TOPIC.py`, and written questions between them. Those of
            `Rubric.exercise` and `Rubric.written` come after them.
        numpy: Whether the assignment is about NumPy: what is drawn and what students answer are then arrays. Without
            it, both are tensors, and an array counts as one. A frame, a set or text is one in either.

    Attributes:
        parts: The exercises and written questions, in the order in which they were added.

    Example:
        >>> losses = Exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
        >>> rubric = Rubric(losses)
        >>> slope = rubric.exercise("1.4", "The slope", owns=("slope",), points=2)
        >>> sorted(rubric.functions)
        ['mae', 'mse', 'slope']
    """

    def __init__(self, *parts: Exercise | Written, numpy: bool = False) -> None:
        self.parts: list[Exercise | Written] = list(parts)
        self.numpy = numpy
        self.files: list[str] = []

    @property
    def exercises(self) -> list[Exercise]:
        """Return the exercises: what is checked."""
        return [part for part in self.parts if isinstance(part, Exercise)]

    @property
    def questions(self) -> list[Written]:
        """Return the written questions: what a person grades."""
        return [part for part in self.parts if isinstance(part, Written)]

    def exercise(
        self,
        number: str,
        title: str,
        *,
        owns: tuple[str, ...],
        points: float,
        bans: tuple[str, ...] = (),
        bonus: bool = False,
        given: tuple[str, ...] = (),
    ) -> Exercise:
        """Add an exercise.

        Args:
            number: Its number, as in the solution's heading: "1.3".
            title: Its title: "Two losses".
            owns: The functions that the student writes in it. Each function has one owner.
            points: What its checks add up to; `verify` looks.
            bans: Library functions that would do the work, dotted; `AUTOGRAD` for a gradient by hand.
            bonus: Whether its points come on top of the assignment's.
            given: What of it students get finished: a function of `owns` that need not be cut, or the key of an answer
                that stays in the starter. All else that it owns has to be cut, or there is no release.

        Returns:
            The exercise, to add checks to.

        Example:
            >>> rubric = Rubric()
            >>> slope = rubric.exercise("2.2", "Its gradient", owns=("slope",), points=8, bans=AUTOGRAD)
            >>> extra = rubric.exercise("2.3", "Momentum", owns=("momentum",), points=2, bonus=True)
            >>> rubric.points
            8
        """
        place = line_of_caller()
        for word, names in (("owns", owns), ("bans", bans), ("given", given)):
            if isinstance(names, str) or not all(isinstance(name, str) for name in names):
                raise RubricError(f'exercise {number}: {word} is a tuple of names, with a comma: ("mse",)', place)
        if not isinstance(number, str):
            raise RubricError(f'exercise {number}: write its number in quotes, "{number}"', place)
        if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points < math.inf:
            raise RubricError(f"exercise {number}: points={described(points)} is not a number from 0 on", place)
        exercise = Exercise(number, title, tuple(owns), points, tuple(bans), bonus, tuple(given), place)
        self.parts.append(exercise)
        return exercise

    def written(
        self, number: str, title: str, *, points: float, elements: tuple[str, ...], bonus: bool = False
    ) -> Written:
        """Add a question that students answer in words, with points that a person gives.

        Args:
            number: Its number, as in the solution's heading: "1.9". No exercise has the same.
            title: The question: "Why does momentum help?" More of it may stand in the solution, below the heading.
            points: What a full answer is worth; they come beside the checks' points or inside them, as
                grader_config.yml says.
            elements: What a full answer has, for the person who grades.
            bonus: Whether its points come on top of the assignment's.

        Returns:
            The question.

        Example:
            >>> rubric = Rubric()
            >>> why = rubric.written("1.9", "Why does momentum help?", points=3, elements=("averages out the noise",))
            >>> [question.number for question in rubric.questions], rubric.points
            (['1.9'], 0)
        """
        question = Written(number, title, points, elements, bonus, line_of_caller())
        self.parts.append(question)
        return question

    def file(self, name: str) -> str:
        """Ask for a file to be handed in, beside code or alone.

        An exercise whose check is about the file itself owns it under the name returned.

        A table (`.csv`, `.tsv`, `.json`, `.txt`) is its text. Weights (`.npz`, `.pt`, `.pth`, `.safetensors`) are a
        dictionary of arrays or tensors; they are read where the student's code runs, without pickled objects. The
        reference's own lies in `reference/NAME/handed_in/`.

        Args:
            name: The file's name: "predictions.csv".

        Returns:
            The name of the global variable that holds it: "PREDICTIONS".

        Raises:
            RubricError: Such a file cannot be read, or one of that name is asked for already.

        Example:
            >>> rubric = Rubric()
            >>> digits = rubric.exercise("3.1", "Unseen digits", owns=(rubric.file("predictions.csv"),), points=0)
            >>> digits.owns
            ('PREDICTIONS',)
        """
        place = line_of_caller()
        if kind_of(name) not in KINDS or "/" in name:
            raise RubricError(f"file {name!r}: it has to be one of {', '.join(KINDS)}, without a folder", place)
        if global_of(name) in map(global_of, self.files) or not global_of(name).isidentifier():
            raise RubricError(f"file {name!r}: {global_of(name)} cannot be its variable, or is another's", place)
        self.files.append(name)
        return global_of(name)

    @property
    def checks(self) -> list[Check]:
        """Return all checks in the order in which they are run: by exercise, and there by function."""
        return [
            check
            for exercise in self.exercises
            for check in sorted(exercise.checks, key=lambda check: exercise.owns.index(check.function))
        ]

    @property
    def points(self) -> float:
        """Return the points of all checks, without bonus exercises."""
        return sum(exercise.points for exercise in self.exercises if not exercise.bonus)

    @property
    def written_points(self) -> float:
        """Return the points of all written answers, without bonus questions."""
        return sum(question.points for question in self.questions if not question.bonus)

    @property
    def functions(self) -> frozenset[str]:
        """Return the names of all that the student is asked to write."""
        return frozenset(name for exercise in self.exercises for name in exercise.owns)

    def before(self, function: str) -> tuple[str, ...]:
        """Return the functions that come before one: those that may be lent to it.

        Args:
            function: The name of a function that students write.

        Returns:
            The names, in the order of the assignment.

        Example:
            >>> rubric = Rubric()
            >>> losses = rubric.exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
            >>> rubric.before("mae")
            ('mse',)
        """
        names = [name for exercise in self.exercises for name in exercise.owns]
        return tuple(names[: names.index(function)])

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
            >>> @losses.check("mse", 1)
            ... def small(student, reference, draw):
            ...     '''The mean of the squared errors.'''
            >>> rubric.owner_of(rubric.checks[0]) is losses
            True
        """
        return next(exercise for exercise in self.exercises if exercise.number == check.exercise)

    def verify(self) -> None:
        """Check that the rubric does not contradict itself. Loading an assignment calls this.

        Raises:
            RubricError: Points do not add up, two exercises have one number or own one function, two checks have one
                name, a check is about a function that its exercise does not own, or lends one that there is not, or a
                name in `bans` is wrong. It is a `ValueError`, too.

        Example:
            >>> rubric = Rubric()
            >>> losses = rubric.exercise("1.3", "Two losses", owns=("mse",), points=6)
            >>> rubric.verify()
            Traceback (most recent call last):
            autograder.errors.RubricError: exercise 1.3 is worth 6, and has no check
        """
        if not self.exercises:
            raise RubricError(
                'the rubric has no exercise: add one with rubric.exercise("1", "TITLE", owns=..., points=...)'
            )
        owned: set[str] = set()
        numbers: set[str] = set()
        for part in self.parts:
            if part.number in numbers:
                raise RubricError(f"two exercises have the number {part.number}: renumber one", part.line)
            numbers.add(part.number)
        for question in self.questions:
            question.verify()
        for exercise in self.exercises:
            if twice := [name for name in exercise.owns if name in owned]:
                raise RubricError(
                    f"exercise {exercise.number} owns {min(twice)}, which an earlier exercise owns", exercise.line
                )
            owned.update(exercise.owns)
        for exercise in self.exercises:
            self._verify_checks(exercise, owned)
            for driver in exercise.drivers:
                driver.verify()
            self._verify_bans(exercise)

    def _verify_checks(self, exercise: Exercise, owned: Collection[str]) -> None:
        names: set[str] = set()
        for check in exercise.checks:
            if check.function not in exercise.owns:
                question = near(check.function, exercise.owns)
                raise RubricError(
                    f"check {check.name!r} is about {check.function}, which its exercise does not own{question and '.'}"
                    f"{question}",
                    check.line,
                )
            if check.name in names:
                raise RubricError(f"two checks are called {check.name!r}", check.line)
            names.add(check.name)
            for name in check.lends or ():
                if name not in owned:
                    raise RubricError(
                        f"check {check.name!r} lends {name}, which no exercise owns.{near(name, owned)}", check.line
                    )
        total = sum(check.points for check in exercise.checks)
        if abs(total - exercise.points) > 1e-9:
            adds = f", its checks add up to {total}" if exercise.checks else ", and has no check"
            raise RubricError(f"exercise {exercise.number} is worth {exercise.points}{adds}", exercise.line)

    def _verify_bans(self, exercise: Exercise) -> None:
        for name in exercise.bans:
            try:
                resolve(name)
            except LookupError as error:
                raise RubricError(f"exercise {exercise.number} bans {name}: {error}", exercise.line) from error
