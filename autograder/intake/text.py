"""Bytes to source text, in the encodings that editors and operating systems leave behind."""

from __future__ import annotations

import codecs

from autograder.intake.problems import Rejected

MAX_SOURCE = 300_000
"""Characters of code in one file. A course's longest solution is some 50,000."""


def source_text(data: bytes, name: str) -> str:
    """Decode one source file; lines end in a plain newline. Raises `Rejected` for what is not text."""
    text = decoded(data, name)
    if len(text) > MAX_SOURCE:
        raise Rejected(f"{name} holds more than {MAX_SOURCE:,} characters of code. Hand in only what you wrote.")
    if not text.strip():
        raise Rejected(f"{name} is empty. Save your work, open the file once more to check, and hand it in again.")
    return text


def decoded(data: bytes, name: str) -> str:
    """UTF-8, UTF-16 with its mark, or latin-1; never a NUL character or a lone surrogate."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    control = sum(text.count(chr(code)) for code in range(32) if chr(code) not in "\t\n\r\f\v\x1b\x1a")
    if "\0" in text or control > len(text) / 100:
        raise Rejected(
            f"{name} is not a text file: it was damaged on its way, or it is another kind of file under this name. "
            "Hand in the .py or .ipynb file itself."
        )
    return tidy(text)


def tidy(text: str) -> str:
    """Plain newlines, and no characters that Python's compiler refuses."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x1a", "").replace("\ufeff", "")
    return text.encode("utf-8", "replace").decode("utf-8")


def printable(name: str, longest: int = 80) -> str:
    """A file name or message as it may stand in a report: no control characters, not too long."""
    clean = "".join(character if character.isprintable() else "?" for character in name)
    return clean if len(clean) <= longest else clean[: longest - 3] + "..."
