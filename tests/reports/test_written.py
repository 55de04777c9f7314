"""A student's page with written answers: what waits for a person, and what a person said."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from autograder.config import GradescopeConfig
from autograder.model import HandGrade, Report, answer_digest
from autograder.platforms.gradescope.results import results_of
from autograder.records.by_hand import HandGrades
from tests.asked import answer, report
from tests.feedback.media import pages, plain
from tests.platforms.gradescope.sample import metadata

TEXT = "It is <b>convex</b>."


def graded(points: float) -> Report:
    given = HandGrade("ada", "3", answer_digest(TEXT), points, datetime(2027, 3, 1, tzinfo=UTC), "Grace", "Say why.")
    return HandGrades([given]).counted(report("ada", answer("3", TEXT)))


def test_an_answer_that_waits_has_no_points_and_nothing_to_go_on_with(tmp_path):
    _, page = pages(report("ada", answer("3", TEXT)), tmp_path)
    assert "3 points not graded yet" in plain(page)
    assert re.search(r"– */ 3", plain(page)) and "Where to go on" not in page
    assert "<blockquote>It is &lt;b&gt;convex&lt;/b&gt;.</blockquote>" in page


def test_what_a_person_gave_stands_with_what_was_said_and_not_with_who_said_it(tmp_path):
    _, page = pages(graded(2), tmp_path)
    assert "12 / 15" in plain(page) and "2 / 3" in plain(page) and "Say why." in page
    assert "Grace" not in page and "not graded yet" not in plain(page)


def test_who_did_not_write_anything_is_told_where_it_goes(tmp_path):
    _, page = pages(report("ada", answer("3", "")), tmp_path)
    assert "not attempted" in plain(page).lower() and "not graded yet" not in plain(page)


def test_the_class_page_does_not_count_what_nobody_has_graded(tmp_path):
    waiting, _ = pages(report("ada", answer("3", TEXT)), tmp_path / "a")
    given, _ = pages(graded(3), tmp_path / "b")
    assert waiting != given
    assert "not graded yet" in plain(waiting)


def test_gradescope_shows_it_without_points():
    (_, found) = results_of(report("ada", answer("3", TEXT)), GradescopeConfig(), metadata()).tests
    assert (found.score, found.max_score, found.status) == (None, None, None)
    assert "✎ Not graded yet" in found.output and found.tags[1] == "not graded yet"
