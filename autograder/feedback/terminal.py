"""Signs on a terminal, as rich's markup."""

from __future__ import annotations

from rich.markup import escape

from autograder.feedback.signs import Sign, Tone

_STYLES = {
    Tone.GOOD: "green",
    Tone.PART: "yellow",
    Tone.BAD: "red",
    Tone.STOPPED: "magenta",
    Tone.NEUTRAL: "dim",
    Tone.OURS: "blue",
}


def styled(sign: Sign, text: str | None = None) -> str:
    """Return the symbol, or another text of the same meaning, in the colour of the sign. The text is escaped."""
    return f"[{_STYLES[sign.tone]}]{escape(sign.symbol if text is None else text)}[/]"
