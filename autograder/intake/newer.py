"""Tell syntax that only a newer Python has from a mistake: with it written the older way, the source would parse."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from autograder.syntax import parse

Version = tuple[int, int]

LONGEST = 20_000
"""Characters of a part that is searched for newer syntax."""
_REFUSED = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)
_STRING = re.compile(r"([A-Za-z]{0,2})(\"\"\"|'''|\"|')")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Newer:
    """Syntax that came with a later version of Python than this one."""

    what: str
    version: Version

    def __str__(self) -> str:
        here = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return f"{self.what} need Python {self.version[0]}.{self.version[1]}, and the grader has Python {here}"


def newer_syntax(source: str, version: Version = sys.version_info[:2]) -> Newer | None:
    """Return what a source that does not parse has from a later Python than `version`; None where that is not all."""
    if len(source) > LONGEST:
        return None
    text = source
    found: Newer | None = None
    for newer, older in _CHANGES:
        if newer.version <= version:
            continue
        try:
            changed = older(text)
        except RecursionError:  # strings in strings, without end
            return None
        if changed != text:
            found = newer if found is None or newer.version > found.version else found
            text = changed
    if found is None:
        return None
    try:
        parse(text)
    except _REFUSED:
        return None
    return found


def _without_strings(source: str, prefix: str) -> str:
    """Return a source with `""` in the place of each string with this prefix, whose braces may hold strings."""
    out: list[str] = []
    at = 0
    while at < len(source):
        if source[at] == "#":
            end = source.find("\n", at)
            end = len(source) if end < 0 else end
        elif found := _STRING.match(source, at):
            end = _end_of_string(source, found)
            if end > len(source):  # it has no end: that is the mistake
                return source
            if prefix in found[1].lower():
                out.append('""')
                at = end
                continue
        elif word := _WORD.match(source, at):
            end = word.end()
        else:
            end = at + 1
        out.append(source[at:end])
        at = end
    return "".join(out)


def _end_of_string(source: str, found: re.Match[str]) -> int:
    """Return where a string ends; a place beyond the source where it does not."""
    quote, at = found[2], found.end()
    has_fields = bool({"f", "t"} & set(found[1].lower()))
    while at < len(source):
        if source[at] == "\\":
            at += 2
        elif source.startswith(quote, at):
            return at + len(quote)
        elif has_fields and source[at] == "{":
            at = at + 2 if source.startswith("{{", at) else _end_of_field(source, at + 1)
        else:
            at += 1
            if len(quote) == 1 and source[at - 1] == "\n":
                break
    return len(source) + 1


def _end_of_field(source: str, at: int) -> int:
    depth = 1
    while at < len(source) and depth:
        if found := _STRING.match(source, at):
            at = _end_of_string(source, found)
            continue
        if source[at] == "#":
            at = max(at, source.find("\n", at))
        depth += (source[at] in "{[(") - (source[at] in "}])")
        at += 1
    return at


_CHANGES: tuple[tuple[Newer, Callable[[str], str]], ...] = (
    (Newer("template strings", (3, 14)), lambda text: _without_strings(text, "t")),
    (Newer("these quotes or lines inside an f-string's braces", (3, 12)), lambda text: _without_strings(text, "f")),
    (
        Newer("type parameters in square brackets", (3, 12)),
        lambda text: re.sub(r"\b((?:def|class)\s+\w+)\s*\[[^\]\n]*(?:\[[^\]\n]*\][^\]\n]*)*\]", r"\1", text),
    ),
    (
        Newer("`type` statements", (3, 12)),
        lambda text: re.sub(r"^([ \t]*)type\s+(\w+)\s*(?:\[[^\]\n]*\])?\s*=(?!=)", r"\1\2 =", text, flags=re.MULTILINE),
    ),
    (
        Newer("several exceptions without parentheses", (3, 14)),
        lambda text: re.sub(r"\bexcept\s+([^(),:\n]+(?:,[^(),:\n]+)+):", r"except (\1):", text),
    ),
    (
        Newer("defaults of type parameters", (3, 13)),
        lambda text: re.sub(r"\b((?:def|class)\s+\w+\[[^\]\n]*?)\s*=\s*\w+", r"\1", text),
    ),
)
