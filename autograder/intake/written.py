"""Find written answers in what was handed in: in a notebook's Markdown cells, or in a module's texts and comments.

An answer is known by its cell's metadata; failing that by its first line, "Your answer to 1.9"; failing that by its
place, below the question. So it is found when the line was changed, when the cell was made anew, and when somebody
wrote into the question's own cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.errors import RejectedError
from autograder.intake.notebook import cells_of, looks_like_notebook, source_of
from autograder.intake.text import decoded
from autograder.model import Questions

MAX_ANSWER = 20_000
"""Characters of one answer: what is beyond is left out."""
_PLACEHOLDERS = frozenset({"YOUR ANSWER HERE"})
"""What nbgrader puts where an answer goes."""
_TAG = "written"
"""The key of a cell's metadata that holds the question's number."""

_CELL = re.compile(r"^# (?:%%|\+(?:\s|$)|-$|In ?\[[\d ]*\]:|<codecell>|<markdowncell>)")
_TAGGED = re.compile(rf"""^# (?:%%|\+).*\b{_TAG}=["']([^"']+)["']""")
_TEXT = re.compile(r"^[rRuU]?(\"{3}|'{3})")
_HEADING = re.compile(r"^\s*#+\s")


@dataclass(frozen=True)
class _Block:
    """A piece of a file, in order: prose, or code. `tag` is the question that its metadata name."""

    text: str
    prose: bool
    tag: str = ""


def answers_in(data: bytes, name: str, questions: Questions) -> dict[str, str]:
    """Return the written answers in a module or a notebook, by question; those that were left out are not there.

    Args:
        data: The file.
        name: What it is called.
        questions: What is asked.
    """
    try:
        blocks = list(_notebook(data, name) if looks_like_notebook(data) else _module(decoded(data, name)))
    except RejectedError:  # what is wrong with the file is said elsewhere
        return {}
    found = {}
    for number in questions.numbers:
        texts = _tagged(blocks, number) or _headed(blocks, number) or _below(blocks, number, questions)
        if answer := _kept("\n\n".join(texts)):
            found[number] = answer
    return found


def _tagged(blocks: Sequence[_Block], number: str) -> list[str]:
    """Return the texts of the cells whose metadata name the question."""
    return _written(_without_header(block.text, number) for block in blocks if block.tag == number)


def _headed(blocks: Sequence[_Block], number: str) -> list[str]:
    """Return the texts whose first words say that they answer the question."""
    header = _header(number)
    return _written(_without_header(one.text, number) for one in blocks if one.prose and header.search(_first(one)))


def _below(blocks: Sequence[_Block], number: str, questions: Questions) -> list[str]:
    """Return what was written into the question's cell, and in the cells of text between it and what comes next."""
    released = {line.strip() for line in questions.prose.splitlines()}

    def own(text: str) -> str:
        return "\n".join(line for line in text.splitlines() if line.strip() not in released)

    asks = re.compile(rf"^\s*#*\s*Exercise {re.escape(number)}(?![\w.]*\w)", re.MULTILINE)
    texts: list[str] = []
    for at, block in enumerate(blocks):
        if not (block.prose and asks.search(block.text)):
            continue
        texts.append(own(block.text))
        for other in blocks[at + 1 :]:
            if (other.tag and other.tag != number) or not other.prose or _HEADING.match(other.text.lstrip("\n")):
                break
            if any(_header(one).search(_first(other)) for one in questions.numbers if one != number):
                break
            texts.append(own(_without_header(other.text, number)))
    return _written(texts)


def _header(number: str) -> re.Pattern[str]:
    """Return what finds "**Your answer to 1.9:**", also where it was edited: "My answer for exercise 1.9"."""
    words = r"(?:(?:to|for|of|on|question|exercise|no\.?|nr\.?)\s+)*"
    return re.compile(
        rf"^\W*(?:(?:your|my|our|the)\s+)?answer\s+{words}{re.escape(number)}(?!\.?\w)[ \t:*_.)]*(?:[-–—][ \t]+)?", re.I
    )


def _first(block: _Block) -> str:
    return block.text.lstrip().partition("\n")[0]


def _without_header(text: str, number: str) -> str:
    return _header(number).sub("", text.lstrip(), count=1)


def _written(texts: Iterator[str] | Sequence[str]) -> list[str]:
    """Return the texts that say something."""
    kept = (text.strip() for text in texts)
    return [text for text in kept if re.search(r"\w", text) and text not in _PLACEHOLDERS]


def _kept(text: str) -> str:
    text = text.encode("utf-8", "replace").decode().strip()
    return text if len(text) <= MAX_ANSWER else f"{text[:MAX_ANSWER]}\n… {len(text) - MAX_ANSWER:,} characters more"


# --- pieces -------------------------------------------------------------------------------------------------------


def _notebook(data: bytes, name: str) -> Iterator[_Block]:
    for cell in cells_of(data, name):
        prose = cell.get("cell_type") in ("markdown", "raw")
        yield _Block(source_of(cell), prose, _tag(cell.get("metadata")) if prose else "")


def _tag(metadata: Any) -> str:
    """Return the question that a cell's metadata name, in our own words or in nbgrader's."""
    own = metadata.get("autograder") if isinstance(metadata, dict) else None
    tag = own.get(_TAG) if isinstance(own, dict) else None
    return tag if isinstance(tag, str) else ""


def _module(text: str) -> Iterator[_Block]:
    """Yield a module's texts and runs of comments as prose, and what stands between them as code.

    Lines are looked at, not statements: a text with a slip in it is still an answer.
    """
    lines, kind, quote, tag = list[str](), "", "", ""

    def block() -> Iterator[_Block]:
        if any(line.strip() for line in lines):
            yield _Block("\n".join(lines), kind != "code", tag if kind != "code" else "")

    for line in text.split("\n"):
        begins = _TEXT.match(line) if not quote else None
        if _CELL.match(line):
            yield from block()
            tagged = _TAGGED.match(line)
            lines, kind, quote, tag = [], "", "", tagged[1] if tagged else ""
        elif quote:
            before, ends, _ = line.partition(quote)
            lines.append(before)
            quote = "" if ends else quote
        elif begins:
            yield from block()
            quote = begins[1]
            before, ends, _ = line[begins.end() :].partition(quote)
            lines, kind, quote = [before], "text", "" if ends else quote
        else:
            now = "comment" if line.startswith("#") else "code" if line.strip() else ""
            if now and now != kind:
                yield from block()
                lines, kind = [], now
            elif not now and kind == "comment":
                yield from block()
                lines, kind = [], ""
            lines.append(line.removeprefix("#").removeprefix(" ") if now == "comment" else line)
    yield from block()
