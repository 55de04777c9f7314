"""Text that strangers wrote, made fit for a page."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from autograder import zones

NAME_LIMIT, MESSAGE_LIMIT, OUTPUT_LIMIT = 120, 4_000, 20_000
"""How many characters of a name, of a message and of the captured output are shown."""
_NOTICE = 50
"""Room for the line that says how many characters were left out: what is clipped once is not clipped again."""

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_CODE = re.compile(r"`([^`\n]+)`")


def visible(text: str) -> str:
    """Characters that hide, reorder or break text, each replaced by a sign one can see. Newlines and tabs stay."""
    return _HIDDEN.sub(_sign, text)


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"\u27e8U+{code:04X}\u27e9"


def shown(value: Any) -> Any:
    """What a template prints: every text without a hidden character, all else as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def name(text: str) -> str:
    """A student's name on one line, whatever it is made of."""
    line = visible(clip(text, NAME_LIMIT)).replace("\n", "\u240a").replace("\t", "\u2409")
    return line if line.strip() else "(no name)"


def clip(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """At most `limit` characters: the beginning and the end, and how much is missing between them."""
    if len(text) <= limit:
        return text
    if limit <= NAME_LIMIT:
        return text[: limit - 1] + "\u2026"
    room = limit - _NOTICE
    head, tail = text[: room * 2 // 3], text[-(room // 3) :]
    return f"{head}\n\u2026 {len(text) - len(head) - len(tail):,} characters left out \u2026\n{tail}"


def message(text: str) -> str:
    """A message, clipped and without the blank lines around it."""
    return clip(text.strip("\r\n").rstrip()).replace("\r\n", "\n")


def output(text: str) -> str:
    """What a terminal would show at the end: no colours, and of a redrawn progress bar its last state only."""
    lines = _COLOUR.sub("", clip(text, OUTPUT_LIMIT).replace("\r\n", "\n")).split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines).rstrip()


def code(text: str) -> Markup:
    """Prose with `names` between backticks set as code. Everything is escaped first."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(visible(text)))))


def number(value: float | None) -> str:
    """A number for people: up to three digits that matter."""
    return "" if value is None else f"{value:.3g}"


def points(value: float) -> str:
    """Points as they are written on a board: 3, 2.5, 0.33."""
    return f"{round(value, 2) + 0.0:g}"


def moment(when: datetime) -> str:
    """A time to the minute with the name of its zone, or its distance from UTC where the zone has none."""
    return zones.shown(when)
