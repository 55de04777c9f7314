"""Read Moodle's "Download all submissions", in folders or flat.

`{full name}_{participant number}_assignsubmission_{file|onlinetext}`, up to Moodle 4.0 with one more underscore; flat,
the file's name follows. Under blind marking everybody's name is "Participant"; a group has its own name and number.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import PurePosixPath

from autograder.intake.archive import is_graded
from autograder.intake.disk import Kind
from autograder.model import Person
from autograder.platforms.download import Download, HandIn, Part, PassedOver, Place, composed, whole

SYSTEM = "moodle"
_NAME = re.compile(
    r"(?P<name>.+?)(?:[_ ](?P<id>[0-9]+))?_?_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL
)


def read(place: Place, assignment: str) -> Download | None:
    """Read a download; None where most of what is there has other names."""
    found, others = [], []
    for path, kind in place.shown().items():
        parsed = _NAME.fullmatch(composed(path))
        if parsed and (kind is not Kind.FILE or parsed["file"]):
            found.append((path, kind, parsed))
        else:
            others.append((path, kind))
    if not found or len(others) > len(found):
        return None
    blind = len({parsed["id"] for _, _, parsed in found}) > 1 and len({parsed["name"] for _, _, parsed in found}) == 1
    files: dict[Person, list[Part]] = defaultdict(list)
    texts: dict[Person, list[Part]] = defaultdict(list)
    for path, kind, parsed in found:
        number, name = parsed["id"] or "", parsed["name"].strip()
        hidden = number and (blind or name == "Participant")
        person = Person(SYSTEM, number, f"{name} {number}" if hidden else name)
        own = texts if parsed["kind"] == "onlinetext" else files
        own[person] += [Part(parsed["file"], PurePosixPath(path))] if kind is Kind.FILE else whole(path)
    hand_ins = [HandIn((person,), tuple(parts)) for person, parts in files.items()]
    hand_ins += [HandIn((person,), tuple(parts)) for person, parts in texts.items() if person not in files]
    passed_over = [
        PassedOver(part.path.as_posix(), "online text, beside the files that are graded")
        for person, parts in texts.items()
        if person in files
        for part in parts
    ]
    passed_over += [
        PassedOver(path, "its name is not one that Moodle gives", lost=is_graded(path) or kind is Kind.FOLDER)
        for path, kind in others
    ]
    return Download(SYSTEM, "a Moodle download", tuple(hand_ins), (*place.hidden(), *passed_over))
