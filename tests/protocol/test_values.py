"""docs/values.md, row by row: what crosses keeps its kind and equals itself; the rest crosses as a name."""

from __future__ import annotations

import itertools
import re
from collections import namedtuple
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from autograder.errors import UnacceptableValueError
from autograder.grading.alarm import cpu_limit
from autograder.protocol import codec, libraries
from autograder.protocol.arguments import changed_arguments
from autograder.protocol.codec import decode, encode
from autograder.protocol.libraries import imported
from autograder.protocol.messages import Returned
from autograder.protocol.values import (
    ArrayValue,
    ColumnValue,
    DictValue,
    FrameValue,
    IndexValue,
    ListValue,
    ObjectsValue,
    Opaque,
    SeriesValue,
    SetValue,
    SparseValue,
    TupleValue,
    Value,
)
from autograder.rubric import compare

DOCS = (Path(__file__).parents[2] / "docs" / "values.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([\w' ]+) \| `(.+?)` \| `(\w+)` \| (.+) \|$", DOCS, re.MULTILINE)
OPAQUE = re.findall(r"`([^`]+)`", DOCS.partition("These are:")[2].partition("A generator")[0])
Point = namedtuple("Point", "x y")
NAMES = {"np": np, "pd": pd, "torch": torch, "sparse": sparse, "Point": Point}


def crossed(value: Any) -> Any:
    """A value after its way through a message."""
    sent = msgspec.msgpack.encode(Returned(encode(value)))
    return decode(msgspec.msgpack.decode(sent, type=Returned).value, library=imported)


def test_the_page_has_its_rows():
    assert len(ROWS) == DOCS.count("\n| ") - 1 >= 25 and len(OPAQUE) >= 7


