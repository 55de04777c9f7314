"""Drivers: code of a rubric's own that runs beside the student's, on classes, models, files and streams."""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.errors import PublicCheckError, RubricError
from autograder.rubric.authored import EXERCISES
from autograder.rubric.slicing import sliced


@dataclass(frozen=True)
class Driver:
    """Code of the rubric's own that is sent with a check and runs beside the student's; `Exercise.driver` makes one.

    Its first argument is the student's work: `student.Scalar` is the student's class itself. The others, and what it
    returns, are plain data. `Student.drive`, `matches` and `Exercise.cases` run it.

    Attributes:
        function: The function that was decorated.

    Example:
        >>> losses = Rubric().exercise("1.3", "Losses", owns=("mse",), points=1)
        >>> @losses.driver
        ... def twice(student, x):
        ...     return [student.mse(x, 0 * x) for _ in range(2)]
        >>> twice.name
        'twice'
    """

    function: Callable[..., Any]

    @property
    def name(self) -> str:
        """Return its function's name."""
        return self.function.__name__

    @cached_property
    def code(self) -> str:
        """Return the source of its function, with what that needs of its module and nothing else."""
        path = Path(self.function.__code__.co_filename)
        if not path.is_file():  # a release's code, or an example's: it has no folder
            return "".join(linecache.getlines(str(path)))
        folder = path.parent.parent if path.parent.name == EXERCISES else path.parent
        return sliced(folder, [self.function], "drivers", bare=True)

    @property
    def line(self) -> tuple[str, int]:
        """The file and the line of its function, for messages."""
        return self.function.__code__.co_filename, self.function.__code__.co_firstlineno

    def verify(self) -> None:
        """Check that it can run beside the student's code. Loading an assignment calls this.

        Raises:
            RubricError: It needs something of the rubric's own, which is not there.
        """
        try:
            code = self.code
        except PublicCheckError as error:
            raise RubricError(f"driver {self.name}: {error}", self.line) from error
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "autograder":
                raise RubricError(
                    f"driver {self.name} uses {node.names[0].name}, and runs where nothing of the rubric's is: "
                    "return the values, and compare them in the check",
                    self.line,
                )


class OwnDriver(Driver):
    """A driver of the vocabulary's own: a function that needs nothing of its module."""

    @cached_property
    def code(self) -> str:
        """Return the source of its function."""
        return "from __future__ import annotations\nfrom typing import Any\n" + inspect.getsource(self.function)


def driver_of(function: Driver | Callable[..., Any]) -> Driver:
    """Return a driver as it is, and one that a release has as a plain function."""
    return function if isinstance(function, Driver) else Driver(function)
