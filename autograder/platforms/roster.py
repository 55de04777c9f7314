"""Read a roster, whichever system wrote it, and find the people of a download in it: by ids, never by names.

Every value is text, for ids begin with zeros. E-mail addresses, logins and numbers are compared without case.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from autograder.errors import InputError
from autograder.model import Person
from autograder.platforms.download import composed

COLUMNS = {
    "canvas": ("id", "lms_user_id", "canvas_user_id"),
    "moodle": ("identifier",),
    "email": ("email", "email address", "e-mail", "e-mail address", "mail"),
    "number": ("sid", "sis user id", "student id", "id number", "number", "matriculation", "user_id", "lms_user_id"),
    "login": ("sis login id", "login_id", "login", "username", "user name", "uid"),
    "nbgrader": ("id",),
    "github": ("github_username", "github username", "github"),
    "identifier": ("identifier", "roster_identifier", "student"),
    "name": ("full name", "name", "student", "student name"),
    "first": ("first name", "first_name", "firstname"),
    "last": ("last name", "last_name", "lastname", "surname"),
    "group": ("group", "groups", "group_name", "group name", "team"),
}
"""What a column holds, by the names that the systems give it."""
JOINS = {
    "canvas": ("canvas",),
    "moodle": ("moodle",),
    "gradescope": (),
    "nbgrader": ("nbgrader", "login"),
    "github": ("github",),
    "folder": ("login", "email", "number", "nbgrader", "github", "identifier"),
}
"""What the ids of a system's people may be in a roster, in this order; then come e-mail address and number."""
MOST = 100_000_000
_PARTICIPANT = re.compile(r"\D+\s(\d+)\Z")
_NO_STUDENT = ("points possible", "student, test")


@dataclass(frozen=True)
class Row:
    """One person of a roster. `said` has every cell by its column."""

    number: int
    person: Person
    said: Mapping[str, str]
    group: str = ""

    def ids(self, kind: str) -> set[str]:
        """Return this person's ids of a kind, folded."""
        columns = COLUMNS[kind]
        if kind == "canvas" and "lms_user_id" in self.said:
            columns = ("lms_user_id",)
        elif kind == "identifier" and "section" in self.said:  # Canvas's column Student is a name
            columns = ("identifier", "roster_identifier")
        found = {_folded(self.said[column]) for column in columns if self.said.get(column)}
        if kind == "moodle":
            return {match[1] for one in found if (match := _PARTICIPANT.match(one))}
        return found


@dataclass(frozen=True)
class Roster:
    """A list of the people of a course."""

    path: Path
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Matches:
    """Who of a download stands in a roster. `absent` hand nothing in; `doubtful` says which ids stand for several."""

    rows: Mapping[Person, Row]
    absent: tuple[Row, ...]
    doubtful: tuple[str, ...] = ()


def read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return a CSV's header and lines, as they stand there. Raises `InputError`."""
    try:
        with open(path, "rb") as file:
            data = file.read(MOST)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}: give the roster, a CSV file") from error
    try:
        return table(data)
    except csv.Error as error:
        raise InputError(f"{path} is not a CSV that can be read: {error}. Download it again") from error


def read_roster(path: Path) -> Roster:
    """Read a CSV: the roster, gradebook or worksheet of any system. Raises `InputError`."""
    header, lines = read_table(path)
    columns = [_column(name) for name in header]
    known = {column for columns_of in COLUMNS.values() for column in columns_of}
    if len(columns) < 2 or not known.intersection(columns):
        raise InputError(
            f"{path} is not a roster that can be read: its first line has to name columns such as Email, SID, ID or "
            "Username, as Canvas, Moodle, Gradescope, GitHub Classroom and nbgrader write them"
        )
    rows = []
    for number, cells in enumerate(lines, 2):
        said = {column: composed(cell).strip() for column, cell in zip(columns, cells, strict=False) if column}
        if not any(said.values()) or _folded(next(iter(said.values()))).startswith(_NO_STUDENT):
            continue
        if _is_furniture(said):
            continue
        rows.append(Row(number, _person(said), said, _first(said, "group")))
    return Roster(path, tuple(rows))


def table(data: bytes) -> tuple[list[str], list[list[str]]]:
    """Return a CSV's header and lines, whatever its encoding and its separator."""
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeError:
        text = data.decode("cp1252", "replace")
    csv.field_size_limit(MOST)  # Moodle's worksheet holds whole essays
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    return (lines[0], lines[1:]) if lines else ([], [])


