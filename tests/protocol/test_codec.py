"""What crosses the boundary: plain data that comes back the same, and nothing else."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import UnacceptableValueError
from autograder.grading.alarm import cpu_limit
from autograder.protocol.codec import MAX_ITEMS, decode, encode
from autograder.protocol.values import DictValue, ListValue, Opaque, TensorValue, TupleValue

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(plain)
def test_plain_data_comes_back_the_same(value):
    assert decode(encode(value)) == value


@given(
    st.sampled_from([torch.float64, torch.float32, torch.int64, torch.uint8, torch.bool, torch.bfloat16]),
    st.lists(st.integers(0, 4), max_size=4),
)
def test_tensors_come_back_the_same(dtype, shape):
    tensor = (torch.rand(shape) * 10).to(dtype)
    back = decode(encode(tensor))
    assert back.dtype is dtype and back.shape == tensor.shape and torch.equal(back, tensor)


def test_strides_do_not_matter():
    tensor = torch.arange(12.0).reshape(3, 4).T[::2]
    assert torch.equal(decode(encode(tensor)), tensor)
    assert decode(encode(np.arange(6.0)[::-2])).tolist() == [5.0, 3.0, 1.0]


def test_a_subclass_arrives_as_a_plain_tensor():
    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return True if function is torch.allclose else super().__torch_function__(function, types, args, kwargs)

    back = decode(encode(torch.zeros(2).as_subclass(Liar)))
    assert type(back) is torch.Tensor


@pytest.mark.parametrize("value", [object(), lambda: 1, iter([1]), range(2), 2**80])
def test_what_is_not_plain_crosses_as_a_name_only(value):
    assert isinstance(encode(value), Opaque)


def test_a_loop_in_a_structure_ends():
    loop = []
    loop.append(loop)
    value = encode(loop)
    while isinstance(value, ListValue):
        (value,) = value.items
    assert value == Opaque("a structure nested too deeply")


@pytest.mark.parametrize(
    "value",
    [
        TensorValue("float64", (2,), b"\0" * 15),
        TensorValue("float64", (-1,), b""),
        TensorValue("object", (1,), b"\0" * 8),
        TensorValue("float32", (1,) * 17, b"\0" * 4),
        TensorValue("float32", (2**41, 0), b""),
        DictValue([(ListValue([]), 1)]),
    ],
)
def test_a_malformed_value_is_refused(value):
    with pytest.raises(UnacceptableValueError):
        decode(value)


COLLIDING = [TupleValue(list(key)) for key in itertools.islice(itertools.product((-1, -2), repeat=18), 25_000)]
"""hash(-1) == hash(-2): all of these tuples have one hash, and a dictionary of them takes a minute to build."""
COSTLY = {
    "keys of one hash": DictValue([(key, None) for key in COLLIDING]),
    "keys of one hash, deeper": ListValue([DictValue([(TupleValue([key]), None) for key in COLLIDING])]),
    "rows of nothing": TensorValue("float32", (1 << 22, 0), b""),
    "rows of nothing, deeper": ListValue([TensorValue("float32", (0, 3, 1 << 30), b"")]),
    "many values": ListValue([None] * (MAX_ITEMS + 1)),
    "many values, deeper": ListValue([TupleValue([0] * 1000)] * (MAX_ITEMS // 1000 + 1)),
}


@pytest.mark.parametrize("value", COSTLY.values(), ids=COSTLY)
def test_what_costs_more_to_hold_than_to_send_is_refused_at_once(value):
    with cpu_limit(5), pytest.raises(UnacceptableValueError):
        decode(value)


def test_honest_containers_are_taken():
    table = {(first, second): float(first) for first in range(-2, 200) for second in range(-2, 200)}
    assert decode(encode(table)) == table
    assert decode(encode(list(range(100_000))))[-1] == 99_999
    assert decode(encode(torch.empty(0, 512))).shape == (0, 512)
