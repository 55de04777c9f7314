"""What a rubric expects of a student's work: equal values, shapes, trajectories, orderings."""

import math

import pytest
import torch

from autograder.grading.local import LocalConversation
from autograder.rubric import (
    Draw,
    MismatchError,
    Reference,
    Rubric,
    Student,
    expect,
    in_order,
    matches,
    same_trajectory,
    tensor_of,
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
    in_order([("7 days", 0.5), ("28 days", 0.5)], "unseen loss falls")
    with pytest.raises(MismatchError) as caught:
        in_order([("1 day", 0.6), ("7 days", 0.5), ("28 days", 0.51234)], "unseen loss falls")
    assert caught.value.message == "unseen loss falls: 28 days gives 0.512, which is not below 7 days with 0.5."
    in_order([("one", 1.0), ("other", 1.5)], "falls", slack=0.5)


def test_tensor_of_names_both_shapes():
    with pytest.raises(MismatchError, match=r"^x has shape \(2,\); asked for is \(3,\)\.$"):
        tensor_of(torch.ones(2), (3,), "x")
    with pytest.raises(MismatchError, match=r"^x: expected a tensor of shape \(3,\), got None \(is a"):
        tensor_of(None, (3,), "x")


def test_expect_takes_a_tensor_too():
    expect(torch.tensor(True), "")
    with pytest.raises(MismatchError, match="rows"):
        expect(torch.tensor(False), "rows sum to 1")


def test_matches_passes_names_on_and_says_whose_result_it_is():
    reference = Reference({"f": lambda x, scale: x * scale})
    one = student(f=lambda x, scale: x * scale + (scale == 4))
    assert matches(one, reference, "f", 2, scale=3) == 6
    with pytest.raises(MismatchError, match=r"^`f` is not right: you returned 9\.$"):
        matches(one, reference, "f", 2, scale=4)


@pytest.mark.parametrize("given", [[1.0, 2.0], (1.0, 2.0), torch.tensor([1.0, 2.0])])
def test_a_trajectory_is_a_list_a_tuple_or_a_tensor(given):
    same_trajectory(given, [1.0, 2.0], "the losses")


@pytest.mark.parametrize("given", [3.0, torch.tensor(3.0), None, {}])
def test_what_has_no_steps_is_no_trajectory(given):
    with pytest.raises(MismatchError, match=r"^the losses: expected one value for each of 2 steps, got "):
        same_trajectory(given, [1.0, 2.0], "the losses")


@pytest.mark.parametrize("given", [2.0, torch.tensor(2), torch.tensor([[2.0]]), [2.0]])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_tensor_of_takes_one_element_in_any_shape(given, shape):
    tensor = tensor_of(given, shape, "x")
    assert tuple(tensor.shape) == shape and tensor.dtype is torch.float64 and tensor.item() == 2


@pytest.mark.parametrize(("given", "shape"), [((2,), (1,)), ((1,), (2,)), ((1, 2), (2, 1)), ((0,), ())])
def test_tensor_of_broadcasts_nothing(given, shape):
    with pytest.raises(MismatchError, match="has shape"):
        tensor_of(torch.ones(given), shape, "x")


def test_every_draw_can_be_recorded():
    class Recorder(Draw):
        def _made(self, value):
            made.append(value)
            return value

    made: list = []
    draw = Recorder(3)
    drawn = [draw.normal(1), draw.uniform(1), draw.integers(0, 9, 1), draw.number(0, 1), draw.permutation(2)]
    assert len(made) == 5 and all(one is other for one, other in zip(made, drawn, strict=True))


def test_a_rubric_that_contradicts_itself_is_refused():
    rubric = Rubric()
    exercise = rubric.exercise("1", "One", owns=("f",), points=3)

    @exercise.check("f", 2)
    def only(student, reference, draw):
        """Is asked."""

    with pytest.raises(ValueError, match="add up to 2"):
        rubric.verify()


def test_a_check_without_a_docstring_is_refused():
    exercise = Rubric().exercise("1", "One", owns=("f",), points=1)
    with pytest.raises(ValueError, match="docstring"):
        exercise.check("f", 1)(lambda student, reference, draw: None)
