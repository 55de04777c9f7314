"""Every limit: hit as itself, said in words, and paid for by the exercise that hit it alone."""

from __future__ import annotations

import pytest

from autograder.config import LimitsConfig
from autograder.errors import ConversationEndedError
from autograder.grading.engine import Engine
from autograder.model import Outcome
from autograder.protocol.limits import Limits
from autograder.sandbox.host import resource_monitor
from autograder.sandbox.host.sandbox import Sandbox

HONEST = """
import os, time, torch
def total(x): return (x ** 2).sum()
def slope(x): return 2 * x
"""
WAYS = {
    "check_seconds": (
        "def square(x):\n    while True: time.sleep(0.1)",
        Limits(check_seconds=0.5),
        Outcome.TIMED_OUT,
        "stopped after 0.5 s: is there an endless loop?",
    ),
    "cpu_seconds": (
        "def square(x):\n    while True: pass",
        Limits(check_seconds=30, cpu_seconds=1),
        Outcome.TIMED_OUT,
        "stopped after 1 s of CPU time",
    ),
    "cpu_seconds of children": (
        "def square(x):\n"
        "    for _ in range(2):\n"
        "        if os.fork() == 0:\n"
        "            while True: pass\n"
        "    while True: time.sleep(0.1)",
        Limits(check_seconds=30, cpu_seconds=1),
        Outcome.TIMED_OUT,
        "stopped after 1 s of CPU time",
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


def graded(sandbox, assignment, source, limits):
    with sandbox.open({"m.py": HONEST + source}, "m.py", limits) as session:
        return Engine(assignment, b"s").run(session, "d", hints=False), session


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


def test_printing_too_much_costs_nothing(sandbox, tiny_assignment):
    source = "def square(x):\n    print('x' * 3_000_000)\n    return x * x"
    results, session = graded(sandbox, tiny_assignment, source, Limits(output_kb=4))
    assert all(result.outcome is Outcome.PASSED for result in results)
    assert len(session.output) < 5_000 and "more bytes were left out" in session.output


@pytest.mark.parametrize(
    ("source", "limits", "said"),
    [
        ("def square(x): time.sleep(60)", Limits(submission_seconds=2), "the whole submission used up its 2 s"),
        (
            "def square(x):\n    while True: pass",
            Limits(submission_cpu_seconds=2),
            "the whole submission used up its 2 s of CPU time",
        ),
    ],
    ids=["submission_seconds", "submission_cpu_seconds"],
)
def test_what_is_used_up_is_used_up_for_the_rest(sandbox, tiny_assignment, source, limits, said):
    results, _ = graded(sandbox, tiny_assignment, source, limits)
    assert {result.outcome for result in results} == {Outcome.TIMED_OUT}
    assert said in results[-1].message


def test_loading_has_a_limit_of_its_own(sandbox, tiny_assignment):
    with pytest.raises(ConversationEndedError) as caught:
        graded(sandbox, tiny_assignment, "while True: pass", Limits(load_seconds=0.5))
    assert caught.value.outcome is Outcome.TIMED_OUT
    assert "did not finish loading in 0.5 s" in caught.value.message


def test_every_limit_can_be_set_for_an_assignment():
    """But for the last moment of all: that is Gradescope's to set."""
    assert {*LimitsConfig.model_fields, "latest_seconds"} == set(Limits.__struct_fields__)


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
