"""Plain data that may cross the boundary: what a live value becomes on its way."""

from __future__ import annotations

import msgspec


class TensorValue(msgspec.Struct, frozen=True, tag="tensor"):
    """A dense tensor: its numbers in C order, as the machine stores them."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes
    requires_grad: bool = False


class ListValue(msgspec.Struct, frozen=True, tag="list"):
    """A list."""

    items: list[Value]


class TupleValue(msgspec.Struct, frozen=True, tag="tuple"):
    """A tuple."""

    items: list[Value]


class DictValue(msgspec.Struct, frozen=True, tag="dict"):
    """A dictionary, as pairs: its keys need not be strings."""

    items: list[tuple[Value, Value]]


class GeneratorValue(msgspec.Struct, frozen=True, tag="generator"):
    """A torch.Generator made on the student's side: the same key is the same generator within one check."""

    key: int
    seed: int


class Opaque(msgspec.Struct, frozen=True, tag="opaque"):
    """Something that is not plain data; only its type's name crosses, for the message."""

    type_name: str


Value = None | bool | int | float | str | TensorValue | ListValue | TupleValue | DictValue | GeneratorValue | Opaque


def printable(text: str) -> str:
    """Text that can be sent: half a surrogate pair, which no encoding has, is written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
