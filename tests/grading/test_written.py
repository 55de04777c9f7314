"""Written answers in reports: they wait for a person, beside the checks' points or inside their total."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from autograder.errors import AssignmentError
from autograder.grading.grade import info_of
from autograder.grading.reports import as_read, report_on
from autograder.intake import Entry
from autograder.model import CheckResult, Outcome, Submission
from autograder.rubric.assignment import load
from autograder.sandbox.host.sandbox import Sandbox
from tests import asked
from tests.asked import RIGHT, notebook
from tests.slots import Shelf, executing, run, settings

PASSED = CheckResult("1 small", "1", "Squares.", 10.0, 10.0, Outcome.PASSED, True)


@pytest.fixture
def folder(tmp_path) -> Path:
    return asked.write(tmp_path)


def info(folder: Path, *, inside: bool = False):
    return msgspec.structs.replace(settings(folder), written_inside=inside).decided(info_of(load(folder)))


def graded(folder: Path, answers: dict[str, str], *, inside: bool = False):
    submission = Submission("ada", "tiny.py", {}, "d", answers=answers)
    return report_on(submission, info(folder, inside=inside), [PASSED])


def test_beside_is_the_default_and_adds_to_the_total(folder):
    report = graded(folder, {"3": "It is convex."})
    assert (report.score, report.points, report.waiting, report.check_weight) == (10, 15, 3, 1)
    assert [one.number for one in report.exercises] == ["1", "2", "3", "4"]


def test_inside_the_total_stays_and_the_checks_count_for_the_rest(folder):
    report = graded(folder, {"3": "It is convex."}, inside=True)
    assert (report.score, report.points, report.check_weight) == (5, 10, 0.5)


def test_words_worth_more_than_the_total_do_not_fit_inside(folder):
    checks = folder / "checks.py"
    checks.write_text(checks.read_text().replace("points=3", "points=8"))
    with pytest.raises(AssignmentError, match=r"worth 10 points, which leaves nothing of the 10 .*`written: beside`"):
        info(folder, inside=True)


def test_where_points_go_decides_whether_an_earlier_report_stands(folder):
    assert info(folder).digest != info(folder, inside=True).digest


def test_an_answer_waits_and_a_missing_one_is_told(folder):
    first, second = graded(folder, {"3": "It is convex."}).results[1:]
    assert (first.outcome, first.answer, first.points) == (Outcome.NOT_GRADED, "It is convex.", 3)
    assert (second.outcome, second.answer, second.earned) == (Outcome.NOT_ATTEMPTED, "", 0)
    assert second.message == "There is no answer under “Your answer to 4”."


def test_other_words_with_the_same_code_are_taken_up_without_grading_it_again(folder):
    report = graded(folder, {"3": "It is convex."})
    again = as_read(report, info(folder), report.notes, {"3": "It is strictly convex.", "4": "A plane."})
    assert [one.answer for one in again.results] == [None, "It is strictly convex.", "A plane."]
    assert again.results[0] is PASSED
    assert as_read(report, info(folder), report.notes, {"3": "It is convex."}) is report


def test_a_submission_is_graded_with_its_words_and_stands_with_new_ones(folder, tmp_path):
    path = tmp_path / "ada.ipynb"
    shelf = Shelf()
    for text, kind in (("It is convex.", "graded"), ("It is strictly convex.", "standing")):
        path.write_bytes(notebook(("code", RIGHT), ("markdown", f"**Your answer to 3:**\n{text}", "3")))
        with Sandbox() as sandbox, executing(settings(folder), sandbox) as executor:
            (done,) = run(executor, shelf, [Entry("ada", path)])
        assert done.kind.name.lower() == kind
        assert (done.report.score, done.report.points, done.report.problem) == (10, 15, "")
        assert [one.answer for one in shelf["ada"].results if one.answer is not None] == [text, ""]
