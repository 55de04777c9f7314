"""What a class adds up to."""

from __future__ import annotations

import pytest

from autograder.model import CheckResult, Outcome, Report
from autograder.reports.rows import Row
from autograder.reports.summary import Boundary, ClassSummary
from tests.reports import sample


def summary(*reports: Report) -> ClassSummary:
    return ClassSummary.of(Row.of(report, f"{i}.html") for i, report in enumerate(reports))


def test_only_graded_submissions_count() -> None:
    found = summary(
        sample.report("b", sample.all_of(Outcome.PASSED)),
        sample.report("a", sample.all_of(Outcome.FAILED)),
        sample.report("C", status="rejected", problem="empty"),
        sample.report("d", sample.all_of(Outcome.GRADER_ERROR)),
    )
    assert (found.graded, found.mean, found.median) == (2, 18.5, 18.5)
    assert [row.student for row in found.rows] == ["a", "b", "C", "d"]
    assert {exercise.share for exercise in found.exercises} == {0.5}
    assert [group.title for group in found.attention] == ["Rejected"]


def test_a_mistake_counts_once_a_student() -> None:
    twice = tuple(sample.check("1.4", Outcome.FAILED, part, mutant="axis", hint="Which axis?") for part in (0, 1))
    found = summary(sample.report("a", twice), sample.report("b", twice[:1]))
    assert [(group.mistake.mutant, len(group.rows)) for group in found.mistakes] == [("axis", 2)]


def test_the_mistake_that_cost_the_class_most_comes_first() -> None:
    """And of those that cost as much, the one of the earlier exercise."""

    def made(number: str, mutant: str) -> CheckResult:
        return sample.check(number, Outcome.FAILED, mutant=mutant, hint=f"{mutant}?")

    rare, common, other = made("1.1", "axis"), made("1.4", "sign"), made("1.2", "mean")
    found = summary(
        sample.report("a", (rare, common)), sample.report("b", (common, other)), sample.report("c", (common, other)),
        sample.report("d", (made("1.3", "rate"), common, made("1.5", "rate"))),
    )  # fmt: skip
    assert [(group.mistake.exercise, group.mistake.mutant, len(group.rows)) for group in found.mistakes] == [
        ("1.4", "sign", 4), ("1.2", "mean", 2), ("1.1", "axis", 1), ("1.3", "rate", 1), ("1.5", "rate", 1),
    ]  # fmt: skip
    assert [row.student for row in found.mistakes[1].rows] == ["b", "c"]
    assert [group.lost for group in found.mistakes] == [6.0, 3.0, 1.5, 1.5, 1.5]
    assert found.mistakes[0].share == 6.0 / 13.5


def test_a_rare_mistake_that_costs_much_comes_before_a_common_one_that_costs_little() -> None:
    cheap = sample.check("1.1", Outcome.FAILED, points=0.5, mutant="axis", hint="axis?")
    dear = sample.check("3.1", Outcome.FAILED, points=4.0, mutant="sign", hint="sign?")
    found = summary(sample.report("a", (cheap, dear)), sample.report("b", (cheap,)), sample.report("c", (cheap,)))
    assert [(group.mistake.mutant, group.lost) for group in found.mistakes] == [("sign", 4.0), ("axis", 1.5)]


def test_the_example_is_what_was_found_most_often() -> None:
    def made(found: str) -> tuple[CheckResult, ...]:
        return (sample.check("1.1", Outcome.FAILED, mutant="axis", hint="axis?", message=found),)

    found = summary(
        *(sample.report(who, made(said)) for who, said in zip("abc", ("odd", "usual", "usual"), strict=True))
    )
    assert found.mistakes[0].found == "usual"


def test_who_needs_a_look_is_known() -> None:
    found = summary(
        sample.report("a", sample.all_of(Outcome.PASSED)),
        sample.report("b", status="rejected", problem="?"),
        sample.report("c", (sample.check("1.1", Outcome.GRADER_ERROR),)),
        sample.report("d", sample.all_of(Outcome.PASSED), flags=("mse may call a library",)),
        sample.report("e", (sample.check("1.1", Outcome.TIMED_OUT),)),
        sample.report("f", sample.all_of(Outcome.FAILED)),
    )
    assert found.to_look_at == {"b", "c", "d", "e"} and found.full == 2


def test_equal_errors_of_the_grader_are_one_group() -> None:
    broken: tuple[CheckResult, ...] = (sample.check("1.1", Outcome.GRADER_ERROR),)
    found = summary(
        *(sample.report(name, broken) for name in "abc"),
        sample.report("d", status="grader error", problem=sample.TRACE),
    )
    assert [(group.fault.check, group.fault.line, len(group.rows)) for group in found.faults] == [
        ("mse_values", "KeyError: 7", 3),
        ("", "KeyError: 7", 1),
    ]


@pytest.mark.parametrize(
    ("layers", "holds"),
    [((), False), (("none",), False), (("None: asked for by name",), False), (("landlock", "seccomp"), True)],
)
def test_a_boundary_holds_or_does_not(layers: tuple[str, ...], holds: bool) -> None:
    assert Boundary(layers, 1).holds is holds


def test_a_rejected_submission_never_ran_and_needs_no_boundary() -> None:
    assert summary(sample.report("a", status="rejected", problem="empty")).unprotected == 0
    assert summary(sample.report("a", sample.all_of(Outcome.PASSED), boundary=())).unprotected == 1


def test_an_empty_class() -> None:
    found = summary()
    assert (found.rows, found.mean, found.last, found.exercises) == ((), None, None, ())


def test_each_way_of_being_stopped_names_its_exercises() -> None:
    results = (sample.check("1.1", Outcome.TIMED_OUT), sample.check("1.1", Outcome.OUT_OF_MEMORY, 1))
    groups = {
        group.title: [detail for _, detail in group.rows] for group in summary(sample.report("a", results)).attention
    }
    assert groups == {"Timed out": ["1.1"], "Out of memory": ["1.1"]}


def test_what_could_not_be_read_again_is_ours_and_keeps_its_earlier_results() -> None:
    found = summary(
        sample.report("a", sample.all_of(Outcome.PASSED), status="grader error", problem="a.py cannot be read: EIO")
    )
    (row,) = found.rows
    assert (row.problem, row.faults[0].line) == ("", "a.py cannot be read: EIO")
    assert [sign.word for sign in row.flags] == ["grader error"], "it did load"
