"""Read Canvas's "Download Submissions": flat files, whose names say whose they are.

`{name}[_LATE]_{user id}_{attachment id}_{file}`, with `_text.html` and `_link.html` for what is not a file, and
`[LATE_]anon_{id}_...` while names are hidden. A file that was handed in again comes as `hw1-1.ipynb`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from autograder.intake.archive import is_graded
from autograder.intake.disk import Kind
from autograder.model import Person
from autograder.platforms.download import Download, HandIn, Part, PassedOver, Place, composed

SYSTEM = "canvas"
_ANONYMOUS = re.compile(
    r"(?P<late>LATE_)?anon_(?P<id>[A-Za-z0-9]{5})_(?:(?P<file>[0-9]+)_(?P<rest>.+)|(?P<page>text|link)\.html)"
)
_NAMED = re.compile(r"(?:[0-9]+_(?P<rest>.+)|(?P<page>text|link)\.html)")
_AGAIN = re.compile(r"(?P<stem>.+)-(?P<number>[0-9]{1,3})")


@dataclass(frozen=True)
class _File:
    """One file of the download."""

    path: str
    user: str
    name: str
    attachment: int
    rest: str
    late: bool

    @property
    def stem(self) -> tuple[str, str]:
        """The file's name without its endings, and those: Canvas numbers what stands before all of them."""
        stem, dot, endings = self.rest.partition(".")
        return stem, dot + endings


def read(place: Place, assignment: str) -> Download | None:
    """Read a download; None where most files have other names."""
    files: list[tuple[str, list[_File]]] = []
    others: list[tuple[str, list[_File]]] = []
    for path, kind in place.shown().items():
        found = parse(composed(path)) if kind in (Kind.FILE, Kind.LINK) else []
        (files if found else others).append((path, found))
    if not files or len(others) > len(files):
        return None
    usual = Counter(len(str(one[0].attachment)) for _, one in files if len(one) == 1 and one[0].attachment)
    by_user: dict[str, list[_File]] = defaultdict(list)
    for path, found in files:
        one = _meant(found, usual)
        by_user[one.user].append(_File(path, one.user, one.name, one.attachment, one.rest, one.late))
    main = _main_stems(by_user, assignment)
    hand_ins = [hand_in for own in by_user.values() for hand_in in _hand_ins(own, main)]
    passed_over = [
        PassedOver(
            path, "its name is not one that Canvas gives", lost=is_graded(path) or place.names()[path] is Kind.FOLDER
        )
        for path, _ in others
    ]
    remarks = [
        f"Canvas calls user {user} by several names: {', '.join(sorted(names))}. They are taken for one person"
        for user, own in by_user.items()
        if len(names := {one.name for one in own}) > 1
    ]
    return Download(SYSTEM, "a Canvas download", tuple(hand_ins), (*place.hidden(), *passed_over), tuple(remarks))


def parse(path: str) -> list[_File]:
    """Return what a file's name may mean, the likeliest first; nothing where Canvas gives no such name.

    A student's name may end in a number, and a file's begin with one: then there are several ways to read it.
    """
    if found := _ANONYMOUS.fullmatch(path):
        rest = found["rest"] or f"{found['page']}.html"
        return [_File(path, f"anon_{found['id']}", "", int(found["file"] or 0), rest, found["late"] is not None)]
    tokens = path.split("_")
    ways = []
    for place, token in enumerate(tokens[:-1]):
        if not _is_id(token):
            continue
        rest = _NAMED.fullmatch("_".join(tokens[place + 1 :]))
        if rest is None:
            continue
        late = place > 0 and tokens[place - 1] == "LATE"
        name = "_".join(tokens[: place - late])
        attachment = 0 if rest["page"] else int(tokens[place + 1])
        ways.append(_File(path, token, name, attachment, rest["rest"] or f"{rest['page']}.html", late))
    return ways


def _meant(ways: list[_File], usual: Counter[int]) -> _File:
    """Return which way to read a name is meant: the first, unless its attachment's number is as long as nobody's.

    Then a student's name ends in a number, and all is one further. What stands behind is the student's own file name,
    which may hold somebody else's number: nothing there is ever taken for an id.
    """
    first, *more = ways
    if not more or usual[len(str(first.attachment))] or not first.attachment:
        return first
    second = more[0]
    adjacent = second.user == str(first.attachment)
    return second if adjacent and (usual[len(str(second.attachment))] or not second.attachment) else first


def _is_id(token: str) -> bool:
    return token.isascii() and token.isdecimal() and len(token) <= 20


def _main_stems(by_user: dict[str, list[_File]], assignment: str) -> set[str]:
    """Return what the file to grade is called: as the assignment, or as most of the class call it."""
    stems = Counter(
        stem for own in by_user.values() for stem in {_first(one.stem[0]) for one in own if is_graded(one.rest)}
    )
    return {assignment.lower()} | {stem.lower() for stem, count in stems.items() if 2 * count > len(by_user) > 1}


def _first(stem: str) -> str:
    """Return a name without the number that it has where it was handed in again."""
    found = _AGAIN.fullmatch(stem)
    return found["stem"] if found else stem


def _hand_ins(own: list[_File], main: set[str]) -> Iterable[HandIn]:
    """Yield a student's attempts, in order: one for each version of the file to grade, with all other files beside."""
    person = Person(SYSTEM, own[0].user, own[0].name)
    versions: dict[str, list[_File]] = defaultdict(list)
    beside: list[_File] = []
    for one in sorted(own, key=lambda one: (one.attachment, one.path)):
        stem, endings = one.stem
        first = stem if stem.lower() in main else _first(stem)
        if first.lower() in main and is_graded(one.rest):
            versions[f"{first}{endings}".lower()].append(one)
        else:
            beside.append(one)
    late = any(one.late for one in own)
    for attempt in range(max(map(len, versions.values()), default=1)):
        chosen = [found[min(attempt, len(found) - 1)] for found in versions.values()]
        yield HandIn((person,), tuple(_parts(chosen, beside, main)), late=late, attempt=attempt + 1)


def _parts(chosen: list[_File], beside: list[_File], main: set[str]) -> Iterable[Part]:
    """Yield the files under the names that the student gave them: a module called `b-1.py` cannot be imported."""
    plain = Counter(_first(one.stem[0]) + one.stem[1] for one in beside)
    used: set[str] = set()
    for one in (*chosen, *beside):
        stem, endings = one.stem
        first = f"{stem if stem.lower() in main else _first(stem)}{endings}"
        name = first if one in chosen or (plain[first] == 1 and is_graded(one.rest)) else one.rest
        if name in used:
            name = one.rest if one.rest not in used else f"{one.attachment}_{one.rest}"
        used.add(name)
        yield Part(name, PurePosixPath(one.path))
