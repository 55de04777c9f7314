"""Whatever stands in a download is somebody's, or is passed over and told: nothing just vanishes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as some

from autograder.errors import InputError
from autograder.platforms.classroom import read_classroom
from autograder.platforms.download import Place
from autograder.platforms.recognise import READERS
from tests.platforms.downloads.layouts import LAYOUTS, PEOPLE, WORK, put

_PIECES = (
    "ada", "Bo Li", "LATE", "anon", "12", "007", "text.html", "hw1", "-1", "assignsubmission", "file", "onlinetext",
    "submission", "x.py", ".zip", "é", "林", "+", "_", "_", "_", " ", "2027-03-01 10:00:00.0 UTC",
)  # fmt: skip
NAMES = (
    some.lists(some.sampled_from(_PIECES), min_size=1, max_size=9).map("".join).filter(lambda name: name.strip(". "))
)
ODD = some.dictionaries(
    NAMES, some.sampled_from(["", "/hw1.py", "/hw1/hw1.py", "/hw1/timestamp.txt", "/.git/HEAD"]), max_size=5
)


@given(some.sampled_from(sorted(LAYOUTS)), ODD)
def test_every_entry_is_read_or_told(layout: str, odd: dict[str, str]) -> None:
    with TemporaryDirectory() as folder:
        root = put(Path(folder) / "class", LAYOUTS[layout](PEOPLE[:3]))
        for name, below in odd.items():
            if not (root / name).exists():
                put(root, {name + below: WORK})
        place = Place(root)
        for read in READERS.values():
            try:
                found = read(place, "hw1")
            except InputError:
                continue
            if found is None:
                continue
            read_of = {part.path.parts[0] for one in found.hand_ins for part in one.parts}
            told = {one.name.split("/")[0] for one in found.passed_over}
            there = set(place.names()) - {"submission_metadata.yml"}
            assert there <= read_of | told, (found.system, there - read_of - told)


@given(some.sampled_from(sorted(LAYOUTS)), ODD)
def test_a_class_is_read_or_refused_with_a_reason(layout: str, odd: dict[str, str]) -> None:
    with TemporaryDirectory() as folder:
        root = put(Path(folder) / "class", LAYOUTS[layout](PEOPLE[:3]))
        for name, below in odd.items():
            if not (root / name).exists():
                put(root, {name + below: WORK})
        (Path(folder) / "staging").mkdir()
        try:
            found = read_classroom(root, "hw1", Path(folder) / "staging", most=1_000)
        except InputError:
            return
        names = [one.name for one in found.students]
        assert len(set(names)) == len(names)
        graded = {student.name for own in found.owners.values() for student, _ in own}
        assert graded == set(names)
        assert {entry.student for entry in found.entries} == set(found.owners)
