"""Comparison: what counts as equal, and what a student is told when it is not."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder.protocol.codec import decode, encode
from autograder.protocol.values import Opaque
from autograder.rubric import MismatchError, compare


def refused(got, expected, **tolerance):
    with pytest.raises(MismatchError) as caught:
        compare(got, expected, **tolerance)
    return caught.value


def test_equal_tensors_pass():
    compare(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]))


@pytest.mark.parametrize("got", [2.0, torch.tensor(2.0), torch.tensor([2.0]), torch.tensor([[2.0]]), 2])
def test_a_number_may_come_as_a_number_or_a_tensor_of_one(got):
    compare(got, torch.tensor(2.0, dtype=torch.float64))
    compare(got, 2.0)


def test_a_list_of_numbers_counts_as_a_tensor():
    compare([1.0, 2.0], torch.tensor([1.0, 2.0]))
    compare([[1.0, 2.0], [3.0, 4.0]], torch.tensor([[1.0, 2.0], [3.0, 4.0]]))


def test_a_tuple_may_come_as_a_list():
    compare([torch.ones(2), 3], (torch.ones(2), 3))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_never_pass_for_a_number(value):
    assert "NaN or infinity" in refused(torch.tensor([1.0, value]), torch.tensor([1.0, 2.0])).message


def test_nan_does_not_equal_an_expected_nan():
    refused(torch.tensor([math.nan]), torch.tensor([math.nan]))


def test_an_expected_infinity_is_met_by_the_same_infinity_only():
    compare(torch.tensor([math.inf]), torch.tensor([math.inf]))
    refused(torch.tensor([-math.inf]), torch.tensor([math.inf]))


def test_another_shape_is_named_and_never_broadcast():
    mismatch = refused(torch.ones(3, 1), torch.ones(3))
    assert mismatch.message == "the result has shape (3, 1); asked for is (3,)."
    assert mismatch.difference is not None and mismatch.difference.got_shape == (3, 1)


def test_the_difference_says_where_and_how_much():
    expected = torch.arange(6.0, dtype=torch.float64).reshape(2, 3) + 1
    got = expected.clone()
    got[1, 2] += 0.5
    difference = refused(got, expected).difference
    assert (difference.first_bad_index, difference.wrong, difference.total) == ((1, 2), 1, 6)
    assert difference.max_absolute == pytest.approx(0.5)
    assert difference.max_relative == pytest.approx(0.5 / 6)


def test_a_message_never_holds_the_expected_value():
    mismatch = refused(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 7.654321]))
    assert "7.65" not in mismatch.message


def test_float64_is_compared_more_sharply_than_float32():
    off = torch.tensor([1.0, 2.0], dtype=torch.float64) * (1 + 1e-5)
    refused(off, torch.tensor([1.0, 2.0], dtype=torch.float64))
    compare(off.float(), torch.tensor([1.0, 2.0]))


def test_half_precision_is_refused():
    assert "coarse" in refused(torch.ones(2, dtype=torch.float16), torch.ones(2)).message


@pytest.mark.parametrize(
    ("got", "word"),
    [(None, "return"), (Opaque("generator"), "generator"), ("text", "text"), ({"a": 1}, "dict"), (True, "True")],
)
def test_something_else_is_named(got, word):
    assert word in refused(got, torch.ones(2)).message


def test_true_is_not_one():
    refused(True, 1)
    refused(1, True)


def test_strings_and_integers_must_be_equal():
    compare("overfitting", "overfitting")
    compare(3.0, 3)
    refused("Overfitting", "overfitting")
    refused(3.5, 3)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=8))
def test_everything_equals_itself_after_crossing(values):
    tensor = torch.tensor(values, dtype=torch.float64)
    compare(decode(encode(tensor)), tensor)
    compare(decode(encode(np.array(values))), tensor)
