"""Read what an author wrote, and say in a sentence what is wrong with it: the file, the line, and what to do."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.errors import AssignmentError, RubricError

EXERCISES = "exercises"
"""The folder for exercises that have a module each."""
PICTURES = "pictures"
"""The folder for what the picture cells show, drawn with the solution."""
CHECKS = ("check", "cases")
"""The decorators of checks."""
SOLUTION = "solution.py"
"""The file of the reference; also its name in tracebacks: it is run from its text."""


def source_of(path: Path) -> str:
    """Return a source file's text: UTF-8, with or without a byte order mark; lines end in a plain newline.

    Raises `AssignmentError`.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise AssignmentError(f"{shown(path)}, line {line}: this is not UTF-8. Save the file as UTF-8") from error


def modules(folder: Path) -> list[Path]:
    """Return the modules of an assignment's folder, those of its exercises included."""
    return sorted((*folder.glob("*.py"), *folder.glob(f"{EXERCISES}/*.py")))


def parsed(path: Path) -> ast.Module:
    """Return a source file as a syntax tree. Raises `AssignmentError`, which names the line."""
    with authored(path):
        return ast.parse(source_of(path), str(path))


def shown(path: Path) -> str:
    """Return an assignment's file as its author knows it: reference/NAME/checks.py, .../exercises/a.py."""
    return Path(*path.parts[-4 if path.parent.name == EXERCISES else -3 :]).as_posix()


ONE_FILE = "The solution is one file, for only that is released and graded: move what it needs into it"


@contextmanager
def authored(path: Path) -> Iterator[None]:
    """Turn whatever an author's file raises into an `AssignmentError` that names the file, the line and what to do.

    Args:
        path: The file that is run. The deepest line of the traceback in its folder counts.
    """
    try:
        yield
    except RubricError as error:
        raise AssignmentError(said(error, path)) from error
    except AssignmentError:
        raise
    except (Exception, SystemExit) as error:
        raise AssignmentError(said(error, path)) from error


def said(error: BaseException, path: Path) -> str:
    """Return a sentence about an error in an author's file: where, what, and what to do."""
    if isinstance(error, SyntaxError) and error.filename:
        named = Path(error.filename)
        file = named if named.is_relative_to(path.parent) else path.parent / named.name
        at = f"{shown(file)}, line {error.lineno or 1}"
        text = f": `{error.text.strip()}`" if error.text and error.text.strip() else ""
        return f"{at}: this is not valid Python, {error.msg}{text}"
    name, line = place_of(error.__traceback__, path)
    if isinstance(error, RubricError) and error.place[1]:
        name, line = shown(Path(error.place[0])), error.place[1]
    what = str(error).strip()
    kind = "" if isinstance(error, AssignmentError) else f"{type(error).__name__}: "
    advice = _advice(error, path)
    where = f"{name}, line {line}" if line else name
    return f"{where}: {kind}{what.rstrip('.')}. {advice}" if advice else f"{where}: {kind}{what}"


def place_of(trace: TracebackType | None, path: Path) -> tuple[str, int]:
    """Return the deepest line of a traceback that is in a file's folder; the file, and no line, where there is none."""
    found = (shown(path), 0)
    for frame in traceback.extract_tb(trace):
        file = path.parent / SOLUTION if frame.filename == SOLUTION else Path(frame.filename)
        if path.parent in (file.parent, file.parent.parent if file.parent.name == EXERCISES else None):
            found = (shown(file), frame.lineno or 0)
    return found


def near(name: str, names: Collection[str]) -> str:
    """Return a question about a name that may be mistyped, with a space before it; "" where none is like it."""
    found = difflib.get_close_matches(name, sorted(names), 1)
    return f" Do you mean `{found[0]}`?" if found else ""


def _advice(error: BaseException, path: Path) -> str:
    """Say what to do about an error that an author's file raises when it is loaded."""
    folder = path.parent
    match error:
        case SystemExit():
            return "Take the call of exit out: this file is loaded, not run"
        case ModuleNotFoundError(name=str(name)):
            if name.partition(".")[0] == "autograder":
                return "Checks import what they need from `autograder.rubric`"
            if (folder / f"{name}.py").is_file() or (folder / name).is_dir():
                return _own_module(name, path)
            if importlib.util.find_spec(name.partition(".")[0]) is None:
                return f"Install {name.partition('.')[0]}, and name it under `packages:` in grader_config.yml"
            return ""
        case ImportError() if path.name == SOLUTION and "relative import" in str(error):
            return ONE_FILE
        case NameError() if path.name == SOLUTION and "__file__" in str(error):
            return "A submission has no place of its own: hand the data to the function, as an argument"
        case ImportError(name=str(name)) if name.startswith("autograder"):
            wanted = str(error).split("'")[1] if "'" in str(error) else ""
            return near(wanted, vars(sys.modules["autograder.rubric"])).strip()
        case ImportError() if "circular" in str(error):
            return "Two files import each other: move what both need into a third file"
        case FileNotFoundError(filename=missing) if missing is not None:
            return f"There is no {missing}: put it there, or build the path with `Path(__file__).parent`"
        case TypeError():
            return _arguments(str(error))
        case _:
            return ""


def _own_module(name: str, path: Path) -> str:
    if path.name == SOLUTION:
        return ONE_FILE
    return f"Import it with a dot: `from .{name} import ...`"


def _arguments(what: str) -> str:
    """Say how the decorators are called, where one was called otherwise."""
    if "Exercise.check()" in what:
        return 'A check names its function and its points: `@losses.check("mse", 2)`'
    if "Exercise.cases()" in what:
        return 'Cases name their function and their points: `@losses.cases("mse", 2, sizes=(3, 8))`'
    if "Rubric.exercise()" in what:
        return '`rubric.exercise("1.3", "Two losses", owns=("mse", "mae"), points=6)`'
    if "Variants.mutant()" in what:
        return '`@variants.mutant(of="mse", hint="...")`'
    return ""


def described(value: Any) -> str:
    """Return a value of the author's in a few words, for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def verify_call(function: Callable[..., Any], args: Sequence[Any], takes: str, *, several: bool = False) -> None:
    """Raise `RubricError` where a check's function cannot be called with these arguments, or does nothing when it is.

    Args:
        function: What stands below the decorator.
        args: The arguments.
        takes: What is asked for, for the message.
        several: Whether it takes more arguments than these.
    """
    if not callable(function):
        raise RubricError(f"{described(function)} is no function: the decorator goes above `def`")
    name = getattr(function, "__name__", "this")
    if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
        raise RubricError(
            f"check {name}: a function with `yield` or `async` does nothing when it is called: write it without"
        )
    try:
        signature = inspect.signature(function)
        (signature.bind_partial if several else signature.bind)(*args)
    except TypeError as error:
        raise RubricError(f"check {name}: it takes {takes}: {error}") from error


def line_of_caller(depth: int = 2) -> tuple[str, int]:
    """Return the file and the line that called the function that asks."""
    frame = sys._getframe(depth)
    return frame.f_code.co_filename, frame.f_lineno
