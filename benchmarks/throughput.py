"""One submission after the other: warm processes that fork, a fresh process each, and nbgrader's fresh kernel each.

    python benchmarks/throughput.py [ROUNDS]

The submission is the reference solution of the regression assignment. The first two run all checks that do not train;
nbgrader runs what it can, the public ones. The warm processes also grade as many at a time as there are processors. In
turn, so that all see the same machine. Prints seconds for one submission (median) and how many times as long it takes
as from warm processes.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from autograder.config import DEFAULT_PACKAGES
from autograder.grading.executors.local import LocalExecutor
from autograder.grading.scheduler import Batch
from autograder.grading.settings import GradingSettings, Reading
from autograder.intake import Entry
from autograder.model import CheckResult, Outcome, Report
from autograder.protocol.devices import CPU
from autograder.protocol.limits import Limits
from autograder.rubric.assignment import load
from autograder.sandbox.host.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
REFERENCE = ROOT / "reference" / "regression"
SOLUTION = (REFERENCE / "solution.py").read_text(encoding="utf-8")
FRESH = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.rubric.assignment import load
assignment = load(Path(sys.argv[1]))
checks = [check for check in assignment.rubric.checks if not check.trains]
namespace = {}
exec(assignment.solution_source, namespace)
results = Engine(assignment, b"benchmark").run(LocalHost(lambda: dict(namespace)), "digest", checks=checks, hints=False)
assert all(result.earned == result.points for result in results)
"""


class Forgetful:
    """Keeps no report."""

    def latest(self, assignment: str, student: str) -> Report | None:
        """Return nothing: all is graded."""
        return None

    def save(self, report: Report) -> None:
        """Look at it."""
        assert report.score == report.points, report


def warm(executor: LocalExecutor, boundary: tuple[str, ...], place: Path, count: int) -> Callable[[], None]:
    """The grader as it is: a slot each, `count` at a time; fork, read, load, check inside the boundary."""
    submission = place / "regression.py"
    submission.write_text(SOLUTION, encoding="utf-8")
    entries = [Entry(f"student{number}", submission) for number in range(count)]
    trained = {
        check.name: CheckResult(
            check.name, check.exercise, check.asked, check.points, check.points, Outcome.PASSED, check.public
        )
        for check in load(REFERENCE).rubric.checks
        if check.trains
    }

    def grade() -> None:
        batch = Batch(executor, boundary, Forgetful(), jobs=count, known=lambda student, digest: trained)
        assert len(list(batch.run(entries))) == count

    return grade


def fresh() -> None:
    """A Python of its own for each submission: import torch, load, run the same checks. No boundary."""
    command = [sys.executable, "-c", FRESH, str(REFERENCE)]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})


def nbgrader(course: Path) -> Callable[[], None]:
    """`nbgrader autograde` of a notebook in a course that nbgrader made."""
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def run(*words: str, at: Path = course) -> None:
        subprocess.run(words, cwd=at, env=environment, check=True, capture_output=True)

    run(sys.executable, "-m", "autograder", "nbgrader", "source", "regression", str(course), at=ROOT)
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'benchmark'\n")
    run(str(BIN / "nbgrader"), "generate_assignment", "regression")
    submitted = course / "submitted" / "ada" / "regression"
    shutil.copytree(course / "source" / "regression", submitted)

    def grade() -> None:
        run(str(BIN / "nbgrader"), "autograde", "regression", "--force")

    return grade


def main(rounds: int) -> None:
    """Go round them all."""
    jobs = os.cpu_count() or 1
    settings = GradingSettings(str(REFERENCE), Reading("regression", DEFAULT_PACKAGES), Limits(), b"benchmark")
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(typical=SOLUTION) as sandbox,
        LocalExecutor(settings, {CPU: sandbox}) as executor,
    ):
        place = Path(folder)
        ways = {
            "warm, every layer": (1, warm(executor, sandbox.boundary, place, 1)),
            f"the same, {jobs} at a time": (jobs, warm(executor, sandbox.boundary, place, jobs)),
            "fresh process": (1, fresh),
            "nbgrader": (1, nbgrader(place / "nbgrader")),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            for name, (count, grade) in ways.items():
                began = time.perf_counter()
                grade()
                if number:  # the first round warms up
                    seconds[name].append((time.perf_counter() - began) / count)
    base = statistics.median(seconds["warm, every layer"])
    for name, found in seconds.items():
        median = statistics.median(found)
        print(f"{name:26} {median:6.2f} s  x{median / base:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
