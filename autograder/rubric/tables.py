"""Compare what pandas and SciPy hold: DataFrames, Series, indexes and sparse matrices. Neither is imported here.

What is missing in a table is data: it equals what is missing, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from autograder.errors import MismatchError
from autograder.rubric.numbers import TOLERANCES, report, shown

TEXT = frozenset({"object", "str", "string"})
"""Dtypes that hold text, in one version of pandas or another."""


def compare_table(got: Any, expected: Any, what: str, rtol: float | None, atol: float | None) -> None:
    """Require that a DataFrame, a Series, an index or a sparse matrix is as expected.

    Args:
        got: What the student returned.
        expected: One of pandas' or SciPy's.
        what: What the value is called in the message.
        rtol: The relative tolerance of floats; None for that of their dtype.
        atol: The absolute tolerance.

    Raises:
        MismatchError: They differ; the message names the column and the row.
    """
    tolerance = (rtol, atol)
    if hasattr(expected, "tocoo"):
        _compare_sparse(got, expected, what, tolerance)
    elif hasattr(expected, "columns"):
        _verify_kind(got, "DataFrame", "columns", what)
        _compare_frame(got, expected, what, tolerance)
    elif hasattr(expected, "index"):
        _verify_kind(got, "Series", "index", what)
        if got.name != expected.name:
            raise MismatchError(f"{what} has the name {shown(got.name)}; asked for is {expected.name!r}.")
        _compare_rows(got, expected, what)
        _compare_column(got, expected, what, expected.index, tolerance)
    else:
        _verify_kind(got, "Index", "names", what)
        _compare_index(got, expected, what)


Tolerance = tuple[float | None, float | None]


def _verify_kind(got: Any, name: str, attribute: str, what: str) -> None:
    """Raise `MismatchError` for anything but what pandas calls a DataFrame, a Series or an index."""
    is_pandas = type(got).__module__.partition(".")[0] == "pandas"
    others = {"Series": ("columns",), "Index": ("columns", "index")}.get(name, ())
    if not is_pandas or not hasattr(got, attribute) or any(hasattr(got, other) for other in others):
        article = "an" if name == "Index" else "a"
        raise MismatchError(f"{what}: expected {article} {name}, got {shown(got)}.")


def _compare_frame(got: Any, expected: Any, what: str, tolerance: Tolerance) -> None:
    mine, wanted = list(got.columns), list(expected.columns)
    if missing := list((Counter(wanted) - Counter(mine)).elements()):
        raise MismatchError(f"{what} has no column {missing[0]!r}.")
    if more := list((Counter(mine) - Counter(wanted)).elements()):
        raise MismatchError(f"{what} has a column that is not asked for: {more[0]!r}.")
    if mine != wanted:
        raise MismatchError(f"{what} has its columns in another order than asked for: {', '.join(map(str, mine))}.")
    if list(got.columns.names) != list(expected.columns.names):
        raise MismatchError(f"{what}: the columns are called {_names(got.columns)}.")
    _compare_rows(got, expected, what)
    for place, name in enumerate(wanted):
        part = f"{what}, column {name!r}"
        _compare_column(got.iloc[:, place], expected.iloc[:, place], part, expected.index, tolerance)


def _compare_rows(got: Any, expected: Any, what: str) -> None:
    if len(got) != len(expected):
        raise MismatchError(f"{what} has {len(got)} rows; asked for are {len(expected)}.")
    _compare_index(got.index, expected.index, f"the index of {what}")


def _compare_index(got: Any, expected: Any, what: str) -> None:
    if got.nlevels != expected.nlevels:
        raise MismatchError(f"{what} has {got.nlevels} levels; asked for are {expected.nlevels}.")
    if len(got) != len(expected):
        raise MismatchError(f"{what} has {len(got)} entries; asked for are {len(expected)}.")
    if list(got.names) != list(expected.names):
        raise MismatchError(f"{what} has the name {_names(got)}; asked for is {_names(expected)}.")
    for level in range(expected.nlevels):
        one, other = got.get_level_values(level), expected.get_level_values(level)
        part = what if expected.nlevels == 1 else f"{what}, level {level + 1}"
        _compare_column(one, other, part, range(len(expected)), (None, None))


def _names(index: Any) -> str:
    return ", ".join(map(repr, index.names))


def _compare_column(got: Any, expected: Any, what: str, rows: Sequence[Any], tolerance: Tolerance) -> None:
    """Compare the values of two columns of one length: their dtype, what is missing, and the rest."""
    if _family(got.dtype) != _family(expected.dtype) and len(expected):
        raise MismatchError(f"{what} has dtype {got.dtype}; asked for is {expected.dtype}.")

    def row(index: tuple[int, ...]) -> str:
        return f"in row {rows[index[0]]!s}"

    blank, wanted = (np.asarray(one.isna(), dtype=bool) for one in (got, expected))
    if (blank != wanted).any():
        place = int(np.argmax(blank != wanted))
        said = "is missing" if blank[place] else f"is {shown(_item(got, place))}, and should be missing"
        raise MismatchError(f"{what}: the value {row((place,))} {said}.")
    there = np.flatnonzero(~blank)
    family = _family(expected.dtype)
    if family in ("floats", "whole numbers", "complex"):
        _compare_floats(got, expected, what, there, row, tolerance)
        return
    mine, right = (np.asarray(one.astype(object))[there] for one in (got, expected))
    wrong = [place for place, (a, b) in enumerate(zip(mine, right, strict=True)) if not _equal(a, b)]
    if wrong:
        first = row((int(there[wrong[0]]),))
        you = shown(mine[wrong[0]])
        raise MismatchError(f"{what}: {len(wrong)} of {len(blank)} values differ (first {first}, you have {you}).")


def _compare_floats(
    got: Any,
    expected: Any,
    what: str,
    there: Any,
    row: Callable[[tuple[int, ...]], str],
    tolerance: Tolerance,
) -> None:
    wide = "complex128" if _family(expected.dtype) == "complex" else "float64"
    mine, right = (torch.from_numpy(np.array(one.iloc[there] if hasattr(one, "iloc") else one[there], dtype=wide))
                   for one in (got, expected))  # fmt: skip
    exact = _family(expected.dtype) == "whole numbers"
    single = any(name in str(one.dtype) for one in (got, expected) for name in ("32", "complex64", "16"))
    standard = (0.0, 0.0) if exact else TOLERANCES[torch.float32 if single else torch.float64]
    rtol, atol = (default if one is None else one for one, default in zip(tolerance, standard, strict=True))
    report(what, mine, right, rtol, atol, lambda index: row((int(there[index[0]]),)))


def _family(dtype: Any) -> str:
    """Return what a dtype holds: one size of numbers is as good as another, a nullable dtype is one of its own."""
    name = str(dtype)
    if name in TEXT:
        return "text"
    kind = getattr(dtype, "kind", "") if isinstance(dtype, np.dtype) else ""
    if kind in ("M", "m"):
        return name.partition("[")[0]
    return {"f": "floats", "i": "whole numbers", "u": "whole numbers", "c": "complex"}.get(kind, name)


def _item(values: Any, place: int) -> Any:
    return values.iloc[place] if hasattr(values, "iloc") else values[place]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9 + 1e-6 * abs(other)
    return type(one) is type(other) and bool(np.all(one == other))


def _compare_sparse(got: Any, expected: Any, what: str, tolerance: Tolerance) -> None:
    """Compare entry by entry, without ever filling the matrix in."""
    if not hasattr(got, "tocoo"):
        raise MismatchError(f"{what}: expected a sparse matrix, got {shown(got)}.")
    if got.shape != expected.shape:
        raise MismatchError(f"{what} has shape {got.shape}; asked for is {expected.shape}.")
    places, values = zip(*map(_entries, (got, expected)), strict=True)
    every = np.union1d(*places)
    wide = np.complex128 if any(one.dtype.kind == "c" for one in values) else np.float64
    filled = [np.zeros(len(every), dtype=wide) for _ in values]
    for row, place, value in zip(filled, places, values, strict=True):
        row[np.searchsorted(every, place)] = value
    single = any(one.dtype.itemsize <= 4 for one in values)
    standard = TOLERANCES[torch.float32 if single else torch.float64]
    rtol, atol = (default if one is None else one for one, default in zip(tolerance, standard, strict=True))
    mine, right = map(torch.from_numpy, filled)
    columns = expected.shape[1]

    def place_of(index: tuple[int, ...]) -> str:
        row, column = divmod(int(every[index[0]]), columns)
        return f"at row {row}, column {column}"

    report(what, mine, right, rtol, atol, place_of)


def _entries(matrix: Any) -> tuple[Any, Any]:
    """Return the places of a sparse matrix's entries, counted row by row, in order, and their values."""
    entries = matrix.tocoo(copy=True)
    entries.sum_duplicates()
    places = entries.row.astype(np.int64) * matrix.shape[1] + entries.col
    order = np.argsort(places)
    return places[order], entries.data[order]
