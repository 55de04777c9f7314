"""Read Gradescope's "Export Submissions": a folder for each submission, and who handed it in in a YAML file.

The file is written by Ruby: a leading colon belongs to the key. Every value is read as text, for ids may begin with a
zero. A bare line `...` between submissions, as real exports have it, begins a new document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import yaml

from autograder.errors import InputError
from autograder.intake.disk import Kind
from autograder.model import Person
from autograder.platforms.download import Download, HandIn, PassedOver, Place, composed, whole

SYSTEM = "gradescope"
METADATA = "submission_metadata.yml"
LARGEST = 500_000_000
"""Bytes of the metadata: it repeats every result."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,6})?\d*\s*(Z|UTC|[+-]\d\d:?\d\d)?\Z")
_NOTHING = {"", "~", "null", "nil"}
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read(place: Place, assignment: str) -> Download | None:
    """Read an export; None where there is no metadata. Raises `InputError` for metadata that cannot be read."""
    if place.names().get(METADATA) is not Kind.FILE:
        return None
    entries = _metadata(place)
    hand_ins, passed_over, remarks = [], list(place.hidden()), []
    folders = place.shown()
    for name, said in entries:
        if folders.pop(name, None) is not Kind.FOLDER:
            passed_over.append(PassedOver(name, f"it stands in {METADATA}, but its folder is not there", lost=True))
            continue
        people = tuple(dict.fromkeys(_person(one, name) for one in _submitters(said)))
        if not people:
            remarks.append(f"{METADATA} does not say who handed in {name}")
        history = said.get(":history")
        hand_ins.append(
            HandIn(
                people or (Person(SYSTEM, name),),
                whole(name),
                moment(_text(said, ":created_at")),
                attempt=1 + (len(history) if isinstance(history, list) else 0),
            )
        )
    for name, kind in folders.items():
        if kind is Kind.FOLDER:
            remarks.append(f"{name} does not stand in {METADATA}: nobody knows whose it is")
            hand_ins.append(HandIn((Person(SYSTEM, name),), whole(name)))
        elif name != METADATA:
            passed_over.append(PassedOver(name, "not a submission's folder"))
    return Download(SYSTEM, "a Gradescope export", tuple(hand_ins), tuple(passed_over), tuple(remarks))


def moment(text: str) -> datetime | None:
    """Return a time as Gradescope writes it; without a zone it is UTC. None for anything else."""
    found = _TIME.match(text.strip())
    if not found:
        return None
    day, clock, fraction, zone = found.groups(default="")
    zone = "+00:00" if zone in ("", "Z", "UTC") else zone
    try:
        return datetime.fromisoformat(f"{day}T{clock}{fraction.ljust(7, '0') if fraction else ''}{zone}").astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        return None


def _metadata(place: Place) -> list[tuple[str, Mapping[str, Any]]]:
    data = place.read(LARGEST, METADATA) or b""
    try:
        text = data.decode("utf-8-sig")
        found: dict[str, Mapping[str, Any]] = {}
        for document in re.split(r"(?m)^\.\.\.[ \t]*\r?$", text):
            loaded = yaml.load(document, Loader=_Loader)
            if not loaded:
                continue
            if not isinstance(loaded, dict):
                raise ValueError("it is not a list of submissions")
            found |= {str(key): said if isinstance(said, dict) else {} for key, said in loaded.items()}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise InputError(
            f"{place.root / METADATA}{where} cannot be read: {getattr(error, 'problem', None) or error}. Download the "
            "export again"
        ) from error
    return list(found.items())


def _submitters(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    submitters = said.get(":submitters")
    for one in submitters if isinstance(submitters, list) else ():
        if isinstance(one, dict) and any(_text(one, key) for key in (":email", ":sid", ":name")):
            yield one


def _person(one: Mapping[str, Any], submission: str) -> Person:
    """Return a submitter. The e-mail address is the id: it is the account's; students type the number themselves."""
    number, email = _text(one, ":sid"), _text(one, ":email").lower()
    return Person(SYSTEM, email or number or submission, _text(one, ":name"), email, number)


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    text = " ".join(composed(value).split()) if isinstance(value, str) else ""
    return "" if text in _NOTHING else text
