"""Tell whether a page on disk is the one that would be written now, without making it."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from pathlib import Path

import autograder
from autograder.files import digest_of
from autograder.model import Report

HEAD = 400
"""Bytes of a page in which its stamp stands."""
_ROOMS = ("reports", "feedback")
_SHARED = ("identity.py", "model.py")


@cache
def _edition() -> str:
    """Return a digest of all code and templates that pages come from."""
    root = Path(autograder.__file__).parent
    files = [path for room in _ROOMS for path in (root / room).rglob("*") if "__pycache__" not in path.parts]
    files += [root / name for name in _SHARED]
    return digest_of(root, (path for path in files if path.is_file()))


def stamp(report: Report, about: tuple[str, ...], secret: bytes) -> str:
    """Return what a page says about what it was made from, which tells nobody anything who lacks the course's secret.

    Args:
        report: The report that it shows.
        about: Everything else that it shows, such as the course's name.
        secret: The course's secret: a report holds what its student is not told.
    """
    message = repr((_edition(), about, report)).encode("utf-8", "backslashreplace")
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:32]


def is_current(page: Path, stamp: str) -> bool:
    """Return whether a page has this stamp."""
    try:
        with page.open("rb") as file:
            return f'content="{stamp}"'.encode() in file.read(HEAD)
    except OSError:
        return False
