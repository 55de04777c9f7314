"""Exceptions of the student's code, as the student should read them."""

from __future__ import annotations

import dis
import errno
import linecache
import os
import re
import traceback

from autograder.errors import BannedCallError, OutOfBoundsError
from autograder.protocol.messages import Raised
from autograder.protocol.values import printable

MAX_TEXT = 2_000
"""Characters of a message that are kept."""


SHORTAGES = tuple(
    os.strerror(number)
    for number in (
        errno.EAGAIN, errno.ENOMEM, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.ENOBUFS, errno.ETOOMANYREFS,
    )
)  # fmt: skip
"""What the kernel says where others may have taken what it shares out. Libraries put it in errors of their own."""
OTHER_WORDS = ("can't start new thread", "exited unexpectedly")
"""What Python and torch's workers say then."""


def describe(error: BaseException, files: frozenset[str]) -> Raised:
    """An exception as the student should read it: type, message, and the deepest line of their own code."""
    kind = "error"
    if isinstance(error, NotImplementedError) and _by_raise(error):
        kind = "not attempted"
    elif isinstance(error, BannedCallError):
        kind = "banned"
    elif isinstance(error, OutOfBoundsError):
        kind = "out of bounds"
    try:
        message = str(error)[:MAX_TEXT]
    except BaseException:
        message = ""
    if isinstance(error, MemoryError) or "can't allocate memory" in message:
        kind = "memory"
    elif kind == "error" and _short(error, message):
        kind = "shortage"
    where = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in files:
            where = f"{_place(frame.filename, frame.lineno or 1)}: {frame.line or ''}".strip()
    return Raised(kind, *map(printable, (type(error).__name__[:100], message, where[:MAX_TEXT])))


def _short(error: BaseException, message: str) -> bool:
    """Return whether something may have run out that submissions share, here or in a worker process that has ended."""
    if isinstance(error, ConnectionError | EOFError) and not message.startswith("EOF when reading"):  # that is input()
        return True
    return any(words in message for words in (*SHORTAGES, *OTHER_WORDS))


def place(name: str, line: int) -> str:
    """Name a line of a submission's own file as the student knows it, with its text."""
    return printable(f"{_place(name, line)}: {linecache.getline(name, line).strip()}"[:MAX_TEXT])


_CELL = re.compile(r"# cell (\d+)$")


def _place(name: str, line: int) -> str:
    """A line as the student knows it: intake marks where a notebook's cells begin, and IPython's names say nothing."""
    if "ipykernel" in name or name.startswith("<ipython"):
        return f"line {line} of its cell"
    if name.endswith(".ipynb"):
        for at, text in reversed(list(enumerate(linecache.getlines(name)[: line - 1], start=1))):
            if found := _CELL.match(text):
                return f"{name}, code cell {found[1]}, line {line - at}"
    return f"{name}, line {line}"


def _by_raise(error: BaseException) -> bool:
    """Whether a `raise` in Python made the error: the starter's did; torch's own come out of C."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    return dis.opname[trace.tb_frame.f_code.co_code[trace.tb_lasti]] == "RAISE_VARARGS"
