"""A batch: bad submissions do not disturb the rest, nothing is lost, finished work is not done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from autograder.grading.grade import GradingSettings
from autograder.grading.scheduler import Batch, Kind
from autograder.intake import Entry, find_class, read_submission
from autograder.protocol.limits import Limits
from autograder.records import Records
from autograder.rubric.assignment import load
from autograder.sandbox.host.sandbox import Sandbox
from tests import tiny

RIGHT = "def square(x):\n    return x * x\ndef total(x):\n    return square(x).sum()\n"
RIGHT += "def slope(x):\n    return 2 * x\n"
WRONG = RIGHT.replace("return x * x", "return 2 * x")
CLASS = {
    "right": RIGHT,
    "wrong": WRONG,
    "hangs": RIGHT.replace("return square(x).sum()", "while True: pass"),
    "quits": RIGHT.replace("return x * x", "import os; os._exit(0)"),
    "greedy": RIGHT.replace("return 2 * x", "return [bytearray(1 << 28) for _ in range(64)]"),
    "broken": "def square(x:\n",
    "late_syntax": RIGHT + "def other(:\n    pass\n",
}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "class"
    for student, source in CLASS.items():
        (place / student).mkdir(parents=True)
        (place / student / "tiny.py").write_text(source, encoding="utf-8")
    (place / "junk").mkdir()
    (place / "junk" / "tiny.ipynb").write_bytes(b"\x00\x01\x02")
    return place


@pytest.fixture
def job(tmp_path: Path) -> GradingSettings:
    return GradingSettings(load(tiny.write(tmp_path)), Limits(check_seconds=3, memory_mb=128), b"secret")


def read(path, student):
    return read_submission(path, student, main="tiny")


def run(job, sandbox, records, entries, **options):
    return list(Batch(job, sandbox, records, read, **options).run(entries))


def test_one_bad_submission_never_stops_the_others(tmp_path, job, sandbox, folder):
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        done = run(job, sandbox, records, find_class(folder), jobs=2)
        assert len(done) == len(CLASS) + 1
        reports = {report.student: report for report in records.all_latest("tiny")}
    assert {name: report.score for name, report in reports.items()} == {
        "right": 10, "wrong": 6, "hangs": 8, "quits": 6, "greedy": 6, "broken": 0, "late_syntax": 10, "junk": 0,
    }  # fmt: skip
    assert {reports[name].status for name in CLASS} == {"graded"}
    assert reports["junk"].status == "rejected"
    assert outcome(reports["hangs"], "2 adds") == "timed out"
    assert outcome(reports["quits"], "1 small") == "crashed"
    assert outcome(reports["greedy"], "2 gradient") == "out of memory"


def outcome(report, check):
    return next(result.outcome.value for result in report.results if result.name == check)


def test_finished_work_stands_until_something_changes(tmp_path, job, sandbox, folder):
    entries = [Entry("right", folder / "right"), Entry("wrong", folder / "wrong")]
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        assert [one.kind for one in run(job, sandbox, records, entries)] == [Kind.GRADED] * 2
        assert [one.kind for one in run(job, sandbox, records, entries)] == [Kind.STANDING] * 2
        assert [one.kind for one in run(job, sandbox, records, entries, fresh=True)] == [Kind.GRADED] * 2
        (folder / "wrong" / "tiny.py").write_text(RIGHT)
        kinds = {one.report.student: one.kind for one in run(job, sandbox, records, entries)}
        assert kinds == {"right": Kind.STANDING, "wrong": Kind.GRADED}
        other = msgspec.structs.replace(job.limits, check_seconds=4)
        changed = GradingSettings(job.assignment, other, job.secret)
        assert [one.kind for one in run(changed, sandbox, records, entries)] == [Kind.GRADED] * 2


def test_what_was_graded_without_a_boundary_does_not_stand(tmp_path, job, sandbox, folder):
    entries = [Entry("right", folder / "right")]
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records, Sandbox(preload=("torch",), unsafe=True) as unsafe:
        assert [one.kind for one in run(job, unsafe, records, entries)] == [Kind.GRADED]
        assert [one.kind for one in run(job, unsafe, records, entries)] == [Kind.STANDING]
        assert [one.kind for one in run(job, sandbox, records, entries)] == [Kind.GRADED]
        assert [one.kind for one in run(job, unsafe, records, entries)] == [Kind.STANDING]


def test_an_error_of_the_graders_is_tried_again_and_never_stands(tmp_path, sandbox, folder):
    broken = tiny.CHECKS.replace('"""Adds the squares."""', '"""Adds the squares."""\n    1 / 0')
    job = GradingSettings(load(tiny.write(tmp_path / "other", broken)), Limits(), b"secret")
    entries = [Entry("right", folder / "right")]
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        (one,) = run(job, sandbox, records, entries)
        assert one.report.status == "grader error"
        assert run(job, sandbox, records, entries)[0].kind is Kind.GRADED


def comparable(report):
    """A report without what a clock decides."""
    results = tuple(msgspec.structs.replace(result, seconds=0.0) for result in report.results)
    return msgspec.structs.replace(report, results=results, graded=None, own_seconds=0.0, wall_seconds=0.0)


@pytest.mark.timeout(180)
def test_a_batch_that_was_killed_ends_as_if_it_had_not_been(tmp_path, folder):
    course = tmp_path / "course"
    tiny.write(course)
    config = tiny.config(course)
    with config.open("a") as file:
        file.write("    limits: {check_seconds: 3, memory_mb: 128}\n")
    (course / ".course_secret").write_text("0" * 64)
    command = [
        sys.executable, "-c", "from autograder.cli import main; main()", "grade", "tiny", str(folder),
        "--jobs", "2", "--config", str(config), "--no-report", "--quiet",
    ]  # fmt: skip
    url = f"sqlite:///{course}/records/course.sqlite"

    def stored():
        with Records(url) as records:
            return [comparable(report) for report in records.all_latest("tiny")]

    undisturbed = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    assert undisturbed.returncode == 0, undisturbed.stderr
    whole = stored()
    for file in (course / "records").iterdir():
        file.unlink()
    killed = subprocess.Popen(command, cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (Path(course / "records/course.sqlite").exists() and stored()):
        time.sleep(0.05)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert 0 < len(stored()) < len(whole)
    assert subprocess.run(command, cwd=course, capture_output=True, check=False).returncode == 0
    assert stored() == whole
