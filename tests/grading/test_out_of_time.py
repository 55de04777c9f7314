"""When the time that somebody set is over, it is asked what has used it."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from autograder.errors import ConversationEndedError
from autograder.grading import hosts
from autograder.grading.hosts import SubmissionHost
from autograder.model import Outcome
from autograder.protocol.limits import Limits
from autograder.sandbox.host import resource_monitor
from autograder.sandbox.host.resource_monitor import PATIENCE, ResourceMonitor
from autograder.sandbox.host.session import SLOW_MACHINE

BUDGET = 100.0


@dataclass
class FakeSession:
    """What a session tells of the time that was spent."""

    cpu_seconds: float = 0.0
    idle_seconds: float = 0.0
    load_error: None = None
    device: str = "cpu"


@pytest.mark.parametrize(
    ("cpu", "idle", "ours", "cpus", "outcome"),
    [
        (51.0, 0.0, 0.0, 1.0, Outcome.TIMED_OUT),
        (26.0, 0.0, 0.0, 0.5, Outcome.TIMED_OUT),
        (0.0, 51.0, 0.0, 0.5, Outcome.TIMED_OUT),
        (0.0, 0.0, 26.0, 0.5, Outcome.TIMED_OUT),
        (9.0, 16.0, 9.0, 0.5, Outcome.TIMED_OUT),
        (20.0, 0.0, 4.0, 0.5, Outcome.GRADER_ERROR),
        (0.0, 0.0, 0.0, 4.0, Outcome.GRADER_ERROR),
    ],
    ids=["computing", "half a core", "asleep, a little at a time", "work for the grader", "of each a little",
         "a slow machine", "a machine that stands still"],
)  # fmt: skip
def test_the_machine_is_to_blame_for_the_time_that_nothing_has_used(monkeypatch, cpu, idle, ours, cpus, outcome):
    """A check that stays below its own limits uses time too, and so does what it makes the grader do."""
    now, work = 1000.0, 7.0
    monkeypatch.setattr(hosts.time, "monotonic", lambda: now)
    monkeypatch.setattr(hosts.time, "process_time", lambda: work)
    session = FakeSession()
    host = SubmissionHost(lambda: session, Limits(), ends=now + BUDGET, cpus=cpus)
    session.cpu_seconds, session.idle_seconds = cpu, idle
    now, work = now + BUDGET + 1, work + ours
    with pytest.raises(ConversationEndedError) as caught, host.check():
        pass
    assert caught.value.outcome is outcome
    assert (caught.value.message == SLOW_MACHINE) is (outcome is Outcome.GRADER_ERROR)


@pytest.mark.parametrize(("code", "sleeps"), [("input()", True), ("print(flush=True)\nwhile True: pass", False)])
def test_who_sleeps_is_idle_and_who_waits_for_a_core_is_not(monkeypatch, code, sleeps):
    with subprocess.Popen(
        [sys.executable, "-c", f"import sys\nprint(flush=True)\n{code}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        while sleeps and not resource_monitor._asleep(process.pid):
            time.sleep(0.01)
        monkeypatch.setattr(ResourceMonitor, "_family", lambda self: [process.pid])
        monitor = ResourceMonitor(process.pid, Limits())
        monkeypatch.setattr(monitor, "_next", 0.0)
        monitor.look()
        process.kill()
    assert monitor.idle == (PATIENCE if sleeps else 0.0)
