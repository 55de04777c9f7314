"""results.json: what is in it, and that it is valid and harmless whatever the report holds."""

from __future__ import annotations

import json
import math
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.config import GradescopeConfig
from autograder.config_parts import LateConfig
from autograder.errors import ResultsFormatError
from autograder.model import CheckResult, Curve, Difference, ExerciseInfo, Outcome, Report
from autograder.platforms.gradescope import contract, policy, publication
from autograder.platforms.gradescope.contract import Leader, Results, Test
from autograder.platforms.gradescope.metadata import read_metadata
from autograder.platforms.gradescope.results import refused, report_in, results_of
from tests.platforms.gradescope import sample
from tests.platforms.gradescope.sample import LADDER, metadata, previous, report, result

SETTINGS = GradescopeConfig()
HIDDEN = result("random", public=False, earned=0.0, outcome=Outcome.FAILED, message="The values differ.", hint="Sign?")


def written(
    graded: Report, given_settings: GradescopeConfig = SETTINGS, given_metadata=None, rule: LateConfig | None = None
) -> dict:
    """What is published, as the watchdog writes it."""
    known = given_metadata or metadata()
    late = policy.lateness(known, rule)
    found = json.loads(contract.encode(results_of(graded, given_settings, known, late=late)))
    data = publication.withheld(found, given_settings.hidden_checks)
    contract.check(json.dumps(data).encode())
    return data


def test_each_check_is_a_test_with_number_points_status_and_visibility():
    data = written(report(result(), HIDDEN))
    first, second = data["tests"]
    assert (data["score"], first["score"], first["max_score"], first["status"]) == (2.0, 2.0, 2.0, "passed")
    assert (first["number"], second["number"]) == ("1.1.1", "1.1.2")
    assert first["name"] == "Square: Squares `x`."
    assert (first["visibility"], second["visibility"]) == ("visible", "after_due_date")
    assert second["status"] == "failed" and "The values differ." in second["output"] and "Sign?" in second["output"]
    assert second["tags"] == ["1.1", "failed", "hidden"]
    assert "after the due date" in data["output"]


def test_hidden_checks_are_shown_when_the_configuration_says():
    data = written(report(HIDDEN), GradescopeConfig(hidden_checks="after_published"))
    assert data["tests"][0]["visibility"] == "after_published"
    assert "when grades are published" in data["output"]
    assert "Hidden" not in written(report(HIDDEN), GradescopeConfig(hidden_checks="visible")).get("output", "")


def test_what_hidden_checks_made_the_code_print_is_as_hidden_as_they_are():
    row = written(report(HIDDEN, output="secret \x1b[31m<b>\n"))["tests"][-1]
    assert row["visibility"] == "after_due_date"
    assert row["output"] == "<pre>secret &lt;b&gt;</pre>"


def test_the_leaderboard_has_the_metric_and_the_rung():
    board = written(report(result(curve=LADDER)))["leaderboard"]
    assert board == [
        {"name": "validation loss", "value": 1.5, "order": "asc"},
        {"name": "validation loss baseline", "value": "1/2 simple"},
    ]
    assert "leaderboard" not in written(report(result(curve=LADDER)), GradescopeConfig(leaderboard=False))


@pytest.mark.parametrize("metric", [None, math.nan, math.inf, 1.7976e308])
def test_a_metric_that_cannot_be_written_is_on_no_leaderboard(metric):
    curve = msgspec.structs.replace(LADDER, metric=metric)
    assert "leaderboard" not in written(report(result(curve=curve)))


def test_lateness_is_taken_off_the_total_and_said():
    known = metadata("2027-03-03T00:00:00+01:00")
    data = written(report(result()), SETTINGS, known, LateConfig(percent_per_day=10))
    assert data["score"] == pytest.approx(1.6)
    why = "handed in 2027-03-03 00:00, due 2027-03-01 23:59 UTC+01:00, 2 days begun at 10 % a day"
    assert f"<p>Late: {why}.</p>" in data["output"]
    assert data["tests"][1]["output"] == f"<p>2 − 0.4 ({why}) = 1.6</p>"
    assert data["tests"][1]["visibility"] == "visible"
    assert data["tests"][0]["score"] == 2.0


def test_the_arithmetic_waits_with_the_hidden_checks_that_it_tells_of():
    known = metadata("2027-03-03T00:00:00+01:00")
    data = written(report(result(), HIDDEN), SETTINGS, known, LateConfig(percent_per_day=10))
    (row,) = [row for row in data["tests"] if row["name"] == "How your total comes about"]
    assert row["visibility"] == "after_due_date" and "2 days begun" in data["output"] and "0.4" not in data["output"]
    never = written(report(HIDDEN), GradescopeConfig(hidden_checks="hidden"), known, LateConfig(percent_per_day=10))
    assert [row["visibility"] for row in never["tests"]] == ["hidden", "hidden", "after_published"]


