"""Signs and strangers' texts on a terminal, as rich's markup."""

from __future__ import annotations

import re
from functools import cache

from rich.style import Style

from autograder.feedback.formats import visible
from autograder.feedback.signs import Sign, Tone

_STYLES = {
    Tone.GOOD: "green",
    Tone.PART: "yellow",
    Tone.BAD: "red",
    Tone.STOPPED: "magenta",
    Tone.NEUTRAL: "dim",
    Tone.OURS: "blue",
}
_NOTHING = "[none][/none]"
"""Markup that shows nothing, and keeps apart what rich would read as one."""
_MARKUP = re.compile(r"(\\*)([\[:]|\Z)")


def escape(text: str) -> str:
    r"""Return markup that shows a text as it was typed, and a sign for each character that cannot be seen.

    rich's own function leaves `:smile:` to become a picture, and loses the backslash of `\[`.
    """
    return _MARKUP.sub(_escaped, visible(text))


def _escaped(found: re.Match[str]) -> str:
    slashes, sign = found.groups()
    if sign == ":":
        return f"{slashes}:{_NOTHING}"
    kept = f"{slashes * 2}{_NOTHING}" if slashes else ""
    return kept + "\\[" if sign else kept


def styled(sign: Sign, text: str | None = None) -> str:
    """Return the symbol, or another text of the same meaning, in the colour of the sign. The text is escaped."""
    return f"[{_STYLES[sign.tone]}]{escape(sign.symbol if text is None else text)}[/]"


@cache
def style_of(sign: Sign) -> Style:
    """Return the colour of a sign."""
    return Style.parse(_STYLES[sign.tone])
