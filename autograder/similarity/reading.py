"""Read what is compared: hand-ins, and what everybody was given. Nothing is executed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import InputError, RejectedError, StorageError
from autograder.intake import read_sources
from autograder.similarity.fingerprints import fingerprints
from autograder.similarity.tokens import definitions

LARGEST = 1_000_000
"""Characters of code that one hand-in may hold: what is compared is kept for the whole class."""
_FENCED = re.compile(r"^```[ ]*(?:python|py)?[ ]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Place:
    """Where a hand-in lies: no link below `within` is followed."""

    path: Path
    within: Path


@dataclass(frozen=True)
class Sources:
    """The code of a hand-in by file, and its fingerprints."""

    files: Mapping[str, str]
    fingerprints: frozenset[int]


@dataclass(frozen=True)
class Given:
    """What everybody has: the fingerprints of it, and the names of the functions asked for."""

    fingerprints: frozenset[int]
    names: frozenset[str]


def read_work(place: Place, given: Given, max_bytes: int) -> Sources:
    """Read a hand-in. Raises `RejectedError` where it holds no code, or more than can be compared."""
    try:
        files = read_sources(place.path, max_bytes=max_bytes, within=place.within)
    except StorageError as error:
        raise RejectedError(str(error)) from error
    if sum(map(len, files.values())) > LARGEST:
        raise RejectedError(f"it holds more text than can be compared: {LARGEST:,} characters of code are the most")
    return Sources(files, fingerprints(files, given.names))


def read_given(paths: tuple[Path, ...]) -> Given:
    """Read what everybody was given: modules, notebooks, and the code in Markdown. The first decides what is asked for.

    Raises `InputError` where there is no code.
    """
    sources = [_given(path) for path in paths]
    names = definitions(sources[0])
    return Given(frozenset().union(*(fingerprints(files, names) for files in sources)), names)


def _given(path: Path) -> dict[str, str]:
    texts = [path] if path.suffix == ".md" else sorted(path.glob("*.md")) if path.is_dir() else []
    files = {
        f"{text.name} {number}": found[1]
        for text in texts
        for number, found in enumerate(_FENCED.finditer(text.read_text(encoding="utf-8")))
    }
    if path.suffix != ".md":
        try:
            files |= read_sources(path)
        except RejectedError as error:
            if not files:
                raise InputError(f"{path} holds no code that everybody was given: {error.reason}") from error
    return files