def test_an_error_of_the_graders_charges_nobody():
    ours = result("broken", outcome=Outcome.GRADER_ERROR, earned=0.0, message="Traceback: SECRET")
    graded = report(result(), ours, status="grader error", problem="Traceback: SECRET")
    data = written(graded, given_metadata=metadata("2027-03-01T12:00:00+01:00", previous("2027-02-28T12:00:00Z", 3.5)))
    assert data["score"] == 3.5
    assert "score" not in data["tests"][1] and "status" not in data["tests"][1]
    shown = [data["output"], *(row.get("output", "") for row in data["tests"])]
    assert "not your fault" in data["output"] and not any("SECRET" in words for words in shown)
    assert data["extra_data"][publication.OURS] is True


def test_an_error_of_the_graders_keeps_what_was_earned_where_that_is_more():
    earlier = metadata("2027-03-01T12:00:00+01:00", previous("2027-02-28T12:00:00Z", 0.5))
    data = written(report(result(), status="grader error"), given_metadata=earlier)
    assert data["score"] == 2.0


def test_a_score_that_stood_is_no_part_of_an_attempt_that_was_graded():
    earlier = metadata("2027-03-01T12:00:00+01:00", previous("2027-02-28T12:00:00Z", 9.0))
    assert written(report(result()), given_metadata=earlier)["score"] == 2.0


def test_checks_that_were_not_reached_are_an_error_of_the_graders():
    earlier = metadata("2027-03-01T12:00:00+01:00", previous("2027-02-28T12:00:00Z", 3.5))
    found = results_of(report(result(curve=LADDER)), SETTINGS, earlier, unreached=("random",))
    assert found.score == 3.5 and found.extra_data[publication.OURS] is True and "not your fault" in found.output
    assert found.leaderboard == (), "half a report is nobody's best"


def test_lateness_takes_nothing_off_a_score_that_stood_before():
    half = LateConfig(percent_per_day=50)
    earlier = metadata("2027-03-02T12:00:00+01:00", previous("2027-02-28T12:00:00Z", 3.5))
    assert written(report(result(), status="grader error"), SETTINGS, earlier, half)["score"] == 3.5


def test_the_report_travels_in_the_extra_data():
    graded = report(result(), HIDDEN)
    assert report_in(written(graded)["extra_data"]) == graded
    assert report_in({}) is None and report_in({"report": {"student": 3}}) is None


def test_a_group_is_named():
    users = [{"email": "bo@example.org"}, {"email": "ada@example.org"}]
    data = metadata(users=users)
    assert data.student == "ada@example.org + bo@example.org"
    assert written(report(result()), SETTINGS, data)["extra_data"]["group"] == ["ada@example.org", "bo@example.org"]


def test_an_attempt_beyond_the_limit_keeps_the_score_that_stands():
    earlier = metadata("2027-03-01T12:00:00Z", previous("2027-02-28T12:00:00Z", 3.5))
    found = refused(policy.attempts(earlier, GradescopeConfig(attempts=1)), earlier)
    data = json.loads(contract.encode(found))
    assert data["score"] == 3.5 and "used all 1 attempts" in data["output"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"tests": [{"name": "no score anywhere"}]},
        {"score": "10"},
        {"score": 1, "visibility": "secret"},
        {"score": 1, "tests": [{"max_points": 2}]},
        {"score": 1, "output_format": "markdown"},
        {"score": 1, "leaderboard": [{"name": "loss", "value": None}]},
    ],
)
def test_what_gradescope_would_refuse_is_refused_here(data):
    with pytest.raises(ResultsFormatError):
        contract.check(json.dumps(data).encode())


def test_the_published_example_passes():
    example = {
        "score": 44.0, "execution_time": 136, "output": "Text", "output_format": "simple_format",
        "test_output_format": "text", "test_name_format": "text", "visibility": "after_due_date",
        "stdout_visibility": "visible", "extra_data": {},
        "tests": [
            {"score": 2.0, "max_score": 2.0, "status": "passed", "name": "Your name here", "name_format": "text",
             "number": "1.1", "output": "Text", "output_format": "text", "tags": ["tag1"], "visibility": "visible",
             "extra_data": {}}
        ],
        "leaderboard": [
            {"name": "Accuracy", "value": 0.926}, {"name": "Time", "value": 15.1, "order": "asc"},
            {"name": "Stars", "value": "*****"},
        ],
    }  # fmt: skip
    assert contract.check(json.dumps(example).encode()).score == 44


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_not_written(number):
    for results in (
        Results(score=number),
        Results(score=1.0, tests=(Test(score=number),)),
        Results(score=1.0, leaderboard=(Leader("loss", number),)),
    ):
        with pytest.raises(ResultsFormatError):
            contract.encode(results)


