"""What the scheduler, the warm grader and the slots tell one another."""

from __future__ import annotations

import msgspec

from autograder.grading.settings import AssignmentInfo, GradingSettings
from autograder.intake.stored import StoredCell
from autograder.model import CheckResult, Report

LARGEST = 256 << 20
"""Bytes of one message between slot and scheduler."""

# --- scheduler and warm grader ------------------------------------------------------------------------------------


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The warm grader has loaded the assignment."""

    info: AssignmentInfo


class NotReady(msgspec.Struct, frozen=True, tag="not ready"):
    """The assignment cannot be loaded. `problem` says what to change, or is a traceback."""

    problem: str
    users: bool


class NewSlot(msgspec.Struct, frozen=True, tag="new slot"):
    """Asks the warm grader for a slot on these cores; the slot's end of a socket comes with it."""

    settings: GradingSettings
    cores: tuple[int, ...] = ()


# --- scheduler to slot --------------------------------------------------------------------------------------------


class Read(msgspec.Struct, frozen=True, tag="read"):
    """Read a submission, and keep it. What lies below `within` is in the student's hands.

    Paths are sent as bytes: their names may be in any encoding.
    """

    student: str
    path: bytes
    within: bytes


class Grade(msgspec.Struct, frozen=True, tag="grade"):
    """Grade the submission that was read.

    `known` results are taken as they are; of `earlier` ones, those that depend on nothing that was changed. Checks in
    `given_up` ended their slots again and again, and are not run; "" is the search for shortcuts. Those in `broken` did
    so with the reference's answers too: an error of ours. `alone`: nothing else runs, and there is more time by the
    clock. `leeway`: how many times its CPU seconds a check may use.
    """

    known: tuple[CheckResult, ...] = ()
    earlier: tuple[CheckResult, ...] = ()
    given_up: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    alone: bool = False
    leeway: float = 1.0


class Probe(msgspec.Struct, frozen=True, tag="probe"):
    """Run a check on the reference: does it come to its end?"""

    check: str


class Connected(msgspec.Struct, frozen=True, tag="connected"):
    """A socket to a fork server comes with this: its start number, and the layers that hold there.

    `memory_mb` is what there is for a submission, where that is less than its limit.
    """

    start: int
    boundary: tuple[str, ...]
    memory_mb: int | None = None


class NotConnected(msgspec.Struct, frozen=True, tag="not connected"):
    """There is no sandbox to be had."""

    problem: str


class HowEnded(msgspec.Struct, frozen=True, tag="how ended"):
    """Asks the warm grader for the signal that ended a slot: 0 for none, or for one that is still there."""

    pid: int


ToSlot = Read | Grade | Probe | Connected | NotConnected


# --- slot to scheduler --------------------------------------------------------------------------------------------


class WasRead(msgspec.Struct, frozen=True, tag="was read"):
    """The submission is read: its digest, intake's remarks, where they are to be kept the graded file's cells, and the
    written answers."""

    digest: str
    notes: tuple[str, ...] = ()
    cells: tuple[StoredCell, ...] = ()
    answers: dict[str, str] = {}


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It cannot be read; the reason is for the student."""

    reason: str


class Probed(msgspec.Struct, frozen=True, tag="probed"):
    """The check came to its end on the reference."""


class Connect(msgspec.Struct, frozen=True, tag="connect"):
    """Asks for a fork server that has imported `libraries`. `broken`: the start number of one that did not answer."""

    device: str
    libraries: tuple[str, ...]
    broken: int | None = None


class Began(msgspec.Struct, frozen=True, tag="began"):
    """A check begins. `seconds`: how long it may take by the clock, as far as it is the student's."""

    check: str
    seconds: float


class Result(msgspec.Struct, frozen=True, tag="result"):
    """A check's result."""

    result: CheckResult


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """All checks are done."""

    report: Report


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The grader itself failed. `no_sandbox`: because no sandbox is to be had; `storage`: the file system did."""

    problem: str
    no_sandbox: bool = False
    storage: bool = False


FromSlot = WasRead | Probed | Refused | Connect | Began | Result | Finished | Failed