def match(roster: Roster, people: Iterable[Person]) -> Matches:
    """Find people in a roster. Who can be two of its rows is none of them, and of two who can be one row only the one
    with the surer id is: students type their numbers themselves. A line says so."""
    index: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in roster.rows:
        for kind in COLUMNS:
            for one in row.ids(kind):
                index[kind, one].append(row)
    rows: dict[Person, Row] = {}
    ranks: dict[Person, int] = {}
    doubtful = []
    for person in people:
        for rank, (kind, value) in enumerate(_keys(person)):
            found = index.get((kind, _folded(value)), []) if value else []
            if len(found) > 1:
                doubtful.append(f"{value} stands in {roster.path.name} more than once, in lines {_lines(found)}")
            if found and _is_anothers(person, found[0]):
                doubtful.append(
                    f"{person.name} has the number of {found[0].person.name} in {roster.path.name}: that is a "
                    "group's, it seems. A column Group there says whose"
                )
            elif len(found) == 1:
                rows[person], ranks[person] = found[0], rank
            if found:
                break
    sharing: dict[int, list[Person]] = defaultdict(list)
    for person, row in rows.items():
        sharing[row.number].append(person)
    for line, own in sharing.items():
        if len(own) > 1:
            called = " and ".join(person.id or person.name for person in own)
            surest = [person for person in own if ranks[person] == min(ranks[one] for one in own)]
            for person in own:
                if len(surest) > 1 or person not in surest:
                    del rows[person]
            who = f"only {surest[0].id} is taken for it" if len(surest) == 1 else "none of them is taken for it"
            doubtful.append(f"{called} could all be line {line} of {roster.path.name}: {who}")
    taken = {row.number for row in rows.values()}
    return Matches(rows, tuple(row for row in roster.rows if row.number not in taken), tuple(dict.fromkeys(doubtful)))


def members(roster: Roster, group: str) -> tuple[Row, ...]:
    """Return who is in a group; Canvas writes its name in small letters without spaces."""
    wanted = _plain(group)
    return tuple(row for row in roster.rows if row.group and _plain(row.group) == wanted)


def completed(person: Person, row: Row | None) -> Person:
    """Return a person with what the roster knows besides: the id stays that of the download."""
    if row is None:
        return person
    known = row.person
    return msgspec.structs.replace(
        person,
        name=person.name if person.name and person.system == "gradescope" else known.name or person.name,
        email=person.email or known.email,
        number=person.number or known.number,
    )


def same_name(one: str, other: str) -> bool:
    """Return whether two systems may write one name so: in another order, or without spaces and commas."""
    return _plain(one) == _plain(other) or set(_words(one)) == set(_words(other))


def _is_anothers(person: Person, row: Row) -> bool:
    """Return whether Moodle's number cannot be this participant's: groups have numbers of their own, which clash."""
    ours, theirs = _words(person.name), _words(row.person.name)
    if person.system != "moodle" or not ours or not theirs or person.id in ours:
        return False
    return not set(ours) & set(theirs) and sorted("".join(ours)) != sorted("".join(theirs))


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", name.casefold())


def _keys(person: Person) -> list[tuple[str, str]]:
    own = [(kind, person.id) for kind in JOINS.get(person.system, ())]
    return [*own, ("email", person.email), ("number", person.number)]


def _lines(rows: list[Row]) -> str:
    return " and ".join(str(row.number) for row in rows)


def _column(name: str) -> str:
    return " ".join(name.strip().strip("\ufeff").casefold().split())


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def _first(said: Mapping[str, str], kind: str) -> str:
    return next((said[column] for column in COLUMNS[kind] if said.get(column)), "")


def _person(said: Mapping[str, str]) -> Person:
    name = " ".join(part for part in (_first(said, "first"), _first(said, "last")) if part) or _first(said, "name")
    return Person("roster", _first(said, "login"), name, _first(said, "email").lower(), _first(said, "number"))


def _is_furniture(said: Mapping[str, str]) -> bool:
    """Return whether a line is Canvas's second one, which names no student."""
    filled = [cell for cell in said.values() if cell]
    return "student" in said and all(cell in ("Manual Posting", "Muted", "(read only)") for cell in filled)
