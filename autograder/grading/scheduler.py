"""Grade a class: many submissions in parallel, each result stored the moment it exists."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from autograder.errors import RejectedError, SandboxUnavailableError
from autograder.grading.grade import GradingSettings, engine_version, grade, without_results
from autograder.intake import Entry
from autograder.model import NO_BOUNDARY, Outcome, Report, Submission

if TYPE_CHECKING:
    from autograder.sandbox.host.sandbox import Sandbox

TRIES = 2
"""How often a submission is tried when the grader itself fails on it."""


class Store(Protocol):
    """Where reports go (`Records` is one). Both calls come from several threads."""

    def latest(self, assignment: str, student: str) -> Report | None:
        """The student's last report on the assignment."""
        ...

    def save(self, report: Report) -> None:
        """Keep a report; once this returns, it is safe."""
        ...


class Kind(Enum):
    """What happened to an entry of the class."""

    GRADED = "graded"
    STANDING = "standing"


@dataclass(frozen=True)
class Done:
    """One entry is finished: graded now, or standing from an earlier run."""

    kind: Kind
    report: Report


Reader = Callable[[Path, str], Submission]


class Batch:
    """Grades entries with `jobs` threads, each waiting on a sandbox of its own.

    `fresh` grades again what already stands. A submission that cannot be read is stored as rejected; one the
    grader fails on is tried again and stored as a grader error, never charged to the student.
    """

    def __init__(
        self, job: GradingSettings, sandbox: Sandbox, store: Store, read: Reader, *, jobs: int = 1, fresh: bool = False
    ) -> None:
        self._job = job
        self._sandbox = sandbox
        self._store = store
        self._read = read
        self._jobs = max(1, jobs)
        self._fresh = fresh

    def run(self, entries: Iterable[Entry]) -> Iterator[Done]:
        """Yield entries as they finish. Memory does not grow with the class: few are in flight at a time."""
        waiting = iter(entries)
        with ThreadPoolExecutor(self._jobs, thread_name_prefix="grade") as pool:
            flying: set[Future[Done]] = set()
            try:
                while True:
                    for entry in islice(waiting, self._jobs + 1 - len(flying)):
                        flying.add(pool.submit(self._one, entry))
                    if not flying:
                        return
                    finished, flying = wait(flying, return_when=FIRST_COMPLETED)
                    for future in finished:
                        yield future.result()
            finally:
                for future in flying:
                    future.cancel()

    def _one(self, entry: Entry) -> Done:
        try:
            submission = self._read(entry.path, entry.student)
        except RejectedError as rejected:
            return self._keep(without_results(entry.student, "", self._job, "rejected", rejected.reason))
        except Exception:
            problem = f"The grader could not read this submission:\n{traceback.format_exc(limit=-4)}"
            return self._keep(without_results(entry.student, "", self._job, "grader error", problem))
        if not self._fresh:
            standing = self._store.latest(self._job.assignment.name, entry.student)
            if standing is not None and self._stands(standing, submission):
                return Done(Kind.STANDING, standing)
        return self._keep(self._graded(submission))

    def _graded(self, submission: Submission) -> Report:
        """The report that counts. A crash is tried again: a process that somebody else killed looks just like it."""
        report: Report | None = None
        problem = ""
        for attempt in range(TRIES):
            try:
                report = grade(submission, self._job, self._sandbox)
            except SandboxUnavailableError:
                if attempt == TRIES - 1:
                    raise  # no submission can be graded without a boundary
                continue
            except Exception:
                problem = f"The grader failed on this submission:\n{traceback.format_exc(limit=-4)}"
                continue
            if report.status == "graded" and all(one.outcome is not Outcome.CRASHED for one in report.results):
                return report
        return report or without_results(submission.student, submission.digest, self._job, "grader error", problem)

    def _keep(self, report: Report) -> Done:
        self._store.save(report)
        return Done(Kind.GRADED, report)

    def _stands(self, report: Report, submission: Submission) -> bool:
        if report.boundary == NO_BOUNDARY != self._sandbox.boundary:
            return False  # what was graded without a boundary proves nothing
        wanted = (submission.digest, self._job.digest, engine_version())
        return (report.digest, report.assignment_digest, report.engine) == wanted and report.status == "graded"
