"""A class, whichever way it came: recognised, everybody named, the attempt that counts chosen, ready to be graded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from autograder.errors import InputError, UnusableFileError
from autograder.identity import clean_name, clean_names
from autograder.intake import Entry, find_class
from autograder.intake.archive import is_graded
from autograder.intake.classroom import check_apart
from autograder.intake.disk import located
from autograder.intake.text import printable
from autograder.model import Person
from autograder.platforms import recognise
from autograder.platforms.download import Download, HandIn, PassedOver, Place, composed, whole
from autograder.platforms.folder.download import SYSTEM as FOLDER
from autograder.platforms.roster import Matches, Roster, Row, completed, match, members, same_name
from autograder.platforms.unpack import is_archive

KEPT = 100_000
"""Bytes that are copied of a file that is no code: enough to say what it is."""


@dataclass(frozen=True)
class Policy:
    """Which attempt counts. `chosen` has the numbers of students' own, by name, id or e-mail address."""

    counts: Literal["last", "best", "first"] = "last"
    chosen: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Student:
    """One person of the class. `counting` are the attempts to grade: several where the best one counts."""

    name: str
    person: Person
    attempts: tuple[HandIn, ...]
    counting: tuple[HandIn, ...]
    row: Row | None = None
    late: bool = False

    def number_of(self, hand_in: HandIn) -> int:
        """Return which of this student's attempts a hand-in is."""
        return _numbers(self.attempts)[self.attempts.index(hand_in)]


Owners = Mapping[str, tuple[tuple[Student, HandIn], ...]]
"""For whom an entry counts, and as which of their attempts, by the entry's name."""


@dataclass(frozen=True)
class Classroom:
    """What a download was taken for. `entries` are to be graded, each for `owners` with the number of the attempt."""

    system: str
    what: str
    students: tuple[Student, ...]
    entries: tuple[Entry, ...]
    owners: Owners
    passed_over: tuple[PassedOver, ...] = ()
    left_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    absent: tuple[Row, ...] = ()
    roster: Roster | None = None

    @property
    def incomplete(self) -> bool:
        """Whether something that may be somebody's work is not graded."""
        return bool(self.left_out) or any(one.lost for one in self.passed_over)

    def entries_of(self, only: Collection[str] | None) -> list[Entry]:
        """Return the entries of these students, or all: by name, by id or by e-mail address. Raises `InputError`."""
        if not only:
            return list(self.entries)
        wanted = {_known_as(one) for one in only}
        names, found = set(), set()
        for student in self.students:
            person = student.person
            called = {
                _known_as(one) for one in (student.name, person.name, person.id, person.email, person.number) if one
            }
            if here := called & wanted:
                names.add(student.name)
                found |= here
        if unknown := sorted(one for one in only if _known_as(one) not in found):
            known = ", ".join(student.name for student in self.students[:20])
            raise InputError(f"no submission by {', '.join(unknown)}; the class has: {known}")
        return [one for one in self.entries if any(student.name in names for student, _ in self.owners[one.student])]


def read_classroom(
    path: Path,
    assignment: str,
    staging: Path,
    *,
    most: int,
    layout: str = "",
    apart: Iterable[Path] = (),
    reports: Iterable[Path] = (),
    roster: Roster | None = None,
    policy: Policy = Policy(),
    due: datetime | None = None,
) -> Classroom:
    """Recognise a download, and make it ready to be graded.

    Args:
        path: a folder, a zip or tar of one, or one student's module or notebook.
        assignment: the assignment's name.
        staging: an existing folder of the course's own, for what has to be unpacked or renamed.
        most: bytes of one submission.
        layout: one of `recognise.LAYOUTS` where a person says so.
        apart: places of the course that the class may neither hold nor lie in.
        reports: places of reports; an entry that holds one is left out.
        roster: who belongs to the course.
        policy: which attempt counts.
        due: what is handed in later is late, as is what the system marks so.

    Raises:
        InputError: when it is no class, or not all of one.
    """
    if not path.exists() or not (path.is_dir() or is_archive(path) or is_graded(path.name)):
        what = "is neither a folder nor a zip or tar, nor a module or notebook" if path.exists() else "does not exist"
        raise InputError(
            f"{path} {what}: give the class as it was downloaded, or a folder with an entry for each student"
        )
    if path.is_dir():
        check_apart(path, apart)
    unpacked = staging / "unpacked"
    unpacked.mkdir()
    place, passed_over = recognise.opened(path, assignment, unpacked, most)
    try:
        found = recognise.recognise(place, assignment, layout)
    except InputError as error:  # a person knows the archive, not where it was unpacked
        if place.root == path:
            raise
        raise InputError(f"{str(error).replace(str(place.root), str(path))} (unpack {path.name} first)") from error
    if found is None:
        return _plain(place, path, passed_over, apart, reports, roster)
    if not found.hand_ins:
        raise InputError(f"{path} is {found.what}, and holds no submissions")
    return _Making(place, found, staging, most, roster, policy, due, passed_over).made()


