"""What one submission takes never costs the next one a point: both are graded in one batch, two at a time.

The neighbour takes all it can get before the victim runs, and holds it until the victim has its first results:
nothing here depends on how fast the machine is. `benchmarks/neighbours.py` has a table of more hogs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
import torch

from autograder.errors import ConversationEndedError, SandboxUnavailableError
from autograder.grading.engine import Engine
from autograder.grading.hosts import SubmissionHost
from autograder.model import Outcome
from autograder.protocol.limits import LEEWAY, Limits
from autograder.protocol.messages import Call, Returned
from autograder.sandbox.host import session
from autograder.sandbox.host.sandbox import Sandbox
from autograder.sandbox.host.session import open_session
from tests.slots import PATIENCE, directly

LIMITS = Limits(check_seconds=10, load_seconds=10, memory_mb=512)
VICTIM = """
import asyncio, os, subprocess, tempfile, threading, torch
from torch.utils.data import DataLoader

def square(x):
    batches = DataLoader(torch.arange(16.0), batch_size=8, num_workers=2)
    assert sum(len(batch) for batch in batches) == 16
    return x * x

def total(x):
    started = [threading.Thread(target=lambda: None) for _ in range(8)]
    for one in started: one.start()
    for one in started: one.join()
    asyncio.run(asyncio.sleep(0))
    return (x ** 2).sum()

def slope(x):
    with tempfile.NamedTemporaryFile() as file: file.write(bytes(1 << 20))
    return float(subprocess.run(["echo", "2"], capture_output=True, check=True).stdout) * x
"""
HOLD = """
import array, fcntl, os, select, socket, tempfile, time
kept = []
def all_of(*works):
    for work in works:
        try:
            while True: work()
        except OSError as error: kept.append(error)
    return len(kept)
def child():
    if os.fork() == 0: time.sleep(600)
def pipe():
    kept.append(os.pipe())
    fcntl.fcntl(kept[-1][0], fcntl.F_SETPIPE_SZ, 1 << 20)
def send():
    kept.append(socket.socketpair())
    kept[-1][0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 250))])
def write(place):
    file = open(f"{place}/{len(kept)}", "wb")
    kept.append(file)
    file.write(bytes(1 << 20))
    file.flush()
"""
HOGS = {
    "processes": "all_of(child)",
    "descriptors": "all_of(lambda: kept.append(os.dup(0)))",
    "descriptors under way": "all_of(send)",
    "pipes": "all_of(pipe)",
    "disk": "all_of(lambda: write(tempfile.gettempdir()))",
}


@pytest.fixture(scope="module", params=[(), ("bubblewrap",)], ids=["every-layer", "no-bubblewrap"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    try:
        with Sandbox(preload=("torch", "torch.utils.data"), without=request.param) as running:
            yield running
    except SandboxUnavailableError as error:
        pytest.skip(f"not here: {error}")


@pytest.mark.parametrize("hog", HOGS)
def test_a_neighbour_that_takes_all_there_is_costs_nothing(sandbox, tiny_assignment, hog):
    """Or else what it costs is in doubt, and decided alone."""
    opener = directly(sandbox, PATIENCE)
    source = f"{HOLD}\ndef take(): return {HOGS[hog]}\n"
    with (
        opener.open({"a.py": source}, "a.py", LIMITS) as greedy,
        greedy.check() as conversation,
        SubmissionHost(lambda: opener.open({"m.py": VICTIM}, "m.py", LIMITS), LIMITS) as victim,
    ):
        with suppress(ConversationEndedError):  # its own limit may stop it first
            took = conversation.perform(Call("take", [], {}), lambda question: Returned(None))
            assert isinstance(took, Returned) and took.value, took
        results = Engine(tiny_assignment, b"s").run(victim, "d", hints=False)
    lost = [one for one in results if one.outcome is not Outcome.PASSED and not one.doubtful]
    assert lost == []
    if "separate user" in sandbox.boundary:
        assert [one.outcome for one in results] == [Outcome.PASSED] * len(results), results


SHORT = {
    "os": "raise OSError(28, os.strerror(28))",
    "threads": 'raise RuntimeError("can\'t start new thread")',
    "torch": 'raise RuntimeError("unable to write to file </torch_1>: No space left on device (28)")',
    "workers": "raise EOFError",
}


@pytest.mark.parametrize("short", SHORT)
def test_an_error_for_want_of_something_shared_is_in_doubt(sandbox, tiny_assignment, short):
    source = VICTIM + f"\ndef square(x): {SHORT[short]}\n"
    opener = directly(sandbox, PATIENCE)
    with SubmissionHost(lambda: opener.open({"m.py": source}, "m.py", LIMITS), LIMITS) as host:
        results = Engine(tiny_assignment, b"s").run(host, "d", hints=False)
    assert [(one.outcome, one.doubtful) for one in results[:2]] == [(Outcome.FAILED, True)] * 2


@pytest.mark.parametrize("said", ['OSError("wrong file")', 'EOFError("EOF when reading a line")', "ValueError"])
def test_other_errors_are_the_students(sandbox, tiny_assignment, said):
    source = VICTIM + f"\ndef square(x): raise {said}\n"
    opener = directly(sandbox, PATIENCE)
    with SubmissionHost(lambda: opener.open({"m.py": source}, "m.py", LIMITS), LIMITS) as host:
        results = Engine(tiny_assignment, b"s").run(host, "d", hints=False)
    assert [(one.outcome, one.doubtful) for one in results[:2]] == [(Outcome.FAILED, False)] * 2


BUSY = """
import time
def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
"""


def test_beside_others_a_time_out_comes_after_twice_the_limit(sandbox, tiny_assignment):
    """Memory and caches are shared: what needs somewhat more than its limit goes on, to be decided alone."""
    limits = Limits(check_seconds=2, load_seconds=10)
    source = BUSY + "def square(x):\n    busy(2.8)\n    return x * x\ndef total(x):\n    while True: pass\n"
    connection = sandbox.connect(())

    def opened() -> session.Session:
        files = {"m.py": source}
        return open_session(connection.sock, files, "m.py", limits, patience=PATIENCE, leeway=LEEWAY)

    engine = Engine(tiny_assignment, b"s", precisions=(torch.float64,))
    with connection.sock, SubmissionHost(opened, limits) as host:
        results = {one.name: one for one in engine.run(host, "d", hints=False)}
    slowed, endless = results["1 small"], results["2 adds"]
    assert slowed.outcome is Outcome.PASSED and slowed.cpu_seconds > slowed.cpu_allowed == 2
    assert endless.outcome is Outcome.TIMED_OUT and "stopped after 2 s" in endless.message


def test_beside_others_loading_that_takes_more_than_its_limit_is_nobodys_fault(sandbox):
    limits = Limits(load_seconds=2)
    connection = sandbox.connect(())
    source = BUSY + "busy(1.4)\n"
    with connection.sock, pytest.raises(ConversationEndedError) as caught:
        open_session(connection.sock, {"m.py": source}, "m.py", limits, patience=PATIENCE, leeway=LEEWAY)
    assert (caught.value.outcome, caught.value.message) == (Outcome.GRADER_ERROR, session.SLOW_MACHINE)
