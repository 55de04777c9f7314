"""Every limit: hit as itself, said in words, and paid for by the exercise that hit it alone."""

from __future__ import annotations

import pytest

from autograder.config import LimitsConfig
from autograder.errors import LoadEndedError
from autograder.grading.engine import Engine
from autograder.grading.hosts import SubmissionHost
from autograder.grading.opening import Opening
from autograder.model import Outcome, Submission
from autograder.protocol.limits import WALL_FACTOR, Limits
from autograder.sandbox.host import resource_monitor, session
from autograder.sandbox.host.resource_monitor import ResourceMonitor, Usage
from autograder.sandbox.host.sandbox import Sandbox
from tests.slots import PATIENCE, directly, hosted

HONEST = """
import os, time, torch
def total(x): return (x ** 2).sum()
def slope(x): return 2 * x
"""
WAYS = {
    "check_seconds": (
        "def square(x):\n    while True: pass",
        Limits(check_seconds=1),
        Outcome.TIMED_OUT,
        "stopped after 1 s of computing: is there an endless loop?",
    ),
    "check_seconds of children": (
        "def square(x):\n"
        "    for _ in range(2):\n"
        "        if os.fork() == 0:\n"
        "            while True: pass\n"
        "    time.sleep(3600)",
        Limits(check_seconds=1),
        Outcome.TIMED_OUT,
        "stopped after 1 s of computing: is there an endless loop?",
    ),
    "memory_mb": (
        "def square(x): return [bytearray(1 << 24) for _ in range(99)]",
        Limits(memory_mb=128),
        Outcome.OUT_OF_MEMORY,
        "",
    ),
    "memory_mb of tensors": (
        "def square(x): return [torch.ones(1 << 21, dtype=torch.float64) for _ in range(99)]",
        Limits(memory_mb=128),
        Outcome.OUT_OF_MEMORY,
        "",
    ),
    "processes": (
        "def square(x):\n    while True:\n        if os.fork() == 0: time.sleep(60)",
        Limits(processes=12),
        Outcome.FAILED,
        "BlockingIOError",
    ),
    "disk_mb": (
        "def square(x):\n    open('big', 'wb').write(bytes(1 << 25))",
        Limits(disk_mb=8),
        Outcome.FAILED,
        "OSError: [Errno 27] File too large",
    ),
    "disk_mb in many files": (
        "def square(x):\n    for name in range(32): open(f'big{name}', 'wb').write(bytes(1 << 20))",
        Limits(disk_mb=8),
        Outcome.FAILED,
        "OSError: [Errno 28] No space left on device",
    ),
    "message_mb": (
        "def square(x): return torch.ones(1 << 19, dtype=torch.float64)",
        Limits(message_mb=2),
        Outcome.FAILED,
        "too large to hand over: a message of 4.0 MB; 2.0 MB are allowed",
    ),
}


# Without namespaces the disk is limited for each file (docs/boundary.md), and processes for all of a user together.
NEED_NAMESPACES = ("processes", "disk_mb in many files")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


def graded(sandbox, assignment, source, limits, patience=PATIENCE):
    with hosted(sandbox, HONEST + source, limits, patience=patience) as host:
        return Engine(assignment, b"s").run(host, "d", hints=False), host


@pytest.mark.parametrize("way", WAYS)
def test_the_exercise_that_hits_a_limit_pays_alone(sandbox, tiny_assignment, request, way):
    if way in NEED_NAMESPACES:
        request.getfixturevalue("namespaces")
    source, limits, outcome, said = WAYS[way]
    results, _ = graded(sandbox, tiny_assignment, source, limits)
    hit, rest = results[:2], results[2:]
    assert [result.outcome for result in hit] == [outcome] * 2, hit
    assert all(said in result.message for result in hit), hit
    assert [result.outcome for result in rest] == [Outcome.PASSED] * 2, rest


