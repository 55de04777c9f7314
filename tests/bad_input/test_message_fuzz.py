"""Whatever a sandbox sends: a message, or one of the documented refusals; in bounded memory, and never for ever."""

from __future__ import annotations

import contextlib
import math
import socket
import time
import tracemalloc
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import sparse

from autograder.errors import ConnectionClosedError, DeadlineError, MalformedMessageError, UnacceptableValueError
from autograder.model import Outcome
from autograder.protocol.codec import DTYPES, decode, encode
from autograder.protocol.framing import Channel
from autograder.protocol.libraries import imported
from autograder.protocol.messages import Ask, Raised, Reply, Request, Returned
from autograder.protocol.values import (
    ArrayValue,
    BytesValue,
    ColumnValue,
    ComplexValue,
    DictValue,
    FrameValue,
    GeneratorValue,
    IndexValue,
    ListValue,
    ObjectsValue,
    Opaque,
    SeriesValue,
    SetValue,
    SparseValue,
    TensorValue,
    TupleValue,
    Value,
)
from autograder.rubric import MismatchError, Reference, Student, StudentError, matches
from autograder.rubric.compare import compare, shown

LARGEST = 1 << 16
REFUSALS = (ConnectionClosedError, MalformedMessageError, DeadlineError)

sizes = st.sampled_from([0, 1, 2, 3, 7, -1, 2**31, 2**39, 2**40, 2**63 - 1])
wild_tensors = st.builds(
    TensorValue,
    st.sampled_from([*DTYPES, "complex64", "object", "", "float6_4"]),
    st.lists(sizes, max_size=5).map(tuple) | st.just((1,) * 17),
    st.binary(max_size=48),
    st.booleans(),
)


@st.composite
def sound_tensors(draw: st.DrawFn) -> TensorValue:
    """A tensor whose shape and data agree; the data are any bytes."""
    dtype = draw(st.sampled_from(list(DTYPES)))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    count = math.prod(shape) * DTYPES[dtype].itemsize
    return TensorValue(dtype, shape, draw(st.binary(min_size=count, max_size=count)), draw(st.booleans()))


array_types = [
    "float64",
    "int64",
    "int8",
    "bool",
    "complex64",
    "uint32",
    "U1",
    "U3",
    "S2",
    "datetime64[D]",
    "U0",
    "O",
    "V4",
]
wild_arrays = st.builds(
    ArrayValue, st.sampled_from(array_types), st.lists(sizes, max_size=4).map(tuple), st.binary(max_size=48)
)


@st.composite
def sound_arrays(draw: st.DrawFn, *, flat: bool = False) -> ArrayValue:
    """An array whose shape and data agree; the data are any bytes."""
    name = draw(st.sampled_from(array_types[:-3]))
    shape = tuple(draw(st.lists(st.integers(0, 3), min_size=flat, max_size=1 if flat else 3)))
    count = math.prod(shape) * np.dtype(name).itemsize
    return ArrayValue(name, shape, draw(st.binary(min_size=count, max_size=count)))


