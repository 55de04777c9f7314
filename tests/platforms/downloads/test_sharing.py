"""What is graded once counts for a whole group; of several attempts, the best."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from autograder.cli.intake import understood_json
from autograder.grading.scheduler import Done, Kind
from autograder.model import Report
from autograder.platforms.classroom import Classroom, Policy
from autograder.platforms.roster import read_roster
from autograder.platforms.sharing import SharedRecords
from autograder.records import Records
from tests.platforms.downloads.layouts import put
from tests.platforms.downloads.test_classroom import ATTEMPTS, export
from tests.platforms.downloads.test_every_layout import read


def report(student: str, score: float, status: str = "graded") -> Report:
    return Report(student, "homework", "d", "a", "e", status, float(score), 10.0)


def opened(tmp_path: Path, classroom: Classroom) -> tuple[Records, SharedRecords]:
    records = Records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    return records, SharedRecords(records, classroom.owners)


def scores(records: Records) -> dict[str, float]:
    return {one.student: one.score for one in records.all_latest("homework")}


def test_a_group_shares_a_score(tmp_path: Path) -> None:
    export(tmp_path / "class", (1, [("Ada", "'1'", "a@x.edu"), ("Bo", "'2'", "b@x.edu")]))
    records, shared = opened(tmp_path, read(tmp_path))
    shared.save(report("Ada (a@x.edu)", 7))
    assert scores(records) == {"Ada (a@x.edu)": 7, "Bo (b@x.edu)": 7}
    bo = records.latest("homework", "Bo (b@x.edu)")
    assert bo and bo.person and (bo.person.email, bo.person.number) == ("b@x.edu", "2")


def test_who_joins_a_group_later_gets_what_stands(tmp_path: Path) -> None:
    export(tmp_path / "class", (1, [("Ada", "'1'", "a@x.edu"), ("Bo", "'2'", "b@x.edu")]))
    records, shared = opened(tmp_path, read(tmp_path))
    records.save(report("Ada (a@x.edu)", 7))
    standing = shared.latest("homework", "Ada (a@x.edu)")
    assert standing
    assert list(shared.settled(iter([Done(Kind.STANDING, standing)])))
    assert scores(records) == {"Ada (a@x.edu)": 7, "Bo (b@x.edu)": 7}


def test_the_best_attempt_counts_once_all_are_graded(tmp_path: Path) -> None:
    put(tmp_path / "class", ATTEMPTS)
    classroom = read(tmp_path, policy=Policy("best"))
    records, shared = opened(tmp_path, classroom)
    for key, score in (("ada (1) #1", 3), ("ada (1) #2", 8)):
        shared.save(report(key, score))
        assert scores(records) == {}
    again = SharedRecords(records, classroom.owners)  # the run was stopped, and goes on
    standing = again.latest("homework", "ada (1) #2")
    assert standing and standing.score == 8
    again.save(report("ada (1) #3", 5))
    assert scores(records) == {"ada (1)": 8}
    best = records.latest("homework", "ada (1)")
    assert best and best.attempt == 2


def test_a_rejected_attempt_is_never_better_than_a_graded_one(tmp_path: Path) -> None:
    put(tmp_path / "class", ATTEMPTS)
    records, shared = opened(tmp_path, read(tmp_path, policy=Policy("best")))
    shared.save(report("ada (1) #1", 0))
    shared.save(report("ada (1) #2", 0, "rejected"))
    shared.save(report("ada (1) #3", 0, "grader error"))
    best = records.latest("homework", "ada (1)")
    assert best and (best.status, best.attempt) == ("graded", 1)


def test_a_plain_folder_leaves_reports_as_they_are_and_saves_nothing_twice(tmp_path: Path) -> None:
    put(tmp_path / "class", {"ada.py": "x", "bo.py": "x"})
    records, shared = opened(tmp_path, read(tmp_path))
    shared.save(report("ada", 4))
    assert records.latest("homework", "ada") == report("ada", 4)
    saved: list[Report] = []
    records.save = saved.append  # type: ignore[method-assign]
    list(shared.settled(iter([Done(Kind.STANDING, report("ada", 4))])))
    assert saved == []


@pytest.mark.parametrize("form", [b"%s_%d_assignsubmission_file", b"hw1-%s", b"%s"])
def test_names_in_another_encoding_are_kept_apart_and_can_be_stored(form: bytes, tmp_path: Path) -> None:
    for number, name in enumerate((b"jos\xe9", b"jos\xe8", b"bo")):
        folder = os.fsencode(tmp_path) + b"/class-submissions/" + (form % ((name, number) if b"%d" in form else name))
        os.makedirs(folder + b"/.git")
        Path(os.fsdecode(folder + b"/homework.py")).write_text("x = 1")
    classroom = read(tmp_path, "class-submissions", layout="folder" if form == b"%s" else "")
    assert len({one.name for one in classroom.students}) == len(classroom.entries) == 3
    records, shared = opened(tmp_path, classroom)
    for entry in classroom.entries:
        shared.save(report(entry.student, 1))
    assert sorted(scores(records)) == sorted(one.name for one in classroom.students)
    json.dumps(understood_json(classroom), ensure_ascii=False).encode()


def test_what_a_roster_once_said_stays_where_none_is_given(tmp_path: Path) -> None:
    put(tmp_path, {"r.csv": "username,email\nada,a@x.edu\n", "class/ada.py": "x", "class/bo.py": "x"})
    records, shared = opened(tmp_path, read(tmp_path, roster=read_roster(tmp_path / "r.csv")))
    shared.save(report("ada", 4))
    (tmp_path / "staging").rename(tmp_path / "old")
    _, again = opened(tmp_path, read(tmp_path))
    standing = again.latest("homework", "ada")
    assert standing and list(again.settled(iter([Done(Kind.STANDING, standing)])))
    kept = records.latest("homework", "ada")
    assert kept and kept.person and kept.person.email == "a@x.edu"


def test_a_member_with_a_submission_of_their_own_keeps_the_better_one(tmp_path: Path) -> None:
    """Gradescope counts each submission's attempts on its own: both are a first one."""
    ada, bo = ("Ada", "'1'", "a@x.edu"), ("Bo", "'2'", "b@x.edu")
    export(tmp_path / "class", (1, [ada, bo]), (2, [bo]))
    classroom = read(tmp_path, policy=Policy("best"))
    assert sorted(classroom.owners) == ["Ada (a@x.edu)", "Bo (b@x.edu) #2"]
    records, shared = opened(tmp_path, classroom)
    shared.save(report("Ada (a@x.edu)", 7))
    assert scores(records) == {"Ada (a@x.edu)": 7}
    shared.save(report("Bo (b@x.edu) #2", 5))
    assert scores(records) == {"Ada (a@x.edu)": 7, "Bo (b@x.edu)": 7}
