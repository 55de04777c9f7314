"""Comparison: what counts as equal, and what a student is told when it is not."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder.model import Difference
from autograder.protocol.codec import decode, encode
from autograder.protocol.values import Opaque
from autograder.rubric import MismatchError, compare
from autograder.rubric.compare import as_tensor, shown


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


F64, F32 = torch.float64, torch.float32


@pytest.mark.parametrize(
    ("got", "expected", "rtol", "atol"),
    [(F64, F64, 1e-6, 1e-9), (F32, F32, 1e-4, 1e-4), (F64, F32, 1e-4, 1e-4), (F32, F64, 1e-4, 1e-5)],
    ids=["float64", "float32", "finer than asked", "coarser than asked"],
)
def test_the_tolerance_is_relative_and_absolute_and_ends_where_it_says(got, expected, rtol, atol):
    for value in (0.0, 1.0, -1000.0):
        right, room = torch.tensor([value, 1.0], dtype=expected), atol + rtol * abs(value)
        for sign in (-1, 1):
            off = torch.tensor([value, 1.0], dtype=F64)
            off[0] += sign * 0.99 * room
            compare(off.to(got), right)
            off[0] += sign * 0.2 * room
            if got is F64 or abs(value) < 1000:  # float32 has no such neighbours of 1000
                refused(off.to(got), right)


def test_a_plain_number_is_as_fine_as_float64():
    for right in (1 + 0.9e-6, 1 - 0.9e-6, torch.tensor([1 + 0.9e-6], dtype=F64)):
        compare(right, 1.0)
    for wrong in (1 + 1.2e-6, 1 - 1.2e-6, torch.tensor([1 + 1.2e-6], dtype=F64)):
        refused(wrong, 1.0)
    compare(0.9e-9, 0.0)
    refused(1.2e-9, 0.0)


def test_the_bounds_themselves_are_within_the_tolerance():
    compare(torch.tensor([1.5]), torch.tensor([1.0]), rtol=0.0, atol=0.5)
    compare(torch.tensor([1.5]), torch.tensor([1.0]), rtol=0.5, atol=0.0)
    refused(torch.tensor([1.5]), torch.tensor([1.0]), rtol=0.25, atol=0.125)


def test_a_tolerance_holds_for_numbers_and_for_every_part_of_a_tuple():
    compare(1.4, 1.0, rtol=0.0, atol=0.5)
    compare(([1.4], torch.tensor(2.4)), ([1.0], 2.0), rtol=0.0, atol=0.5)
    refused(([1.4], torch.tensor(2.6)), ([1.0], 2.0), rtol=0.0, atol=0.5)
    compare([1.4, 2.4], [1.0, 2.0], rtol=0.5, atol=0.0)


def test_integers_and_truth_values_have_no_tolerance():
    compare(torch.tensor([1.0, 2.0]), torch.tensor([1, 2]))
    refused(torch.tensor([1.0, 2.0 + 1e-12], dtype=F64), torch.tensor([1, 2]))
    refused(torch.tensor([1.0, 2.001]), torch.tensor([1, 2]), rtol=0.5, atol=0.5)
    compare(torch.tensor([True, False]), torch.tensor([True, False]))
    refused(torch.tensor([True, False]), torch.tensor([True, True]))


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 1, 1)])
def test_one_element_counts_in_any_shape(shape):
    compare(torch.full(shape, 2.0), torch.tensor([[2.0]]))
    assert (
        refused(torch.full(shape, 3.0), torch.tensor([2.0])).message == "the result differs (you return 3, off by 1)."
    )


@pytest.mark.parametrize("shape", [(0,), (2,), (1, 2)])
def test_one_element_is_not_several_and_several_are_not_one(shape):
    assert "has shape" in refused(torch.full(shape, 2.0), torch.tensor([2.0])).message
    assert "has shape" in refused(torch.tensor([2.0]), torch.full(shape, 2.0)).message


def test_gradients_that_a_tensor_carries_do_no_harm():
    carrying = torch.ones(2, requires_grad=True)
    compare(carrying, torch.ones(2))
    compare(torch.ones(2), carrying)


@pytest.mark.parametrize(
    ("got", "expected", "message"),
    [
        ([1.0], (1.0, 2.0), "the result: expected 2 values, got 1."),
        (torch.ones(3), (1.0, 2.0), "the result: expected 2 values, got one, a tensor of shape (3,)."),
        (5, (1.0, 2.0), "the result: expected 2 values (a tuple or a list), got 5."),
        (torch.tensor(5.0), [1.0], "the result: expected 1 values (a tuple or a list), got 5."),
        ((1.0, 3.0), (1.0, 2.0), "the result, result 2 of 2 differs (you return 3, off by 1)."),
        ([1.0, 3.0], [1.0, 2.0], "the result[1] differs (you return 3, off by 1)."),
        (([1.0, 3.0], 1), ([1.0, 2.0], 1), "the result, result 1 of 2[1] differs (you return 3, off by 1)."),
        ("b", "a", "the result: expected another string, got 'b'."),
        (0, False, "the result: expected True or False of the other kind, got 0."),
        (0, None, "the result: expected None, got 0."),
        (None, True, "the result: expected True or False of the other kind, got None (is a `return` missing?)."),
        (4, 3, "the result is not right: you returned 4."),
        (torch.tensor([3, 3]), 3, "the result is not right: you returned a tensor of shape (2,)."),
        ("3", 3, "the result is not right: you returned '3'."),
        ("x", torch.ones(2, 1), "the result: expected a tensor of shape (2, 1), got 'x'."),
        (torch.ones(2).half(), torch.ones(2),
         "the result has dtype torch.float16, which is too coarse; keep the dtype of the inputs."),
        (torch.ones(2).bfloat16(), torch.ones(2),
         "the result has dtype torch.bfloat16, which is too coarse; keep the dtype of the inputs."),
        (torch.tensor([1.0, 2.5, 3.25]), torch.tensor([1.0, 2.0, 3.0]),
         "the result: 2 of 3 values differ (first at index (1,), largest error 0.5)."),
        (torch.tensor([1.0, math.nan]), torch.tensor([1.0, 2.0]),
         "the result: 1 of 2 values differ (first at index (1,), you return NaN or infinity there)."),
        (torch.tensor(math.inf), torch.tensor(2.0), "the result differs (you return NaN or infinity)."),
        (torch.tensor([1.0, 5.0]), torch.tensor([1.0, math.inf]),
         "the result: 1 of 2 values differ (first at index (1,), not comparable)."),
        (torch.tensor(1.0), torch.tensor(math.inf), "the result differs (not comparable)."),
    ],
)  # fmt: skip
def test_the_message_says_what_is_there_and_not_what_should_be(got, expected, message):
    assert refused(got, expected).message == message


def test_the_message_has_the_rubrics_words_for_it():
    zeros = torch.zeros(2)
    for got, expected in (
        (2.0, 1.0), (torch.ones(2), zeros), (torch.ones(2), zeros.long()), (torch.ones(2).half(), zeros),
        (torch.ones(3), zeros), ("a", zeros), ("a", "b"), (1, 2), (1, (1,)), ([1, 2], [1]), ([1], [2]), (None, True),
    ):  # fmt: skip
        found = refused(got, expected, what="`f`")
        assert found.message.startswith("`f`")
        assert found.difference is None or found.difference.what.startswith("`f`")


@pytest.mark.parametrize("got", [True, torch.tensor(True), torch.tensor([[True]])])
def test_a_truth_value_may_come_as_a_tensor_of_one(got):
    compare(got, True)
    refused(got, False)
    refused(got, None)


@pytest.mark.parametrize("got", [torch.tensor(1), torch.tensor([True, True]), 1.0])
def test_what_is_no_truth_value_does_not_count_as_one(got):
    refused(got, True)


@pytest.mark.parametrize("got", [3, 3.0, torch.tensor(3), torch.tensor([3.0])])
def test_an_integer_may_come_as_any_number(got):
    compare(got, 3)
    refused(got, 4)


def test_what_a_rubric_cannot_compare_is_the_rubrics_fault():
    with pytest.raises(TypeError, match=r"^the rubric cannot compare object$"):
        compare(1, object())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Opaque("coroutine"), "a coroutine (is there an `async` in front of `def`?)"),
        (Opaque("Tensor"), "an object of type Tensor"),
        (Opaque("more than 10 MB"), "more than 10 MB"),
        (Opaque("x" * 101), "an object of type " + "x" * 100),
        (torch.tensor(1.23456789), "1.23457"),
        (torch.tensor([7]), "7"),
        (torch.tensor(True), "True"),
        (torch.ones(2, 3), "a tensor of shape (2, 3)"),
        (torch.ones(0), "a tensor of shape (0,)"),
        ([1, 2], "a list of length 2"),
        ((), "a tuple of length 0"),
        ({"a": 1}, "a dict of length 1"),
        (None, "None (is a `return` missing?)"),
        ("a" * 78, repr("a" * 78)),
        ("a" * 79, "'" + "a" * 76 + "..."),
    ],
)
def test_a_value_is_shown_shortly(value, words):
    assert shown(value) == words


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (3, ()),
        ([1, 2.5], (2,)),
        (((1, 2), [3, 4]), (2, 2)),
        ([torch.ones(2), [1.0, 2.0]], (2, 2)),
        ([torch.tensor(1.0), 2], (2,)),
        (torch.ones(2, 3), (2, 3)),
        (True, None),
        ([True], None),
        ([], None),
        ([[]], None),
        ([1, [2]], None),
        ([[1, 2], [3]], None),
        ([1, "2"], None),
        (["2", 1], None),
        ("1", None),
        ({1: 2}, None),
        (10**400, None),
    ],
)
def test_an_even_list_of_numbers_is_a_tensor_and_nothing_else_is(value, shape):
    tensor = as_tensor(value)
    assert (None if tensor is None else tuple(tensor.shape)) == shape
    if tensor is not None and not isinstance(value, torch.Tensor):
        assert tensor.dtype is torch.float64


def test_a_list_becomes_a_tensor_with_its_values_in_order():
    assert as_tensor([[1, 2], torch.tensor([3.0, 4.0])]).tolist() == [[1, 2], [3, 4]]


def test_the_difference_counts_only_what_is_wrong():
    found = refused(torch.tensor([1.0, 2.5, math.inf, 0.5]), torch.tensor([1.0, 2.0, 3.0, 0.0])).difference
    assert found == Difference("the result", (4,), (4,), (1,), 3, 4, 0.5, 0.25)
    shapes = refused(torch.ones(2, 1), torch.ones(3), what="`f`").difference
    assert shapes == Difference("`f`", (3,), (2, 1))
    nothing = refused(torch.tensor([math.nan]), torch.tensor([0.0])).difference
    assert (nothing.max_absolute, nothing.max_relative, nothing.first_bad_index) == (None, None, (0,))


def test_a_tiny_value_has_a_relative_error_too():
    found = refused(torch.tensor([1.0], dtype=F64), torch.tensor([1e-200], dtype=F64)).difference
    assert found.max_relative == pytest.approx(1e200)


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


CACHE = {"x": torch.tensor([1.0, 2.0]), "shape": (2, 3), "layers": {"w": 0.5}}


@pytest.mark.parametrize(
    ("got", "said"),
    [
        ({"layers": {"w": 0.5}, "shape": [2, 3], "x": [1.0, 2.0]}, ""),
        ({**CACHE, "x": torch.tensor([1.0, 2.5])}, "`f`['x']: 1 of 2 values differ"),
        ({**CACHE, "layers": {"w": 0.6}}, "`f`['layers']['w'] differs"),
        ({"x": CACHE["x"]}, "`f`: 2 of the 3 keys asked for are not there: 'shape', 'layers'."),
        (
            {key: value for key, value in CACHE.items() if key != "x"},
            "`f`: 1 of the 3 keys asked for is not there: 'x'.",
        ),
        ({**CACHE, "more": 1}, "`f` has a key that is not asked for: 'more'."),
        ([1, 2, 3], "`f`: expected a dictionary, got a list of length 3."),
        (None, "`f`: expected a dictionary, got None"),
    ],
)
def test_dictionaries_have_the_same_keys_and_equal_values(got: Any, said: str) -> None:
    if not said:
        compare(got, CACHE, "`f`")
        return
    with pytest.raises(MismatchError) as caught:
        compare(got, CACHE, "`f`")
    assert str(caught.value).startswith(said)