def _plain(
    place: Place,
    path: Path,
    passed_over: tuple[PassedOver, ...],
    apart: Iterable[Path],
    reports: Iterable[Path],
    roster: Roster | None,
) -> Classroom:
    """Return a plain folder's class: names are the folder's, and each is one person's one attempt."""
    found = find_class(place.root, apart=apart, reports=reports)
    people = {entry.student: Person(FOLDER, entry.student, entry.student) for entry in found.entries}
    matches = match(roster, people.values()) if roster else Matches({}, ())
    students, owners = [], {}
    for entry in found.entries:
        person = people[entry.student]
        hand_in = HandIn((person,), whole(entry.path.name))
        row = matches.rows.get(person)
        student = Student(entry.student, _storable(completed(person, row)), (hand_in,), (hand_in,), row)
        students.append(student)
        owners[entry.student] = ((student, hand_in),)
    told = {entry.path.name for entry in found.entries}
    more = [
        PassedOver(printable(name), "neither a folder nor a .py, .ipynb or .zip file")
        for name in place.shown()
        if name not in told and not any(printable(name) in line for line in found.left_out)
    ]
    if place.root == path:
        what = "a folder with one entry for each student"
    else:
        what = f"{path.name}, a class in an archive" if is_archive(path) else f"{path.name}, one student's file"
    return Classroom(
        FOLDER, what, tuple(students), tuple(found.entries), owners, (*passed_over, *place.hidden(), *more),
        found.left_out, (*found.remarks, *matches.doubtful), matches.absent, roster,
    )  # fmt: skip


class _Making:
    """A system's download on its way to a class."""

    def __init__(
        self, place: Place, found: Download, staging: Path, most: int, roster: Roster | None, policy: Policy,
        due: datetime | None, passed_over: tuple[PassedOver, ...],
    ) -> None:  # fmt: skip
        self._place = place
        self._found = found
        self._staging = staging
        self._most = most
        self._roster = roster
        self._policy = policy
        self._due = due
        self._passed_over = passed_over
        self._remarks: list[str] = list(found.remarks)

    def made(self) -> Classroom:
        """Return the class."""
        hand_ins = [self._with_members(one) for one in self._found.hand_ins]
        attempts: dict[Person, list[HandIn]] = defaultdict(list)
        for one in hand_ins:
            for person in one.people:
                attempts[person].append(one)
        people = _merged(attempts)
        labels = self._labels(people)
        names = clean_names(labels.values())
        matches = match(self._roster, people) if self._roster else Matches({}, ())
        students = [
            self._student(names.names[labels[person]], person, own, matches.rows.get(person))
            for person, own in people.items()
        ]
        students.sort(key=lambda student: student.name)
        self._remarks += [*names.remarks, *matches.doubtful]
        entries, owners = self._entries(students)
        return Classroom(
            self._found.system, self._found.what, tuple(students), tuple(entries), owners,
            (*self._passed_over, *self._found.passed_over), (), tuple(self._remarks), matches.absent, self._roster,
        )  # fmt: skip

    def _labels(self, people: Iterable[Person]) -> dict[Person, str]:
        """Return what everybody is called, all differently: a name may look like another's with the id behind it."""
        sharing: dict[str, list[Person]] = defaultdict(list)
        for person in people:
            sharing[composed(_label(person))].append(person)
        labels = {own[0]: label for label, own in sharing.items() if len(own) == 1}
        for label, own in sharing.items():
            if len(own) > 1:
                self._remarks.append(f"{len(own)} people are called {label}: each is shown with what tells them apart")
                labels |= {person: f"{label} [{person.name!r}, {person.id!r}]" for person in own}
        return labels

    def _with_members(self, hand_in: HandIn) -> HandIn:
        """Return a group's hand-in with its members, where the roster knows the group."""
        if self._roster is None or len(hand_in.people) != 1:
            return hand_in
        (person,) = hand_in.people
        group = members(self._roster, person.name or person.id)
        row = match(self._roster, [person]).rows.get(person)
        if not group or not _is_group(person, row, group):
            return hand_in
        self._remarks.append(f"{_label(person)} is a group of {len(group)}, as {self._roster.path.name} says")
        people = tuple(
            msgspec.structs.replace(row.person, system=person.system, id=_own_id(row, person)) for row in group
        )
        return HandIn(people, hand_in.parts, hand_in.received, hand_in.late, hand_in.attempt)

    def _student(self, name: str, person: Person, own: Sequence[HandIn], row: Row | None) -> Student:
        ordered = sorted(own, key=lambda one: (one.attempt, str(one.received)))
        if len({one.attempt for one in ordered}) < len(ordered):
            ordered.sort(key=lambda one: (str(one.received), one.attempt))
        counting = self._counting(name, person, ordered)
        last = counting[-1]
        late = last.late or bool(self._due and last.received and last.received > self._due)
        return Student(name, _storable(completed(person, row)), tuple(ordered), counting, row, late)

    def _counting(self, name: str, person: Person, ordered: Sequence[HandIn]) -> tuple[HandIn, ...]:
        chosen = next(
            (
                self._policy.chosen[key]
                for key in (name, person.id, person.email, person.name)
                if key in self._policy.chosen
            ),
            None,
        )
        if chosen is not None:
            numbers = _numbers(ordered)
            if chosen in numbers:
                return (ordered[numbers.index(chosen)],)
            raise InputError(
                f"grader_config.yml chooses attempt {chosen} of {name}, who has {', '.join(map(str, numbers))}: choose "
                "one of these"
            )
        match self._policy.counts:
            case "best":
                return tuple(ordered)
            case "first":
                return (ordered[0],)
            case _:
                return (ordered[-1],)

    def _entries(self, students: list[Student]) -> tuple[list[Entry], dict[str, tuple[tuple[Student, HandIn], ...]]]:
        """Return what is to be graded: each hand-in once, however many people share it."""
        sharing: dict[int, list[tuple[Student, HandIn]]] = defaultdict(list)
        for student in students:
            for hand_in in student.counting:
                sharing[id(hand_in)].append((student, hand_in))
        entries, owners = [], {}
        for number, own in enumerate(sharing.values()):
            student, hand_in = own[0]
            several = len(student.counting) > 1
            key = f"{student.name} #{student.number_of(hand_in)}" if several or student.name in owners else student.name
            entries.append(self._entry(key, hand_in, self._staging / "renamed" / str(number)))
            owners[key] = tuple(own)
        return entries, owners

    def _entry(self, key: str, hand_in: HandIn, to: Path) -> Entry:
        root = self._place.root
        first = hand_in.parts[0]
        if len(hand_in.parts) == 1 and first.name in ("", first.path.name):
            return Entry(key, root / first.path, root)
        copied = [
            part for part in hand_in.parts if self._copied(root / part.path, to, part.name or part.path.name, key)
        ]
        if not copied:  # intake says why
            return Entry(key, root / first.path, root)
        if len(copied) == 1:
            return Entry(key, to / copied[0].name, to.parent.parent)
        return Entry(key, to, to.parent)

    def _copied(self, path: Path, to: Path, name: str, key: str) -> bool:
        """Copy one file to where it has its own name. Of one that is too large, enough that intake refuses it."""
        most = self._most if is_graded(name) else KEPT
        to.mkdir(parents=True, exist_ok=True)
        try:
            with located(path, self._place.root) as (folder, last):
                data = folder.read(last, most)
        except UnusableFileError as error:
            self._remarks.append(f"{printable(path.name)} of {key} was left out: {error}")
            return False
        (to / name).write_bytes(data)
        return True


