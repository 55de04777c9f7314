"""Find where the statements of a source begin that does not parse: by parso, which reads on after an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

import parso

from autograder.syntax import parse

_START = re.compile(r"\f*[^\s#)\]}]")
_CONTINUES = re.compile(r"\f*(?:else|elif|except|finally)\b")
_WHOLE = frozenset(
    {"funcdef", "classdef", "decorated", "async_stmt", "simple_stmt", "if_stmt", "for_stmt", "while_stmt", "try_stmt"}
    | {"with_stmt", "error_node", "error_leaf"}
)
"""The kinds of parso's nodes that stand for themselves at the top level."""
_LONGEST = 50_000
"""Characters that parso is asked to read: of what is made to be slow, this much takes it a second or two."""


def block_starts(text: str, lines: Sequence[str]) -> list[int]:
    """Return the indices of lines where top-level statements may begin, and one past the end.

    A decorator is part of what follows. Within a part that does not parse, any line at the left margin may begin one:
    parso takes a string that nobody closed for one that ends at the next.
    """
    found: list[int] = []
    decorated = False
    for first, last in _parts(text, len(lines)):
        whole = _parses("\n".join(lines[first:last]))
        for number in range(first, first + 1 if whole else last):
            bare = lines[number].strip()
            if _begins(lines[number]) and not decorated:
                found.append(number)
            if bare and not bare.startswith("#"):
                decorated = bare.startswith("@") and not whole
    if not found or found[0] != 0:
        found.insert(0, 0)
    return [*found, len(lines)]


def _begins(line: str) -> bool:
    return _START.match(line) is not None and _CONTINUES.match(line) is None


def _parts(text: str, count: int) -> Iterator[tuple[int, int]]:
    """Yield the first line of each top-level part, and the line after its last."""
    firsts = {0}
    if len(text) <= _LONGEST:
        with suppress(RecursionError, MemoryError, ValueError):
            firsts |= {node.start_pos[0] - 1 for node in parso.parse(text).children if node.type in _WHOLE}
    ordered = sorted(first for first in firsts if first < count)
    yield from pairwise([*ordered, count])


def _parses(block: str) -> bool:
    try:
        parse(block)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    return True
