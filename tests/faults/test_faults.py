"""Faults of the grader's own: whatever is killed, full, locked or broken, no student is charged and work goes on.

`make faults` makes many more rounds; here a few stand for them. ROUNDS kills in all, at random moments.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from autograder.errors import RecordsError
from autograder.grading.executors.local import LocalExecutor
from autograder.grading.settings import GradingSettings
from autograder.intake import find_class
from autograder.model import Outcome, Report
from autograder.protocol.limits import Limits
from autograder.records import Records
from autograder.sandbox.host.sandbox import Sandbox
from tests import tiny
from tests.slots import executing, run, settings

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "12"))
RIGHT = "def square(x):\n    return x * x\ndef total(x):\n    return square(x).sum()\ndef slope(x):\n    return 2 * x\n"
SLOW = "import time\n" + RIGHT.replace("return 2 * x", "time.sleep(0.15)\n    return 2 * x")
WRONG = SLOW.replace("return x * x", "return 2 * x")
CLASS = {"ann": SLOW, "ben": WRONG, "cem": SLOW + "# another\n", "dee": "def square(x):\n    return x * x\n"}
EXPECTED = {"ann": 10.0, "ben": 6.0, "cem": 10.0, "dee": 4.0}
LIMITS = Limits(check_seconds=5, memory_mb=256)

pytestmark = pytest.mark.xdist_group("faults")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "class"
    for student, source in CLASS.items():
        (place / student).mkdir(parents=True)
        (place / student / "tiny.py").write_text(source, encoding="utf-8")
    return place


@pytest.fixture
def wanted(tmp_path: Path) -> GradingSettings:
    return settings(tiny.write(tmp_path), LIMITS)


def graded(executor: LocalExecutor, records: Records, folder: Path) -> dict[str, Report]:
    run(executor, records, find_class(folder).entries, jobs=2)
    return {report.student: report for report in records.all_latest("tiny")}


def scores(reports: dict[str, Report]) -> dict[str, float]:
    return {student: report.score for student, report in reports.items()}


# --- kills ---------------------------------------------------------------------------------------------------------


def descendants() -> list[psutil.Process]:
    """The warm grader and its slots; bubblewrap, the fork server, supervisors, init processes, submissions, checks."""
    return psutil.Process().children(recursive=True)


def killed_once(work: Callable[[], object], chance: random.Random, old: bool) -> str:
    """Run `work` while one process that is there before, or is not, is killed at a random moment. Gives what it was."""
    before = {process.pid for process in descendants()}
    victim = ""
    over = threading.Event()

    def kill() -> None:
        nonlocal victim
        time.sleep(chance.uniform(0, 0.6))
        while not victim and not over.is_set():
            found = [process for process in descendants() if (process.pid in before) is old]
            if found:
                process = chance.choice(found)
                try:
                    victim = process.name()
                    process.kill()
                except psutil.NoSuchProcess:
                    victim = ""
            time.sleep(0.002)

    killer = threading.Thread(target=kill)
    killer.start()
    work()
    over.set()
    killer.join()
    return victim


@pytest.mark.parametrize("old", [False, True], ids=["a submission's process", "a server"])
def test_a_killed_process_costs_nobody_a_point(tmp_path, wanted, folder, old):
    """Slots are replaced, and what may have been the machine's fault is repeated: one kill is not to be seen at all."""
    chance = random.Random(2021)
    hits = 0
    with Sandbox(preload=("torch",)) as sandbox, executing(wanted, sandbox) as executor:
        for number in range(max(2, ROUNDS // 4) if old else ROUNDS):
            with Records(f"sqlite:///{tmp_path}/{number}.sqlite") as records:
                hits += bool(killed_once(partial(graded, executor, records, folder), chance, old))
                reports = {report.student: report for report in records.all_latest("tiny")}
            assert {report.status for report in reports.values()} == {"graded"}
            assert scores(reports) == EXPECTED
    assert hits > 0


def test_a_killed_grader_goes_on_where_it_stopped(tmp_path, folder):
    course = tmp_path / "course"
    tiny.write(course)
    config = tiny.config(course)
    (course / ".course_secret").write_text("0" * 64)
    command = [
        sys.executable, "-m", "autograder", "grade", "tiny", str(folder), "--jobs", "2", "--config", str(config),
        "--no-report", "--quiet",
    ]  # fmt: skip
    chance = random.Random(2022)
    for number in range(max(2, ROUNDS // 6)):
        shutil.rmtree(course / "records", ignore_errors=True)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, cwd=course, **quiet)
        time.sleep(chance.uniform(0.5, 6 if number else 1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        with Records(f"sqlite:///{course}/records/course.sqlite") as records:
            assert scores({report.student: report for report in records.all_latest("tiny")}) == EXPECTED


# --- storage -------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", place], check=False).returncode == 0
    if not mounted:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_said_and_what_is_stored_stays(wanted, folder, small_disk):
    with (
        Sandbox(preload=("torch",)) as sandbox,
        executing(wanted, sandbox) as executor,
        Records(f"sqlite:///{small_disk}/r.sqlite") as records,
    ):
        first = graded(executor, records, folder)
        assert scores(first) == EXPECTED
        filler = small_disk / "filler"
        with pytest.raises(OSError, match="No space left"):
            filler.write_bytes(b"0" * (1 << 20))
        report = first["ann"]
        with pytest.raises(RecordsError, match="full"):
            for _ in range(200):
                records.save(report)
        assert {report.student for report in records.all_latest("tiny")} == set(EXPECTED)
        filler.unlink()
        records.save(report)
        assert scores({report.student: report for report in records.all_latest("tiny")}) == EXPECTED


def test_a_locked_database_is_waited_for(tmp_path, wanted, folder):
    place = tmp_path / "r.sqlite"
    with (
        Sandbox(preload=("torch",)) as sandbox,
        executing(wanted, sandbox) as executor,
        Records(f"sqlite:///{place}") as records,
    ):
        other = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(2.0, lambda: other.execute("ROLLBACK"))
        release.start()
        assert scores(graded(executor, records, folder)) == EXPECTED
        release.join()
        other.close()


# --- the rubric ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["1 / 0", "raise SystemExit", "reference.nothing(1)"])
def test_a_rubric_that_raises_is_a_grader_error_and_the_rest_goes_on(tmp_path, folder, fault):
    checks = tiny.CHECKS.replace('"""Adds the squares."""', f'"""Adds the squares."""\n    {fault}')
    with (
        Sandbox(preload=("torch",)) as sandbox,
        executing(settings(tiny.write(tmp_path, checks), LIMITS), sandbox) as executor,
        Records(f"sqlite:///{tmp_path}/r.sqlite") as records,
    ):
        reports = graded(executor, records, folder)
    assert {report.status for report in reports.values()} == {"grader error"}
    for student, report in reports.items():
        outcomes = {result.name: result.outcome for result in report.results}
        assert outcomes.pop("2 adds") is Outcome.GRADER_ERROR
        assert Outcome.GRADER_ERROR not in outcomes.values()
        assert report.score >= EXPECTED[student] - 2
