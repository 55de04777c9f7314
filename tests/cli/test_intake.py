"""A class as it was downloaded: shown first, then graded, then its grades go back."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from autograder.records import Records
from tests import tiny
from tests.cli.test_commands import RIGHT, run
from tests.platforms.downloads.layouts import gradescope, put, submission, zipped


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    lines = submission(1, [("Ada Lovelace", "'1'", "a@x.edu"), ("=Bo Li", "'2'", "b@x.edu")])
    lines += submission(2, [("Cy Ray", "'3'", "c@x.edu")]) + submission(9, [("Di Roe", "'4'", "d@x.edu")])
    export = {
        "e/submission_metadata.yml": "\n".join(["---", *lines, ""]), "e/submission_1/tiny.py": RIGHT,
        "e/submission_2/tiny.py": RIGHT.replace("x * x", "2 * x"),
    }  # fmt: skip
    put(tmp_path, export | {"e.zip": zipped(export), "roster.csv": "SID,Email\n1,a@x.edu\n3,c@x.edu\n5,e@x.edu\n"})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_class_is_shown_before_anything_is_graded(course: Path) -> None:
    for words in (("roster", "tiny", "e"), ("grade", "tiny", "e", "--dry-run"), ("roster", "tiny", "e.zip")):
        result = run(*words, "--roster", "roster.csv")
        assert result.exit_code == 1, "somebody's work is not there"
        for said in (
            "a Gradescope export", "Ada Lovelace (a@x.edu)", "3, 1 group shares a score",
            "2 of 3 found among 3, 1 handed",
            "Not graded: submission_9: it stands in submission_metadata.yml, but its folder is not there.",
            "Not in roster.csv: _Bo Li", "Nothing handed in by e@x.edu.",
        ):  # fmt: skip
            assert said in result.stdout, (words, said)
    assert not (course / "records").exists()


def test_json_has_a_line_for_each_student(course: Path) -> None:
    rows = json.loads(run("roster", "tiny", "e", "--json").stdout)
    assert [(row["id"], row["shared_with"]) for row in rows] == [
        ("a@x.edu", ["b@x.edu"]), ("c@x.edu", []), ("b@x.edu", ["a@x.edu"]),
    ]  # fmt: skip


def test_a_download_is_graded_and_its_grades_go_out(course: Path) -> None:
    result = run("grade", "tiny", "e.zip", "--jobs", "2", "--no-report", "--json")
    assert result.exit_code == 1
    assert "a Gradescope export" in result.stderr and "submission_9" in result.stderr
    rows = {row["student"].split(" (")[0]: row["score"] for row in json.loads(result.stdout)}
    assert rows == {"Ada Lovelace": 10.0, "Cy Ray": 6.0, "_Bo Li": 10.0}, "a group shares a score"
    assert run("grade", "tiny", "e", "--no-report", "--only", "c@x.edu").stdout.count("Cy Ray") == 1
    with Records(f"sqlite:///{course / 'records/course.sqlite'}") as records:
        ada = records.latest("tiny", "Ada Lovelace (a@x.edu)")
    assert ada and ada.person and ada.received and ada.person.number == "1"
    assert run("export", "tiny").exit_code == 0
    header, *lines = csv.reader((course / "tiny-csv.csv").open(encoding="utf-8", newline=""))
    told = {line[header.index("name")]: line[header.index("score")] for line in lines}
    assert told == {"Ada Lovelace": "10", "Cy Ray": "6", "'=Bo Li": "10"}
    assert (course / "tiny-csv.csv").stat().st_mode & 0o077 == 0
    gradebook = "Student,ID,SIS User ID,SIS Login ID,Section,Tiny (7)\nA,11,1,a,S,\nC,13,3,c,S,\n"
    put(course, {"g.csv": gradebook})
    result = run("export", "tiny", "-f", "canvas", "--into", "g.csv", "--to", "back.csv")
    assert result.exit_code == 1 and "_Bo Li" in result.stderr and "no line of g.csv has the same id" in result.stderr
    assert (course / "back.csv").read_text().splitlines()[1:] == ["A,11,1,a,S,10", "C,13,3,c,S,6"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("roster", "tiny", "e", "--as", "blackboard"), "--as blackboard: it is one of gradescope, moodle"),
        (("roster", "tiny", "e", "--as", "canvas"), "does not look like what canvas gives out"),
        (("roster", "tiny", "reference"), "lie in one another"),
        (("grade", "tiny", "above"), "give above/e"),
        (("roster", "tiny", "e", "--roster", "e.zip"), "is not a roster that can be read"),
        (("export", "tiny"), "there are no reports of tiny yet"),
        (("export", "tiny", "--into", "roster.csv"), "--into is for canvas and moodle"),
    ],
)
def test_what_cannot_be_is_said_with_the_way_on(words: tuple[str, ...], said: str, course: Path) -> None:
    put(course / "above/e", gradescope())
    result = run(*words)
    assert said in str(result.exception)
