"""Write down how far a batch is, so that `autograder serve` can show it while it runs."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil

from autograder.files import PRIVATE, private_folder, replace
from autograder.model import Report
from autograder.reports.live import LATEST, BatchState, Finished

PAUSE = 1.0
"""Seconds between two writings, at least: a class of quick submissions is not held up by them."""


class Journal:
    """How far a batch is, in a file of its owner's. A disk that refuses it costs the batch nothing."""

    def __init__(self, path: Path, assignment: str, entries: Mapping[str, str]) -> None:
        """Begin a batch over entries, each with the name of the student it counts for."""
        self._path = path
        self._names = entries
        self._waiting = dict(entries)
        now = datetime.now(UTC)
        self._state = BatchState(assignment, len(entries), 0, 0, (), (), (), now, now, os.getpid())
        self._written = 0.0
        self._write()

    def note(self, report: Report, *, standing: bool) -> None:
        """Take in a result."""
        self._waiting.pop(report.student, None)
        state, one = self._state, Finished.of(report, self._names.get(report.student, report.student))
        self._state = msgspec.structs.replace(
            state,
            done=state.done + 1,
            standing=state.standing + standing,
            latest=(*state.latest, one)[-LATEST:],
            failed=(*state.failed, one) if report.status != "graded" else state.failed,
            updated=datetime.now(UTC),
        )
        if time.monotonic() - self._written >= PAUSE:
            self._write()

    def end(self, *, stopped: bool) -> None:
        """Say that the batch has ended."""
        self._state = msgspec.structs.replace(self._state, ended="stopped" if stopped else "finished")
        self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        self._state = msgspec.structs.replace(self._state, waiting=tuple(self._waiting.values()))
        with contextlib.suppress(OSError):
            private_folder(self._path.parent)
            replace(self._path, msgspec.json.encode(self._state), PRIVATE)


def read_journal(path: Path) -> BatchState | None:
    """Return how far the last batch is; None where there was none, or nothing that can be read."""
    try:
        state = msgspec.json.decode(path.read_bytes(), type=BatchState)
    except (OSError, msgspec.DecodeError):
        return None
    killed = not state.ended and not psutil.pid_exists(state.process)
    return msgspec.structs.replace(state, ended="stopped") if killed else state
