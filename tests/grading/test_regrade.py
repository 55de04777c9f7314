"""What a regrade changes."""

from __future__ import annotations

from msgspec.structs import replace

from autograder.grading.regrade import Changed, Regrading
from autograder.grading.reports import without_results
from autograder.grading.settings import AssignmentInfo
from autograder.model import CheckResult, Outcome, Report
from tests.slots import Shelf

INFO = AssignmentInfo("tiny", "digest", 4.0, ())


def report(student: str, **earned: float) -> Report:
    results = tuple(
        CheckResult(name, "1", "Asked.", 2.0, points, Outcome.PASSED, public=False) for name, points in earned.items()
    )
    return replace(without_results(student, "d", INFO, "graded", ""), results=results, score=sum(earned.values()))


def test_a_change_names_the_checks_that_earn_other_points():
    changed = Changed("ada", report("ada", a=2, b=1, gone=1), report("ada", a=2, b=2, new=1))
    assert changed.difference == 1
    assert [(old and old.name, new and new.name) for old, new in changed.checks] == [
        ("b", "b"), ("gone", None), (None, "new"),
    ]  # fmt: skip


def test_the_largest_loss_comes_first_and_who_stays_is_left_out():
    shelf = Shelf({name: report(name, a=2, b=2) for name in ("ada", "bob", "cem", "dora")})
    regrading = Regrading(shelf, keep=True)
    for new in (report("ada", a=2, b=2), report("bob", a=1, b=2), report("cem", a=0, b=0), report("dora", a=1, b=3)):
        regrading.save(new)
    assert [one.student for one in regrading.changed("tiny")] == ["cem", "bob", "dora"]
    assert [one.difference for one in regrading.changed("tiny")] == [-4, -1, 0]


def test_what_is_not_kept_is_seen_by_the_batch_alone():
    shelf = Shelf({"ada": report("ada", a=2)})
    for keep, kept in ((False, 2), (True, 1)):
        regrading = Regrading(shelf, keep=keep)
        regrading.save(report("ada", a=1))
        seen = regrading.latest("tiny", "ada")
        assert seen is not None and (seen.score, shelf["ada"].score) == (1, kept)


def test_a_second_result_of_one_batch_is_compared_with_what_stood_before_it():
    shelf = Shelf({"ada": report("ada", a=2)})
    regrading = Regrading(shelf, keep=True)
    regrading.save(report("ada", a=0))
    regrading.save(report("ada", a=1))
    (changed,) = regrading.changed("tiny")
    assert changed.difference == -1