def test_code_that_waits_hits_the_clock_in_the_end(sandbox, tiny_assignment):
    source = "def square(x): time.sleep(3600)"
    results, _ = graded(sandbox, tiny_assignment, source, Limits(check_seconds=1), WALL_FACTOR)
    assert [result.outcome for result in results] == [Outcome.TIMED_OUT] * 2 + [Outcome.PASSED] * 2, results
    assert results[0].message == (
        "your code waits: stopped after 4 s, most of them without computing (sleep, input, a lock?)"
    )


def test_printing_too_much_costs_nothing(sandbox, tiny_assignment):
    source = "def square(x):\n    print('x' * 3_000_000)\n    return x * x"
    results, host = graded(sandbox, tiny_assignment, source, Limits(output_kb=4))
    assert all(result.outcome is Outcome.PASSED for result in results)
    assert len(host.output) < 5_000 and "more bytes were left out" in host.output


BUSY = """
def square(x):
    end = time.process_time() + 1.5
    while time.process_time() < end: pass
    return x * x
"""


def test_what_is_used_up_is_used_up_for_the_rest(sandbox, tiny_assignment):
    results, host = graded(sandbox, tiny_assignment, BUSY, Limits(submission_seconds=2))
    assert [result.outcome for result in results] == [Outcome.PASSED] + [Outcome.TIMED_OUT] * 3
    assert results[-1].message == "the whole submission used up its 2 s of computing"
    assert host.cpu_seconds >= 3, "the check ran in both dtypes"


def test_what_was_stopped_has_cost_its_check_and_nothing_is_used_up(sandbox, tiny_assignment):
    source = "def square(x):\n    while True: pass"
    results, _ = graded(sandbox, tiny_assignment, source, Limits(check_seconds=2, submission_seconds=1))
    assert [result.outcome for result in results] == [Outcome.TIMED_OUT] * 2 + [Outcome.PASSED] * 2


def test_a_function_that_did_not_come_to_an_end_gets_little_time_later(sandbox, tiny_assignment, monkeypatch):
    monkeypatch.setattr(session, "LEAST_SECONDS", 0.2)
    source = "def square(x):\n    while True: pass"
    first, again, *rest = graded(sandbox, tiny_assignment, source, Limits(check_seconds=5))[0]
    assert (first.message, again.message) == (
        "stopped after 5 s of computing: is there an endless loop?",
        "stopped after 0.5 s of computing: is there an endless loop?",
    )
    assert again.cpu_seconds < first.cpu_seconds
    assert [result.outcome for result in rest] == [Outcome.PASSED] * 2


@pytest.mark.parametrize(
    ("line", "patience", "said"),
    [
        ("while True: pass", PATIENCE, "did not come to its end in 1 s of computing"),
        ("p = 7 ** 10 ** 9", PATIENCE, "did not come to its end in 1 s of computing"),
        ("time.sleep(3600)", WALL_FACTOR, "waited for 4 s (sleep, input, a lock?)"),
        ("os._exit(3)", PATIENCE, "ended the process"),
    ],
    ids=["computing", "in C", "waiting", "ending"],
)
def test_what_a_statement_costs_at_loading_is_contained(sandbox, tiny_assignment, line, patience, said):
    source = f"{HONEST}\n{line}\ndef square(x): return x * x\n"
    limits = Limits(load_seconds=2)
    opening = Opening(directly(sandbox, patience), Submission.of("ada", "m.py", {"m.py": source}), limits)
    with SubmissionHost(opening, limits) as host:
        results = Engine(tiny_assignment, b"s").run(host, "d", hints=False)
    assert {result.outcome for result in results} == {Outcome.PASSED}
    assert opening.problems == [f"this line {said}, and was left out: m.py, line 6: {line}"]


