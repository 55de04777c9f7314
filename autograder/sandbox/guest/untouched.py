"""Recognise what nothing was written in: `pass`, `...`, `return None`, `out = None; return out`, `answer = ...`."""

from __future__ import annotations

import dis
from types import CodeType
from typing import Any

IDLE = (
    "RESUME", "NOP", "CACHE", "LOAD_CONST", "LOAD_FAST", "STORE_FAST", "UNPACK_SEQUENCE", "BUILD_TUPLE", "SWAP", "COPY",
    "POP_TOP", "RETURN", "EXTENDED_ARG",
)  # fmt: skip
"""How the names of instructions begin that only move values about, in every version of Python."""


def is_untouched(function: Any) -> bool:
    """Return whether a function does nothing but hand out None, whatever it is called with; or a variable is None.

    Args:
        function: A function or a variable of the student's; a method counts as its function, `...` as None. Nothing of
            it is run.
    """
    if _is_blank(function):
        return True
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return isinstance(code, CodeType) and _is_idle(code)


def _is_idle(code: CodeType) -> bool:
    arguments = set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    for one in dis.get_instructions(code):
        if not one.opname.startswith(IDLE):
            return False
        if one.opname.startswith("LOAD_CONST") and not _is_blank(one.argval):
            return False
        if one.opname.startswith("LOAD_FAST") and arguments.intersection(_names(one.argval)):
            return False
    return True


def _is_blank(value: object) -> bool:
    """Return whether a constant is None, or `...`, or a tuple of them."""
    return (
        value is None or value is Ellipsis or (isinstance(value, tuple) and value != () and all(map(_is_blank, value)))
    )


def _names(argument: object) -> tuple[object, ...]:
    """Return the names of an instruction, which may be about two at once."""
    return argument if isinstance(argument, tuple) else (argument,)
