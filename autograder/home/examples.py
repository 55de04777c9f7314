"""Try a function on an example: does it take its arguments, and is its result of the kind, shape and dtype asked for?

A release has an example for each function that no public check is about. It tells what a right result is like, not what
it is: the numbers in it are all zeros.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec

from autograder.errors import MismatchError
from autograder.home.recorded import Recorded
from autograder.protocol.codec import decode, encode
from autograder.protocol.libraries import KINDS
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
)
from autograder.rubric.draw import Draw
from autograder.rubric.reference import Reference
from autograder.rubric.student import Student

FEW = 8
"""Tensors of so many numbers are shown whole."""


class Example(msgspec.Struct, frozen=True):
    """A function of the student's and what to call it with: one question in each dtype, and what the answer is like."""

    function: str
    runs: list[Recorded]

    @property
    def name(self) -> str:
        """Return what its check is called."""
        return f"{self.function} on an example"

    @property
    def asked(self) -> str:
        """Return what is asked, in one sentence."""
        gives = described(self.runs[0].rights[0].result.value)
        return f"{self.function} takes its arguments, leaves them alone and gives {gives}."

    def check(self) -> Callable[[Student, Reference, Draw], None]:
        """Return it as a check."""

        def run(student: Student, reference: Reference, draw: Draw) -> None:
            (asked,) = next(run.rights for run in self.runs if run.dtype == str(draw.dtype))
            args = [_argument(value) for value in asked.args]
            got = student.call(self.function, *args, **{key: _argument(value) for key, value in asked.kwargs.items()})
            found = misfit(f"`{self.function}`", encode(got), asked.result.value)
            if found:
                given = [shown(value) for value in asked.args]
                given += [f"{key}={shown(value)}" for key, value in asked.kwargs.items()]
                raise MismatchError(f"{found} It was called with {', '.join(given)}.")

        run.__name__, run.__doc__ = self.name, self.asked
        return run


def _argument(value: Value) -> Any:
    """Return what a check hands on: a generator crosses as it is, and is made on the student's side."""
    return value if isinstance(value, GeneratorValue) else decode(value)


def blank(value: Value) -> Value:
    """Return a value of the same kind, shape and dtype, with nothing in it."""
    match value:
        case bool():
            return False
        case int():
            return 0
        case float():
            return 0.0
        case str():
            return ""
        case TensorValue() | ArrayValue():
            return msgspec.structs.replace(value, data=bytes(len(value.data)))
        case ListValue() | TupleValue():
            return msgspec.structs.replace(value, items=[blank(item) for item in value.items])
        case SetValue() | ObjectsValue():
            return type(value)([]) if isinstance(value, SetValue) else ObjectsValue((0,), [])
        case ComplexValue():
            return ComplexValue(0.0, 0.0)
        case BytesValue():
            return BytesValue(b"")
        case SparseValue() | IndexValue() | SeriesValue() | FrameValue():
            return Opaque(KINDS[type(value)])
        case DictValue():
            return DictValue([(key, blank(item)) for key, item in value.items])
    return value


def misfit(what: str, got: Value, right: Value) -> str:
    """Return a sentence about the first difference in shape, length or keys; nothing where there is none.

    Kinds and dtypes are the contract's business, and numbers nobody's. A number counts as a tensor of one element, a
    list as a tuple or as a tensor of its entries.
    """
    match right:
        case TensorValue() | ArrayValue():
            shape = _shape(got)
            if shape is None or shape == right.shape or {*shape, *right.shape} <= {1}:
                return ""
            return f"{what} has shape {shape}; asked for is {right.shape}."
        case ListValue() | TupleValue():
            if isinstance(got, TensorValue | ArrayValue):
                fits = got.shape[:1] == (len(right.items),)
                return "" if fits else f"{what} has shape {got.shape}; asked for are {len(right.items)} entries."
            if not isinstance(got, ListValue | TupleValue):
                return f"{what} is {described(got)}; asked for is {described(right)}."
            if len(got.items) != len(right.items):
                return f"{what} has {_entries(len(got.items))}; asked for are {len(right.items)}."
            parts = zip(got.items, right.items, strict=True)
            name = "result" if what.startswith("`") else f"{what}, entry"
            found = (misfit(f"{name} {place}", *pair) for place, pair in enumerate(parts, start=1))
            return next(filter(None, found), "")
        case DictValue():
            if not isinstance(got, DictValue):
                return f"{what} is {described(got)}; asked for is {described(right)}."
            mine = {str(key): item for key, item in got.items}
            missing = [str(key) for key, _ in right.items if str(key) not in mine]
            if missing:
                return f"{what} has no entry {', '.join(map(repr, missing))}."
            found = (misfit(f"{what}[{key!r}]", mine[str(key)], item) for key, item in right.items)
            return next(filter(None, found), "")
        case Opaque() if right.type_name in KINDS.values():
            there = KINDS.get(type(got), "")
            return "" if there == right.type_name else f"{what} is {described(got)}; asked for is {described(right)}."
        case None:
            return "" if got is None else f"{what} is {described(got)}; asked for is None."
    return ""


def described(value: Value) -> str:
    """Return what a value is like, in words: "a tensor (3, 4) of float64"."""
    match value:
        case bool():
            return "True or False"
        case int():
            return "an int"
        case float():
            return "a number"
        case str():
            return "a text"
        case None:
            return "None"
        case TensorValue():
            return f"a tensor {value.shape} of {value.dtype}" if value.shape else f"a number ({value.dtype})"
        case ArrayValue():
            return f"an array {value.shape} of {value.dtype}" if value.shape else f"a number ({value.dtype})"
        case ListValue() | TupleValue():
            kind = "list" if isinstance(value, ListValue) else "tuple"
            entries = [described(item) for item in value.items]
            if len({*entries}) == 1:
                return f"a {kind} of {_entries(len(entries))}, each {entries[0]}"
            return f"a {kind} of {_entries(len(entries))}" + (f": {', '.join(entries)}" if len(entries) <= 5 else "")
        case DictValue():
            return f"a dictionary of {_entries(len(value.items))}"
        case SetValue():
            return "a set"
        case ComplexValue():
            return "a complex number"
        case BytesValue():
            return "bytes"
        case GeneratorValue():
            return "a generator"
        case Opaque() if value.type_name in KINDS.values():
            return f"{'an' if value.type_name == 'Index' else 'a'} {value.type_name}"
        case SparseValue() | IndexValue() | SeriesValue() | FrameValue():
            return described(Opaque(KINDS[type(value)]))
    return "something else"


def shown(value: Value) -> str:
    """Return an argument as a person would write it; what is large only by its shape."""
    match value:
        case TensorValue() | ArrayValue():
            if math.prod(value.shape) <= FEW:
                return f"{_rounded(decode(value).tolist())}"
            return described(value)
        case ListValue() | TupleValue():
            ends = "[]" if isinstance(value, ListValue) else "()"
            if len(value.items) > FEW:
                return described(value)
            return ends[0] + ", ".join(map(shown, value.items)) + ends[1]
        case float():
            return f"{value:.4g}"
        case None | bool() | int() | str():
            return repr(value)
    return described(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


def _shape(value: Value) -> tuple[int, ...] | None:
    """Return the shape of a tensor, or of a list as a tensor; None for what is neither."""
    match value:
        case TensorValue() | ArrayValue():
            return value.shape
        case bool() | int() | float():
            return ()
        case ListValue() | TupleValue():
            inner = _shape(value.items[0]) if value.items else ()
            return None if inner is None else (len(value.items), *inner)
    return None


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
