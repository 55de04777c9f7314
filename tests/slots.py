"""Grading in slots, for tests: an executor for an assignment's folder, and batches in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.config import DEFAULT_PACKAGES
from autograder.grading.executors.local import LocalExecutor
from autograder.grading.hosts import SubmissionHost
from autograder.grading.interfaces import Store
from autograder.grading.scheduler import Batch, Done
from autograder.grading.settings import GradingSettings, Reading
from autograder.grading.slot_sandbox import Sandboxed, SlotSandbox
from autograder.intake import Entry
from autograder.model import Report
from autograder.protocol.devices import CPU
from autograder.protocol.limits import WALL_FACTOR, Limits
from autograder.sandbox.host.sandbox import Sandbox

PATIENCE = 300.0
"""How many times longer by the clock a check may take here: it ends for what it computed, however busy a machine is."""


def settings(folder: Path, limits: Limits = Limits(), *, secret: bytes = b"secret", **reading: Any) -> GradingSettings:
    """Settings for the assignment in a folder."""
    how = Reading(folder.name, DEFAULT_PACKAGES, **reading)
    return GradingSettings(str(folder), how, limits, secret)


@contextmanager
def executing(wanted: GradingSettings, sandbox: Sandbox) -> Iterator[LocalExecutor]:
    """An executor whose slots use this sandbox."""
    with LocalExecutor(wanted, {CPU: sandbox}) as executor:
        yield executor


def run(executor: LocalExecutor, store: Store, entries: Iterable[Entry], **options: Any) -> list[Done]:
    """Grade entries in a batch."""
    boundary = executor.sandboxes[CPU].boundary
    return list(Batch(executor, boundary, store, **options).run(entries))


class Shelf(dict[str, Report]):
    """A store in memory: the latest report by student."""

    def latest(self, assignment: str, student: str) -> Report | None:
        """The student's report."""
        return self.get(student)

    def save(self, report: Report) -> None:
        """Keep it."""
        self[report.student] = report


def directly(sandbox: Sandbox, patience: float = WALL_FACTOR) -> SlotSandbox:
    """A sandbox as a slot has it, for grading in this process."""

    def connect(device: str, libraries: tuple[str, ...], broken: int | None) -> Sandboxed:
        return Sandboxed(sandbox.connect(libraries, broken), sandbox.boundary)

    return SlotSandbox(connect, sandbox.device, patience=patience)


@contextmanager
def hosted(
    sandbox: Sandbox, source: str, limits: Limits = Limits(), *, patience: float = PATIENCE
) -> Iterator[SubmissionHost]:
    """One module in a sandbox, for an engine in this process."""
    opener = directly(sandbox, patience)
    with SubmissionHost(lambda: opener.open({"m.py": source}, "m.py", limits), limits) as host:
        yield host
