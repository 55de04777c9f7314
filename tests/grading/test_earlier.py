"""After a change of the rubric, what an earlier run has found stands as far as it depends on nothing that changed."""

from __future__ import annotations

from msgspec.structs import replace

from autograder.grading.earlier import Earlier
from autograder.model import CheckResult, Outcome

NOW = {"a": "1", "b": "2", "c": "3"}


def result(name: str, outcome: Outcome = Outcome.PASSED, *, depends: str | None = None) -> CheckResult:
    kept = NOW.get(name, "") if depends is None else depends
    return CheckResult(name, "1", "Asked.", 1.0, 0.0, outcome, public=False, depends=kept)


def standing(*results: CheckResult, now: dict[str, str] = NOW) -> str:
    """The checks whose results stand before anything is run."""
    earlier = Earlier(results, now)
    return "".join(name for name in now if earlier.standing(name) is not None)


def test_what_is_unchanged_stands():
    assert standing(result("a"), result("b", Outcome.FAILED), result("c")) == "abc"


def test_what_is_changed_new_or_from_before_this_was_noted_does_not():
    assert standing(result("a", depends="0"), result("b")) == "b"
    assert standing(result("a", depends=""), now={"a": ""}) == ""


def test_our_errors_and_what_is_in_doubt_do_not_stand():
    assert standing(result("a", Outcome.GRADER_ERROR), replace(result("b"), doubtful=True), result("c")) == "c"


def test_checks_in_another_order_are_all_run_again():
    """Which functions the reference answers for follows from the order."""
    assert standing(result("b"), result("a"), result("c")) == ""


def test_a_check_that_is_gone_matters_where_it_had_failed():
    assert standing(result("gone"), result("a")) == "a"
    assert standing(result("gone", Outcome.FAILED), result("a")) == ""


def test_after_a_check_that_comes_out_otherwise_nothing_stands():
    for before, now, stands in [
        (Outcome.PASSED, Outcome.PASSED, True),
        (Outcome.FAILED, Outcome.PARTLY, True),
        (Outcome.PASSED, Outcome.FAILED, False),
        (Outcome.FAILED, Outcome.PASSED, False),
    ]:
        earlier = Earlier([result("a", before, depends="0"), result("b")], NOW)
        earlier.note(result("a", now))
        assert (earlier.standing("b") is not None) is stands


def test_after_a_new_check_everything_stands_if_it_passes():
    for outcome, stands in [(Outcome.PASSED, True), (Outcome.FAILED, False)]:
        earlier = Earlier([result("b")], NOW)
        earlier.note(result("a", outcome))
        assert (earlier.standing("b") is not None) is stands
