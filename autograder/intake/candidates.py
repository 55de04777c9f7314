"""Choose which of several code files is graded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from autograder.errors import RejectedError
from autograder.intake.recovery import Place
from autograder.intake.source import Cleaned
from autograder.intake.text import printable

FULLER = 2
"""A file with another name than the one asked for is graded if it has so many times, and so many more, functions."""


@dataclass(frozen=True)
class Unit:
    """One code file before filtering. `place` turns a line number into words, `files` are the modules that it writes,
    `runs` those that it runs, `prose` the cells without code."""

    path: str
    source: str
    place: Place
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] | None = None
    runs: frozenset[str] = frozenset()
    prose: tuple[tuple[str, str], ...] = ()
    recovered: bool = False


@dataclass(frozen=True)
class Candidate:
    """A unit, what is left of it after filtering, and the functions asked for that it has: `written`, or at all."""

    unit: Unit
    cleaned: Cleaned
    written: frozenset[str]
    defined: frozenset[str]

    @property
    def path(self) -> str:
        """The file's path in the submission."""
        return self.unit.path

    @property
    def module(self) -> str:
        """The name that another file imports it by."""
        return self.path.rpartition(".")[0].partition("/")[0]


def stem(path: str) -> str:
    """Return a file's name without folders and suffix, in lower case."""
    return PurePosixPath(path).stem.lower()


def choose_main(candidates: Sequence[Candidate], main: str) -> tuple[Candidate, list[str]]:
    """Return the file to grade, and a note where there was a choice.

    It is the one with the name asked for; or another that has many more of the functions asked for, what it imports
    counted in. The name counts little where nothing in the file was written. Raises `RejectedError` where nothing was
    written anywhere.
    """
    has = {one.path: frozenset(_reached(one, candidates)) for one in candidates}

    def rank(one: Candidate) -> tuple[int, int, int, str]:
        return -len(has[one.path]), -len(one.defined), one.path.count("/"), one.path

    best, *others = sorted(candidates, key=rank)
    if not others:
        return best, []
    named = [one for one in sorted(candidates, key=rank) if stem(one.path) == main.lower()]
    if named and best not in named:
        least = len(has[named[0].path])
        if least and len(has[best.path]) < max(FULLER * least, least + FULLER):
            best = named[0]
    used = frozenset(_imported(best, candidates))
    rivals = [one for one in sorted(candidates, key=rank) if one is not best and one.path not in used and one.written]
    return best, _notes(best, named, rivals, has, main)


def _notes(
    best: Candidate,
    named: Sequence[Candidate],
    rivals: Sequence[Candidate],
    has: Mapping[str, frozenset[str]],
    main: str,
) -> list[str]:
    name = printable(best.path)
    if best in named:
        twins = [one for one in named if one is not best]
        if twins:
            return [f"Both {name} and {printable(twins[0].path)} are here: {name} is graded, it has more in it."]
        if rivals:
            other = printable(rivals[0].path)
            return [f"{name} is graded, for its name; what you wrote in {other} is not. Put it all into {name}."]
        return []
    if not best.defined and not has[best.path]:
        raise RejectedError(
            f"None of these files has the functions asked for. Name the one to grade {main}.py, or .ipynb."
        )
    if named:
        few, many = len(has[named[0].path]), len(has[best.path])
        return [
            f"{name} is graded: it has {many} of the functions asked for, and {printable(named[0].path)} has {few}. "
            "Hand in only the file that counts."
        ]
    return [f"{name} is graded: of these files it has most of the functions asked for."]


def _reached(one: Candidate, candidates: Sequence[Candidate]) -> set[str]:
    """Return the functions that a file has or that files have which it imports."""
    helpers = frozenset(_imported(one, candidates))
    return set(one.written).union(*(other.written for other in candidates if other.path in helpers))


def _imported(one: Candidate, candidates: Sequence[Candidate]) -> set[str]:
    """Return the paths of the files that a file imports, directly or through others."""
    found: set[str] = set()
    waiting = [one]
    while waiting:
        names = waiting.pop().cleaned.imported
        new = [other for other in candidates if other.module in names and other.path not in found and other is not one]
        found |= {other.path for other in new}
        waiting += new
    return found
