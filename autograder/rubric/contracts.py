"""Watch what a function does beside its result: its arguments stay as they are, its result is of the kind asked for,
gradients come through where they are wanted, and the same question has the same answer.

What is asked for is what the reference does. A breach costs the check in which it is first seen, and no other one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from autograder.protocol.arrays import as_tensor_value
from autograder.protocol.messages import Returned
from autograder.protocol.values import (
    ArrayValue,
    DictValue,
    GeneratorValue,
    ListValue,
    SetValue,
    TensorValue,
    TupleValue,
    Value,
)

IN_WORDS = """\
Beside its values, each function keeps to this. A slip costs points once, in the check that first sees it, and not in
functions that build on it:

- **Arguments stay as they are.** Others may still need them: work on a copy, not in place.
- **Kinds stay what is asked for.** float64 in, float64 out, and float32 likewise; counts are ints, masks are True and
  False. Lists and tuples count as the same, so do a number and a tensor of one element.
- **Gradients come through** where an argument requires them: no `detach`, no `item`, no detour through numpy there.
- **The same question has the same answer.** All chance comes from the generator you are given.
"""
"""What students read."""

ARGUMENTS, KIND, GRADIENTS, REPEATS = "arguments", "kind", "gradients", "repeats"
FLOATS = frozenset({"float64", "float32", "float16", "bfloat16"})
INTEGERS = frozenset({"int64", "int32", "int16", "int8", "uint8"})


@dataclass(frozen=True)
class Breach:
    """Something that a function must not do.

    Attributes:
        kind: What it breaks: "arguments", "kind", "gradients" or "repeats".
        message: A sentence for the student.
    """

    kind: str
    message: str


def breach_of(name: str, got: Returned, right: Returned, arguments: Sequence[Value]) -> Breach | None:
    """Return what is wrong with an answer beside its values.

    Args:
        name: The student's function.
        got: What the student's side returned.
        right: What the reference returned for the same arguments.
        arguments: What both were called with. Where one is a tensor of floats, the result has its dtype; where one
            requires gradients, so does the result, if the reference's does.

    Returns:
        The first breach that is found; None where the contract holds. Values and shapes are not compared.
    """
    changed = [argument for argument in got.changed if argument not in right.changed]
    if changed and not right.changed:
        names = " and ".join(f"`{argument}`" for argument in changed)
        return Breach(
            ARGUMENTS, f"`{name}` changes its argument {names} in place: work on a copy, for others still need it."
        )
    tensors = [tensor for argument in arguments for tensor in _tensors(argument)]
    wanted = right.value
    if not any(tensor.requires_grad for tensor in tensors):
        wanted = _without_gradients(wanted)
    return kind_breach(f"`{name}`", got.value, wanted, given=frozenset(tensor.dtype for tensor in tensors))


def kind_breach(what: str, got: Value, right: Value, *, given: frozenset[str], inside: bool = False) -> Breach | None:
    """Return where a result is of another kind than the right one.

    A list counts as a tuple or as a tensor of its numbers, a number as a tensor of one element. A dtype of floats is
    kept where it is one of those that were `given`; where the reference makes its own, one counts as another.

    A container that is a part of a result (`inside`) may be a cache, which is the student's own affair: where it is
    built in another way, nothing is said here. If the check looks at it, the comparison says so.
    """
    if inside and isinstance(right, ListValue | TupleValue | DictValue) and not _built_alike(got, right):
        return None
    if isinstance(got, ArrayValue) and not isinstance(right, ArrayValue):
        got = as_tensor_value(got)  # where no array is asked for, one counts as a tensor
    match right:
        case bool():
            fits = isinstance(got, bool) or _is_tensor(got, frozenset({"bool"}))
            return None if fits else _kind(what, "True or False", got)
        case int():
            fits = (isinstance(got, int) and not isinstance(got, bool)) or _is_tensor(got, INTEGERS)
            return None if fits else _kind(what, "a whole number (an int)", got)
        case float():
            fits = isinstance(got, int | float) or (_is_tensor(got, FLOATS | INTEGERS) and not isinstance(got, bool))
            return None if fits else _kind(what, "a number", got)
        case TensorValue():
            return _tensor_breach(what, got, right, right.dtype in given)
        case ArrayValue():
            return _array_breach(what, got, right, right.dtype in given)
        case ListValue() | TupleValue():
            if isinstance(got, TensorValue | ArrayValue) and got.shape:
                return None
            if not isinstance(got, ListValue | TupleValue):
                return _kind(what, "a list or a tuple", got)
            pairs = zip(got.items, right.items, strict=False)
            parts = (
                kind_breach(f"{what}, entry {place}", one, other, given=given, inside=True)
                for place, (one, other) in enumerate(pairs)
            )
            return next((part for part in parts if part), None)
        case DictValue():
            if not isinstance(got, DictValue):
                return _kind(what, "a dictionary", got)
            mine = {key: value for key, value in got.items if isinstance(key, str | int)}
            parts = (
                kind_breach(f"{what}[{key!r}]", mine[key], value, given=given, inside=True)
                for key, value in right.items
                if isinstance(key, str | int) and key in mine
            )
            return next((part for part in parts if part), None)
    return None


def _built_alike(got: Value, right: ListValue | TupleValue | DictValue) -> bool:
    if isinstance(right, DictValue):
        return isinstance(got, DictValue) and {str(key) for key, _ in got.items} == {str(key) for key, _ in right.items}
    return isinstance(got, ListValue | TupleValue) and len(got.items) == len(right.items)


def _tensor_breach(what: str, got: Value, right: TensorValue, exact: bool, wanted: str = "") -> Breach | None:
    wanted = wanted or f"a tensor of dtype {right.dtype}"
    if isinstance(got, bool | int | float) and not isinstance(got, TensorValue):
        single = all(size == 1 for size in right.shape)
        if not single or (right.dtype == "bool") != isinstance(got, bool):
            return _kind(what, wanted, got)
        return _gradient(what) if right.requires_grad else None
    if isinstance(got, ListValue | TupleValue):
        if right.shape and len(got.items) != right.shape[0]:
            return None  # a wrong answer, of whatever length
        return None if all(_fits(leaf, right.dtype) for leaf in _leaves(got)) else _kind(what, wanted, got)
    if not isinstance(got, TensorValue):
        return _kind(what, wanted, got)
    family = next((one for one in (FLOATS, INTEGERS) if right.dtype in one), frozenset({right.dtype}))
    same = got.dtype == right.dtype if family is FLOATS and exact else got.dtype in family
    if not same:
        return Breach(
            KIND, f"{what} has dtype {got.dtype}; asked for is {right.dtype}{_advice(got.dtype, right.dtype)}."
        )
    return _gradient(what) if right.requires_grad and not got.requires_grad else None


def _array_breach(what: str, got: Value, right: ArrayValue, exact: bool) -> Breach | None:
    """Return where a result is no array of the right dtype: text of any length is text, times of any unit are times."""
    wanted = f"an array of dtype {right.dtype}" if right.shape else f"a number of dtype {right.dtype}"
    if isinstance(got, TensorValue) or (isinstance(got, ArrayValue) and got.shape != () == right.shape):
        return _kind(what, wanted, got)
    tensor = as_tensor_value(right)
    if isinstance(tensor, TensorValue):
        got = as_tensor_value(got) if isinstance(got, ArrayValue) else got
        return _tensor_breach(what, got, tensor, exact, wanted)
    if isinstance(got, ArrayValue) and _NAME.findall(got.dtype)[:1] != _NAME.findall(right.dtype)[:1]:
        return _kind(what, wanted, got)
    return None


_NAME = re.compile("[A-Za-z]+")


def _leaves(value: Value) -> Iterator[Value]:
    if isinstance(value, ListValue | TupleValue):
        for item in value.items:
            yield from _leaves(item)
    else:
        yield value


def _fits(leaf: Value, dtype: str) -> bool:
    """Return whether an entry of a list is of the kind that a tensor of this dtype holds."""
    if isinstance(leaf, TensorValue):
        return any(dtype in family and leaf.dtype in family for family in (FLOATS, INTEGERS, frozenset({"bool"})))
    if dtype == "bool" or isinstance(leaf, bool):
        return dtype == "bool" and isinstance(leaf, bool)
    return isinstance(leaf, int) or (isinstance(leaf, float) and dtype in FLOATS)


def _advice(got: str, right: str) -> str:
    if right in FLOATS and got in FLOATS:
        return ": keep the dtype of the inputs"
    if right == "bool":
        return ": a mask of True and False"
    return ": whole numbers" if right in INTEGERS else ""


def _gradient(what: str) -> Breach:
    return Breach(
        GRADIENTS, f"{what} is right, but no gradient comes through it: stay with torch, without detach or item."
    )


def _kind(what: str, wanted: str, got: Value) -> Breach:
    return Breach(KIND, f"{what} returns {_named(got)}; asked for is {wanted}.")


def _named(value: Value) -> str:
    match value:
        case TensorValue():
            return f"a tensor of dtype {value.dtype}"
        case ArrayValue():
            return f"an array of dtype {value.dtype}"
        case ListValue():
            return "a list"
        case TupleValue():
            return "a tuple"
        case SetValue():
            return "a set"
        case DictValue():
            return "a dictionary"
        case None:
            return "None"
        case bool() | int() | float() | str():
            return f"{'an' if isinstance(value, int) and not isinstance(value, bool) else 'a'} {type(value).__name__}"
    return "something else"


def _is_tensor(value: Value, dtypes: frozenset[str]) -> bool:
    return isinstance(value, TensorValue) and value.dtype in dtypes and all(size == 1 for size in value.shape)


def anew(values: Sequence[Value], named: Mapping[str, Value]) -> tuple[list[Value], dict[str, Value]]:
    """Return the same arguments for another call: with generators that begin from the start again."""
    return [_anew(value) for value in values], {key: _anew(value) for key, value in named.items()}


def _anew(value: Value) -> Value:
    match value:
        case GeneratorValue():
            return msgspec.structs.replace(value, key=-value.key - 2**31)
        case ListValue() | TupleValue():
            return msgspec.structs.replace(value, items=[_anew(item) for item in value.items])
    return value


def _tensors(value: Value) -> Iterator[TensorValue]:
    """Yield the tensors of a value, arrays among them."""
    match value:
        case TensorValue():
            yield value
        case ArrayValue():
            yield TensorValue(value.dtype, value.shape, value.data)
        case ListValue() | TupleValue():
            for item in value.items:
                yield from _tensors(item)
        case DictValue():
            for _, item in value.items:
                yield from _tensors(item)


def _without_gradients(value: Value) -> Value:
    match value:
        case TensorValue():
            return msgspec.structs.replace(value, requires_grad=False)
        case ListValue() | TupleValue():
            return msgspec.structs.replace(value, items=[_without_gradients(item) for item in value.items])
        case DictValue():
            return DictValue([(key, _without_gradients(item)) for key, item in value.items])
    return value
