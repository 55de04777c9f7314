"""Grade one submission in a sandbox: the way from a Submission to a Report."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import autograder
from autograder.errors import ConversationEndedError, SandboxUnavailableError, WorkerTimeoutError
from autograder.grading.engine import Engine
from autograder.grading.worker_pool import WorkerPool
from autograder.model import NO_BOUNDARY, CheckResult, ExerciseInfo, Outcome, Report, Submission
from autograder.protocol.limits import Limits
from autograder.protocol.messages import Ask, Raised, Returned
from autograder.rubric.assignment import Assignment
from autograder.rubric.shortcuts import find_shortcuts

if TYPE_CHECKING:
    from autograder.sandbox.host.sandbox import Sandbox
    from autograder.sandbox.host.session import Session


@dataclass(frozen=True)
class GradingSettings:
    """What does not change from one submission of a batch to the next. `little_memory`: what answers stand-ins is
    forked from this process, which must have no other threads at work, and imports nothing again. `beside`: a sandbox
    with a second device."""

    assignment: Assignment
    limits: Limits
    secret: bytes
    little_memory: bool = False
    beside: Sandbox | None = None

    @cached_property
    def answers(self) -> WorkerPool[Ask, Returned | Raised]:
        """The processes that answer stand-ins, made when the first one asks."""
        place = (str(self.assignment.folder),)
        return WorkerPool(
            "autograder.grading.worker_pool:answering", place, Returned | Raised, seconds=10, megabytes=1024,
            fork=self.little_memory,
        )  # fmt: skip

    @property
    def digest(self) -> str:
        """What, besides the submission and the engine, decides a result."""
        digest = hashlib.sha256(self.assignment.digest.encode())
        digest.update(repr(self.limits).encode())
        digest.update(hashlib.sha256(self.secret).digest())
        if self.beside is not None:  # training counts there
            digest.update(self.beside.device.encode())
        return digest.hexdigest()


class StandInAnswers:
    """Answers the stand-ins of one check: in a process that can be stopped, and for so many seconds in all."""

    def __init__(self, servants: WorkerPool[Ask, Returned | Raised], seconds: float = 60.0) -> None:
        self._servants = servants
        self._left = seconds

    def __call__(self, question: Ask) -> Returned | Raised:
        """What a student's arguments break is told to the student."""
        began = time.monotonic()
        try:
            if self._left > 0:
                return self._servants.ask(question, self._left)
        except WorkerTimeoutError:
            self._left = 0.0
        finally:
            self._left -= time.monotonic() - began
        return Raised("error", "TimeoutError", f"{question.name} takes too long or too much memory for these arguments")


@cache
def engine_version() -> str:
    """The package's version and a digest of the code that decides results: change it, and work is regraded."""
    digest = hashlib.sha256()
    root = Path(autograder.__file__).parent
    rooms = [root / room for room in ("protocol", "intake", "sandbox", "rubric", "grading")]
    for path in sorted(
        [
            root / "errors.py",
            root / "model.py",
            root / "syntax.py",
            *(path for room in rooms for path in room.rglob("*.py")),
        ]
    ):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{autograder.__version__}+{digest.hexdigest()[:12]}"


def grade(
    submission: Submission,
    job: GradingSettings,
    sandbox: Sandbox,
    progress: Callable[[CheckResult], None] | None = None,
    known: Mapping[str, CheckResult] | None = None,
) -> Report:
    """Grade one submission. What the student does ends in the report; a sandbox that cannot start raises
    `SandboxUnavailableError`."""
    started = time.perf_counter()
    engine = Engine(job.assignment, job.secret, lambda: StandInAnswers(job.answers))
    problem = ""
    notes = submission.notes
    try:
        with ExitStack() as opened:
            session = opened.enter_context(sandbox.open(submission.files, submission.main, job.limits))
            if session.load_error is not None:
                error = session.load_error
                place = f" ({error.where})" if error.where else ""
                problem = f"While your file was loaded: {error.type_name}: {error.message}{place}"
            loaded = time.perf_counter()
            second, remark = _opened_beside(job, submission, opened)
            session.lengthen(time.perf_counter() - loaded)
            notes = (*notes, *remark)
            results = engine.run(session, submission.digest, progress=progress, known=known, beside=second)
        output, own = session.output, session.own_seconds
    except ConversationEndedError as ended:
        problem = f"While your file was loaded: {ended.message}"
        results = _unreached(job.assignment, ended)
        output, own = "", time.perf_counter() - started
    failed_by_us = any(result.outcome is Outcome.GRADER_ERROR for result in results)
    return Report(
        student=submission.student,
        assignment=job.assignment.name,
        digest=submission.digest,
        assignment_digest=job.digest,
        engine=engine_version(),
        status="grader error" if failed_by_us else "graded",
        score=round(math.fsum(result.earned for result in results), 4),
        points=job.assignment.rubric.points,
        exercises=exercise_infos(job.assignment),
        results=tuple(results),
        notes=notes,
        flags=tuple(map(str, find_shortcuts(submission.files, job.assignment.rubric))),
        problem=problem,
        output=output,
        boundary=_boundary(sandbox, job.beside),
        received=submission.received,
        graded=datetime.now(UTC),
        own_seconds=round(own, 4),
        wall_seconds=round(time.perf_counter() - started, 4),
    )


def _opened_beside(
    job: GradingSettings, submission: Submission, opened: ExitStack
) -> tuple[Session | None, tuple[str, ...]]:
    """The same submission on the second device, or a note on why it is not there."""
    if job.beside is None:
        return None, ()
    try:
        session = job.beside.open(submission.files, submission.main, job.limits)
    except ConversationEndedError as ended:
        return None, (f"Everything was checked on the CPU. On {job.beside.device}, {ended.message}.",)
    except SandboxUnavailableError:
        return None, (f"Everything was checked on the CPU: {job.beside.device} could not be had.",)
    opened.callback(_close, session)
    return session, ()


def _close(session: Session) -> None:
    """A driver that does not let go of a process costs nobody the report."""
    with suppress(RuntimeError):
        session.close()


def _boundary(sandbox: Sandbox, beside: Sandbox | None) -> tuple[str, ...]:
    """The layers that held; for a second device those of its sandbox too."""
    if beside is None or sandbox.boundary == NO_BOUNDARY:
        return sandbox.boundary
    return (*sandbox.boundary, f"on {beside.device}: {', '.join(beside.boundary)}")


def exercise_infos(assignment: Assignment) -> tuple[ExerciseInfo, ...]:
    """The exercises of an assignment, as a report carries them."""
    return tuple(ExerciseInfo(e.number, e.title, e.points, e.bonus) for e in assignment.rubric.exercises)


def without_results(student: str, digest: str, job: GradingSettings, status: str, problem: str) -> Report:
    """The report of a submission that could not be read ("rejected") or not be graded ("grader error")."""
    return Report(
        student=student,
        assignment=job.assignment.name,
        digest=digest,
        assignment_digest=job.digest,
        engine=engine_version(),
        status=status,
        score=0.0,
        points=job.assignment.rubric.points,
        exercises=exercise_infos(job.assignment),
        problem=problem,
        graded=datetime.now(UTC),
    )


def _unreached(assignment: Assignment, ended: ConversationEndedError) -> list[CheckResult]:
    return [
        CheckResult(c.name, c.exercise, c.asked, c.points, 0.0, ended.outcome, c.public, ended.message)
        for c in assignment.rubric.checks
    ]
