"""The grader inside the container.

It leaves `partial.json` after each check and `final.json` at the end; the watchdog publishes one of them when this
process and every sandbox are gone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from autograder.config import AssignmentConfig, Config, WrittenPoints, load
from autograder.errors import SandboxUnavailableError
from autograder.files import replace
from autograder.grading.executors.local import LocalExecutor
from autograder.grading.reports import without_results
from autograder.grading.scheduler import Batch
from autograder.grading.settings import AssignmentInfo, GradingSettings, Reading, engine_version
from autograder.identity import clean_name
from autograder.intake.classroom import Entry
from autograder.model import CheckResult, Outcome, Report, score_of
from autograder.platforms.gradescope import contract, policy
from autograder.platforms.gradescope.contract import Results
from autograder.platforms.gradescope.metadata import named, read_metadata
from autograder.platforms.gradescope.publication import OURS
from autograder.platforms.gradescope.results import refused, report_in, results_of
from autograder.platforms.gradescope.sizes import container_size, memory_left
from autograder.protocol.devices import CPU
from autograder.protocol.limits import Limits
from autograder.sandbox.host.launcher import Connection
from autograder.sandbox.host.sandbox import TORCH, Sandbox

OVERHEAD_SECONDS = 20.0
"""Of the time budget, kept for what is not the student's code: the last comparisons and the writing."""
SLOT_MB = 256
"""Memory of a slot beyond what it shares with the warm grader: a container has little."""


def main() -> None:
    """`python -c ... ROOT SECONDS`: grade the submission in ROOT within SECONDS from now."""
    root, budget = Path(sys.argv[1]), float(sys.argv[2])
    try:
        Grading(root, time.monotonic() + budget).run()
    except SandboxUnavailableError as error:
        sys.exit(no_sandbox(error))


def no_sandbox(error: SandboxUnavailableError) -> str:
    """Say for the instructor why nothing could be graded."""
    slow = "The machine was too busy, or is too slow, to start it in time. " if "timed out" in str(error) else ""
    return f"Nothing was graded, for there is no sandbox. {slow}{error}"


class LeanSandbox:
    """A sandbox that is started when the one submission is read: of the libraries it imports those that are named."""

    def __init__(self, private: Iterable[Path]) -> None:
        self._private = tuple(private)
        self._sandbox: Sandbox | None = None
        self.memory_mb: int | None = None

    def __enter__(self) -> LeanSandbox:
        return self

    def __exit__(self, *_: object) -> None:
        if self._sandbox is not None:
            self._sandbox.close()

    @property
    def boundary(self) -> tuple[str, ...]:
        """The layers that hold."""
        return self._sandbox.boundary if self._sandbox is not None else ()

    def connect(self, libraries: Iterable[str], broken: int | None = None) -> Connection:
        """Return a connection to the fork server; what is left of the container's memory is the submission's."""
        if self._sandbox is None:
            self._sandbox = Sandbox(preload=(*TORCH, *libraries), private=self._private)
            self.memory_mb = memory_left(container_size())
        return self._sandbox.connect((), broken)


class Grading:
    """One submission, from Gradescope's folders to a file for the watchdog."""

    def __init__(self, root: Path, end: float) -> None:
        self._began = time.monotonic()
        self._root = root
        self._end = end
        config = load(root / "source" / "grader_config.yml")
        (name,) = config.assignments
        self._config: Config = config
        self._settings: AssignmentConfig = config.assignments[name]
        found = read_metadata(_bytes(root / "submission_metadata.json"))
        self._metadata = policy.with_due(found, self._settings.due)
        self._late = policy.lateness(self._metadata, config.late(name), config.course.zone)
        self._name = name
        self._results: dict[str, CheckResult] = {}
        self._digest = ""
        self._info: AssignmentInfo

    def run(self) -> None:
        """Grade, unless the attempts are used up."""
        for line in named(self._metadata.problems):
            print(line)
        attempts = policy.attempts(self._metadata, self._settings.gradescope)
        if attempts.refused:
            self._write("final.json", refused(attempts, self._metadata))
            return
        report = self._graded()
        print(f"{report.status}: {report.score:g} of {report.points:g} in {report.wall_seconds:.1f} s")
        print("layers:", ", ".join(report.boundary) or "none were needed")
        if report.problem:
            print(report.problem)
        for result in report.results:
            if result.outcome is Outcome.GRADER_ERROR:
                print(f"{result.name}: {result.message}")
        self._write("final.json", self._results_of(report))

    def _graded(self) -> Report:
        private = [self._root / name for name in ("source", "submission_metadata.json", "results", "grading")]
        entry = Entry(clean_name(self._metadata.student), self._root / "submission")
        with (
            LeanSandbox(path for path in private if path.exists()) as sandbox,
            LocalExecutor(self._grading_settings(), {CPU: sandbox}) as executor,
        ):
            self._info = executor.info
            print(f"ready in {time.monotonic() - self._began:.1f} s")
            batch = Batch(executor, (), self, known=self._known, progress=self._add)
            (done,) = batch.run([entry])
        return done.report

    def _grading_settings(self) -> GradingSettings:
        settings = self._settings
        return GradingSettings(
            folder=str(self._root / "source" / "reference" / self._name),
            reading=Reading(self._name, tuple(settings.packages), settings.run_top_level),
            limits=msgspec.convert(settings.limits.model_dump(), Limits),
            secret=self._config.secret(),
            slot_mb=SLOT_MB,
            ends=self._end - OVERHEAD_SECONDS,
            cpus=container_size().cpus or 1.0,
            written_inside=settings.written is WrittenPoints.INSIDE,
        )

    # --- what the batch asks for: earlier reports, earlier results, a place for new ones --------------------------

    def latest(self, assignment: str, student: str) -> Report | None:
        """Return no earlier report: every attempt is graded."""
        return None

    def save(self, report: Report) -> None:
        """Keep nothing but the result: the watchdog publishes it."""

    def _known(self, student: str, digest: str) -> Mapping[str, CheckResult]:
        """Return the results of the last attempt at the same work, if an error of ours cut it short."""
        self._digest = digest
        latest = self._metadata.latest
        if latest is None or not latest.extra.get(OURS):
            return {}
        report = report_in(latest.extra)
        wanted = (digest, self._info.digest, engine_version())
        if report is None or (report.digest, report.assignment_digest, report.engine) != wanted:
            return {}
        return {one.name: one for one in report.results if one.outcome is not Outcome.GRADER_ERROR}

    def _add(self, result: CheckResult) -> None:
        """Leave what there is so far, as it is to be shown if nothing more comes."""
        self._results[result.name] = result
        done = tuple(self._results[name] for name in self._info.checks if name in self._results)
        unreached = [name for name in self._info.checks if name not in self._results]
        failed = any(one.outcome is Outcome.GRADER_ERROR for one in done)
        status = "grader error" if failed else "graded"
        report = without_results(clean_name(self._metadata.student), self._digest, self._info, status, "")
        score = score_of(done, self._info.check_weight)
        report = msgspec.structs.replace(report, score=score, results=done, check_weight=self._info.check_weight)
        self._write("partial.json", self._results_of(report, unreached))

    def _results_of(self, report: Report, unreached: Sequence[str] = ()) -> Results:
        return results_of(report, self._settings.gradescope, self._metadata, late=self._late, unreached=unreached)

    def _write(self, name: str, results: Results) -> None:
        replace(self._root / "grading" / name, contract.encode(results))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
