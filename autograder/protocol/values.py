"""Plain data that may cross the boundary: what a live value becomes on its way."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class TensorValue(msgspec.Struct, frozen=True, tag="tensor"):
    """A dense tensor: its numbers in C order, as the machine stores them."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes
    requires_grad: bool = False


class ArrayValue(msgspec.Struct, frozen=True, tag="array"):
    """A NumPy array of numbers, truth values, text or times, in C order. One without dimensions is a NumPy scalar."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


class ObjectsValue(msgspec.Struct, frozen=True, tag="objects"):
    """A NumPy array of dtype object, in C order."""

    shape: tuple[int, ...]
    items: list[Value]


class ListValue(msgspec.Struct, frozen=True, tag="list"):
    """A list."""

    items: list[Value]


class TupleValue(msgspec.Struct, frozen=True, tag="tuple", omit_defaults=True):
    """A tuple; a named one with the names of its fields."""

    items: list[Value]
    fields: tuple[str, ...] = ()


class SetValue(msgspec.Struct, frozen=True, tag="set", omit_defaults=True):
    """A set, in an order that depends on its items alone."""

    items: list[Value]
    frozen: bool = False


class DictValue(msgspec.Struct, frozen=True, tag="dict"):
    """A dictionary, as pairs: its keys need not be strings."""

    items: list[tuple[Value, Value]]


class ComplexValue(msgspec.Struct, frozen=True, tag="complex"):
    """A complex number."""

    real: float
    imag: float


class BytesValue(msgspec.Struct, frozen=True, tag="bytes"):
    """Bytes."""

    data: bytes


class SparseValue(msgspec.Struct, frozen=True, tag="sparse"):
    """A sparse matrix of SciPy's: its entries with their rows and columns, and how it stores them ("csr")."""

    layout: str
    shape: tuple[int, int]
    rows: ArrayValue
    columns: ArrayValue
    data: ArrayValue


class ColumnValue(msgspec.Struct, frozen=True, tag="column", omit_defaults=True):
    """The values of one column, by pandas' name of their dtype. `categories`: those of a categorical column."""

    dtype: str
    values: ArrayValue | ObjectsValue
    categories: ArrayValue | ObjectsValue | None = None
    ordered: bool = False


class IndexValue(msgspec.Struct, frozen=True, tag="index"):
    """A pandas index: a column for each level, with their names."""

    levels: list[ColumnValue]
    names: list[Value]


class SeriesValue(msgspec.Struct, frozen=True, tag="series"):
    """A pandas Series."""

    values: ColumnValue
    index: IndexValue
    name: Value


class FrameValue(msgspec.Struct, frozen=True, tag="frame"):
    """A pandas DataFrame, column by column."""

    columns: IndexValue
    index: IndexValue
    values: list[ColumnValue]


class GeneratorValue(msgspec.Struct, frozen=True, tag="generator", omit_defaults=True):
    """A generator made on the student's side: the same key is the same generator within one check.

    `numpy`: one of NumPy's, not of torch's.
    """

    key: int
    seed: int
    numpy: bool = False


class Opaque(msgspec.Struct, frozen=True, tag="opaque", omit_defaults=True):
    """Something that is not plain data: its type's name crosses, for the message.

    `handle` is its number on the student's side, where it stays for as long as the check goes on: handed back as an
    argument, it is that very object again. 0: it is gone.
    """

    type_name: str
    handle: int = 0


PandasValue = IndexValue | SeriesValue | FrameValue
Value = (
    None
    | bool
    | int
    | float
    | str
    | TensorValue
    | ArrayValue
    | ObjectsValue
    | ListValue
    | TupleValue
    | SetValue
    | DictValue
    | ComplexValue
    | BytesValue
    | SparseValue
    | IndexValue
    | SeriesValue
    | FrameValue
    | GeneratorValue
    | Opaque
)

_ENCODER = msgspec.msgpack.Encoder()


def printable(text: str) -> str:
    """Text that can be sent: half a surrogate pair, which no encoding has, is written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def same_data(one: Value, other: Value) -> bool:
    """Return whether two values are the same to the last bit. Here NaN is itself."""
    return _ENCODER.encode(one) == _ENCODER.encode(other)


def parts(value: Value) -> Sequence[Value]:
    """Return what a container holds directly; nothing for what is none. Of pandas' objects: their items and labels."""
    match value:
        case ListValue() | TupleValue() | SetValue() | ObjectsValue():
            return value.items
        case DictValue():
            return [part for pair in value.items for part in pair]
        case IndexValue():
            return [*value.names, *map(_held, value.levels)]
        case SeriesValue():
            return [value.name, value.index, _held(value.values)]
        case FrameValue():
            return [value.columns, value.index, *map(_held, value.values)]
    return ()


def _held(column: ColumnValue) -> Value:
    return column.values if column.categories is None else ListValue([column.values, column.categories])
