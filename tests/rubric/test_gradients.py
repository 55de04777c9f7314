"""Gradients by hand against numerical ones."""

import pytest
import torch

from autograder.rubric import MismatchError, agrees_with_numerical, numerical_gradient


def test_numerical_gradient_of_a_cube():
    x = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    assert torch.allclose(numerical_gradient(lambda x: (x**3).sum(), x), 3 * x**2, rtol=1e-8)


def test_a_gradient_by_hand_is_held_against_the_numerical_one():
    x = torch.tensor([1.0, -2.0], dtype=torch.float64)
    agrees_with_numerical(2 * x, lambda x: (x * x).sum(), x, "the gradient")
    with pytest.raises(MismatchError, match="the gradient"):
        agrees_with_numerical(-2 * x, lambda x: (x * x).sum(), x, "the gradient")
