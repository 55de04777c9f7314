"""Translation of NumPy arrays. What arrives is untrusted: dtypes come from a list, and sizes have to agree."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from autograder.errors import UnacceptableValueError
from autograder.protocol.values import ArrayValue, ObjectsValue, Opaque, TensorValue, Value

MAX_DIMENSIONS = 16
MAX_EMPTY = 100_000
"""Rows of an empty tensor: they cost nothing to send, and whoever goes through them takes as long as for full ones."""
DTYPES: dict[str, torch.dtype] = {
    name: getattr(torch, name)
    for name in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
                 "complex128", "complex64")
}  # fmt: skip
"""The dtypes of tensors that cross."""
_NAMES = re.compile(
    r"bool|u?int(?:8|16|32|64)|float(?:16|32|64)|complex(?:64|128)|[US]\d{1,7}"
    r"|(?:datetime|timedelta)64\[(?:Y|M|W|D|h|m|s|ms|us|ns)\]"
)
"""The dtypes of arrays that cross: numbers, truth values, text (U7: of up to seven characters), bytes and times."""
_UNICODE = 0x10FFFF
_LIKE_TENSORS = frozenset(DTYPES) - {"complex128", "complex64"}
"""Dtypes of arrays that count as tensors where tensors are asked for."""


def encode_array(value: Any, encode: Callable[[Any], Value]) -> Value:
    """Turn an array, or a NumPy scalar, into plain data; `encode` is for the items of one of dtype object."""
    array = np.asarray(value)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind in "OT":
        return ObjectsValue(tuple(array.shape), [encode(item) for item in array.astype(object).reshape(-1)])
    name = array.dtype.str[1:] if array.dtype.kind in "US" else array.dtype.name
    if not _NAMES.fullmatch(name):
        return Opaque(f"an array of dtype {name[:100]}")
    return ArrayValue(name, tuple(array.shape), np.ascontiguousarray(array).tobytes())


def decode_array(value: ArrayValue) -> Any:
    """Rebuild an array; a NumPy scalar where there is no dimension. Raises `UnacceptableValueError`."""
    if not _NAMES.fullmatch(value.dtype):
        raise UnacceptableValueError(f"dtype {value.dtype[:100]!r} is not known")
    dtype = np.dtype(value.dtype)
    verify_shape(value.shape, dtype.itemsize, len(value.data))
    data = np.frombuffer(bytearray(value.data), np.uint8)
    if dtype.kind == "U" and data.size and int(data.view(np.uint32).max()) > _UNICODE:
        raise UnacceptableValueError("text with a character that there is not")
    if not data.size:
        array = np.zeros(value.shape, dtype)
    else:
        array = (data != 0 if dtype.kind == "b" else data.view(dtype)).reshape(value.shape)
    return array if value.shape else array[()]


def decode_objects(value: ObjectsValue, items: list[Any]) -> Any:
    """Rebuild an array of dtype object from its decoded items. Raises `UnacceptableValueError`."""
    verify_shape(value.shape, 1, len(items))
    array = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        array[place] = item
    return array.reshape(value.shape)


def verify_shape(shape: tuple[int, ...], size: int, count: int) -> None:
    """Raise `UnacceptableValueError` unless `count` bytes are what a shape of items of `size` bytes takes.

    Args:
        shape: The dimensions.
        size: What one item takes. 0 for text without characters: then it costs nothing, and is limited.
        count: What there is.
    """
    if len(shape) > MAX_DIMENSIONS or any(not 0 <= one < 2**40 for one in shape):
        raise UnacceptableValueError("a shape out of bounds")
    if math.prod(shape) * size != count:
        raise UnacceptableValueError("shape and data disagree")
    if not count and math.prod(max(1, one) for one in shape) > MAX_EMPTY:
        raise UnacceptableValueError(f"an empty tensor of shape {tuple(shape)}")


def as_tensor_value(value: ArrayValue) -> Value:
    """Return an array as a tensor of its dtype; as it is where torch has no such numbers, and no text."""
    return TensorValue(value.dtype, value.shape, value.data) if value.dtype in _LIKE_TENSORS else value
