"""Draws repeat with their seed."""

import torch

from autograder.rubric import Draw
from autograder.rubric.draw import seed_of


def test_draws_repeat_with_the_seed_and_differ_without():
    assert torch.equal(Draw(3).normal(4), Draw(3).normal(4))
    assert not torch.equal(Draw(3).normal(4), Draw(4).normal(4))
    assert len(set(Draw(5).distinct(6, 2, 12))) == 6


def test_seeds_depend_on_every_part():
    seeds = {seed_of(b"s", "a", "b"), seed_of(b"t", "a", "b"), seed_of(b"s", "ab", ""), seed_of(b"s", "a", "c")}
    assert len(seeds) == 4
