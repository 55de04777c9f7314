"""Write a rubric: the exercises of an assignment, in their order."""

from __future__ import annotations

from autograder.protocol.names import resolve
from autograder.rubric.exercise import Check, Exercise


class Rubric:
    """The exercises of one assignment, in order.

    `checks.py` keeps one as `rubric`.

    Args:
        *exercises: Exercises that have a module each, `exercises/TOPIC.py`. Those of `Rubric.exercise` come after them.

    Attributes:
        exercises: The exercises, in the order in which they were added.

    Example:
        >>> losses = Exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)
        >>> rubric = Rubric(losses)
        >>> slope = rubric.exercise("1.4", "The slope", owns=("slope",), points=2)
        >>> sorted(rubric.functions)
        ['mae', 'mse', 'slope']
    """

    def __init__(self, *exercises: Exercise) -> None:
        self.exercises: list[Exercise] = list(exercises)

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
        """Return all checks in the order in which they are run: by exercise, and there by function."""
        return [
            check
            for exercise in self.exercises
            for check in sorted(exercise.checks, key=lambda check: exercise.owns.index(check.function))
        ]

    @property
    def points(self) -> float:
        """Return the points of the whole assignment, without bonus exercises."""
        return sum(exercise.points for exercise in self.exercises if not exercise.bonus)

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
            ValueError: Points do not add up, two checks have one name, two exercises own one function, a check is about
                a function that its exercise does not own, or a name in `bans` is wrong.

        Example:
            >>> rubric = Rubric()
            >>> losses = rubric.exercise("1.3", "Two losses", owns=("mse",), points=6)
            >>> rubric.verify()
            Traceback (most recent call last):
            ValueError: exercise 1.3 is worth 6, its checks add up to 0
        """
        names: set[str] = set()
        owned: set[str] = set()
        for exercise in self.exercises:
            if twice := owned.intersection(exercise.owns):
                raise ValueError(f"exercise {exercise.number} owns {min(twice)}, which an earlier exercise owns")
            owned.update(exercise.owns)
            for check in exercise.checks:
                if check.function not in exercise.owns:
                    raise ValueError(f"check {check.name!r} is about {check.function}, which its exercise does not own")
                if check.name in names:
                    raise ValueError(f"two checks are called {check.name!r}")
                names.add(check.name)
            total = sum(check.points for check in exercise.checks)
            if abs(total - exercise.points) > 1e-9:
                raise ValueError(f"exercise {exercise.number} is worth {exercise.points}, its checks add up to {total}")
            for name in exercise.bans:
                try:
                    resolve(name)
                except LookupError as error:
                    raise ValueError(f"exercise {exercise.number} bans {name}: {error}") from error
