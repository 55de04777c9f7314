"""Translation between live objects and plain data.

`encode` runs on the sending side, `decode` on the receiving side. What arrives from a sandbox is untrusted:
`decode` rebuilds plain tensors from dtype, shape and bytes, checks every size, and never unpickles.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.errors import UnacceptableValueError
from autograder.protocol.devices import CPU
from autograder.protocol.values import (
    DictValue,
    GeneratorValue,
    ListValue,
    Opaque,
    TensorValue,
    TupleValue,
    Value,
    printable,
)

MAX_DEPTH = 16
MAX_DIMENSIONS = 16
MAX_ITEMS = 1_000_000
"""Values in the containers of one answer. A number in a list takes a byte to send and a hundred to hold."""
MAX_EMPTY = 100_000
"""Rows of an empty tensor: they cost nothing to send, and whoever goes through them takes as long as for full ones."""
MAX_COLLISIONS = 100
"""Keys of a dictionary that have one hash. Of honest keys a few do (-1 and -2); of made ones all can, and then building
the dictionary takes quadratic time."""

DTYPES: dict[str, torch.dtype] = {
    name: getattr(torch, name)
    for name in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
}


def encode(value: Any, depth: int = 0) -> Value:
    """Turn a live value into plain data. Whatever has no plain form becomes `Opaque`."""
    if depth > MAX_DEPTH:
        return Opaque("a structure nested too deeply")
    if value is None or type(value) in (bool, float):
        return value  # type: ignore[no-any-return]
    if isinstance(value, str):
        return printable(str.__str__(value))
    if type(value) is int:
        return value if -(2**63) <= value < 2**63 else Opaque("an integer beyond 64 bits")
    if isinstance(value, torch.Tensor):
        return _encode_tensor(value)
    if isinstance(value, np.ndarray | np.generic):
        return _encode_array(value)
    if type(value) is list:
        return ListValue([encode(item, depth + 1) for item in value])
    if isinstance(value, tuple):
        return TupleValue([encode(item, depth + 1) for item in tuple(value)])
    if isinstance(value, dict):
        return DictValue([(encode(k, depth + 1), encode(v, depth + 1)) for k, v in dict(value).items()])
    if isinstance(value, GeneratorValue):
        return value
    return Opaque(printable(type(value).__name__))


def _encode_tensor(value: torch.Tensor) -> Value:
    try:
        plain = value.detach().as_subclass(torch.Tensor).cpu().contiguous()
        name = str(plain.dtype).removeprefix("torch.")
        if name not in DTYPES:
            return Opaque(f"a tensor of dtype {name}")
        data = plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
        return TensorValue(name, tuple(plain.shape), data, bool(value.requires_grad))
    except (RuntimeError, TypeError, NotImplementedError) as error:
        return Opaque(f"a tensor that cannot be read ({type(error).__name__})")


def _encode_array(value: Any) -> Value:
    array = np.asarray(value)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.name not in DTYPES:
        return Opaque(f"an array of dtype {array.dtype.name}")
    return TensorValue(array.dtype.name, tuple(array.shape), np.ascontiguousarray(array).tobytes())


def decode(
    value: Value,
    generators: Callable[[int, int], torch.Generator] | None = None,
    device: str = CPU,
    depth: int = 0,
) -> Any:
    """Rebuild a live value, its tensors on `device`. Raises `UnacceptableValueError` for anything malformed.

    `generators` makes the generator for a `GeneratorValue`; without it one is refused.
    An `Opaque` stays as it is: the comparison names its type to the student.
    """
    if depth == 0:
        _count(value)
    if depth > MAX_DEPTH:
        raise UnacceptableValueError("nested too deeply")
    if value is None or isinstance(value, bool | int | float | str | Opaque):
        return value
    if isinstance(value, TensorValue):
        return _decode_tensor(value, device)
    within = partial(decode, generators=generators, device=device, depth=depth + 1)
    if isinstance(value, ListValue):
        return [within(item) for item in value.items]
    if isinstance(value, TupleValue):
        return tuple(within(item) for item in value.items)
    if isinstance(value, DictValue):
        return _decode_dict([(within(k), within(v)) for k, v in value.items])
    if generators is None:
        raise UnacceptableValueError("a generator is not expected here")
    return generators(value.key, value.seed)


def _count(value: Value) -> None:
    """Raise `UnacceptableValueError` for containers with too many values in all."""
    left = MAX_ITEMS
    waiting = [value]
    while waiting:
        container = waiting.pop()
        if isinstance(container, ListValue | TupleValue | DictValue):
            left -= len(container.items)
            if left < 0:
                raise UnacceptableValueError(f"more than {MAX_ITEMS:,} values in lists, tuples and dictionaries")
            if isinstance(container, DictValue):
                waiting += [part for pair in container.items for part in pair]
            else:
                waiting += container.items


def _decode_dict(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    """Build a dictionary whose keys somebody else has chosen."""
    try:
        hashes = Counter(hash(key) for key, _ in pairs)
    except TypeError as error:
        raise UnacceptableValueError("a dictionary with an unhashable key") from error
    if max(hashes.values(), default=0) > MAX_COLLISIONS:
        raise UnacceptableValueError("a dictionary whose keys are made to collide")
    return dict(pairs)


def _decode_tensor(value: TensorValue, device: str) -> torch.Tensor:
    if value.dtype not in DTYPES:
        raise UnacceptableValueError(f"dtype {value.dtype!r} is not known")
    if len(value.shape) > MAX_DIMENSIONS or any(not 0 <= size < 2**40 for size in value.shape):
        raise UnacceptableValueError("a shape out of bounds")
    dtype = DTYPES[value.dtype]
    if math.prod(value.shape) * dtype.itemsize != len(value.data):
        raise UnacceptableValueError("shape and data disagree")
    if not value.data:
        if math.prod(max(1, size) for size in value.shape) > MAX_EMPTY:
            raise UnacceptableValueError(f"an empty tensor of shape {tuple(value.shape)}")
        try:
            return torch.empty(value.shape, dtype=dtype, device=device)
        except RuntimeError as error:  # strides of an empty tensor can overflow too
            raise UnacceptableValueError("a shape out of bounds") from error
    flat = torch.frombuffer(bytearray(value.data), dtype=torch.uint8)
    # A byte other than 0 and 1 would be a boolean that equals neither True nor False.
    flat = flat.ne(0) if dtype is torch.bool else flat.view(dtype)
    there = flat.reshape(value.shape).to(device)
    return there.requires_grad_(value.requires_grad and dtype.is_floating_point)


def tensors_in(value: Any) -> list[torch.Tensor]:
    """The tensors of nested lists, tuples and dictionaries, in order: those that a stand-in gives gradients for."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [tensor for item in value for tensor in tensors_in(item)] if isinstance(value, list | tuple) else []