words = st.text(max_size=3)
objects = st.builds(
    ObjectsValue, st.tuples(st.integers(0, 2)), st.lists(st.none() | st.integers(0, 9) | words, max_size=2)
)
held = sound_arrays(flat=True) | objects
dtypes = st.sampled_from(["float64", "str", "Int64", "boolean", "category", "object", "Float32", "datetime64[ns, UTC]"])
columns = st.builds(ColumnValue, dtypes, held, st.none() | held, st.booleans())
labels = st.none() | st.integers(0, 3) | words | sound_arrays()
indexes = st.builds(IndexValue, st.lists(columns, max_size=2), st.lists(labels, max_size=2))
tables = (
    indexes
    | st.builds(SeriesValue, columns, indexes, labels)
    | st.builds(FrameValue, indexes, indexes, st.lists(columns, max_size=2))
    | st.builds(
        SparseValue, st.sampled_from(["csr_matrix", "coo_array", "dia_matrix", "", "__class__"]),
        st.tuples(sizes, sizes), *[sound_arrays(flat=True)] * 3,
    )
)  # fmt: skip
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20)
    | wild_tensors
    | sound_tensors()
    | wild_arrays
    | sound_arrays()
    | tables
    | st.builds(ComplexValue, st.floats(), st.floats())
    | st.builds(BytesValue, st.binary(max_size=8))
    | st.builds(GeneratorValue, st.integers(0, 3), st.integers(-(2**63), 2**64 - 1))
    | st.builds(Opaque, st.text(max_size=20))
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.builds(ListValue, st.lists(inner, max_size=4))
        | st.builds(TupleValue, st.lists(inner, max_size=4), st.lists(words, max_size=2).map(tuple))
        | st.builds(SetValue, st.lists(inner, max_size=4), st.booleans())
        | st.builds(ObjectsValue, st.lists(sizes, max_size=3).map(tuple), st.lists(inner, max_size=4))
        | st.builds(DictValue, st.lists(st.tuples(inner, inner), max_size=3))
    ),
    max_leaves=12,
)
names = st.sampled_from(["double", "halve", "nothing", "", "__class__"])
maps = st.dictionaries(st.text(max_size=3), values, max_size=2)
asks = st.builds(Ask, names, st.lists(values, max_size=3), maps, st.none() | st.lists(values, max_size=3))
texts = st.text(max_size=30)
replies = st.builds(Returned, values) | st.builds(Raised, texts, texts, texts, texts) | asks


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def received(stream: bytes, types: Any = Reply) -> Any:
    """What a channel makes of these bytes; the other side closes after them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(stream)
        theirs.shutdown(socket.SHUT_WR)
        return Channel(ours, types, LARGEST).receive(time.monotonic() + 60)


@given(replies)
def test_every_message_arrives_as_it_was_sent(message: Any) -> None:
    body = msgspec.msgpack.encode(message)
    assert msgspec.msgpack.encode(received(frame(body))) == body


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_refusal(stream: bytes) -> None:
    for types in (Reply, Request | Returned | Raised):
        with contextlib.suppress(*REFUSALS):
            received(stream, types)


@given(replies, st.data())
def test_a_damaged_message_is_a_message_or_a_refusal(message: Any, data: st.DataObject) -> None:
    body = bytearray(msgspec.msgpack.encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        gone = data.draw(st.integers(0, 3))
        body[at : at + gone] = data.draw(st.binary(max_size=3))
    try:
        reply = received(frame(bytes(body)))
    except REFUSALS:
        return
    assert isinstance(reply, Returned | Raised | Ask)
    if isinstance(reply, Returned):
        plain_or_refused(reply.value)


@given(replies, st.integers(0, 10_000))
def test_a_message_cut_short_is_a_refusal(message: Any, length: int) -> None:
    stream = frame(msgspec.msgpack.encode(message))
    with pytest.raises(REFUSALS):
        received(stream[: length % len(stream)])


@pytest.mark.parametrize("claim", [0, 1, 5, 100, LARGEST, LARGEST + 1, 2**31, 2**32 - 1])
def test_whatever_length_is_claimed_the_wait_ends(claim: int) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(claim.to_bytes(4, "big") + b"\x01\x02")
        with pytest.raises(REFUSALS):
            Channel(ours, Reply, LARGEST).receive(time.monotonic() + 0.1)


def test_drop_by_drop_the_wait_ends_too() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall((LARGEST).to_bytes(4, "big"))
        channel = Channel(ours, Reply, LARGEST, tick=lambda: theirs.send(b"\xc0") and None)
        with pytest.raises(DeadlineError):
            channel.receive(time.monotonic() + 0.6)


FAT = {
    "a list that claims four billion items": b"\xdd\xff\xff\xff\xff",
    "a map that claims four billion entries": b"\xdf\xff\xff\xff\xff",
    "bytes that claim four gigabytes": b"\xc6\xff\xff\xff\xff",
    "text that claims four gigabytes": b"\xdb\xff\xff\xff\xff",
    "an extension that claims four gigabytes": b"\xc9\xff\xff\xff\xff\x01",
    "lists nested as deep as a message allows": b"\x91" * (LARGEST - 10),
    "maps nested as deep as a message allows": b"\x81\xa1a" * ((LARGEST - 10) // 3),
    "many empty lists": b"\xdc\xff\x00" + b"\x90" * 0xFF00,
}


@pytest.mark.parametrize("where", ["alone", "as the value"])
@pytest.mark.parametrize("body", FAT.values(), ids=FAT)
def test_what_claims_to_be_huge_takes_little_memory(body: bytes, where: str) -> None:
    if where == "as the value":
        body = (b"\x82\xa4type\xa8returned\xa5value" + body)[:LARGEST]
    tracemalloc.start()
    try:
        with pytest.raises(MalformedMessageError):
            received(frame(body))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


# --- values ----------------------------------------------------------------------------------------------------------


def plain_or_refused(value: Value) -> Any:
    try:
        return decode(value, library=imported)
    except UnacceptableValueError as refusal:
        return refusal


WIDE = TensorValue("float32", (0, 2**39, 2**39), b"")
"""No element, and strides beyond 64 bits."""


@given(values)
def test_any_value_is_decoded_or_refused(value: Value) -> None:
    if not _is_wide(value):
        plain_or_refused(value)


@pytest.mark.parametrize("value", [WIDE, ListValue([WIDE])], ids=["alone", "in a list"])
def test_a_shape_beyond_all_strides_is_refused(value: Value) -> None:
    assert isinstance(plain_or_refused(value), UnacceptableValueError)


def _is_wide(value: Any) -> bool:
    """Whether some tensor in it is like `WIDE` (which has a test of its own)."""
    if isinstance(value, TensorValue):
        return math.prod(max(1, size) for size in value.shape) >= 2**60
    parts = getattr(value, "items", value)
    return isinstance(parts, list | tuple) and any(map(_is_wide, parts))


@given(sound_tensors())
def test_a_sound_tensor_keeps_its_bytes(value: TensorValue) -> None:
    tensor = decode(value)
    assert tuple(tensor.shape) == value.shape and tensor.dtype is DTYPES[value.dtype]
    back = encode(tensor)
    assert isinstance(back, TensorValue)
    assert back.data == value.data or value.dtype == "bool"


EXPECTED = [
    torch.tensor([1.0, 2.0], dtype=torch.float64),
    torch.tensor(1.5),
    torch.tensor([1, 2]),
    torch.empty(0),
    (torch.ones(2), 3, "text"),
    [1.0, True, None],
    3,
    2.5,
    "text",
    False,
    None,
    np.array([1.0, 2.0]),
    np.array(["a", "b"]),
    np.array([1.0, "a"], dtype=object),
    {1, "a"},
    1j,
    b"ab",
    {"a": 1.0},
    pd.DataFrame({"a": [1.0, None], "b": ["x", "y"]}),
    pd.Series([1, 2]),
    pd.Index([0, 1]),
    sparse.csr_matrix([[0.0, 2.0]]),
]


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: type(expected).__name__)
@given(value=values)
@example(value=2**64 - 1)
@example(value=ListValue([2**64 - 1, -(2**63)]))
@example(value=ListValue([TensorValue("bool", (), b"\1"), TensorValue("bfloat16", (), b"\0\0")]))
@example(value=ListValue([ListValue([]), ListValue([])]))
@example(value=TensorValue("int64", (1, 1), b"\xff" * 8))
@example(value=TensorValue("float32", (1,), b"\0\0\xc0\x7f", True))
def test_whatever_is_returned_the_comparison_says_a_word(expected: Any, value: Value) -> None:
    if _is_wide(value):
        return
    got = plain_or_refused(value)
    if isinstance(got, UnacceptableValueError):
        return
    assert shown(got)
    try:
        compare(got, expected)
    except MismatchError as mismatch:
        assert str(mismatch)


class Parrot:
    """A conversation that always gives the same answer."""

    def __init__(self, reply: Returned | Raised) -> None:
        self._reply = reply

    def perform(self, request: Any, answer: Any) -> Returned | Raised:
        return self._reply


@given(replies.filter(lambda reply: not isinstance(reply, Ask)))
def test_whatever_is_answered_a_check_passes_or_blames_the_student(reply: Any) -> None:
    if isinstance(reply, Returned) and _is_wide(reply.value):
        return
    reference = Reference({"double": lambda x: 2 * x})
    student = Student(Parrot(reply), reference)
    try:
        matches(student, reference, "double", torch.ones(2))
    except MismatchError as mismatch:
        assert str(mismatch)
    except StudentError as error:
        assert error.message and error.outcome in (Outcome.FAILED, Outcome.NOT_ATTEMPTED, Outcome.OUT_OF_MEMORY)


@given(asks)
def test_whatever_a_stand_in_asks_it_gets_an_answer(question: Ask) -> None:
    reference = Reference({"double": lambda x: 2 * x, "halve": lambda x, y=1: (x / 2, y)})
    reference.allow(("double", "halve"))
    answer = reference.answer(question)
    assert isinstance(answer, Returned | Raised) and msgspec.msgpack.encode(answer)
    if question.name not in ("double", "halve"):
        assert isinstance(answer, Raised) and answer.type_name == "PermissionError"


# --- holes: what costs the grader more than it should ---------------------------------------------------------------


def test_a_long_list_is_not_made_into_as_many_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    whole = torch.tensor
    monkeypatch.setattr(torch, "tensor", lambda *args, **kwargs: made.append(args) or whole(*args, **kwargs))
    with pytest.raises(MismatchError):
        compare([0.5] * 10_000, torch.ones(3).double())
    assert len(made) < 100
