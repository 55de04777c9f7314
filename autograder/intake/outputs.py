"""Drop a notebook's outputs while it is read, so that what is large is never held."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_READ = 1_000_000_000
"""Bytes of a notebook that are looked through, at most."""
_KEY = re.compile(rb'"outputs"\s*:\s*\[')
_LONGEST_KEY = 100
"""Bytes at the end of what was read in which a key may have begun."""
_FLAT = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")++', re.DOTALL)
_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


def without_outputs(chunks: Iterable[bytes], most: int) -> bytes | None:
    """Return a notebook in which every `outputs` is empty; None where more than `most` bytes remain.

    Within JSON a quotation mark inside a string has a backslash before it, so that the key cannot be mistaken.
    """
    slim = _Slim()
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        slim.feed(chunk)
        if len(slim.kept) > most or seen > MAX_READ:
            return None
    kept = bytes(slim.kept + slim.waiting)
    return kept if len(kept) <= most else None


class _Slim:
    """What was kept, what waits for more to come, and how deep in outputs we are."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.waiting = b""
        self._depth = 0
        self._in_string = False

    def feed(self, chunk: bytes) -> None:
        self.waiting += chunk
        while self._depth or self._enter():
            if not self._skip():
                return

    def _enter(self) -> bool:
        """Keep all up to the next outputs, and return whether there are any."""
        found = _KEY.search(self.waiting)
        end = found.end() if found else max(0, len(self.waiting) - _LONGEST_KEY)
        self.kept += self.waiting[:end]
        self.waiting = self.waiting[end:]
        self._depth = 1 if found else 0
        return found is not None

    def _skip(self) -> bool:
        """Drop outputs, and return whether they have come to their end."""
        data, at = self.waiting, 0
        while at < len(data):
            if self._in_string:
                found = _STRING.match(data, at)
                at = found.end() if found else at
                if data[at : at + 1] != b'"':  # it goes on; a backslash at the end waits for what it is about
                    break
                self._in_string = False
                at += 1
            elif found := _FLAT.match(data, at):
                at = found.end()
            else:
                mark = data[at : at + 1]
                at += 1
                self._in_string = mark == b'"'
                self._depth += (mark in b"[{") - (mark in b"]}")
                if not self._depth:
                    self.kept += mark
                    self.waiting = data[at:]
                    return True
        self.waiting = data[at:]
        return False
