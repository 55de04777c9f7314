"""Translation of what pandas and SciPy hold. No answer makes the grader import them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.errors import UnacceptableValueError
from autograder.protocol.arrays import encode_array
from autograder.protocol.values import (
    ArrayValue,
    ColumnValue,
    FrameValue,
    IndexValue,
    ObjectsValue,
    Opaque,
    PandasValue,
    SeriesValue,
    SparseValue,
    Value,
)

Library = Callable[[str], Any]
"""Returns a library's module; None where it may not be had."""

EXTENSIONS = frozenset({"str", "string", "boolean", "Float32", "Float64"}) | {
    f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)
}
"""The dtypes of pandas' own that cross, beside NumPy's and "category"."""
LAYOUTS = frozenset(
    f"{layout}_{kind}" for layout in ("csr", "csc", "coo", "lil", "dok") for kind in ("array", "matrix")
)
"""The sparse matrices that cross as they are. Others arrive as CSR: a made one of diagonals takes any memory."""
KINDS: dict[type, str] = {
    IndexValue: "Index",
    SeriesValue: "Series",
    FrameValue: "DataFrame",
    SparseValue: "sparse matrix",
}
"""What people call them."""
MAX_COLUMNS = 10_000
MAX_SPARSE = 1_000_000
"""Rows, and columns, of a sparse matrix: they cost nothing to send."""


def loaded(name: str) -> Any:
    """Return a library that this process has imported; None where it has not."""
    return sys.modules.get(name)


def imported(name: str) -> Any:
    """Return a library, and import it first if need be: for values of our own."""
    return importlib.import_module(name)


