"""Captures what a student's code prints: the beginning is kept, the rest is read and thrown away."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CONTROL = re.compile(r"[^\n\t\x20-\x7e\xa0-\u200d\u2010-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\U0010ffff]")


class Drain:
    """A pipe that never blocks its writers. `text` is what was kept, with control characters made visible."""

    def __init__(self, limit: int) -> None:
        self._reader, self._writer = os.pipe()
        self._limit = limit
        self._kept = bytearray()
        self._total = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @contextmanager
    def writer(self) -> Iterator[int]:
        """The end to hand over; closed here afterwards, so that the pipe ends with its last user."""
        try:
            yield self._writer
        finally:
            os.close(self._writer)
            self._writer = -1

    def close(self) -> None:
        """Wait for the last words of a dead sandbox."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1
        self._thread.join(10)

    @property
    def text(self) -> str:
        """The output so far."""
        text = self._kept.decode("utf-8", "replace").replace("\r\n", "\n")
        text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
        more = self._total - len(self._kept)
        return f"{text}\n[{more} more bytes were left out]" if more > 0 else text

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while part := os.read(self._reader, 1 << 16):
                self._total += len(part)
                self._kept += part[: max(0, self._limit - len(self._kept))]
        os.close(self._reader)
