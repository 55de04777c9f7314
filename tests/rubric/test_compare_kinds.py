"""Comparison of other kinds than tensors: what a student is told about sets, tables, text and the rest."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from autograder.protocol.values import Opaque
from autograder.rubric import MismatchError, compare

Stats = namedtuple("Stats", "mean spread")


def told(got: Any, expected: Any, **tolerance: float) -> str:
    with pytest.raises(MismatchError) as caught:
        compare(got, expected, "y", **tolerance)
    return caught.value.message


@pytest.mark.parametrize(
    ("got", "expected", "said"),
    [
        ([1, 2], {1, 2}, "y: expected a set, got a list of length 2."),
        ({1, 2, 9}, {1, 2}, "y has an item that does not belong there: 9."),
        ({1}, {1, 2, 3}, "y: 2 of the 3 items are missing."),
        ((1.0, 2.0), Stats(1.0, 2.0),
         "y: expected a named tuple with the fields mean, spread; got a tuple of length 2."),
        (Stats(1.0, 2.5), Stats(1.0, 2.0), "y.spread differs (you return 2.5, off by 0.5)."),
        (b"abd", b"abc", "y has other bytes than asked for: the first that differs is number 2."),
        (b"ab", b"abc", "y has other bytes than asked for: there are 2."),
        ("ab", b"ab", "y: expected bytes, got 'ab'."),
        (1 + 1j, 1 + 2j, "y differs (you return 1+1j, off by 1)."),
        (np.array(["a", "x"]), np.array(["a", "b"]), "y: 1 of 2 values differ (first at index (1,), you return 'x')."),
        (np.array(["a"]), np.array(["a", "b"]), "y has shape (1,); asked for is (2,)."),
        (np.ones(2), np.array(["a", "b"]), "y: expected an array of text, of shape (2,); got an array of shape (2,)."),
        (np.array([1.0, 2.5]), np.array([1.0, 2.0]),
         "y: 1 of 2 values differ (first at index (1,), largest error 0.5)."),
        ("x", np.ones(2), "y: expected an array of shape (2,), got 'x'."),
        (
            np.array(["2027-01-01"], dtype="datetime64[D]"),
            np.array(["2027-01-02"], dtype="datetime64[D]"),
            "y: 1 of 1 values differ (first at index (0,), you return datetime.date(2027, 1, 1)).",
        ),
        ({"a": 1}, {"a": 1, "mean": 2, (3, 4): 5}, "y: 2 of the 3 keys asked for are not there: 'mean', ...."),
        ({}, {(3, 4): 5}, "y: 1 of the 1 keys asked for is not there."),
        (torch.ones(2, dtype=torch.complex64), torch.ones(2),
         "y: expected a tensor of shape (2,), got a tensor of complex numbers of shape (2,)."),
    ],
)  # fmt: skip
def test_what_differs_is_said(got, expected, said):
    assert told(got, expected) == said


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ({1, 2}, frozenset({1, 2})),
        (["a", "b"], np.array(["a", "b"])),
        (np.array(["a", "b"], dtype=object), np.array(["a", "b"])),
        ([1.0, 2.0], np.array([1.0, 2.0])),
        (torch.ones(2), np.ones(2)),
        (np.ones(2), torch.ones(2)),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (3, np.int64(3)),
        (np.bool_(True), True),
        (1.0, 1 + 0j),
        ([1j, 2.0], np.array([1j, 2.0])),
        (np.array([1, 2], dtype="uint32"), np.array([1, 2], dtype="uint16")),
    ],
)
def test_what_counts_as_the_same_passes(got, expected):
    compare(got, expected)


FRAME = pd.DataFrame(
    {"age": [31.0, np.nan, 40.5], "name": ["Ada", "Bo", "Cy"]}, index=pd.Index([10, 11, 12], name="id")
)


def changed(**changes: Any) -> pd.DataFrame:
    return FRAME.assign(**changes)


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (Opaque("DataFrame"), "y: expected a DataFrame, got an object of type DataFrame."),
        (FRAME["age"], "y: expected a DataFrame, got a Series of shape (3,)."),
        ({"age": 1}, "y: expected a DataFrame, got a dict of length 1."),
        (FRAME[["age"]], "y has no column 'name'."),
        (changed(more=1), "y has a column that is not asked for: 'more'."),
        (FRAME[["name", "age"]], "y has its columns in another order than asked for: name, age."),
        (FRAME.iloc[:2], "y has 2 rows; asked for are 3."),
        (FRAME.reset_index(drop=True), "the index of y has the name None; asked for is 'id'."),
        (FRAME.set_axis(pd.Index([10, 12, 11], name="id")),
         "the index of y: 2 of 3 values differ (first in row 1, largest error 1)."),
        (changed(age=[31.0, 0.0, 40.5]), "y, column 'age': the value in row 11 is 0.0, and should be missing."),
        (changed(age=[31.0, np.nan, np.nan]), "y, column 'age': the value in row 12 is missing."),
        (changed(age=[31.0, np.nan, 41.0]),
         "y, column 'age': 1 of 2 values differ (first in row 12, largest error 0.5)."),
        (changed(age=["31.0", None, "40.5"]), "y, column 'age' has dtype str; asked for is float64."),
        (changed(name=["Ada", "Bo", "Di"]),
         "y, column 'name': 1 of 3 values differ (first in row 12, you have 'Di')."),
    ],
)  # fmt: skip
def test_a_frame_is_told_apart_by_column_and_row(got, said):
    said = said.replace("dtype str", f"dtype {pd.Series(['a']).dtype}")
    assert told(got, FRAME) == said


def test_a_frame_passes_within_tolerance_and_whatever_its_size_of_numbers():
    compare(FRAME.copy(), FRAME)
    compare(changed(age=FRAME["age"] + 1e-8), FRAME)
    compare(changed(age=FRAME["age"] + 0.4), FRAME, atol=0.5)
    compare(changed(age=FRAME["age"].astype("float32")), FRAME)
    compare(pd.DataFrame({"n": np.arange(3, dtype="int32")}), pd.DataFrame({"n": np.arange(3)}))
    compare(changed(name=FRAME["name"].astype(object)), FRAME)
    compare(FRAME.iloc[:0], FRAME.iloc[:0])


def test_a_series_and_an_index_are_compared_with_their_names():
    series = pd.Series([1, 2], name="n")
    compare(series.astype("int32"), series)
    assert told(series.rename("m"), series) == "y has the name 'm'; asked for is 'n'."
    assert told(pd.Index([1, 2]), series) == "y: expected a Series, got a Index of shape (2,)."
    pairs = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "n"])
    compare(pairs.copy(), pairs)
    assert told(pairs.set_names(["k", "m"]), pairs) == "y has the name 'k', 'm'; asked for is 'k', 'n'."
    other = pd.MultiIndex.from_tuples([("a", 1), ("b", 3)], names=["k", "n"])
    assert told(other, pairs) == "y, level 2: 1 of 2 values differ (first in row 1, largest error 1)."


def test_sparse_matrices_are_compared_without_being_filled_in():
    wide = sparse.coo_matrix(([1.0, 2.0], ([0, 900_000], [5, 900_000])), shape=(1_000_000, 1_000_000))
    compare(wide.tocsr(), wide)
    compare(wide.tocsc(), wide)
    off = sparse.coo_matrix(([1.0, 2.5], ([0, 900_000], [5, 900_000])), shape=wide.shape)
    assert told(off, wide) == "y: 1 of 2 values differ (first at row 900000, column 900000, largest error 0.5)."
    more = sparse.coo_matrix(([1.0, 2.0, 3.0], ([0, 900_000, 7], [5, 900_000, 8])), shape=wide.shape)
    assert told(more, wide) == "y: 1 of 3 values differ (first at row 7, column 8, largest error 3)."
    assert told(np.eye(2), sparse.eye_array(2).tocsr()) == "y: expected a sparse matrix, got an array of shape (2, 2)."
    assert told(sparse.eye_array(3).tocsr(), sparse.eye_array(2).tocsr()) == "y has shape (3, 3); asked for is (2, 2)."
    compare(sparse.csr_array((2, 2)), sparse.csr_array((2, 2)))
