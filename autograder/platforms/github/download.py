"""Read clones of GitHub Classroom: `{assignment}-submissions/{assignment}-{user name}/`, each a repository.

Nothing of git's is read or run: who handed in is the folder's name, and what counts are the files that are checked out.
"""

from __future__ import annotations

import re

from autograder.intake.archive import is_graded
from autograder.intake.disk import Kind
from autograder.model import Person
from autograder.platforms.download import Download, HandIn, PassedOver, Place, composed, whole

SYSTEM = "github"
_PARENT = re.compile(r"(?P<slug>.+)-submissions")


def read(place: Place, assignment: str) -> Download | None:
    """Read a folder of clones; None where most folders are no repositories, or their names have nothing in common."""
    shown = place.shown()
    folders = [name for name, kind in shown.items() if kind is Kind.FOLDER]
    clones = [name for name in folders if ".git" in place.names(name)]
    parent = _PARENT.fullmatch(place.name)
    prefix = f"{parent['slug']}-" if parent else _common(clones)
    own = [name for name in folders if name.startswith(prefix) and name != prefix]
    if not prefix or not own or 2 * len(own) < len(folders) or not (parent or 2 * len(clones) > len(folders)):
        return None
    hand_ins = tuple(HandIn((Person(SYSTEM, composed(name.removeprefix(prefix))),), whole(name)) for name in own)
    passed_over = tuple(
        PassedOver(name, f"its name does not begin with {prefix}", lost=kind is Kind.FOLDER or is_graded(name))
        for name, kind in shown.items()
        if name not in own
    )
    return Download(SYSTEM, f"GitHub Classroom's clones {prefix}*", hand_ins, (*place.hidden(), *passed_over))


def _common(names: list[str]) -> str:
    """Return the assignment's part of all names, up to a hyphen. One repository alone does not tell which that is."""
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    same = next((place for place, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[: first.rfind("-", 0, same) + 1]
