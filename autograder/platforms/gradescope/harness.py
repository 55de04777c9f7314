"""The grader inside the container. It leaves `partial.json` after each check and `final.json` at the end; the
watchdog publishes one of them when this process and every sandbox are gone."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec

from autograder.config import AssignmentConfig, Config, load
from autograder.errors import RejectedError
from autograder.files import replace
from autograder.grading.grade import GradingSettings, engine_version, grade, without_results
from autograder.grading.worker_pool import Reader, Reading
from autograder.model import CheckResult, Outcome, Report, Submission
from autograder.platforms.gradescope import contract, policy
from autograder.platforms.gradescope.contract import Metadata, Results
from autograder.platforms.gradescope.results import refused, report_in, results_of
from autograder.platforms.gradescope.sizes import container_size, sized
from autograder.protocol.limits import Limits
from autograder.rubric.assignment import Assignment
from autograder.rubric.assignment import load as load_assignment
from autograder.sandbox.host.sandbox import LARGE, SMALL, TORCH, Sandbox, named_in

OVERHEAD_SECONDS = 20.0
"""Of the budget, kept for what is not the student's code: the last comparisons and the writing."""


READ_SECONDS = 45.0
"""For reading a submission: a second is usual, with half a CPU."""


def main() -> None:
    """`python -c ... ROOT SECONDS`: grade the submission in ROOT within SECONDS from now."""
    root, budget = Path(sys.argv[1]), float(sys.argv[2])
    Grading(root, time.monotonic() + budget).run()


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
        self._metadata: Metadata = contract.read_metadata(_bytes(root / "submission_metadata.json"))
        self._name = name

    def run(self) -> None:
        """Grade, unless the attempts are used up."""
        attempts = policy.attempts(self._metadata, self._settings.gradescope)
        if attempts.refused:
            self._write("final.json", refused(attempts, self._metadata))
            return
        import torch

        torch.set_num_threads(1)
        assignment = load_assignment(self._root / "source" / "reference" / self._name)
        job = GradingSettings(
            assignment, msgspec.convert(self._settings.limits.model_dump(), Limits), self._config.secret()
        )
        report = self._graded(assignment, job)
        print(f"{report.status}: {report.score:g} of {report.points:g} in {report.wall_seconds:.1f} s")
        print("layers:", ", ".join(report.boundary) or "none were needed")
        if report.problem:
            print(report.problem)
        for result in report.results:
            if result.outcome is Outcome.GRADER_ERROR:
                print(f"{result.name}: {result.message}")
        self._write("final.json", results_of(report, self._settings.gradescope, self._metadata))

    def _graded(self, assignment: Assignment, job: GradingSettings) -> Report:
        try:
            submission = self._read(assignment)
        except RejectedError as rejected:
            return without_results(self._metadata.student, "", job, "rejected", rejected.reason)
        known = self._known(job, submission)
        partly = _Partly(self, job, submission)
        private = [self._root / name for name in ("source", "submission_metadata.json", "results", "grading")]
        # Of the libraries those that this submission names: the others take memory, of which there is little.
        preload = (*TORCH, *named_in(submission.files, (*SMALL, *LARGE)))
        with Sandbox(preload=preload, private=[path for path in private if path.exists()]) as sandbox:
            budget = max(1.0, self._end - time.monotonic() - OVERHEAD_SECONDS)
            limits = sized(job.limits, container_size(), budget)
            ready = time.monotonic() - self._began
            print(f"ready in {ready:.1f} s; limits: {limits.memory_mb} MB, {limits.submission_seconds:.0f} s in all")
            fitting = GradingSettings(assignment, limits, job.secret, little_memory=True)
            report = grade(submission, fitting, sandbox, partly.add, known)
        # As far as results stand, the limits are those of the configuration: a container's size may vary.
        return msgspec.structs.replace(report, assignment_digest=job.digest)

    def _read(self, assignment: Assignment) -> Submission:
        """In a process that can be stopped, and that is gone before memory is shared out. Raises `RejectedError`."""
        settings, expected = self._settings, tuple(sorted(assignment.rubric.functions))
        how = Reading(self._name, tuple(settings.packages), settings.run_top_level, expected)
        reader = Reader(how, min(READ_SECONDS, (self._end - time.monotonic()) / 2))
        try:
            return reader(self._root / "submission", self._metadata.student)
        finally:
            reader.close()

    def _known(self, job: GradingSettings, submission: Submission) -> dict[str, CheckResult]:
        """The results of the last attempt at the same work, if an error of ours cut it short."""
        latest = max(self._metadata.previous_submissions, key=lambda one: str(one.submission_time), default=None)
        if latest is None or not latest.extra.get(policy.OURS):
            return {}
        report = report_in(latest.extra)
        wanted = (submission.digest, job.digest, engine_version())
        if report is None or (report.digest, report.assignment_digest, report.engine) != wanted:
            return {}
        return {one.name: one for one in report.results if one.outcome is not Outcome.GRADER_ERROR}

    def partial(self, report: Report, unreached: list[str]) -> None:
        """Leave what there is so far, as it is to be shown if nothing more comes."""
        found = results_of(report, self._settings.gradescope, self._metadata, unreached=unreached)
        self._write("partial.json", found)

    def _write(self, name: str, results: Results) -> None:
        replace(self._root / "grading" / name, contract.encode(results))


class _Partly:
    """The results so far, written down after each check."""

    def __init__(self, grading: Grading, job: GradingSettings, submission: Submission) -> None:
        self._grading = grading
        self._job = job
        self._submission = submission
        self._results: list[CheckResult] = []

    def add(self, result: CheckResult) -> None:
        """One more result is there."""
        self._results.append(result)
        report = without_results(self._submission.student, self._submission.digest, self._job, "graded", "")
        done = {one.name for one in self._results}
        unreached = [check.name for check in self._job.assignment.rubric.checks if check.name not in done]
        score = round(sum(one.earned for one in self._results), 4)
        report = msgspec.structs.replace(
            report, score=score, results=tuple(self._results), notes=self._submission.notes
        )  # fmt: skip
        self._grading.partial(report, unreached or ["the end"])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
