"""The same light notebook, a class of it: this grader, nbgrader and otter-grader, side by side.

    python benchmarks/peers.py [STUDENTS] [--rounds 3] [--otter BIN]

The notebook has three functions, all right, and each grader one test of each. A command grades one student, then the
class: the difference is what each further student costs. The peers get a class of a twentieth of that size. Otter's
`run`, which like nbgrader's `autograde` needs no Docker, takes one notebook a command, and so starts for each. BIN is
the bin folder of a virtual environment with otter-grader, torch and ipykernel: its requirements and nbgrader's do not
go together. Only this grader has a boundary and draws other inputs for each student.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import v4
from nbgrader.api import Gradebook

from autograder.records import Records

BIN = Path(sys.executable).parent
LIGHT = Path(__file__).parent / "light"
TESTS = {
    "mse": "assert torch.allclose(mse(z, z - 2), torch.tensor(4.0))",
    "relu": "assert torch.equal(relu(z), z.clamp(min=0))",
    "softmax": "assert torch.allclose(softmax(z), torch.softmax(z, -1))",
}
INPUT = "z = torch.linspace(-2, 2, 20).reshape(4, 5)"
OTTER_TEST = """OK_FORMAT = False
from otter.test_files import test_case
name, points = {name!r}, 1

@test_case(points=1)
def test({name}):
    import torch
    {input}
    {test}
"""


def cells(student: int) -> list[str]:
    """The solution in two cells, and a line that only this student has."""
    source = (LIGHT / "reference" / "light" / "solution.py").read_text(encoding="utf-8")
    code = source.replace("    # SOLUTION\n", "").replace("    # END\n", "").split("# %%\n")[1:]
    return [*code, f"student = {student}"]


def run(*words: str | Path, at: Path, path: Path = BIN) -> None:
    """Raises with what it said if it fails."""
    environment = os.environ | {"PATH": f"{path}:{os.environ['PATH']}"}
    done = subprocess.run(words, cwd=at, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def ours(place: Path, students: int, jobs: int) -> Callable[[], None]:
    """A class of `students`, graded and reported."""
    shutil.copytree(LIGHT, place)
    for number in range(students):
        folder = place / "class" / f"student{number}"
        folder.mkdir(parents=True)
        nbformat.write(v4.new_notebook(cells=[*map(v4.new_code_cell, cells(number))]), folder / "light.ipynb")

    def grade() -> None:
        command = (sys.executable, "-m", "autograder", "grade", "light", "class", "--fresh", "--quiet")
        shutil.rmtree(place / "records", ignore_errors=True)
        run(*command, "--jobs", str(jobs), at=place)
        with Records(f"sqlite:///{place}/records/course.sqlite") as records:
            assert [report.score for report in records.all_latest("light")] == [len(TESTS)] * students

    return grade


def nbgrader(place: Path, students: int) -> Callable[[], None]:
    """A course of nbgrader's with the tests in three locked cells."""
    place.mkdir()
    (place / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'light'\n")

    def notebook(number: int) -> nbformat.NotebookNode:
        made = [v4.new_code_cell(source) for source in cells(number)]
        for name, test in TESTS.items():
            cell = v4.new_code_cell(f"{INPUT}\n{test}", id=f"test-{name}")
            cell.metadata["nbgrader"] = {
                "schema_version": 3, "grade": True, "grade_id": name, "locked": True, "points": 1, "solution": False,
                "task": False, "cell_type": "code",
            }  # fmt: skip
            made.append(cell)
        kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
        return v4.new_notebook(cells=made, metadata=kernel)

    submitted = [place / "submitted" / f"s{number}" / "light" for number in range(students)]
    for number, folder in enumerate([place / "source" / "light", *submitted]):
        folder.mkdir(parents=True)
        nbformat.write(notebook(number), folder / "light.ipynb")
    run(BIN / "nbgrader", "generate_assignment", "light", at=place)

    def grade() -> None:
        shutil.rmtree(place / "autograded", ignore_errors=True)
        run(BIN / "nbgrader", "autograde", "light", "--force", at=place)
        assert len(list((place / "autograded").glob("*/light/light.ipynb"))) == students
        with Gradebook(f"sqlite:///{place}/gradebook.db") as book:
            assert [submission.score for submission in book.assignment_submissions("light")] == [len(TESTS)] * students

    return grade


def otter(place: Path, students: int, path: Path) -> Callable[[], None]:
    """Three test files; a command a student."""
    (place / "tests").mkdir(parents=True)
    (place / "out").mkdir()
    for name, test in TESTS.items():
        text = OTTER_TEST.format(name=name, input=INPUT, test=test)
        (place / "tests" / f"{name}.py").write_text(text, encoding="utf-8")
    for number in range(students):
        nbformat.write(v4.new_notebook(cells=[*map(v4.new_code_cell, cells(number))]), place / f"s{number}.ipynb")
    run(path / "otter", "generate", "-t", "tests", "-o", "autograder.zip", at=place, path=path)

    def grade() -> None:
        for number in range(students):
            (place / "out" / "results.json").unlink(missing_ok=True)
            run(path / "otter", "run", f"s{number}.ipynb", "-a", "autograder.zip", "-o", "out", at=place, path=path)
            tests = json.loads((place / "out" / "results.json").read_text())["tests"]
            assert sum(test.get("score", 0) for test in tests) == len(TESTS)

    return grade


def main() -> None:
    """One student, then the class, for each grader in turn, and all that again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("students", type=int, nargs="?", default=100, help="2 or more")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--otter", type=Path, help="the bin folder of otter-grader's environment")
    chosen = parser.parse_args()
    few = max(2, chosen.students // 20)
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        makers: dict[str, tuple[int, Callable[[Path, int], Callable[[], None]]]] = {
            "autograder, one at a time": (chosen.students, lambda at, count: ours(at, count, 1)),
            f"autograder, {cores} at a time": (chosen.students, lambda at, count: ours(at, count, cores)),
            "nbgrader": (few, nbgrader),
        }
        if chosen.otter:
            makers["otter-grader"] = (few, lambda at, count: otter(at, count, chosen.otter))
        ways = {
            name: (size, [make(place / f"{number}-{count}", count) for count in (1, size)])
            for number, (name, (size, make)) in enumerate(makers.items())
        }
        first: dict[str, list[float]] = {name: [] for name in ways}
        each: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(chosen.rounds + 1):
            for name, (size, (one, whole)) in ways.items():
                alone, together = timed(one), timed(whole)
                if number:  # the first round warms the disk's cache, and makes databases
                    first[name].append(alone)
                    each[name].append((together - alone) / (size - 1))
    base = statistics.median(next(iter(each.values())))
    print(f"{'':28} one student   each further one")
    for name in ways:
        median = statistics.median(each[name])
        print(f"{name:28} {statistics.median(first[name]):9.1f} s   {median:12.3f} s  x{median / base:.1f}")


def timed(work: Callable[[], None]) -> float:
    """Seconds it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