def test_when_several_statements_cost_too_much_none_that_computes_is_run(sandbox, tiny_assignment):
    slow = "for _ in range(9): os._exit(1)\n"
    source = f"{HONEST}{slow * 6}def square(x): return x * x\n"
    opening = Opening(directly(sandbox), Submission.of("ada", "m.py", {"m.py": source}), Limits())
    with SubmissionHost(opening, Limits()) as host:
        results = Engine(tiny_assignment, b"s").run(host, "d", hints=False)
    assert {result.outcome for result in results} == {Outcome.PASSED}
    assert len(opening.problems) == 5 and opening.problems[-1].startswith("so only definitions, imports")


def test_the_statement_of_a_helper_module_is_named(sandbox):
    files = {"m.py": "import a", "a.py": "import b", "b.py": "\nwhile True: pass"}
    with pytest.raises(LoadEndedError) as caught:
        directly(sandbox, PATIENCE).open(files, "m.py", Limits(load_seconds=2))
    assert (caught.value.file, caught.value.line, caught.value.outcome) == ("b.py", 2, Outcome.TIMED_OUT)


# --- a machine that is too busy -----------------------------------------------------------------------------------


def test_time_that_the_machine_kept_is_nobodys_fault(sandbox, tiny_assignment, monkeypatch):
    monkeypatch.setattr(ResourceMonitor, "starved", lambda self: True)
    source = "def square(x): time.sleep(3600)"
    results, _ = graded(sandbox, tiny_assignment, source, Limits(check_seconds=1), WALL_FACTOR)
    assert [result.outcome for result in results] == [Outcome.GRADER_ERROR] * 2 + [Outcome.PASSED] * 2
    assert results[0].message == session.SLOW_MACHINE


@pytest.mark.parametrize(
    ("cpu", "ours", "waited", "starved"),
    [
        (0.1, 0.0, {1: 5.0}, True),
        (0.1, 0.0, {1: 1.0}, False),
        (3.0, 0.0, {1: 0.0}, False),
        (4.0, 0.0, {1: 4.5, 2: 0.0}, False),
        (0.5, 5.0, {1: 5.0}, False),
        (0.0, 0.0, {}, False),
    ],
    ids=[
        "kept waiting",
        "kept waiting a little",
        "computing",
        "for its own processes",
        "for its own questions",
        "gone",
    ],
)
def test_who_waits_for_his_own_work_is_not_starved(monkeypatch, cpu, ours, waited, starved):
    """Of ten seconds by the clock, since the check began."""
    clock, work, usage = 100.0, 50.0, Usage(7.0, {1: 3.0})
    monkeypatch.setattr(resource_monitor.time, "monotonic", lambda: clock)
    monkeypatch.setattr(resource_monitor.time, "process_time", lambda: work)
    monkeypatch.setattr(ResourceMonitor, "usage", lambda self: usage)
    monitor = ResourceMonitor(1, Limits())
    monitor.start(20, 20)
    clock, work = clock + 10, work + ours
    usage = Usage(7.0 + cpu, {pid: seconds + 3.0 * (pid == 1) for pid, seconds in waited.items()})
    assert monitor.starved() is starved


# --- where it is set ----------------------------------------------------------------------------------------------


def test_every_limit_can_be_set_for_an_assignment():
    assert set(LimitsConfig.model_fields) == set(Limits.__struct_fields__)


def test_shared_memory_counts_where_the_kernel_tells_no_more_than_totals(sandbox, tiny_assignment, monkeypatch):
    """As in a container, whose root may not look at what another user's process has to itself."""
    monkeypatch.setattr(resource_monitor, "_private_kilobytes", lambda pid: None)
    source = """
import mmap
def square(x):
    held = mmap.mmap(-1, 400 << 20)
    for at in range(0, 400 << 20, 4096): held[at] = 1
    time.sleep(2)
    return x * x
"""
    results, _ = graded(sandbox, tiny_assignment, source, Limits(memory_mb=200))
    assert [result.outcome for result in results[:2]] == [Outcome.OUT_OF_MEMORY] * 2
