"""What a TA decides after grading: more time, points, a check that was wrong; and how every score came about."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder.model import CheckResult, ExerciseInfo, Outcome, Person, Report
from autograder.records import Records
from tests import tiny
from tests.cli.test_commands import run

DUE = datetime(2026, 3, 1, 22, 59, tzinfo=UTC)
CONFIG = """\
course:
  name: Tiny course
  time_zone: Europe/Zurich
assignments:
  tiny:
    title: Tiny
    due: 2026-03-01T23:59:00
    late: {percent_per_day: 10}
"""


def report(name: str, days: float) -> Report:
    results = (
        CheckResult("random", "1", "Squares.", 4.0, 4.0, Outcome.PASSED, True),
        CheckResult("adds", "2", "Adds.", 6.0, 4.0, Outcome.PARTLY, True),
    )
    came = DUE + timedelta(days=days)
    person = Person("gradescope", f"{name.lower()}@x.edu", name, f"{name.lower()}@x.edu")
    return Report(
        f"{name} ({name.lower()}@x.edu)", "tiny", "d", "a", "e", "graded", 8.0, 10.0,
        (ExerciseInfo("1", "Square", 4.0), ExerciseInfo("2", "Sum", 6.0)), results, received=came, graded=came,
        person=person,
    )  # fmt: skip


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny.write(tmp_path)
    (tmp_path / "grader_config.yml").write_text(CONFIG)
    with Records(f"sqlite:///{tmp_path}/records/course.sqlite") as records:
        records.save(report("Ada", -1))
        records.save(report("Bo", 1.5))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scores() -> dict[str, float]:
    return {row["student"].split()[0]: row["score"] for row in json.loads(run("status", "tiny", "--json").stdout)}


ARITHMETIC = "8 − 1.6 (handed in 2026-03-03 11:59, due 2026-03-01 23:59 CET, 2 days begun at 10 % a day) = 6.4"


def test_each_report_shows_the_arithmetic(course: Path) -> None:
    assert ARITHMETIC in run("status", "tiny").stdout
    (_, bo) = json.loads(run("status", "tiny", "--json").stdout)
    assert (bo["score"], bo["late"], bo["arithmetic"]) == (6.4, True, ARITHMETIC)
    assert run("report", "tiny").exit_code == 0
    pages = [path.read_text(encoding="utf-8") for path in (course / "reports/tiny/students").glob("*.html")]
    assert [ARITHMETIC in page for page in pages].count(True) == 1
    for form in ("csv", "jsonl"):
        assert run("export", "tiny", "-f", form, "--to", "out").exit_code == 0
        assert ARITHMETIC in (course / "out").read_text(encoding="utf-8")


def test_more_time_changes_a_score_without_grading(course: Path) -> None:
    said = run("extend", "tiny", "bo@x.edu", "--days", "1", "--reason", "Ill").stdout
    assert "6.4 / 10  7.2 / 10" in said and "1 of 2 scores changed." in said
    assert "Bo (bo@x.edu)" in (listed := run("extend", "tiny").stdout) and "due 2026-03-02 23:59 CET (Ill)" in listed
    run("extend", "tiny", "bo@x.edu", "--until", "2026-03-05 12:00")
    assert scores()["Bo"] == 8.0
    run("extend", "tiny", "bo@x.edu", "--withdraw")
    assert scores()["Bo"] == 6.4
    run("extend", "tiny", "bo@x.edu", "--excuse")
    assert scores()["Bo"] == 8.0


def test_more_time_can_be_given_before_anything_is_graded(course: Path) -> None:
    result = run("extend", "tiny", "cy@x.edu", "--days", "2")
    assert "nobody called cy@x.edu is graded yet: it counts for whoever has this name" in result.stderr
    with Records(f"sqlite:///{course}/records/course.sqlite") as records:
        records.save(report("Cy", 1.5))
    assert scores()["Cy"] == 8.0


def test_points_are_given_with_a_reason_and_taken_back(course: Path) -> None:
    said = run(
        "adjust", "tiny", "ada@x.edu", "--part", "2", "--add", "1.5", "--reason", "Right idea", "--author", "Eve"
    )
    assert "8 / 10  9.5 / 10" in said.stdout
    assert "2: +1.5 points (Right idea)" in (listed := run("adjust", "tiny").stdout) and "Eve" in listed
    run("adjust", "tiny", "--withdraw", "1", "--reason", "A slip")
    assert scores()["Ada"] == 8.0
    assert "Nothing is adjusted in tiny." in run("adjust", "tiny").stdout


def test_a_check_that_was_wrong_is_given_to_everybody_or_left_out_and_shown_before(course: Path) -> None:
    words = ("adjust", "tiny", "--everybody", "--part", "adds", "--reason", "The check was wrong")
    said = json.loads(run(*words, "--give", "--dry-run", "--json").stdout)
    assert (said["kept"], [(row["before"], row["after"]) for row in said["changed"]]) == (False, [(8, 10), (6.4, 8)])
    assert scores() == {"Ada": 8.0, "Bo": 6.4}
    assert "2 of 2 scores would change; nothing was kept" in run(*words, "--drop", "--dry-run").stdout
    run(*words, "--drop")
    assert scores() == {"Ada": 4.0, "Bo": 3.2}
    assert {row["points"] for row in json.loads(run("status", "tiny", "--json").stdout)} == {4.0}


def test_how_a_score_came_about_is_shown(course: Path) -> None:
    run("status", "tiny")
    run("extend", "tiny", "bo@x.edu", "--days", "1", "--reason", "Ill", "--author", "Eve")
    run("adjust", "tiny", "bo@x.edu", "--add", "1", "--reason", "Found a slip")
    (course / "grader_config.yml").write_text(CONFIG.replace("10}", "50}"))
    events = json.loads(run("history", "bo@x.edu", "--json").stdout)["tiny"]
    assert [(event["what"], event["score"]) for event in events] == [
        ("attempt", 6.4), ("decided", None), ("extended", 7.2), ("decided", None), ("adjusted", 8.2),
        ("rules changed", 5.0),
    ]  # fmt: skip
    assert (events[1]["who"], events[1]["how"]) == ("Eve", "due 2026-03-02 23:59 CET (Ill)")
    shown = run("history", "Bo (bo@x.edu)", "-a", "tiny").stdout
    assert "tiny:" in shown and "5 / 10" in shown and "Found a slip" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("adjust", "tiny", "ada@x.edu", "--add", "1"), "give a --reason"),
        (("adjust", "tiny", "adaa", "--add", "1", "-r", "x"), "nobody called adaa is graded in tiny. Do you mean Ada"),
        (("adjust", "tiny", "ada@x.edu", "-r", "x"), "give one of --add, --percent"),
        (("adjust", "tiny", "ada@x.edu", "--add", "1", "--set", "2", "-r", "x"), "give one of --add, --percent"),
        (("adjust", "tiny", "ada@x.edu", "--add", "nan", "-r", "x"), "--add is a number, not nan"),
        (("adjust", "tiny", "--add", "1", "-r", "x"), "say for whom: a STUDENT, or --everybody"),
        (("adjust", "tiny", "a", "--everybody", "--add", "1", "-r", "x"), "say for whom"),
        (("adjust", "tiny", "ada@x.edu", "--give", "-r", "x"), "--give is for a part: say which with --part"),
        (("adjust", "tiny", "ada@x.edu", "--drop", "--part", "1", "-r", "x"), "--drop is for all: say --everybody"),
        (("adjust", "tiny", "ada@x.edu", "--add", "1", "--part", "rand", "-r", "x"), "Do you mean 'random'?"),
        (("adjust", "tiny", "ada@x.edu", "--add", "1", "--part", "9", "-r", "x"), "Exercises: 1, 2"),
        (("adjust", "tiny", "--withdraw", "7", "-r", "x"), "no adjustment of tiny has the number 7"),
        (("extend", "tiny", "ada@x.edu"), "give one of --until, --days, --excuse, --withdraw"),
        (("extend", "tiny", "ada@x.edu", "--until", "Friday"), "--until: Friday is no date and time"),
        (("extend", "tiny", "ada@x.edu", "--until", "2026-02-01 12:00"), "is before all others have to hand in"),
        (("history", "nobody"), "nobody called nobody is graded"),
        (("history", "ada@x.edu", "-a", "tinny"), "no assignment called 'tinny'"),
    ],
)
def test_what_cannot_be_is_said_with_the_way_on(words: tuple[str, ...], said: str, course: Path) -> None:
    assert said in str(run(*words).exception)
