"""What the boundary costs: the same submission with every layer, with fewer, and with none, in turn.

    python benchmarks/hardening.py [ROUNDS]

Prints seconds for one submission (median), the part that is not the student's code, and the ratio to no boundary.
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch

from autograder.errors import SandboxUnavailableError
from autograder.grading.engine import Engine
from autograder.grading.hosts import SubmissionHost
from autograder.protocol.limits import Limits
from autograder.rubric.assignment import load
from autograder.sandbox.host.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
WAYS = {
    "no boundary": {"unsafe": True},
    "every layer": {},
    "no seccomp": {"without": ("seccomp",)},
    "no Landlock": {"without": ("landlock",)},
    "no bubblewrap": {"without": ("bubblewrap",)},
}


def main(rounds: int) -> None:
    """Open the sandboxes side by side and go round them."""
    torch.set_num_threads(1)
    assignment = load(ROOT / "reference" / "regression")
    checks = [check for check in assignment.rubric.checks if not check.trains]
    engine = Engine(assignment, b"benchmark")
    files, limits = {"regression.py": assignment.solution_source}, Limits()
    seconds: dict[str, list[float]] = {}
    ours: dict[str, list[float]] = {}
    with ExitStack() as stack:
        sandboxes = {}
        for name, how in WAYS.items():
            try:
                sandboxes[name] = stack.enter_context(Sandbox(**how))  # type: ignore[arg-type]
            except SandboxUnavailableError as error:
                print(f"{name}: not here ({error})")
        for number in range(rounds + 1):
            for name, sandbox in sandboxes.items():
                began = time.perf_counter()
                with SubmissionHost(partial(sandbox.open, files, "regression.py", limits), limits) as host:
                    results = engine.run(host, "digest", checks=checks, hints=False)
                took = time.perf_counter() - began
                assert all(result.earned == result.points for result in results)
                if number:  # the first round warms up
                    seconds.setdefault(name, []).append(took)
                    ours.setdefault(name, []).append(took - host.own_seconds)
    print(f"{len(checks)} checks of regression, median of {rounds} rounds, torch {torch.__version__}")
    base = statistics.median(seconds["no boundary"])
    for name, found in seconds.items():
        median = statistics.median(found)
        print(
            f"{name:14} {median:6.2f} s  not the student's {statistics.median(ours[name]):5.2f} s  x{median / base:.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
