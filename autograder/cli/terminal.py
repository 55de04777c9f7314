"""Output that costs a command nothing: characters a terminal lacks, readers that have gone, disks that are full."""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import json
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any, TextIO

import msgspec

SIMPLER = {
    "✓": "v", "✎": "w", "✗": "x", "○": "o", "◐": "~", "⊘": "R", "·": ".", "–": "-", "—": "-", "─": "-", "…": "...",
    "×": "x", "›": ">", "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip
"""What stands for a sign where the terminal lacks it."""
ERRORS = "autograder.simpler"
"""The name of `simpler` among the ways to handle an encoding's errors."""


@contextlib.contextmanager
def lasting_output() -> Iterator[None]:
    """Let nothing that is printed end a command before its work is done.

    Output that a full disk did not take is told at the end, with exit code 1. A reader that has gone (`| head -1`)
    wants no more, and the command goes on without.
    """
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = output, errors = _lasting(sys.stdout), _lasting(sys.stderr)
    try:
        yield
    except SystemExit as ended:
        problem = _problem_of(output)
        if problem is not None and problem.errno != errno.EPIPE:
            print(f"autograder: the output is not complete: {problem.strerror}", file=sys.stderr)
            ended.code = ended.code or 1
        raise
    finally:
        _problem_of(output)
        _problem_of(errors)
        sys.stdout, sys.stderr = before


def print_json(value: object) -> None:
    """Print a value as JSON. Where the terminal lacks a character, all are escaped: that is the same JSON."""
    text = msgspec.json.encode(value).decode()
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text))
    print(text)


class _LastingFile(io.FileIO):
    """A file whose first error is kept, and which takes what is written all the same."""

    problem: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write, or drop what cannot be written."""
        try:
            return super().write(data)
        except OSError as error:
            self.problem = self.problem or error
            return len(data)


def _lasting(stream: TextIO) -> TextIO:
    """The same stream, or its like where it writes to a file, a pipe or a terminal."""
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)  # python -u has no buffer between
    if not isinstance(stream, io.TextIOWrapper) or not isinstance(raw, io.FileIO):
        return stream
    file = io.BufferedWriter(_LastingFile(raw.fileno(), "wb", closefd=False))
    at_once = stream.line_buffering or stream.write_through
    return io.TextIOWrapper(file, encoding=stream.encoding, errors=ERRORS, line_buffering=at_once)


def _problem_of(stream: TextIO) -> OSError | None:
    """What went wrong, with all that was printed so far."""
    if stream is None:  # closed before we started
        return None
    stream.flush()
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    return raw.problem if isinstance(raw, _LastingFile) else None


def simpler(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding lacks: a sign by a simpler one, a letter by its number, so that names stay apart."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_simpler(character) for character in lacking), error.end


def _simpler(character: str) -> str:
    if character in SIMPLER:
        return SIMPLER[character]
    if unicodedata.category(character)[0] in "SPZ":
        return "?"
    return ascii(character)[1:-1]


codecs.register_error(ERRORS, simpler)
