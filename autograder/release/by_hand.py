"""Say what is to be written by hand, in the notebook at each exercise and in the handout, from the rubric's bans."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from autograder.protocol.families import NUMERICAL, families, in_words, libraries

PLACE = "<!-- by hand -->"
"""Marks where the handout's table goes."""
TABLE = """\
| exercise | please write it without |
|---|---|
{rows}

The same goes for whatever else does that work, under any name and in any library.{libraries}

In all other exercises, use what you like.
"""
_HEADING = re.compile(r"# ## Exercise (\d\w*(?:\.\w+)*)\b")
WIDTH = 118

Bans = Mapping[str, Sequence[str]]
"""What each exercise bans, by its number."""


def with_notes(solution: str, bans: Bans) -> str:
    """Return a solution in which the text above each exercise ends with what is not allowed there."""
    return "\n".join(_noted(solution.split("\n"), bans))


def table(bans: Bans) -> str:
    """Return the handout's table; "" where nothing is banned. Exercises that ban the same share a row."""
    rows: dict[str, list[str]] = {}
    for number, names in bans.items():
        if names:
            rows.setdefault(", ".join(in_words(names)), []).append(number)
    if not rows:
        return ""
    whole = [number for number, names in bans.items() if set(NUMERICAL) & set(libraries(families(names)))]
    return TABLE.format(
        rows="\n".join(f"| {', '.join(numbers)} | {words} |" for words, numbers in rows.items()),
        libraries=f" SciPy and scikit-learn are out of reach in {_joined(whole)}." if whole else "",
    )


def note(names: Iterable[str]) -> str:
    """Return the sentence for the students' notebook."""
    return f"**By hand:** please use {_joined([f'no {words}' for words in in_words(names)])} in this exercise."


def _noted(lines: Sequence[str], bans: Bans) -> Iterator[str]:
    waiting = ""
    for at, line in enumerate(lines):
        heading = _HEADING.match(line)
        if heading and bans.get(heading[1]):
            waiting = note(bans[heading[1]])
        yield line
        ends = at + 1 == len(lines) or not lines[at + 1].startswith("#") or lines[at + 1].startswith("# %%")
        if waiting and line.startswith("#") and ends:
            yield "#"
            yield from textwrap.wrap(
                waiting, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
            )
            waiting = ""


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
