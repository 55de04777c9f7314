"""Read what nbgrader collects: `submitted/{student}/{assignment}/`, and the exchange's inbound folders.

An inbound folder is called `{student}+{assignment}+{time}`, perhaps with something random behind: each is an attempt.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.errors import InputError
from autograder.intake.archive import is_graded
from autograder.intake.disk import Kind
from autograder.model import Person
from autograder.platforms.download import Download, HandIn, PassedOver, Place, composed, whole

SYSTEM = "nbgrader"
STEP = "submitted"
TIMESTAMP = "timestamp.txt"
_INBOUND = re.compile(
    r"(?P<student>.+?)\+(?P<assignment>[^+]+)\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]*(?:\+\d{4})?)(?:\+.*)?"
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?\s*(\S*)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def read(place: Place, assignment: str) -> Download | None:
    """Read a folder `submitted` or an inbound one. Raises `InputError` where no one assignment is meant."""
    return _inbound(place, assignment) or _submitted(place, assignment)


def moment(text: str) -> datetime | None:
    """Return a time as nbgrader writes it: the zone is a name or an offset, UTC where there is none."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    day, clock, fraction, zone = found.groups(default="")
    try:
        naive = datetime.fromisoformat(f"{day}T{clock}{fraction[:7].ljust(7, '0') if fraction else ''}")
        if offset := _OFFSET.fullmatch(zone):
            minutes = int(offset[2]) * 60 + int(offset[3])
            return naive.replace(tzinfo=timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes)))
        return naive.replace(tzinfo=ZoneInfo(zone) if zone not in ("", "UTC", "Z") else UTC)
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        return None


def _inbound(place: Place, assignment: str) -> Download | None:
    found = {name: _INBOUND.fullmatch(composed(name)) for name, kind in place.shown().items() if kind is Kind.FOLDER}
    matches = {name: match for name, match in found.items() if match}
    if not matches or 2 * len(matches) < len(found):
        return None
    wanted = _wanted(
        place, assignment, ((match["student"], match["assignment"], name) for name, match in matches.items())
    )
    attempts: dict[str, list[tuple[str, datetime | None]]] = defaultdict(list)
    for name, match in sorted(matches.items()):
        if match["assignment"] == wanted:
            attempts[match["student"]].append((name, moment(match["time"])))
    hand_ins = [
        HandIn((Person(SYSTEM, student),), whole(name), received, attempt=number)
        for student, own in attempts.items()
        for number, (name, received) in enumerate(sorted(own, key=lambda one: (str(one[1]), one[0])), 1)
    ]
    passed_over = [
        PassedOver(name, "another assignment")
        if name in matches
        else PassedOver(name, "its name is not one that nbgrader gives", lost=is_graded(name) or name in found)
        for name in place.shown()
        if name not in matches or matches[name]["assignment"] != wanted
    ]
    what = f"nbgrader's inbound folder, assignment {wanted}"
    return Download(SYSTEM, what, tuple(hand_ins), (*place.hidden(), *passed_over))


def _submitted(place: Place, assignment: str) -> Download | None:
    students = place.shown()
    folders = {name: place.shown(name) for name, kind in students.items() if kind is Kind.FOLDER}
    work = [
        (student, name, f"{student}/{name}")
        for student, inside in folders.items()
        for name, kind in inside.items()
        if kind is Kind.FOLDER
    ]
    loose = [
        f"{student}/{name}"
        for student, inside in folders.items()
        for name, kind in inside.items()
        if kind is Kind.FILE and is_graded(name)
    ]
    stamped = any(TIMESTAMP in place.names(student, name) for student, name, _ in work)
    if not work or 2 * len(loose) >= len(folders) or not (stamped or place.name == STEP):
        return None
    wanted = _wanted(place, assignment, work)
    hand_ins, passed_over = [], list(place.hidden())
    for student, inside in folders.items():
        if wanted in inside:
            received = moment((place.read(200, student, wanted, TIMESTAMP) or b"").decode("utf-8", "replace"))
            hand_ins.append(HandIn((Person(SYSTEM, composed(student)),), whole(f"{student}/{wanted}"), received))
        else:
            passed_over.append(PassedOver(student, f"nothing for {wanted} in it"))
    others = sorted({name for _, name, _ in work} - {wanted})
    passed_over += [PassedOver(f"*/{name}", "another assignment") for name in others]
    passed_over += [PassedOver(path, "not in an assignment's folder", lost=True) for path in loose]
    passed_over += [
        PassedOver(name, "not a student's folder", lost=is_graded(name)) for name in students if name not in folders
    ]
    return Download(SYSTEM, f"nbgrader's folder {place.name}, assignment {wanted}", tuple(hand_ins), tuple(passed_over))


def _wanted(place: Place, assignment: str, work: Iterable[tuple[str, str, str]]) -> str:
    """Return which of nbgrader's assignments is meant: the one of the same name, or the only one, or the newest that
    everybody has handed in. Raises `InputError`."""
    students: dict[str, set[str]] = defaultdict(set)
    newest: dict[str, str] = defaultdict(str)
    for student, name, path in work:
        students[name].add(student)
        stamp = moment((place.read(200, *path.split("/"), TIMESTAMP) or b"").decode("utf-8", "replace"))
        newest[name] = max(newest[name], stamp.astimezone(UTC).isoformat() if stamp else "")
    if assignment in students:
        return assignment
    everybody = set().union(*students.values())
    by_all = [name for name, own in students.items() if own == everybody]
    if len(by_all) == 1 and all(newest[name] <= newest[by_all[0]] for name in students):
        return by_all[0]
    held = ", ".join(f"{name} ({len(own)} students)" for name, own in sorted(students.items()))
    raise InputError(
        f"{place.root} holds several assignments, and none is called {assignment}: {held}. Copy the students' folders "
        f"of the one that is meant to a folder that holds no other, or call it {assignment} there"
    )