# --- whatever the report holds -----------------------------------------------------------------------------------

LETTERS = st.characters(codec=None, categories=None)
NASTY = (
    "<script>alert(1)</script>", "</pre><img src=x onerror=1>", "\x00\x1b[2J\u202e", "\ud800", "`" * 50, "\r\n" * 9,
    '"}],"score":100,"x":[{"', "&lt;", "\u2028", "**bold** [x](javascript:1)",
)  # fmt: skip
TEXTS = st.one_of(st.text(LETTERS, max_size=20), st.sampled_from(NASTY))
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
CURVES = st.builds(
    Curve, TEXTS, TEXTS, st.just(()), st.none() | NUMBERS, TEXTS,
    st.lists(st.tuples(TEXTS, NUMBERS), max_size=3).map(tuple),
)  # fmt: skip
DIFFERENCES = st.builds(
    Difference, TEXTS, st.none() | st.just((2, 3)), st.none() | st.just((0,)), st.none() | st.just((1, 2)),
    st.integers(0, 9), st.integers(0, 9), st.none() | NUMBERS, st.none() | NUMBERS,
)  # fmt: skip
CHECKS = st.builds(
    CheckResult, TEXTS, TEXTS, TEXTS, NUMBERS, NUMBERS, st.sampled_from(Outcome), st.booleans(), TEXTS, TEXTS, TEXTS,
    st.none() | DIFFERENCES, st.none() | CURVES, st.lists(TEXTS, max_size=2).map(tuple), NUMBERS,
)  # fmt: skip
REPORTS = st.builds(
    Report, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.sampled_from(["graded", "rejected", "grader error"]),
    NUMBERS, NUMBERS,
    st.lists(st.builds(ExerciseInfo, TEXTS, TEXTS, NUMBERS), max_size=3).map(tuple),
    st.lists(CHECKS, max_size=3).map(tuple), st.lists(TEXTS, max_size=2).map(tuple), TEXTS, TEXTS,
    wall_seconds=NUMBERS,
)  # fmt: skip


def test_rounding_never_lifts_a_score_above_the_points():
    half = result(points=1.59375, earned=1.59375)
    (row, *_) = results_of(report(half), SETTINGS, metadata()).tests
    assert row.score == row.max_score == 1.59375


@given(REPORTS, st.booleans())
def test_any_report_gives_a_valid_file(graded, with_history):
    history = [previous("2027-02-28T12:00:00Z", "NaN"), previous("2027-02-28T13:00:00Z", 3.5, grader_error=True)]
    found = results_of(graded, SETTINGS, metadata("2027-03-01T12:00:00Z", *(history if with_history else [])))
    data = contract.encode(found)
    assert len(data) < 2_500_000
    assert contract.check(data).score == found.score
    assert found.score is not None and math.isfinite(found.score)
    for row in found.tests:
        assert row.score is None or 0 <= row.score <= (row.max_score or 0)


@given(REPORTS)
def test_no_markup_and_no_hidden_character_of_a_report_reaches_the_page(graded):
    found = results_of(graded, SETTINGS, metadata())
    allowed = {"p", "/p", "pre", "/pre", "ul", "/ul", "li", "/li", "code", "/code"}
    for shown in (found.output, *(row.output for row in found.tests)):
        tags = {part.partition(">")[0] for part in shown.split("<")[1:]}
        assert tags <= allowed
    for shown in (found.output, *(f"{row.name}{row.output}" for row in found.tests)):
        assert not {"\x00", "\x1b", "\u202e", "\r", "\ud800"} & set(shown)


@given(st.recursive(st.none() | st.booleans() | NUMBERS | TEXTS, lambda x: st.lists(x) | st.dictionaries(TEXTS, x)))
def test_any_metadata_is_read(data):
    try:
        raw = json.dumps({"previous_submissions": data, "users": data, "created_at": data}).encode()
    except UnicodeEncodeError:
        raw = b"\xff"
    read = read_metadata(raw)
    assert isinstance(read.student, str)
    policy.attempts(read, GradescopeConfig(attempts=3, attempts_hours=2))


def test_a_huge_report_gives_a_page_that_can_be_shown():
    huge = [result(f"c{i}", message="a" * 90_000, asked="b" * 90_000, hint="c" * 90_000) for i in range(60)]
    data = contract.encode(
        results_of(report(*huge, output="d" * 9_000_000, problem="e" * 90_000), SETTINGS, metadata())
    )
    assert len(data) < 2_500_000
    assert report_in(json.loads(data)["extra_data"]) is None  # too large to travel


def test_metadata_survives_a_round_trip_through_the_sample():
    assert read_metadata(sample.metadata_json()).due == datetime.fromisoformat(sample.DUE)
