"""Choose among the files of a submission those that are asked for besides code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from autograder.errors import RejectedError
from autograder.intake.archive import is_taken
from autograder.intake.kinds import CODE
from autograder.intake.text import decoded, printable
from autograder.protocol.handed_in import TEXTS, kind_of, packed

ONLY_FILES = b"# No code was handed in.\n"
"""The source of a submission that has none."""


@dataclass(frozen=True)
class Chosen:
    """What a submission consists of: its code, and the files that were asked for, ready to travel, by their names."""

    code: dict[str, bytes]
    files: dict[str, str]
    notes: list[str]


def choose_files(files: Mapping[str, bytes], asked: Sequence[str], main: str) -> Chosen:
    """Take apart what was handed in. A submission without code gets a module that holds nothing.

    Args:
        files: All that was read, by relative path.
        asked: The files asked for.
        main: The name of the module asked for.

    Raises:
        RejectedError: One of the files is not text, and should be.
    """
    code = {name: data for name, data in files.items() if kind_of(name) in CODE}
    found: dict[str, str] = {}
    notes: list[str] = []
    for one in asked:
        candidates = sorted(
            (name for name in files if name not in code and is_taken(name, (one,))), key=partial(_rank, one)
        )
        if not candidates:
            notes.append(f"{one} was not handed in.")
            continue
        name, *others = candidates
        data = files[name]
        text = decoded(data, printable(name)) if kind_of(one) in TEXTS and data.strip() else None
        found[one] = packed(one, data) if text is None else text
        renamed = "" if name == one else f" as {one}"
        more = f"; {', '.join(map(printable, others[:3]))} is not" if others else ""
        notes.append(f"{printable(name)} ({len(data):,} bytes) is used{renamed}{more}.")
    if not code and not found:
        raise RejectedError(f"Neither code nor {' or '.join(asked)} is here. Hand one of them in.")
    return Chosen(code or {f"{main}.py": ONLY_FILES}, found, notes)


def _rank(asked: str, name: str) -> tuple[bool, int, int, str]:
    """Return the place of a file among those that could be the one asked for: its own name first, the least deep."""
    return PurePosixPath(name).name.lower() != asked.lower(), name.count("/"), len(name), name
