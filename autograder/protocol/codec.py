"""Translation between live objects and plain data.

`encode` runs on the sending side, `decode` on the receiving side. What arrives from a sandbox is untrusted:
`decode` rebuilds plain tensors from dtype, shape and bytes, checks every size, and never unpickles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import torch

from autograder.errors import UnacceptableValueError
from autograder.protocol.arrays import (
    DTYPES,
    as_tensor_value,
    decode_array,
    decode_objects,
    encode_array,
    verify_shape,
)
from autograder.protocol.devices import CPU
from autograder.protocol.libraries import Library, decode_library, encode_library, loaded
from autograder.protocol.values import (
    ArrayValue,
    BytesValue,
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
    parts,
    printable,
)

MAX_DEPTH = 16
MAX_ITEMS = 1_000_000
"""Values in the containers of one answer. A number in a list takes a byte to send and a hundred to hold."""
MAX_FIELDS = 100
"""Fields of a named tuple."""
MAX_COLLISIONS = 100
"""Keys of a dictionary that have one hash. Of honest keys a few do (-1 and -2); of made ones all can, and then building
the dictionary takes quadratic time."""

Keep = Callable[[Any], int]
"""Keeps an object that has no plain form, and returns the handle by which it is found again."""
Generators = Callable[[GeneratorValue], Any]


class NamedTuple(tuple[Any, ...]):
    """A named tuple that has crossed: a tuple whose items have names, without a class of its own."""

    _fields: tuple[str, ...]

    def __new__(cls, fields: tuple[str, ...], items: Iterable[Any]) -> NamedTuple:
        """Return the items, each under its name."""
        made = super().__new__(cls, items)
        made._fields = fields
        return made

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("_fields", ()):
            return self[self._fields.index(name)]
        raise AttributeError(f"no field {name!r}: there are {', '.join(self._fields)}")

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        return f"({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"


def encode(value: Any, depth: int = 0, keep: Keep | None = None) -> Value:
    """Turn a live value into plain data. Whatever has no plain form becomes `Opaque`, with a handle where `keep` keeps
    the object."""
    found = _encode(value, depth, keep)
    if isinstance(found, Opaque) and keep is not None:
        return msgspec.structs.replace(found, handle=keep(value))
    return found


def _encode(value: Any, depth: int, keep: Keep | None) -> Value:
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

    def within(item: Any) -> Value:
        return encode(item, depth + 1, keep)

    if isinstance(value, np.ndarray | np.generic):
        return encode_array(value, within)
    if type(value) is list:
        return ListValue([within(item) for item in value])
    if isinstance(value, tuple):
        return TupleValue([within(item) for item in tuple(value)], _fields(value))
    if isinstance(value, dict) and not hasattr(value, "tocoo"):  # SciPy's matrix of keys is one, too
        return DictValue([(within(_plain_key(key)), within(item)) for key, item in dict(value).items()])
    if type(value) in (set, frozenset):
        items = [within(_plain_key(item)) for item in value]
        return SetValue(sorted(items, key=repr), type(value) is frozenset)
    if type(value) is complex:
        return ComplexValue(value.real, value.imag)
    if type(value) in (bytes, bytearray):
        return BytesValue(bytes(value))
    if isinstance(value, GeneratorValue) or (isinstance(value, Opaque) and keep is None):
        return value
    return encode_library(value, within) or Opaque(printable(type(value).__name__))


def _fields(value: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the names of a named tuple's fields; none for another tuple."""
    fields = getattr(value, "_fields", ())
    named = type(fields) is tuple and len(fields) == len(value) and all(type(name) is str for name in fields)
    return tuple(map(printable, fields)) if named else ()


def _plain_key(key: Any) -> Any:
    """Return a key as it compares: of NumPy's scalars and Python's numbers, one is as good as the other."""
    return key.item() if isinstance(key, np.number | np.bool_ | np.str_) else key


def _encode_tensor(value: torch.Tensor) -> Value:
    try:
        plain = value.detach().as_subclass(torch.Tensor).cpu().resolve_conj().resolve_neg().contiguous()
        name = str(plain.dtype).removeprefix("torch.")
        if name not in DTYPES:
            return Opaque(f"a tensor of dtype {name}")
        data = plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
        return TensorValue(name, tuple(plain.shape), data, bool(value.requires_grad))
    except (RuntimeError, TypeError, NotImplementedError) as error:
        return Opaque(f"a tensor that cannot be read ({type(error).__name__})")


def decode(
    value: Value,
    generators: Generators | None = None,
    device: str = CPU,
    objects: Sequence[Any] = (),
    library: Library = loaded,
) -> Any:
    """Rebuild a live value.

    Args:
        value: What has crossed.
        generators: Makes the generator for a `GeneratorValue`; without it one is refused.
        device: Where its tensors are put.
        objects: What handles stand for, from 1 on. Without them, an `Opaque` stays as it is: the comparison names its
            type to the student.
        library: Finds pandas and SciPy. By default only where the process has imported them: an answer must not make
            the grader do so. What needs another one stays an `Opaque`.

    Raises:
        UnacceptableValueError: Something is malformed.
    """
    _count(value)
    return _Decoder(generators, device, objects, library).live(value, 0)