@pytest.mark.parametrize(("example", "kind"), [row[1:3] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_the_page_lists_keeps_its_kind_and_equals_itself(example, kind):
    value = eval(example, NAMES)
    there = crossed(value)
    assert type(there).__name__ == kind
    compare(there, value)
    assert changed_arguments(lambda x: x, [value], {}, [encode(value)], {}) == ()
    recorded = msgspec.json.encode(Returned(encode(value)))  # a release holds values as JSON
    compare(decode(msgspec.json.decode(recorded, type=Returned).value), value)


@pytest.mark.parametrize("example", OPAQUE)
def test_what_the_page_leaves_out_crosses_as_a_name(example):
    assert isinstance(encode(eval(example, NAMES)), Opaque)


FRAMES = {
    "many dtypes": pd.DataFrame(
        {
            "number": [1.5, np.nan, 3.0],
            "whole": np.arange(3, dtype="int32"),
            "text": ["x", None, "y"],
            "category": pd.Categorical(["u", "v", "u"], categories=["v", "u"], ordered=True),
            "date": pd.to_datetime(["2027-01-31", None, "2027-02-28"]),
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "truth": [True, False, True],
            "complex": [1j, 2.0, 3.0],
        }
    ),
    "groups": pd.DataFrame({"k": ["a", "b", "a"], "n": [1, 2, 3]}).groupby("k").agg({"n": ["mean", "sum"]}),
    "two columns of one name": pd.DataFrame([[1, "a"], [2, "b"]], columns=["x", "x"]),
    "no rows": pd.DataFrame({"a": np.zeros(0), "b": np.zeros(0, dtype="int64")}),
    "no columns": pd.DataFrame(index=pd.Index([3, 4], name="id")),
    "columns with numbers": pd.DataFrame(np.eye(2)),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_frames_come_back_the_same(frame):
    pd.testing.assert_frame_equal(crossed(frame), frame, check_index_type=False, check_column_type=False)


@pytest.mark.parametrize("layout", ["csr", "csc", "coo", "lil", "dok"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_sparse_matrices_keep_their_layout(layout, kind):
    matrix = getattr(sparse, f"{layout}_{kind}")(np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]]))
    there = crossed(matrix)
    assert type(there) is type(matrix)
    assert (there.toarray() == matrix.toarray()).all()


def test_a_named_tuple_has_its_names():
    there = crossed(Point(1, np.ones(2)))
    assert there.x == 1 and there.y.tolist() == [1.0, 1.0] and there._fields == ("x", "y")
    with pytest.raises(AttributeError):
        _ = there.z


def test_numbers_of_numpy_are_keys_as_good_as_others():
    assert crossed({np.int64(3): "a", np.str_("b"): 1}) == {3: "a", "b": 1}
    assert crossed({np.int32(1), 2}) == {1, 2}


def test_sets_are_sent_in_one_order():
    assert encode({"b", "a", "c"}) == encode({"c", "b", "a"})


def test_an_object_keeps_its_handle_only_where_it_is_kept():
    kept: list[Any] = []

    def keep(value: Any) -> int:
        kept.append(value)
        return len(kept)

    cache = object()
    value = encode((1.0, cache), keep=keep)
    assert decode(value, objects=kept) == (1.0, cache)
    assert decode(value) == (1.0, Opaque("object", 1))
    assert encode(decode(value)) == value, "what is handed back is what came"
    assert decode(encode(cache), objects=kept) == Opaque("object")
    assert decode(Opaque("object", 7), objects=kept) == Opaque("object", 7)


def test_without_pandas_a_frame_is_a_name(monkeypatch):
    value = encode(FRAMES["many dtypes"])
    monkeypatch.setattr(libraries, "loaded", lambda name: None)
    monkeypatch.setattr(codec, "loaded", lambda name: None)
    assert decode(value, library=libraries.loaded) == Opaque("DataFrame")


def column(values: Value, dtype: str = "float64", **more: Any) -> ColumnValue:
    return ColumnValue(dtype, values, **more)


def array(*numbers: float, dtype: str = "float64") -> ArrayValue:
    found = np.array(numbers, dtype=dtype)
    return ArrayValue(dtype, found.shape, found.tobytes())


def index(length: int) -> IndexValue:
    return IndexValue([column(array(*range(length), dtype="int64"), "int64")], [None])


MALFORMED = {
    "an unknown dtype": ArrayValue("object", (1,), b"\0" * 8),
    "a dtype that is code": ArrayValue("O,O", (1,), b"\0" * 16),
    "too few bytes": ArrayValue("float64", (2,), b"\0" * 15),
    "a negative dimension": ArrayValue("float64", (-1,), b""),
    "rows of nothing": ArrayValue("float32", (1 << 22, 0), b""),
    "text without characters": ArrayValue("U0", (1 << 30,), b""),
    "a character that there is not": ArrayValue("U1", (1,), b"\xff\xff\xff\x7f"),
    "objects of another number": ObjectsValue((3,), [1, 2]),
    "an unhashable item": SetValue([ListValue([])]),
    "an unhashable array as a key": DictValue([(array(1.0), 1)]),
    "colliding items": SetValue([TupleValue(list(key)) for key in itertools.product((-1, -2), repeat=14)]),
    "fields that are none": TupleValue([1, 2], ("a b", "c")),
    "fields of another number": TupleValue([1], ("a", "b")),
    "fields without end": TupleValue([0] * 200, tuple(f"f{n}" for n in range(200))),
    "a short column": FrameValue(index(1), index(3), [column(array(1.0))]),
    "a column without a label": FrameValue(index(1), index(1), [column(array(1.0)), column(array(1.0))]),
    "an index without a level": SeriesValue(column(array(1.0)), IndexValue([], []), None),
    "levels of other lengths": IndexValue([column(array(1.0)), column(array(1.0, 2.0))], [None, None]),
    "a category that is not there": SeriesValue(
        column(array(7, dtype="int8"), "category", categories=array(1.0)), index(1), None
    ),
    "text in a column of numbers": SeriesValue(column(ObjectsValue((1,), ["x"]), "Int64"), index(1), None),
    "a matrix as a column": SeriesValue(column(ArrayValue("float64", (1, 1), b"\0" * 8)), index(1), None),
    "an unhashable name": SeriesValue(column(array(1.0)), index(1), ListValue([])),
    "columns without end": FrameValue(index(10_001), index(0), [column(array())] * 10_001),
    "a sparse giant": SparseValue("csr_matrix", (1 << 40, 1), *[array(dtype="int64")] * 2, array()),
    "an entry outside": SparseValue("csr_matrix", (2, 2), array(2, dtype="int64"), array(0, dtype="int64"), array(1.0)),
    "an entry before": SparseValue("csr_matrix", (2, 2), array(-1, dtype="int64"), array(0, dtype="int64"), array(1.0)),
    "places that are no numbers": SparseValue("csr_matrix", (2, 2), array(0.0), array(0.0), array(1.0)),
    "many objects": ObjectsValue((1_000_001,), [None] * 1_000_001),
    "a set of many, deeper": ListValue([SetValue([0] * 1000)] * 1001),
}  # fmt: skip


@pytest.mark.parametrize("value", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_or_costly_value_is_refused_at_once(value):
    with cpu_limit(5), pytest.raises(UnacceptableValueError):
        decode(value, library=imported)


def test_a_layout_that_takes_any_memory_arrives_as_rows():
    value = SparseValue("dia_matrix", (2, 2), array(0, dtype="int64"), array(1, dtype="int64"), array(1.0))
    assert type(decode(value, library=imported)) is sparse.csr_matrix
