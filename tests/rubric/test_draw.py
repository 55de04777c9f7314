"""Draws repeat with their seed."""

import hmac

import numpy as np
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
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_seed_is_the_same_in_every_version():
    """Another seed is another homework: a regrade would no longer say what the first grading said."""
    digest = hmac.digest(b"secret", b"tiny\0random\0\xed\xa0\x80", "sha256")
    assert seed_of(b"secret", "tiny", "random", "\ud800") == int.from_bytes(digest[:8], "big") >> 1


def test_draws_are_what_numpy_draws_with_that_seed():
    """Other draws are another homework: a regrade would no longer say what the first grading said."""

    def numpys():
        return np.random.default_rng(3)

    normal, uniform = torch.from_numpy(numpys().standard_normal((2, 3))), torch.from_numpy(numpys().random((2, 3)))
    assert torch.equal(Draw(3).normal(2, 3), normal)
    assert torch.equal(Draw(3).normal(2, 3, scale=4.0), normal * 4)
    assert torch.equal(Draw(3).uniform(2, 3), uniform)
    assert torch.equal(Draw(3).uniform(2, 3, low=-1.0, high=5.0), uniform * 6 - 1)
    assert Draw(3).number(2.0, 6.0) == float(uniform[0, 0]) * 4 + 2
    assert Draw(3).integers(2, 6, 4).tolist() == numpys().integers(2, 6, 4).tolist()
    assert Draw(3).permutation(5).tolist() == numpys().permutation(5).tolist()
    assert Draw(3).integer(2, 60) == numpys().integers(2, 60)
    assert Draw(3).distinct(3, 10, 20) == [10 + int(i) for i in numpys().permutation(10)[:3]]


def test_every_bit_of_a_seed_counts():
    seed = 0x5DEECE66D1234567
    assert len({tuple(Draw(seed ^ (1 << bit)).integers(0, 2**40, 2).tolist()) for bit in range(63)}) == 63


def test_a_tensor_without_dimensions_is_one_number():
    assert Draw(3).normal().shape == Draw(3).uniform().shape == Draw(3).integers(0, 5).shape == ()


def test_draws_have_the_dtype_asked_for_and_the_same_values_in_each():
    coarse, fine = Draw(3, torch.float32), Draw(3)
    assert (coarse.dtype, fine.dtype, fine.seed) == (torch.float32, torch.float64, 3)
    for draw in (lambda one: one.normal(4), lambda one: one.uniform(4)):
        assert draw(coarse).dtype is torch.float32
        assert torch.equal(draw(Draw(3, torch.float32)), draw(Draw(3)).float())
    assert coarse.integers(0, 9, 2).dtype is torch.int64 and coarse.permutation(3).dtype is torch.int64


def test_a_choice_may_fall_on_every_option():
    assert {Draw(seed).choice("abc") for seed in range(40)} == set("abc")


def test_each_generator_has_a_key_of_its_own():
    draw = Draw(3)
    one, other = draw.generator(), draw.generator()
    assert (one.key, other.key) == (1, 2) and one.seed != other.seed
    assert one.seed == int(np.random.default_rng(3).integers(0, 2**62))