@dataclass(frozen=True)
class _Decoder:
    generators: Generators | None
    device: str
    objects: Sequence[Any]
    library: Library

    def live(self, value: Value, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise UnacceptableValueError("nested too deeply")
        match value:
            case None | bool() | int() | float() | str():
                return value
            case TensorValue():
                return _decode_tensor(value, self.device)
            case ArrayValue():
                return decode_array(value)
            case ObjectsValue():
                return decode_objects(value, self._all(value.items, depth))
            case ListValue():
                return self._all(value.items, depth)
            case TupleValue():
                return _decode_tuple(value.fields, self._all(value.items, depth))
            case SetValue():
                items = self._all(value.items, depth)
                _verify_keys(items, "a set with an unhashable item", "a set whose items are made to collide")
                return frozenset(items) if value.frozen else set(items)
            case DictValue():
                pairs = [(self.live(key, depth + 1), self.live(item, depth + 1)) for key, item in value.items]
                keys = [key for key, _ in pairs]
                _verify_keys(keys, "a dictionary with an unhashable key", "a dictionary whose keys are made to collide")
                return dict(pairs)
            case ComplexValue():
                return complex(value.real, value.imag)
            case BytesValue():
                return value.data
            case Opaque():
                return self.objects[value.handle - 1] if 0 < value.handle <= len(self.objects) else value
            case GeneratorValue():
                if self.generators is None:
                    raise UnacceptableValueError("a generator is not expected here")
                return self.generators(value)
            case IndexValue() | SeriesValue() | FrameValue() | SparseValue():
                return decode_library(value, lambda item: self.live(item, depth + 1), self.library)

    def _all(self, items: Iterable[Value], depth: int) -> list[Any]:
        return [self.live(item, depth + 1) for item in items]


def make_generator(value: GeneratorValue) -> Any:
    """Return a generator that begins from its seed."""
    return np.random.default_rng(value.seed) if value.numpy else torch.Generator().manual_seed(value.seed)


class KeptGenerators:
    """The generators of one check: the same key is the same generator, which goes on where it was."""

    def __init__(self) -> None:
        self._made: dict[GeneratorValue, Any] = {}

    def __call__(self, value: GeneratorValue) -> Any:
        if value not in self._made:
            self._made[value] = make_generator(value)
        return self._made[value]


def _count(value: Value) -> None:
    """Raise `UnacceptableValueError` for containers with too many values in all."""
    left = MAX_ITEMS
    waiting = [value]
    while waiting:
        held = parts(waiting.pop())
        left -= len(held)
        if left < 0:
            raise UnacceptableValueError(f"more than {MAX_ITEMS:,} values in lists, tuples and dictionaries")
        waiting += held


def _decode_tuple(fields: tuple[str, ...], items: list[Any]) -> tuple[Any, ...]:
    if not fields:
        return tuple(items)
    if len(fields) != len(items) or len(fields) > MAX_FIELDS or not all(map(str.isidentifier, fields)):
        raise UnacceptableValueError("a named tuple with names that are none")
    return NamedTuple(fields, items)


def _verify_keys(keys: Sequence[Any], unhashable: str, colliding: str) -> None:
    """Raise `UnacceptableValueError` for keys, which somebody else has chosen, that no table can hold."""
    try:
        hashes = Counter(map(hash, keys))
    except TypeError as error:
        raise UnacceptableValueError(unhashable) from error
    if max(hashes.values(), default=0) > MAX_COLLISIONS:
        raise UnacceptableValueError(colliding)


def _decode_tensor(value: TensorValue, device: str) -> torch.Tensor:
    if value.dtype not in DTYPES:
        raise UnacceptableValueError(f"dtype {value.dtype!r} is not known")
    dtype = DTYPES[value.dtype]
    verify_shape(value.shape, dtype.itemsize, len(value.data))
    if not value.data:
        try:
            return torch.empty(value.shape, dtype=dtype, device=device)
        except RuntimeError as error:  # strides of an empty tensor can overflow too
            raise UnacceptableValueError("a shape out of bounds") from error
    flat = torch.frombuffer(bytearray(value.data), dtype=torch.uint8)
    # A byte other than 0 and 1 would be a boolean that equals neither True nor False.
    flat = flat.ne(0) if dtype is torch.bool else flat.view(dtype)
    there = flat.reshape(value.shape).to(device)
    return there.requires_grad_(value.requires_grad and (dtype.is_floating_point or dtype.is_complex))


def with_tensors(value: Value) -> Value:
    """Return a value whose arrays of numbers are tensors: where tensors are asked for, one is as good as the other."""
    match value:
        case ArrayValue():
            return as_tensor_value(value)
        case ListValue():
            return ListValue([with_tensors(item) for item in value.items])
        case TupleValue():
            return TupleValue([with_tensors(item) for item in value.items], value.fields)
        case DictValue():
            return DictValue([(key, with_tensors(item)) for key, item in value.items])
    return value


def rebuilt(value: Any, items: Iterable[Any]) -> Any:
    """Return a list or a tuple of the same kind, with other items: a named tuple keeps its names."""
    if hasattr(type(value), "_make"):
        return type(value)._make(items)
    return NamedTuple(value._fields, items) if isinstance(value, NamedTuple) else type(value)(items)


def tensors_in(value: Any) -> list[torch.Tensor]:
    """The tensors of nested lists, tuples and dictionaries, in order: those that a stand-in gives gradients for."""
    return [one for one in numbers_in(value) if isinstance(one, torch.Tensor)]


def numbers_in(value: Any) -> list[Any]:
    """The tensors and the arrays of nested lists, tuples and dictionaries, in order."""
    if isinstance(value, torch.Tensor | np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [one for item in value for one in numbers_in(item)] if isinstance(value, list | tuple) else []
