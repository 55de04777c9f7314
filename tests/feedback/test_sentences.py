"""What students are told is written once, and every medium says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.feedback import sentences
from autograder.feedback.sentences import Fact, about, facts, told, untouched
from autograder.feedback.signs import NOT_LOADED, REJECTED, SIGNS
from autograder.model import Difference, Outcome
from autograder.platforms.gradescope import publication, results
from tests.feedback import media
from tests.reports import sample

FOUND = [outcome for outcome in Outcome if outcome is not Outcome.PASSED]


def test_a_check_is_told_in_parts() -> None:
    result = sample.check("1.5", Outcome.FAILED, message="7 of 15 differ.", hint="Which axis?", stand_ins=("mse",))
    said = told(result)
    assert said.asked == "`fit` gives the right values for small and large inputs."
    assert said.finding == "Failed: 7 of 15 differ."
    assert said.lines == (
        "Failed: 7 of 15 differ.",
        "Hint: Which axis?",
        "Checked with our own `mse`, so that what is wrong or slow there costs nothing here.",
    )


def test_without_a_message_the_word_is_the_sentence() -> None:
    assert told(sample.check("1.1", Outcome.PASSED)).lines == ("Passed.",)


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        (("mse",), "`mse`"),
        (("gd_step", "mse"), "`gd_step` and `mse`"),
        (("a", "b", "c"), "`a`, `b` and `c`"),
        (("a", "b", "c", "d", "e"), "`a`, `b`, `c` and 2 more of the earlier functions"),
    ],
)
def test_the_first_stand_ins_are_named(names: tuple[str, ...], listed: str) -> None:
    note = told(sample.check("1.5", Outcome.FAILED, stand_ins=names)).note
    assert note == f"Checked with our own {listed}, so that what is wrong or slow there costs nothing here."


def test_of_an_error_of_ours_no_detail_is_told() -> None:
    said = told(sample.check("1.1", Outcome.GRADER_ERROR, hint="KeyError", stand_ins=("KeyError",), mutant="KeyError"))
    assert said.lines == (f"Grader error: {sentences.OUR_FAULT}",)
    assert "KeyError" not in repr(said)


def test_a_long_message_keeps_both_ends_and_is_clipped_once() -> None:
    said = told(sample.check("1.1", Outcome.FAILED, message="a" * 9_000 + "z"))
    assert len(said.message) <= 4_000 and said.message.endswith("z")
    assert said.message.count("characters left out") == 1


@pytest.mark.parametrize(("points", "wait"), [(1, "1 point waits"), (2.5, "2.5 points wait")])
def test_what_was_not_attempted_waits(points: float, wait: str) -> None:
    assert untouched(points).finding == f"Not attempted: {wait} for you here."


def test_the_facts_give_no_value_away() -> None:
    wrong = Difference("f(x)", (3, 5), (3, 5), (0, 2), 7, 15, 0.8314, 1.27)
    assert facts(wrong) == (
        Fact("Compared", "f(x)"),
        Fact("Your shape", "`(3, 5)`, as asked"),
        Fact("Wrong values", "7 of 15 (46 %)"),
        Fact("First wrong index", "`[0, 2]`"),
        Fact("Largest absolute error", "0.831"),
        Fact("Largest relative error", "1.27"),
    )
    assert facts(None) == ()


@pytest.mark.parametrize(
    ("asked", "got", "said"),
    [
        ((2, 3), (3, 2), {"Shape asked for": "`(2, 3)`", "Your shape": "`(3, 2)`"}),
        ((2,), (), {"Shape asked for": "`(2,)`", "Your shape": "`()`, a single number"}),
        ((), (), {}),
        (None, (2,), {"Your shape": "`(2,)`"}),
        ((2,), None, {"Shape asked for": "`(2,)`"}),
    ],
)
def test_shapes_are_told_where_they_help(asked, got, said) -> None:
    assert dict(facts(Difference("", asked, got))) == said


def test_few_wrong_values_of_many_are_not_none() -> None:
    assert dict(facts(Difference("", wrong=1, total=1_000)))["Wrong values"] == "1 of 1000 (under 1 %)"


def test_a_graded_report_needs_no_words_about_it() -> None:
    assert about(sample.report("ada", sample.all_of(Outcome.FAILED))) == ()


def test_a_rejected_submission_is_told_why_and_what_to_do() -> None:
    (said,) = about(sample.report("ada", status="rejected", problem="The notebook is cut off."))
    assert said.sign is REJECTED
    assert said.finding == "This submission could not be read: The notebook is cut off."
    assert "hand in again" in said.note
    (said,) = about(sample.report("ada", status="rejected"))
    assert said.message == "No reason was recorded."


def test_a_file_that_does_not_load_is_told_once() -> None:
    problem = "While your file was loaded: NameError: y"
    (said,) = about(sample.report("ada", sample.all_of(Outcome.PASSED), problem=problem))
    assert said.sign is NOT_LOADED
    assert said.finding == "Your file does not load to its end: NameError: y"
    assert said.note.startswith("What comes after that point could not be checked.")
    stopped = sample.all_of(Outcome.FAILED, message="NameError: y")
    assert about(sample.report("ada", stopped, problem=problem))[0].note.startswith("Nothing could be checked.")


def test_after_our_fault_each_platform_says_what_comes_next() -> None:
    broken = sample.report("ada", status="grader error", problem=sample.TRACE)
    (said,) = about(broken)
    assert said.lines == (f"Grader error: {sentences.OUR_FAULT}", sentences.GRADED_AGAIN)
    assert about(broken, after_our_fault="Come back.")[0].note == "Come back."


def test_the_watchdog_says_the_same_although_it_can_import_little() -> None:
    said = sentences.our_fault(results.HAND_IN_AGAIN)
    assert " ".join((said.sign.symbol, *said.lines)) == publication.FAILED


@pytest.mark.parametrize("medium", media.TELLING)
@pytest.mark.parametrize("outcome", FOUND)
def test_every_medium_tells_a_check_in_the_same_words(outcome: Outcome, medium: str, tmp_path: Path) -> None:
    result = sample.check("1.1", outcome, 1, hint="Which `axis`?", stand_ins=("gd_step", "mse"))
    report = sample.report("ada", (sample.check("1.1", Outcome.PASSED), result))
    shown = media.TELLING[medium](report, tmp_path)
    said = told(result)
    for part in (said.asked, said.message, said.hint and f"Hint: {said.hint}", said.note):
        assert media.one_line(part) in shown
    assert said.sign.word in shown.lower() and said.sign.symbol in shown
    assert "SECRET_REFERENCE" not in shown and "Traceback" not in shown


@pytest.mark.parametrize("medium", media.GRADED)
@pytest.mark.parametrize(
    "more",
    [
        {"status": "rejected", "problem": "The notebook is cut off."},
        {"problem": "While your file was loaded: NameError: y", "results": sample.all_of(Outcome.PASSED)},
        {"status": "grader error", "problem": sample.TRACE},
    ],
    ids=["rejected", "does not load", "grader error"],
)
def test_every_medium_says_the_same_about_a_submission(more: dict, medium: str, tmp_path: Path) -> None:
    report = sample.report("ada", **more)
    shown = media.TELLING[medium](report, tmp_path)
    (said,) = about(report)
    assert f"{said.sign.symbol} {said.headline}" in shown
    assert media.one_line(said.message) in shown
    what_next = results.HAND_IN_AGAIN if medium == "gradescope" and "error" in report.status else said.note
    assert what_next in shown
    assert "SECRET_REFERENCE" not in shown and "Traceback" not in shown


@pytest.mark.parametrize("medium", ["page", "nbgrader comment"])
def test_an_exercise_that_was_not_attempted_is_said_in_one_line(medium: str, tmp_path: Path) -> None:
    report = sample.report("ada", sample.all_of(Outcome.NOT_ATTEMPTED))
    shown = media.TELLING[medium](report, tmp_path)
    assert shown.count("Not attempted: 3 points wait for you here.") == 11
    assert SIGNS[Outcome.NOT_ATTEMPTED].symbol in shown


@pytest.mark.parametrize("medium", ["home, terminal", "home, notebook"])
def test_at_home_a_file_that_does_not_load_is_told_so_too(medium: str, tmp_path: Path) -> None:
    report = sample.report("ada", (sample.check("1.1", Outcome.PASSED),), problem="NameError: y")
    assert f"{NOT_LOADED.symbol} Your file does not load to its end: NameError: y" in media.TELLING[medium](
        report, tmp_path
    )


def test_time_is_told_in_seconds_of_computing() -> None:
    assert sentences.computing(12.345, 240) == "12.3 of 240 s of computing"
    assert sentences.computing(0.0, 20.5) == "0 of 20.5 s of computing"
    assert sentences.computing(3.0, 0.0) == ""
