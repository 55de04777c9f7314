"""Do scores depend on the machine's load? Grade sample classes alone, many at a time, and beside busy loops.

    python benchmarks/load.py cnn transformer

Prints every score that is not the same in all runs, and exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = {
    "one at a time": (1, 0),
    "8 at a time": (8, 0),
    "16 at a time beside 6 busy loops": (16, 6),
}
"""Submissions at a time, and busy loops."""


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Have so many processes that compute without end."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def graded(name: str, jobs: int, loops: int) -> dict[str, dict[str, float]]:
    """Return the points of each exercise by student, from a course of its own with a fixed secret."""
    with tempfile.TemporaryDirectory() as place, busy(loops):
        course = Path(place)
        (course / "grader_config.yml").write_bytes((ROOT / "grader_config.yml").read_bytes())
        (course / "reference").symlink_to(ROOT / "reference")
        (course / ".course_secret").write_text("0" * 64)
        command = [sys.executable, "-m", "autograder", "grade", name, str(ROOT / "examples" / name)]
        done = subprocess.run(
            [*command, "--jobs", str(jobs), "--no-report", "--quiet", "--json"],
            cwd=course, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return {row["student"]: row["exercises"] for row in json.loads(done.stdout)}


def main() -> int:
    """Compare the runs of each class."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", help="assignments with a sample class")
    different = 0
    for name in parser.parse_args().names:
        first: dict[str, dict[str, float]] = {}
        for run, (jobs, loops) in RUNS.items():
            began = time.monotonic()
            found = graded(name, jobs, loops)
            load = os.getloadavg()[0]
            print(f"{name}, {run}: {time.monotonic() - began:.0f} s, load {load:.0f}", flush=True)
            first = first or found
            for student in sorted(first):
                if found.get(student) != first[student]:
                    different += 1
                    print(f"  {student}: {first[student]} alone, {found.get(student)} now")
    print("every score is the same" if not different else f"{different} submissions differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
