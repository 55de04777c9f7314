"""What a rubric expects of a student's work: equal values, shapes, trajectories, orderings."""

import math

import pytest
import torch

from autograder.grading.local import LocalConversation
from autograder.rubric import MismatchError, Reference, Student, expect, in_order, matches, same_trajectory, tensor_of


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


def test_tensor_of_names_both_shapes():
    with pytest.raises(MismatchError, match=r"\(2,\); asked for is \(3,\)"):
        tensor_of(torch.ones(2), (3,), "x")


def test_expect_takes_a_tensor_too():
    expect(torch.tensor(True), "")
    with pytest.raises(MismatchError, match="rows"):
        expect(torch.tensor(False), "rows sum to 1")
