"""Gradients by hand against numerical ones."""

import pytest
import torch

from autograder.grading.local import LocalConversation
from autograder.rubric import (
    MismatchError,
    Reference,
    Student,
    agrees_with_numerical,
    gradients_reach,
    numerical_gradient,
)


def test_numerical_gradient_of_a_cube():
    x = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    assert torch.allclose(numerical_gradient(lambda x: (x**3).sum(), x), 3 * x**2, rtol=1e-8)


def test_a_gradient_by_hand_is_held_against_the_numerical_one():
    x = torch.tensor([1.0, -2.0], dtype=torch.float64)
    agrees_with_numerical(2 * x, lambda x: (x * x).sum(), x, "the gradient")
    with pytest.raises(MismatchError, match="the gradient"):
        agrees_with_numerical(-2 * x, lambda x: (x * x).sum(), x, "the gradient")


def test_numerical_gradient_keeps_the_shape_and_the_input():
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    weights = torch.tensor([[1.0, -2.0], [0.0, 5.0]], dtype=torch.float64)
    gradient = numerical_gradient(lambda x: (weights * x).sum(), x.requires_grad_())
    assert gradient.dtype is torch.float64 and torch.allclose(gradient, weights, atol=1e-8)
    assert x.tolist() == [[1, 2], [3, 4]]


def test_numerical_gradient_is_centred_with_the_step_it_is_given():
    seen = []
    numerical_gradient(lambda x: seen.append(x.tolist()) or x.sum(), torch.tensor([1.0, 2.0]), h=0.25)
    assert seen == [[1.25, 2], [0.75, 2], [1, 2.25], [1, 1.75]]
    seen.clear()
    numerical_gradient(lambda x: seen.append(float(x)) or x.sum(), torch.tensor([1.0]))
    assert seen == [1 + 1e-5, 1 - 1e-5]


@pytest.mark.parametrize(("off", "right"), [(0.9e-4, True), (2e-4, False)])
def test_a_gradient_by_hand_is_right_within_the_error_of_differences(off, right):
    def cost(x):
        return 3 * x.sum()

    x = torch.zeros(2, dtype=torch.float64)
    for slope in (3 * (1 + off), 3 * (1 - off)):
        got = torch.tensor([slope, 3.0], dtype=torch.float64)
        if right:
            agrees_with_numerical(got, cost, x, "the gradient")
        else:
            with pytest.raises(MismatchError):
                agrees_with_numerical(got, cost, x, "the gradient")


@pytest.mark.parametrize(("off", "right"), [(0.9e-6, True), (2e-6, False)])
def test_a_gradient_of_zero_has_an_absolute_tolerance(off, right):
    got, x = torch.tensor([off], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    if right:
        agrees_with_numerical(got, lambda x: 0 * x.sum(), x, "the gradient")
    else:
        with pytest.raises(MismatchError):
            agrees_with_numerical(got, lambda x: 0 * x.sum(), x, "the gradient")


def weighted(x, p):
    return x @ p["w"] + p["pair"][1]


def breach_of(function):
    x, pair = torch.ones(2, 3), (torch.arange(3), torch.ones(4))
    student = Student(LocalConversation({"f": function}), Reference({"f": weighted}), watched="f")
    gradients_reach(student, Reference({"f": weighted}), "f", x, {"w": torch.ones(3, 4), "pair": pair})
    return student.breach


def test_gradients_reach_every_tensor_by_itself_also_inside_of_a_dictionary():
    assert breach_of(weighted) is None
    for cut in (
        lambda x, p: x.detach() @ p["w"] + p["pair"][1],
        lambda x, p: x @ p["w"].detach() + p["pair"][1],
        lambda x, p: x @ p["w"] + p["pair"][1].detach(),
    ):
        breach = breach_of(cut)
        assert breach is not None and breach.kind == "gradients"


def squared(x, p):
    return x * x @ p["w"] + p["pair"][1] ** 2


def with_a_loop(x, p):
    return torch.stack([(row.unsqueeze(-1).pow(2) * p["w"]).sum(0) for row in x]) + p["pair"][1].square()


def one_x_of_two(x, p):
    return x * x.detach() @ p["w"] + p["pair"][1] ** 2


def one_factor_of_a_pair(x, p):
    return x * x @ p["w"] + p["pair"][1] * p["pair"][1].detach()


@pytest.mark.parametrize("f", [squared, with_a_loop, one_x_of_two, one_factor_of_a_pair])
def test_a_detour_on_one_of_two_ways_leaves_a_wrong_gradient(f):
    """The values are right, and something arrives at each argument: only what arrives tells."""
    x, pair = torch.randn(2, 3, dtype=torch.float64), (torch.arange(3), torch.randn(4, dtype=torch.float64))
    arguments = x, {"w": torch.randn(3, 4, dtype=torch.float64), "pair": pair}
    student = Student(LocalConversation({"f": f}), Reference({"f": squared}), watched="f")
    if f in (squared, with_a_loop):
        gradients_reach(student, Reference({"f": squared}), "f", *arguments)
    else:
        with pytest.raises(MismatchError, match=r"^the gradients that autograd finds through `f`\[[02]\]:"):
            gradients_reach(student, Reference({"f": squared}), "f", *arguments)
    assert student.breach is None


def test_gradients_whose_loss_was_charged_are_not_charged_again():
    both = Reference({"f": squared})
    student = Student(LocalConversation({"f": one_x_of_two}), both, watched="f", forgiven=frozenset({"gradients"}))
    gradients_reach(
        student, both, "f", torch.ones(2, 3), {"w": torch.ones(3, 4), "pair": (torch.arange(3), torch.ones(4))}
    )


def test_a_wrong_result_is_wrong_wherever_gradients_go():
    student = Student(LocalConversation({"f": lambda x: 3 * x}), Reference({}))
    with pytest.raises(MismatchError):
        gradients_reach(student, Reference({"f": lambda x: 2 * x}), "f", torch.ones(2))
