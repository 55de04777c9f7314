"""Decode source text from the encodings that editors and operating systems write."""

from __future__ import annotations

import codecs
import json
import re

from autograder.errors import RejectedError
from autograder.syntax import parse

MAX_SOURCE = 300_000
"""Characters of code in one file, at most. A course's longest solution has some 50,000."""


_JOINERS = "\u200c\u200d"
_DECLARATION = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_REGIONAL = re.compile(r"cp\d+|iso8859-\d+|koi8-\w|mac-\w+|shift_jis\w*|euc_\w+|gb\w+|big5\w*|johab|tis-620")
_WITH_BACKSLASHES = ("big5", "cp932", "gb18030", "cp949", "big5hkscs")
MAX_GUESSED = 20_000_000
"""Bytes of a file whose encoding is guessed."""
_OTHER_KINDS = {"<!doctype": "a web page", "<html": "a web page", "{\\rtf": "a word processor's file"}


def source_text(data: bytes, name: str) -> str:
    """Decode one source file; lines end in a plain newline. Raises `RejectedError` for what is not source text."""
    text = decoded(data, name)
    if len(text) > MAX_SOURCE:
        raise RejectedError(f"{name} holds more than {MAX_SOURCE:,} characters of code. Hand in only what you wrote.")
    if not text.strip():
        raise RejectedError(f"{name} is empty. Save your work, open the file once more to check, and hand it in again.")
    for beginning, what in _OTHER_KINDS.items():
        if text[:100].lstrip().lower().startswith(beginning):
            raise RejectedError(f"{name} is {what}, not Python source. Save your code as plain text and hand that in.")
    return text


def decoded(data: bytes, name: str) -> str:
    """Return the text of a file in whichever encoding it is; never a NUL character or a lone surrogate."""
    text = _decode(data)
    control = sum(text.count(chr(code)) for code in range(32) if chr(code) not in "\t\n\r\f\v\x1b\x1a")
    if "\0" in text or control > len(text) / 100:
        raise RejectedError(
            f"{name} is not a text file: it was damaged on its way, or it is another kind of file under this name. "
            "Hand in the .py or .ipynb file itself."
        )
    return tidy(text)


def _decode(data: bytes) -> str:
    """Decode UTF-16 and UTF-32 by their mark or NUL bytes, else UTF-8, else what the file declares, else what makes it
    readable: in Big5 and the like, a character may end in the byte of a backslash."""
    wide = json.detect_encoding(data)
    if wide.startswith(("utf-16", "utf-32")):
        text = data.decode(wide, "replace")
        has_mark = wide in ("utf-16", "utf-32")
        if has_mark or 2 * len(text.encode("ascii", "ignore")) > len(text):
            return text
    for encoding in ("utf-8-sig", *_declared(data)):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    plain = data.decode("latin-1")
    if len(data) <= MAX_GUESSED and not _reads(plain):
        for encoding in _WITH_BACKSLASHES:
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if _reads(text):
                return text
    return plain


def _reads(text: str) -> bool:
    """Return whether a text is Python, or JSON."""
    try:
        json.loads(text) if text.lstrip().startswith("{") else parse(text)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return False
    return True


def _declared(data: bytes) -> list[str]:
    """Return the regional encoding that one of the first two lines names (PEP 263), if Python has it."""
    for line in data[:1_000].splitlines()[:2]:
        if found := _DECLARATION.match(line):
            try:
                encoding = codecs.lookup(found.group(1).decode()).name
            except (LookupError, ValueError):
                return []
            return [encoding] if _REGIONAL.fullmatch(encoding) else []
    return []


def tidy(text: str) -> str:
    """Return the text with plain newlines and without characters that Python's compiler refuses."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x1a", "").replace("\ufeff", "")
    return text.encode("utf-8", "replace").decode("utf-8")


def is_readable(text: str) -> bool:
    """Return whether every character can be shown. Joiners can: Persian and Hindi words need them, and emoji."""
    return all(character.isprintable() or character in _JOINERS for character in text)


def printable(name: str, longest: int = 80) -> str:
    """Return a file name or message fit for a report: no control characters, not too long."""
    clean = "".join(character if is_readable(character) else "?" for character in name)
    return clean if len(clean) <= longest else clean[: longest - 3] + "..."
