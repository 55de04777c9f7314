"""Courses that are found from where one stands: which to use, and which may be a student's.

Loading a course runs its code. One that is named is used; one that is found must not be what a student handed in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from autograder.config import NAME, VARIABLE, Config, find, load, refused, untrusted

SUFFIXES = (".py", ".ipynb")
LEVELS = 2
"""How far above a course's folder others' hand-ins are looked for."""
ENTRIES = 1_000
"""How many entries of a folder are looked at."""


def open_config(named: Path | None) -> Config:
    """Return the configuration that is named, or that of this folder or one above it. Raises `ConfigError`."""
    if named is None and is_named(named):
        named = Path(os.environ[VARIABLE])
    return load(named if named is not None else find(Path.cwd()))


def is_named(config_file: Path | None) -> bool:
    """Return whether the user has said which configuration to use, with `--config` or in the environment."""
    return config_file is not None or bool(os.environ.get(VARIABLE))


def check_found(config: Config, name: str, submissions: Path | None = None) -> None:
    """Refuse an assignment that others than this user can have put where it was found.

    Args:
        config: the course.
        name: the assignment.
        submissions: the folder that is to be graded, if there is one.

    Raises:
        ConfigError: says why, and how to use the course all the same.
    """
    folder = config.root / "reference" / name
    files = folder.rglob("*") if folder.is_dir() else ()
    problem = untrusted(path for path in (folder.parent, folder, *files) if path.exists())
    problem = problem or _handed_in(config.root, name, submissions)
    if problem:
        raise refused(config.root / NAME, problem)


def _handed_in(root: Path, name: str, submissions: Path | None) -> str:
    """Say what makes a course look like a part of a submission; nothing where it does not."""
    if submissions is not None and submissions.resolve() in (root, *root.parents):
        return f"it lies in {submissions}, which is to be graded"
    beside = next((path for path in _entries(root) if _is_work(path, name)), None)
    if beside is not None:
        return f"{beside.name} lies beside it, as in a hand-in"
    for folder in islice((root, *root.parents), LEVELS):
        others = [path for path in _entries(folder.parent) if path != folder]
        works = sum(_holds_work(path, name) for path in others)
        if works > 1 and 2 * works >= len(others):
            return f"{folder.parent} holds hand-ins of {works} others"
    return ""


def _holds_work(path: Path, name: str) -> bool:
    """Whether an entry of a class folder is, or holds, work on an assignment."""
    if path.is_file():
        return path.suffix in SUFFIXES and name in path.stem
    return any(_is_work(one, name) for place in (path, path / name) for one in _entries(place))


def _is_work(path: Path, name: str) -> bool:
    return path.suffix in SUFFIXES and path.stem.startswith(name) and path.is_file()


def _entries(folder: Path) -> Iterator[Path]:
    """What is to be seen in a folder, up to a limit; nothing where it cannot be read."""
    return islice((path for path in _listed(folder) if not path.name.startswith(".")), ENTRIES)


def _listed(folder: Path) -> Iterable[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in islice(entries, ENTRIES)]
    except OSError:
        return ()