def encode_library(value: Any, encode: Callable[[Any], Value]) -> Value | None:
    """Turn a DataFrame, a Series, an index or a sparse matrix into plain data; None for anything else."""
    pandas = loaded("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series | pandas.Index):
        return _PandasEncoder(pandas, encode).value(value)
    sparse = loaded("scipy.sparse")
    if sparse is not None and sparse.issparse(value) and value.ndim == 2:
        return _encode_sparse(value, encode)
    return None


class _UnknownDtypeError(Exception):
    """A column has a dtype that does not cross."""


class _PandasEncoder:
    def __init__(self, pandas: Any, encode: Callable[[Any], Value]) -> None:
        self._pandas = pandas
        self._encode = encode

    def value(self, value: Any) -> Value:
        try:
            if isinstance(value, self._pandas.Index):
                return self._index(value)
            if isinstance(value, self._pandas.Series):
                return SeriesValue(self._column(value), self._index(value.index), self._encode(value.name))
            columns = [self._column(value.iloc[:, place]) for place in range(value.shape[1])]
            return FrameValue(self._index(value.columns), self._index(value.index), columns)
        except _UnknownDtypeError as error:
            return Opaque(f"a {type(value).__name__} with values of dtype {error}"[:200])

    def _index(self, index: Any) -> IndexValue:
        levels = [self._column(index.get_level_values(level)) for level in range(index.nlevels)]
        return IndexValue(levels, [self._encode(name) for name in index.names])

    def _column(self, values: Any) -> ColumnValue:
        dtype = values.dtype
        if isinstance(dtype, self._pandas.CategoricalDtype):
            codes = values.codes if hasattr(values, "codes") else values.cat.codes
            categories = dtype.categories
            plain = categories.to_numpy() if isinstance(categories.dtype, np.dtype) else categories.to_numpy(object)
            return ColumnValue("category", self._array(np.asarray(codes)), self._array(plain), bool(dtype.ordered))
        if isinstance(dtype, np.dtype):
            return ColumnValue(dtype.name, self._array(values.to_numpy()))
        if str(dtype) not in EXTENSIONS:
            raise _UnknownDtypeError(dtype)
        return ColumnValue(str(dtype), self._array(values.to_numpy(object)))

    def _array(self, array: Any) -> ArrayValue | ObjectsValue:
        found = encode_array(array, self._item)
        if isinstance(found, ArrayValue | ObjectsValue):
            return found
        raise _UnknownDtypeError(array.dtype)

    def _item(self, item: Any) -> Value:
        """What is missing is None: an object beside others, of which pandas has several kinds for it."""
        missing = item is self._pandas.NA or item is self._pandas.NaT or (isinstance(item, float) and item != item)
        return None if missing else self._encode(item)


def _encode_sparse(value: Any, encode: Callable[[Any], Value]) -> Value:
    entries = value.tocoo(copy=True)
    entries.sum_duplicates()
    rows, columns = (encode_array(one.astype(np.int64), encode) for one in (entries.row, entries.col))
    data = encode_array(entries.data, encode)
    if not (isinstance(rows, ArrayValue) and isinstance(columns, ArrayValue) and isinstance(data, ArrayValue)):
        return Opaque(f"a sparse matrix of dtype {entries.dtype}"[:200])
    rows_count, columns_count = value.shape
    return SparseValue(type(value).__name__[:100], (int(rows_count), int(columns_count)), rows, columns, data)


def decode_library(value: PandasValue | SparseValue, decode: Callable[[Value], Any], library: Library) -> Any:
    """Rebuild what `encode_library` made; an `Opaque` where the library may not be had.

    Raises `UnacceptableValueError`.
    """
    name = "scipy.sparse" if isinstance(value, SparseValue) else "pandas"
    module = library(name)
    if module is None:
        return Opaque(KINDS[type(value)])
    try:
        if isinstance(value, SparseValue):
            return _decode_sparse(value, decode, module)
        return _PandasDecoder(module, decode).live(value)
    except (ValueError, TypeError, OverflowError, AttributeError, LookupError) as error:
        raise UnacceptableValueError(f"a malformed {KINDS[type(value)]}: {str(error)[:200]}") from error


class _PandasDecoder:
    def __init__(self, pandas: Any, decode: Callable[[Value], Any]) -> None:
        self._pandas = pandas
        self._decode = decode

    def live(self, value: PandasValue) -> Any:
        if isinstance(value, IndexValue):
            return self._index(value)
        index = self._index(value.index)
        if isinstance(value, SeriesValue):
            column = self._column(value.values, len(index))
            return self._pandas.Series(column, index=index, name=self._decode(value.name))
        labels = self._index(value.columns)
        if len(labels) != len(value.values) or len(labels) > MAX_COLUMNS:
            raise UnacceptableValueError("columns and their labels disagree, or are too many")
        columns = {place: self._column(column, len(index)) for place, column in enumerate(value.values)}
        frame = self._pandas.DataFrame(columns, index=index)
        frame.columns = labels
        return frame

    def _index(self, value: IndexValue) -> Any:
        levels = [self._column(level) for level in value.levels]
        names = [self._decode(name) for name in value.names]
        if not levels or len(levels) != len(names) or len({len(level) for level in levels}) != 1:
            raise UnacceptableValueError("the levels of an index disagree")
        if len(levels) > 1:
            return self._pandas.MultiIndex.from_arrays(levels, names=names)
        (level,), (name,) = levels, names
        return self._pandas.Index(level, dtype=level.dtype, name=name)

    def _column(self, column: ColumnValue, length: int | None = None) -> Any:
        values = self._decode(column.values)
        if np.ndim(values) != 1 or (length is not None and len(values) != length):
            raise UnacceptableValueError("a column is not as long as its index")
        if column.dtype == "category" and column.categories is not None:
            categories = self._pandas.Index(self._decode(column.categories))
            return self._pandas.Categorical.from_codes(values, categories=categories, ordered=column.ordered)
        if column.dtype in EXTENSIONS:
            return self._pandas.array(list(values), dtype=column.dtype)
        return values


def _decode_sparse(value: SparseValue, decode: Callable[[Value], Any], sparse: Any) -> Any:
    rows, columns, data = (decode(one) for one in (value.rows, value.columns, value.data))
    if any(size > MAX_SPARSE for size in value.shape):
        raise UnacceptableValueError(f"a sparse matrix with more than {MAX_SPARSE:,} rows or columns")
    if any(np.ndim(one) != 1 for one in (rows, columns, data)) or not _are_whole((rows, columns)):
        raise UnacceptableValueError("the entries of a sparse matrix have no places")
    entries = sparse.coo_array((data, (rows, columns)), shape=value.shape)
    layout = value.layout if value.layout in LAYOUTS else f"csr_{'matrix' if 'matrix' in value.layout else 'array'}"
    return getattr(sparse, layout)(entries)


def _are_whole(arrays: Sequence[Any]) -> bool:
    return all(one.dtype.kind in "iu" for one in arrays)