def _numbers(attempts: Sequence[HandIn]) -> list[int]:
    """Return the numbers of attempts: the system's own where it counts them, else by their order."""
    own = [one.attempt for one in attempts]
    return own if len(set(own)) == len(own) else list(range(1, len(own) + 1))


def _merged(attempts: Mapping[Person, list[HandIn]]) -> dict[Person, list[HandIn]]:
    """Return everybody's hand-ins by person: who is written in several ways but has one id is one person."""
    by_id: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for person in attempts:
        sure = person.id and (person.system == "canvas" or person.email)  # a number on Gradescope may be anybody's
        key = (person.id, "" if sure else composed(person.name))
        by_id[key].append(person)
    merged: dict[Person, list[HandIn]] = {}
    for same in by_id.values():
        fullest = max(same, key=lambda one: (bool(one.name), bool(one.number), one.name, one.number))
        merged[fullest] = [hand_in for person in same for hand_in in attempts[person]]
    return merged


def _storable(person: Person) -> Person:
    """Return a person in characters that every file and database holds: names come in bytes of any encoding.

    Who is who was decided before, by all that there is.
    """
    said = {field: printable(getattr(person, field), 400) for field in Person.__struct_fields__}
    return Person(**said)


def _known_as(name: str) -> str:
    return clean_name(name).casefold()


def _label(person: Person) -> str:
    """Return what a person is called in the records: the name, and the id by which two of one name are told apart."""
    if not person.name or person.name == person.id:
        return person.id
    return f"{person.name} ({person.id})" if person.id and not person.name.endswith(f" {person.id}") else person.name


def _is_group(person: Person, row: Row | None, group: Sequence[Row]) -> bool:
    """Return whether who is called like a group is that group: students may choose their names.

    Canvas gives the id of a member. On Moodle, a group's number may be a participant's, too, of another name.
    Gradescope says itself who is in a group.
    """
    match person.system:
        case "canvas":
            return row in group
        case "moodle":
            return row is None or not same_name(row.person.name, person.name)
        case "github":
            return row is None
    return False


def _own_id(row: Row, group: Person) -> str:
    """Return the id by which a system knows a member of a group."""
    ids = sorted(row.ids(group.system)) if group.system in ("canvas", "moodle", "github", "nbgrader") else []
    return ids[0] if ids else row.person.email or row.person.number or row.person.id
