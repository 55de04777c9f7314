"""Ctrl-C, SIGTERM and SIGHUP end a batch: what is done is kept, no child is left, and a line says how to go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from autograder.records import Records
from tests import tiny

RIGHT = "def square(x):\n    return x * x\ndef total(x):\n    return square(x).sum()\ndef slope(x):\n    return 2 * x\n"
WAITS = RIGHT.replace("return x * x", "import time\n    time.sleep(1000)\n    return x * x")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A class of one student who is done at once and one who waits for ever."""
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    for student, source in (("ann", RIGHT), ("ben", WAITS)):
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / "tiny.py").write_text(source)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_a_batch_that_is_told_to_stop_keeps_what_is_done(course: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "autograder", "grade", "tiny", "class", "--jobs", "2", "--no-report"]
    (course / "temporary").mkdir()
    batch = subprocess.Popen(
        command, cwd=course, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"TMPDIR": str(course / "temporary")},
    )  # fmt: skip
    kept: list[str] = []
    while not kept and batch.poll() is None:
        time.sleep(0.1)
        if (course / "records/course.sqlite").exists():
            with Records(f"sqlite:///{course}/records/course.sqlite") as records:
                kept = [report.student for report in records.all_latest("tiny")]
    children = psutil.Process(batch.pid).children(recursive=True)
    batch.send_signal(number)
    printed, said = batch.communicate()
    assert kept == ["ann"]
    assert batch.returncode == 130, said
    assert "Stopped: 1 of 2 are graded and kept. The same command goes on" in " ".join((printed + said).split())
    assert "Traceback" not in printed + said
    _, alive = psutil.wait_procs(children, 60)
    assert alive == []
    assert list((course / "temporary").iterdir()) == []
