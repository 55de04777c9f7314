"""The rules by which a check earns points: parts, precisions, stand-ins, seeds, and when a hint is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.model import CheckResult, Outcome
from autograder.rubric.assignment import Assignment, load
from tests import tiny

HEAD = """\
from autograder.rubric import Rubric, Score, matches, expect

rubric = Rubric()
one = rubric.exercise("1", "Square", owns=("square",), points=4)
"""
SQUARES = '''
@one.check("square", 4)
def squares(student, reference, draw):
    """Squares."""
    matches(student, reference, "square", draw.normal(4))
'''
SUMS = '''
two = rubric.exercise("2", "Sum of squares", owns=("total", "slope"), points=6)

@two.check("total", 6)
def sums(student, reference, draw):
    """Sums."""
    matches(student, reference, "total", draw.normal(4))
'''


def assignment(folder: Path, checks: str, mutants: str = tiny.MUTANTS) -> Assignment:
    """The tiny assignment with other checks, and other known mistakes."""
    place = tiny.write(folder, HEAD + checks)
    (place / "mutants.py").write_text(mutants, encoding="utf-8")
    return load(place)


def grade(course: Assignment, secret: bytes = b"s", digest: str = "d", /, **changes: Any) -> list[CheckResult]:
    return Engine(course, secret).run(LocalHost(lambda: course.solution(changes)), digest)


def doubles(x: torch.Tensor) -> torch.Tensor:
    return 2 * x


# --- parts of a check's points -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returned", "outcome", "earned"),
    [
        ("None", Outcome.PASSED, 4),
        ("1", Outcome.PASSED, 4),
        ("1 - 1e-12", Outcome.PASSED, 4),
        ("7", Outcome.PASSED, 4),
        ("0.999", Outcome.PARTLY, 3.996),
        ("0.5", Outcome.PARTLY, 2),
        ("1 / 3", Outcome.PARTLY, 1.3333),
        ("0", Outcome.FAILED, 0),
        ("-1", Outcome.FAILED, 0),
        ("Score(0.25, 'a quarter')", Outcome.PARTLY, 1),
    ],
)
def test_a_check_earns_the_part_it_returns(tmp_path: Path, returned: str, outcome: Outcome, earned: float) -> None:
    checks = f'@one.check("square", 4)\ndef part(student, reference, draw):\n    """A part."""\n    return {returned}\n'
    (result,) = grade(assignment(tmp_path, checks))
    assert (result.outcome, result.earned, result.points) == (outcome, earned, 4)
    assert result.message == ("a quarter" if "quarter" in returned else "")


def test_training_is_run_once_and_everything_else_in_both_precisions(tmp_path: Path) -> None:
    seen: list[torch.dtype] = []
    checks = SQUARES + SQUARES.replace('"square", 4', '"square", 0, trains=True').replace("squares", "trains")

    def square(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.dtype)
        return x * x

    assert [result.outcome for result in grade(assignment(tmp_path, checks), square=square)] == [Outcome.PASSED] * 2
    asked_again = torch.float64
    assert seen == [torch.float64, asked_again, torch.float32, torch.float64]


def test_what_is_wrong_in_float64_is_not_tried_in_float32(tmp_path: Path) -> None:
    seen: list[torch.dtype] = []

    def square(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.dtype)
        return x

    (result,) = grade(assignment(tmp_path, SQUARES, "from autograder.rubric import Variants\nvariants = Variants()\n"),
                      square=square)  # fmt: skip
    assert set(seen) == {torch.float64} and "float32" not in result.message


# --- stand-ins ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("returned", ["0.9", "Score(0.0)", "1 / 0"], ids=["a part", "nothing", "an error of ours"])
def test_whatever_lost_points_is_stood_in_for(tmp_path: Path, returned: str) -> None:
    part = f'@one.check("square", 4)\ndef part(student, reference, draw):\n    """A part."""\n    return {returned}\n'
    _, sums = grade(assignment(tmp_path, part + SUMS), square=doubles)
    assert (sums.outcome, sums.earned, sums.stand_ins) == (Outcome.PASSED, 6, ("square",))


def test_what_lost_nothing_is_the_students_own(tmp_path: Path) -> None:
    seen: list[int] = []

    def square(x: torch.Tensor) -> torch.Tensor:
        seen.append(len(x))
        return x * x

    _, sums = grade(assignment(tmp_path, SQUARES + SUMS), square=square)
    assert sums.stand_ins == () and len(seen) == 6, (
        "twice in each check, and the first question about each function once more"
    )


def test_only_functions_that_a_check_lends_are_stood_in_for(tmp_path: Path) -> None:
    alone = SUMS.replace('"total", 6', '"total", 6, lends=()')
    _, sums = grade(assignment(tmp_path, SQUARES + alone), square=doubles)
    assert (sums.outcome, sums.stand_ins) == (Outcome.FAILED, ())


def test_without_stand_ins_a_mistake_costs_wherever_it_is_met(tmp_path: Path) -> None:
    course = assignment(tmp_path, SQUARES + SUMS)
    host = LocalHost(lambda: course.solution({"square": doubles}))
    results = Engine(course, b"s").run(host, "d", stand_ins=False)
    assert [result.earned for result in results] == [0, 0]


def test_what_is_known_is_not_run_again_and_counts(tmp_path: Path) -> None:
    """A run that was cut short goes on: with the stand-ins that its first half asks for."""
    course = assignment(tmp_path, SQUARES + SUMS)
    first = grade(course, square=doubles)[0]
    told: list[CheckResult] = []
    right = LocalHost(course.solution)
    results = Engine(course, b"s").run(right, "d", known={first.name: first}, progress=told.append)
    assert results == told
    assert results[0] is first and results[1].stand_ins == ("square",)


def test_a_ban_holds_in_the_checks_of_its_exercise(tmp_path: Path) -> None:
    course = assignment(tmp_path, SQUARES + SUMS.replace("points=6)", 'points=6, bans=("torch.square",))'))
    squares, sums = grade(course, square=lambda x: torch.square(x), total=lambda x: torch.square(x).sum())
    assert squares.outcome is Outcome.PASSED
    assert sums.outcome is Outcome.FAILED and "calls `torch.square`" in sums.message


# --- hints -------------------------------------------------------------------------------------------------------

MISTAKES = """\
from autograder.rubric import Variants

