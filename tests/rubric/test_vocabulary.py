"""The words of a rubric: gradients, trajectories, orderings, ladders, short answers."""

import math

import pytest
import torch

from autograder.grading.local import LocalConversation
from autograder.model import Outcome
from autograder.rubric import (
    Draw,
    Ladder,
    MismatchError,
    Reference,
    Rubric,
    Rung,
    Student,
    StudentError,
    agrees_with_numerical,
    answer,
    expect,
    in_order,
    matches,
    numerical_gradient,
    same_trajectory,
    tensor_of,
)
from autograder.rubric.draw import seed_of

LADDER = Ladder(
    "unseen MAE",
    (Rung("simple", 1.0, 0.2, "run it"), Rung("strong", 0.5, 0.8, "use a week"), Rung("boss", 0.4, 1.0, "go deep")),
)


def student(**namespace):
    return Student(LocalConversation(namespace), Reference({"f": lambda x: x * 2}))


def test_matches_gives_back_the_students_result():
    reference = Reference({"f": lambda x: x * 2})
    assert torch.equal(matches(student(f=lambda x: x + x), reference, "f", torch.ones(2)), torch.full((2,), 2.0))


def test_the_reference_never_sees_what_the_student_did_to_the_input():
    x = torch.ones(3)
    with pytest.raises(MismatchError):
        matches(student(f=lambda x: x.zero_()), Reference({"f": lambda x: x * 2}), "f", x)
    assert torch.equal(x, torch.ones(3))


def test_numerical_gradient_of_a_cube():
    x = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    assert torch.allclose(numerical_gradient(lambda x: (x**3).sum(), x), 3 * x**2, rtol=1e-8)


def test_a_gradient_by_hand_is_held_against_the_numerical_one():
    x = torch.tensor([1.0, -2.0], dtype=torch.float64)
    agrees_with_numerical(2 * x, lambda x: (x * x).sum(), x, "the gradient")
    with pytest.raises(MismatchError, match="the gradient"):
        agrees_with_numerical(-2 * x, lambda x: (x * x).sum(), x, "the gradient")


def test_a_trajectory_names_the_first_step_that_differs():
    with pytest.raises(MismatchError, match="step 2"):
        same_trajectory([1.0, 2.0, 9.0], [1.0, 2.0, 3.0], "the losses")
    with pytest.raises(MismatchError, match="expected 3 entries, got 2"):
        same_trajectory([1.0, 2.0], [1.0, 2.0, 3.0], "the losses")


def test_order_may_be_kept_within_a_slack():
    in_order([("1 day", 0.6), ("7 days", 0.5), ("28 days", 0.505)], "unseen loss falls", slack=0.02)
    with pytest.raises(MismatchError, match="28 days"):
        in_order([("7 days", 0.5), ("28 days", 0.52)], "unseen loss falls", slack=0.02)
    with pytest.raises(MismatchError):
        in_order([("7 days", 0.5), ("28 days", math.nan)], "unseen loss falls")


@pytest.mark.parametrize(
    ("value", "fraction"), [(1.1, 0.0), (1.0, 0.2), (0.75, 0.5), (0.5, 0.8), (0.45, 0.9), (0.4, 1.0), (0.1, 1.0)]
)
def test_points_between_rungs_are_interpolated(value, fraction):
    assert LADDER.fraction(value) == pytest.approx(fraction)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_metric_that_is_not_a_number_earns_points(value):
    assert LADDER.fraction(value) == 0.0


def test_a_ladder_names_the_next_technique():
    assert "use a week" in LADDER.score(0.8).message
    assert "Next" not in LADDER.score(0.3).message


def test_a_near_miss_is_shown_with_as_many_digits_as_it_takes():
    near = LADDER.rungs[0].bound + 1e-6
    assert f"{near:.7g}" in LADDER.score(near).message


def test_a_number_as_text_is_called_text():
    with pytest.raises(MismatchError, match="is text, '150': a number is asked for"):
        answer(student(ANSWERS={"updates": "150"}), "ANSWERS", "updates", 150)


def test_higher_can_be_better():
    ladder = Ladder("accuracy", (Rung("simple", 0.5, 0.5, ""), Rung("boss", 0.9, 1.0, "")), lower_is_better=False)
    assert [ladder.fraction(v) for v in (0.4, 0.5, 0.7, 0.95)] == pytest.approx([0.0, 0.5, 0.75, 1.0])


def test_a_short_answer_is_right_wrong_or_missing():
    one = student(ANSWERS={"updates": 1000, "why": " Overfitting ", "later": None})
    answer(one, "ANSWERS", "updates", 1000)
    answer(one, "ANSWERS", "why", "overfitting")
    with pytest.raises(MismatchError, match="not right"):
        answer(one, "ANSWERS", "updates", 999)
    with pytest.raises(StudentError) as caught:
        answer(one, "ANSWERS", "later", 1)
    assert caught.value.outcome is Outcome.NOT_ATTEMPTED


def test_tensor_of_names_both_shapes():
    with pytest.raises(MismatchError, match=r"\(2,\); asked for is \(3,\)"):
        tensor_of(torch.ones(2), (3,), "x")


def test_expect_takes_a_tensor_too():
    expect(torch.tensor(True), "")
    with pytest.raises(MismatchError, match="rows"):
        expect(torch.tensor(False), "rows sum to 1")


def test_draws_repeat_with_the_seed_and_differ_without():
    assert torch.equal(Draw(3).normal(4), Draw(3).normal(4))
    assert not torch.equal(Draw(3).normal(4), Draw(4).normal(4))
    assert len(set(Draw(5).distinct(6, 2, 12))) == 6


def test_seeds_depend_on_every_part():
    seeds = {seed_of(b"s", "a", "b"), seed_of(b"t", "a", "b"), seed_of(b"s", "ab", ""), seed_of(b"s", "a", "c")}
    assert len(seeds) == 4


def test_a_rubric_that_contradicts_itself_is_refused():
    rubric = Rubric()
    exercise = rubric.exercise("1", "One", owns=("f",), points=3)

    @exercise.check(2)
    def only(student, reference, draw):
        """Is asked."""

    with pytest.raises(ValueError, match="add up to 2"):
        rubric.verify()


def test_a_check_without_a_docstring_is_refused():
    exercise = Rubric().exercise("1", "One", owns=("f",), points=1)
    with pytest.raises(ValueError, match="docstring"):
        exercise.check(1)(lambda student, reference, draw: None)
