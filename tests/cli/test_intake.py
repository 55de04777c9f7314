"""A class as it was downloaded: shown first, then graded, then its grades go back."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest

from autograder.model import Report
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
    said = json.loads(run("roster", "tiny", "e", "--json").stdout)
    assert said == json.loads(run("grade", "tiny", "e", "--dry-run", "--json").stdout)
    assert (said["system"], [one["name"] for one in said["passed_over"]]) == ("gradescope", ["submission_9"])
    assert [(row["id"], row["shared_with"]) for row in said["students"]] == [
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


def test_pages_go_back_to_where_the_class_came_from(course: Path) -> None:
    put(course / "canvas", {"ada_1_11_tiny.py": RIGHT, "bo_2_12_tiny.py": RIGHT})
    with Records(f"sqlite:///{course / 'records/course.sqlite'}") as records:
        records.save(Report("ada (1)", "tiny", "d", "a", "e", "graded", 7.0, 10.0))
    result = run("feedback", "tiny", "canvas", "--to", "back.zip")
    assert result.exit_code == 1 and "bo (2) is not in it: there is no report yet." in result.stderr
    with zipfile.ZipFile(course / "back.zip") as archive:
        assert archive.namelist() == ["feedback_1_11_feedback.html"]
        assert b"ada (1)" in archive.read("feedback_1_11_feedback.html")
    assert "Gradescope export" in str(run("feedback", "tiny", "e").exception)


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