variants = Variants()

@variants.mutant(of="square", hint="You double.")
def doubles(x):
    return 2 * x

@variants.mutant(of="square", hint="You add.")
def adds(x):
    return x + x

@variants.mutant(of="square", hint="You cube.")
def cubes(x):
    return x**3

@variants.mutant(of="total", hint="Sum, do not average.")
def mean(x):
    return square(x).mean()
"""


def test_a_hint_is_given_where_exactly_one_known_mistake_fits(tmp_path: Path) -> None:
    course = assignment(tmp_path, SQUARES, MISTAKES)
    (cubes,) = grade(course, square=lambda x: x * x * x)
    assert (cubes.hint, cubes.mutant) == ("You cube.", "cubes")
    (two_fit,) = grade(course, square=doubles)
    assert (two_fit.hint, two_fit.mutant) == ("", "")
    (none_fits,) = grade(course, square=lambda x: x)
    assert (none_fits.hint, none_fits.mutant) == ("", "")


def test_all_that_fit_are_told_to_who_writes_the_rubric(tmp_path: Path) -> None:
    course = assignment(tmp_path, SQUARES, MISTAKES)
    engine = Engine(course, b"s")
    assert engine.alike(LocalHost(lambda: course.solution({"square": doubles})), "square", "d") == ["doubles", "adds"]
    assert engine.alike(LocalHost(course.solution), "square", "d") == []


def test_a_hint_is_about_the_checks_own_function(tmp_path: Path) -> None:
    """`total` is wrong because `square` is, and there the hint stands."""
    course = assignment(tmp_path, SQUARES + SUMS.replace('"total", 6', '"total", 6, lends=()'), MISTAKES)
    squares, sums = grade(course, square=lambda x: x**3)
    assert (squares.mutant, sums.outcome, sums.mutant) == ("cubes", Outcome.FAILED, "")


def test_a_hint_that_nobody_asked_for_is_not_looked_for(tmp_path: Path) -> None:
    course = assignment(tmp_path, SQUARES, MISTAKES)
    host = LocalHost(lambda: course.solution({"square": lambda x: x**3}))
    (result,) = Engine(course, b"s").run(host, "d", hints=False)
    assert (result.outcome, result.hint, result.mutant) == (Outcome.FAILED, "", "")


def test_training_gets_no_hint(tmp_path: Path) -> None:
    course = assignment(tmp_path, SQUARES.replace("4)", "4, trains=True)", 1), MISTAKES)
    (result,) = grade(course, square=lambda x: x**3)
    assert (result.outcome, result.hint) == (Outcome.FAILED, "")


def test_an_error_is_no_known_mistake(tmp_path: Path) -> None:
    """Two that raise are not alike: what they would have answered nobody knows."""

    def raises(x: torch.Tensor) -> torch.Tensor:
        raise ValueError

    mistakes = MISTAKES.replace("return x**3", "raise ValueError")
    (result,) = grade(assignment(tmp_path, SQUARES, mistakes), square=raises)
    assert (result.outcome, result.hint) == (Outcome.FAILED, "")


# --- seeds -------------------------------------------------------------------------------------------------------


def test_inputs_depend_on_the_secret_the_submission_the_check_and_the_precision(tmp_path: Path) -> None:
    course = assignment(tmp_path, SQUARES + SQUARES.replace("squares", "again").replace('"square", 4', '"square", 0'))
    drawn: list[tuple[float, ...]] = []

    def square(x: torch.Tensor) -> torch.Tensor:
        drawn.append(tuple(round(float(value), 3) for value in x))
        return x * x

    grade(course, square=square)
    assert len(set(drawn)) == 4, "two checks in two precisions"
    first, drawn[:] = list(drawn), []
    grade(course, square=square)
    assert drawn == first
    for secret, digest in ((b"other", "d"), (b"s", "other")):
        drawn[:] = []
        grade(course, secret, digest, square=square)
        assert not set(drawn) & set(first)


# --- right work that later work cannot use ----------------------------------------------------------------------------


BY_HAND = """\
from autograder.rubric import AUTOGRAD, Rubric, gradients_reach, matches

