"""The sample class, graded for real: every submission gets what its writer expected of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from autograder.cli.course import open_course
from autograder.grading.batch import Batch
from autograder.intake import find_class
from autograder.records import Records
from autograder.reports import write_reports
from autograder.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
CLASS = ROOT / "examples" / "regression"
EXPECTED = yaml.safe_load((CLASS / "expected.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The reports of the whole class, graded once, by student; and the folder of the HTML."""
    root = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "grader_config.yml", root)
    (root / "reference").symlink_to(ROOT / "reference")
    (root / ".course_secret").write_text("0" * 64)
    course = open_course("regression", root / "grader_config.yml")
    with Sandbox() as sandbox, Records(f"sqlite:///{root}/records.sqlite") as records:
        list(Batch(course.job, sandbox, records, course.reader, jobs=2).run(find_class(CLASS)))
        reports = list(records.all_latest("regression"))
    write_reports(reports, root / "html", course="Course", title="Regression")
    return {report.student: report for report in reports}, root / "html"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.xdist_group("sample class")
@pytest.mark.parametrize("student", sorted(EXPECTED))
def test_each_submission_gets_what_was_expected(graded, student):
    report, expected = graded[0][student], EXPECTED[student]
    assert report.status == expected["status"], report.problem
    if report.status != "graded":
        return
    low, high = expected["score"]
    earned = {e.number: sum(r.earned for r in report.of_exercise(e.number)) for e in report.exercises}
    assert low <= report.score <= high, earned
    points = {exercise.number: exercise.points for exercise in report.exercises}
    assert [n for n in expected["full"] if earned[n] < points[n]] == []
    assert [n for n in expected["loses"] if earned[n] >= points[n]] == []


@pytest.mark.slow
@pytest.mark.xdist_group("sample class")
def test_no_page_of_a_student_holds_what_is_hidden(graded):
    reports, folder = graded
    pages = list((folder / "students").glob("*.html"))
    assert len(pages) == len(reports)
    mutants = {result.mutant for report in reports.values() for result in report.results if result.mutant}
    assert mutants
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert not [name for name in mutants if len(name) > 12 and f">{name}<" in text]
