"""One submission after the other: a warm process that forks, a fresh process each, and nbgrader's fresh kernel each.

    python benchmarks/throughput.py [ROUNDS]

The submission is the reference solution of the regression assignment. The first two run all checks that do not train;
nbgrader runs what it can, the public ones. The warm process also grades as many at a time as there are processors. In
turn, so that all see the same machine. Prints seconds for one submission (median) and how many times as long it takes
as the warm process.
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import SubmissionHost
from autograder.protocol.limits import Limits
from autograder.rubric.assignment import load
from autograder.sandbox.host.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
SOLUTION = (ROOT / "reference" / "regression" / "solution.py").read_text(encoding="utf-8")
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


def warm(sandbox: Sandbox) -> Callable[[], None]:
    """The grader as it is: fork, load, check, inside the boundary."""
    assignment = load(ROOT / "reference" / "regression")
    checks = [check for check in assignment.rubric.checks if not check.trains]
    engine = Engine(assignment, b"benchmark")

    def grade() -> None:
        files, limits = {"regression.py": assignment.solution_source}, Limits()
        with SubmissionHost(lambda: sandbox.open(files, "regression.py", limits), limits) as host:
            results = engine.run(host, "digest", checks=checks, hints=False)
        assert all(result.earned == result.points for result in results)

    return grade


def at_a_time(count: int, grade: Callable[[], None]) -> Callable[[], None]:
    """`count` submissions, in as many threads, as a batch does."""

    def together() -> None:
        with ThreadPoolExecutor(count) as pool:
            for done in [pool.submit(grade) for _ in range(count)]:
                done.result()

    return together


def fresh() -> None:
    """A Python of its own for each submission: import torch, load, run the same checks. No boundary."""
    command = [sys.executable, "-c", FRESH, str(ROOT / "reference" / "regression")]
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
    torch.set_num_threads(1)
    jobs = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as place, Sandbox(typical=SOLUTION) as sandbox:
        one = warm(sandbox)
        ways = {
            "warm process, every layer": (1, one),
            f"the same, {jobs} at a time": (jobs, at_a_time(jobs, one)),
            "fresh process": (1, fresh),
            "nbgrader": (1, nbgrader(Path(place))),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            for name, (count, grade) in ways.items():
                began = time.perf_counter()
                grade()
                if number:  # the first round warms up
                    seconds[name].append((time.perf_counter() - began) / count)
    base = statistics.median(seconds["warm process, every layer"])
    for name, found in seconds.items():
        median = statistics.median(found)
        print(f"{name:26} {median:6.2f} s  x{median / base:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
