"""The sample class, graded for real: every submission gets what its writer expected of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder.cli.batch import opened
from autograder.cli.course import open_course
from autograder.grading.scheduler import Batch
from autograder.intake import find_class
from autograder.model import STOPPED, Report
from autograder.records import Records
from autograder.reports import write_reports

ROOT = Path(__file__).parents[1]
CLASSES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/expected.yml"))
EXPECTED = {
    name: yaml.safe_load((ROOT / "examples" / name / "expected.yml").read_text(encoding="utf-8")) for name in CLASSES
}


TRIED_AT_HOME = ("ada_lopez", "bo_lindqvist", "divya_rao", "hana_sato")
"""Submissions that are checked as at home, too, in every run; `make exhaustive` does so with all."""
AT_HOME = """
import json, sys
from pathlib import Path
from autograder.home import check_file
print(json.dumps({one.name: one.outcome.value for one in check_file(Path(sys.argv[1])).results}))
"""


def of_each(found: Iterable[tuple[str, ...]]) -> list[Any]:
    """One worker grades a class once: its tests go together. The classes beside the demo's take their time."""
    params = []
    for one in found:
        marks = [pytest.mark.xdist_group(f"sample class {one[0]}"), pytest.mark.slow]
        params.append(pytest.param(*one, marks=marks if one[0] == "regression" else [*marks, pytest.mark.exhaustive]))
    return params


@pytest.fixture(scope="session")
def graded(tmp_path_factory) -> Callable[[str], tuple[dict[str, Report], Path]]:
    """The reports of a whole class, graded once, by student; and the folder of the HTML."""

    @cache
    def grade(name: str) -> tuple[dict[str, Report], Path]:
        root = tmp_path_factory.mktemp("course")
        shutil.copy(ROOT / "grader_config.yml", root)
        (root / "reference").symlink_to(ROOT / "reference")
        (root / ".course_secret").write_text("0" * 64)
        course = open_course(name, root / "grader_config.yml")
        entries = find_class(ROOT / "examples" / name).entries
        with opened(course) as ready, Records(f"sqlite:///{root}/records.sqlite") as records:
            list(Batch(ready.executor, ready.boundary, records, jobs=2).run(entries))
            reports = list(records.all_latest(name))
        write_reports(reports, root / "html", course="Course", title=name, secret=b"s")
        return {report.student: report for report in reports}, root / "html"

    return grade


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("name", "student"), of_each((name, student) for name in CLASSES for student in sorted(EXPECTED[name]))
)
def test_each_submission_gets_what_was_expected(graded, name, student):
    report, expected = graded(name)[0][student], EXPECTED[name][student]
    assert report.status == expected["status"], report.problem
    if report.status != "graded":
        return
    low, high = expected["score"]
    earned = {e.number: sum(r.earned for r in report.of_exercise(e.number)) for e in report.exercises}
    assert low <= report.score <= high, earned
    points = {exercise.number: exercise.points for exercise in report.exercises}
    assert [n for n in expected["full"] if earned[n] < points[n]] == []
    assert [n for n in expected["loses"] if earned[n] >= points[n]] == []


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("name", "student"),
    [
        *of_each(("regression", student) for student in TRIED_AT_HOME),
        *(
            pytest.param(name, student, marks=[*of_each([(name,)])[0].marks, pytest.mark.exhaustive])
            for name in CLASSES
            for student in sorted(EXPECTED[name])
            if student not in TRIED_AT_HOME
        ),
    ],
)
def test_at_home_public_checks_say_what_the_grader_says(graded, name, student, tmp_path):
    """But where the grader lends functions: at home, one's own are used."""
    report = graded(name)[0][student]
    if report.status != "graded":
        return
    own = {
        result.name: result.outcome
        for result in report.results
        if result.public and result.answer is None and not result.stand_ins and result.outcome not in STOPPED
    }
    release = tmp_path / name
    shutil.copytree(ROOT / "assignments" / name, release)
    (place,) = (ROOT / "examples" / name).glob(f"{student}*")
    handed_in = shutil.copytree(place, release / "mine") if place.is_dir() else shutil.copy(place, release / place.name)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", AT_HOME, str(handed_in)]
    done = subprocess.run(command, cwd=release, env=environment, capture_output=True, text=True, check=True)
    home = json.loads(done.stdout.splitlines()[-1])
    assert {check: home[check] for check in own} == {check: outcome.value for check, outcome in own.items()}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", of_each((name,) for name in CLASSES))
def test_no_page_of_a_student_holds_what_is_hidden(graded, name):
    reports, folder = graded(name)
    pages = list((folder / "students").glob("*.html"))
    assert len(pages) == len(reports)
    mutants = {result.mutant for report in reports.values() for result in report.results if result.mutant}
    assert mutants
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert not [name for name in mutants if len(name) > 12 and f">{name}<" in text]
