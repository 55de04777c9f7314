"""What slots cost in memory: the proportional set size (PSS) of each process while some are at work.

    python benchmarks/memory.py self_attention

For one, two and four slots: PSS of the main process, the warm grader and each slot, and what a slot holds alone.
"""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

import psutil

from autograder.cli.batch import opened
from autograder.cli.course import open_course
from autograder.grading.scheduler import Batch
from autograder.intake import find_class
from autograder.intake.classroom import Entry
from autograder.model import Report

ROOT = Path(__file__).parents[1]


class Forgotten:
    """A store that keeps nothing."""

    def latest(self, assignment: str, student: str) -> Report | None:
        """Return no earlier report."""
        return None

    def save(self, report: Report) -> None:
        """Keep nothing."""


def largest(pid: int, found: dict[int, tuple[float, float]]) -> None:
    """Note a process's PSS and private megabytes, if they are larger than before."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
    now = sizes["Pss"], sizes["Private_Dirty"] + sizes["Private_Clean"]
    found[pid] = max(found.get(pid, (0.0, 0.0)), now)


def measured(name: str, slots: int) -> str:
    """Grade as many submissions as there are slots, and return what was seen meanwhile."""
    course = open_course(name, ROOT / "grader_config.yml")
    first = find_class(ROOT / "examples" / name).entries[0]
    sizes: dict[int, tuple[float, float]] = {}
    over = threading.Event()
    me = psutil.Process()
    with opened(course) as ready:
        (warm,) = [process for process in me.children() if "warm_grader" in " ".join(process.cmdline())]

        def watch() -> None:
            while not over.wait(0.1):
                for pid in (me.pid, warm.pid, *(child.pid for child in warm.children())):
                    largest(pid, sizes)

        watcher = threading.Thread(target=watch)
        watcher.start()
        entries = [Entry(f"{first.student} {number}", first.path) for number in range(slots)]
        list(Batch(ready.executor, ready.boundary, Forgotten(), jobs=slots).run(entries))
        over.set()
        watcher.join()
    own, grader = sizes.pop(me.pid), sizes.pop(warm.pid)
    pss, private = max(pss for pss, _ in sizes.values()), max(private for _, private in sizes.values())
    return f"main {own[0]:.0f} MB, warm grader {grader[0]:.0f} MB, a slot {pss:.0f} MB, its own {private:.0f} MB"


def main() -> int:
    """Measure with one, two and four slots."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="an assignment with a sample class")
    name = parser.parse_args().name
    for slots in (1, 2, 4):
        print(f"{slots} at a time: {measured(name, slots)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