rubric = Rubric()
one = rubric.exercise("1", "Square", owns=("square",), points=4, bans=AUTOGRAD)
"""
THROUGH = '''
two = rubric.exercise("2", "Sum of squares", owns=("total", "slope"), points=6)

@two.check("total", 6)
def sums(student, reference, draw):
    """Sums, and gradients through them."""
    gradients_reach(student, reference, "total", draw.normal(4))
'''


def by_numpy(x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(x.numpy() ** 2)


def cut_off(x: torch.Tensor) -> torch.Tensor:
    return x.detach() ** 2


def through_square(x: torch.Tensor) -> Any:
    return square(x).sum()  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize("square", [by_numpy, cut_off])
def test_later_gradients_do_not_depend_on_what_was_written_by_hand(tmp_path, square):
    place = tiny.write(tmp_path, BY_HAND + SQUARES + THROUGH)
    course = load(place)
    first, second = grade(course, square=square, total=through_square)
    assert first.outcome is Outcome.PASSED  # nobody asked it for gradients
    assert second.outcome is Outcome.PASSED and second.stand_ins == ("square",)


def test_a_detach_of_its_own_is_charged_beside_what_was_written_by_hand(tmp_path):
    def total(x):
        return square(x.detach()).sum()  # noqa: F821

    course = load(tiny.write(tmp_path, BY_HAND + SQUARES + THROUGH))
    first, second = grade(course, square=by_numpy, total=total)
    assert first.outcome is Outcome.PASSED and second.outcome is Outcome.FAILED
