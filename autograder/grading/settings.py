"""What grading needs to know of an assignment, before and after it is loaded."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

import autograder
from autograder.errors import AssignmentError
from autograder.files import digest_of
from autograder.model import ExerciseInfo
from autograder.protocol.devices import CPU
from autograder.protocol.limits import WALL_FACTOR, Limits

MAX_BYTES = 20_000_000
"""The usual limit of a submission's size."""
SLOT_MB = 1024
"""The usual memory of a slot beyond what all share."""
ROOMS = ("protocol", "intake", "sandbox", "rubric", "grading")
SHARED = ("errors.py", "files.py", "model.py", "syntax.py")


class Reading(msgspec.Struct, frozen=True):
    """How an assignment's submissions are read: see `intake.read_submission`.

    `keep_cells`: what the graded file shows besides its code is told too.
    """

    main: str
    packages: tuple[str, ...]
    run_top_level: bool = False
    max_bytes: int = MAX_BYTES
    keep_cells: bool = False


class GradingSettings(msgspec.Struct, frozen=True):
    """What does not change from one submission of a batch to the next.

    Args:
        folder: the assignment's folder, reference/NAME.
        reading: how submissions are read.
        limits: what a submission may use.
        secret: the course's secret, which decides all draws.
        device: what students' code computes on besides the CPU.
        slot_mb: memory that one slot may take beyond what all share.
        patience: how many times longer than its CPU seconds a check may take by the clock.
        ends: when everything has to be done, in seconds of the monotonic clock, where somebody sets such a limit.
        cpus: cores to be had in that time.
        written_inside: whether written answers take their points from the checks' total; else they add to it.
    """

    folder: str
    reading: Reading
    limits: Limits
    secret: bytes
    device: str = CPU
    slot_mb: int = SLOT_MB
    patience: float = WALL_FACTOR
    ends: float | None = None
    cpus: float = 1.0
    written_inside: bool = False

    def decided(self, info: AssignmentInfo) -> AssignmentInfo:
        """Return the assignment with its total, and a digest of all that decides a result, besides the submission and
        the engine."""
        digest = hashlib.sha256()
        limits = msgspec.convert(msgspec.to_builtins(self.limits), Limits)  # 3 seconds are 3.0, as a slot gets them
        digest.update(repr(limits).encode())
        digest.update(hashlib.sha256(self.secret).digest())
        if self.device != CPU:  # training counts there
            digest.update(self.device.encode())
        depends = tuple(hashlib.sha256(f"{one} {digest.hexdigest()}".encode()).hexdigest()[:16] for one in info.depends)
        digest.update(info.digest.encode())
        total, weight = info.points + info.written_points, 1.0
        if self.written_inside and info.written_points:
            total, weight = info.points, 1 - info.written_points / info.points if info.points else 0.0
            digest.update(b"written inside")
        if weight <= 0:
            raise AssignmentError(
                f"{info.name}: written answers are worth {info.written_points:g} points, which leaves nothing of the "
                f"{info.points:g} for the checks: say `written: beside` in grader_config.yml, or give them fewer"
            )
        return replace(info, digest=digest.hexdigest(), depends=depends, points=total, check_weight=weight)


class AssignmentInfo(msgspec.Struct, frozen=True):
    """An assignment as reports describe it.

    `checks` are the names of all checks, in order, and `depends` says what the result of each depends on; `digest`
    covers all of that. `questions` are the numbers of those `exercises` that are answered in words, worth
    `written_points` without bonus ones. `points` are the checks' until the settings have decided on the total, and on
    `check_weight`.
    """

    name: str
    digest: str
    points: float
    exercises: tuple[ExerciseInfo, ...]
    checks: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    written_points: float = 0.0
    check_weight: float = 1.0


@cache
def engine_version() -> str:
    """Return the package's version and a digest of the code that decides results: change it, and work is regraded."""
    root = Path(autograder.__file__).parent
    files = [*(root / name for name in SHARED), *(path for room in ROOMS for path in (root / room).rglob("*.py"))]
    return f"{autograder.__version__}+{digest_of(root, files)[:12]}"
