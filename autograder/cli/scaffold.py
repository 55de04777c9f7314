"""`autograder new`: a working assignment to start from."""

from __future__ import annotations

from pathlib import Path

from autograder.config import find
from autograder.errors import ConfigError
from autograder.release.scaffold import scaffold


def new_assignment(name: str, title: str | None, config: Path | None) -> int:
    """Write it, and say what comes next. Returns the exit code."""
    root = config.parent if config is not None else _course()
    for path in scaffold(root, name, title or name.replace("_", " ").capitalize()):
        print(path)
    print(f"\nIt works as it is. Try:\n\n  autograder validate {name}\n  autograder release {name}")
    return 0


def _course() -> Path:
    """The folder of the course we are in, or this one where there is none yet."""
    try:
        return find(Path.cwd()).parent
    except ConfigError:
        return Path.cwd()
