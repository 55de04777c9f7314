"""The sandbox where bubblewrap or namespaces cannot be had: the other layers carry on, or grading is refused."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
import torch

from autograder.errors import ConversationEndedError, SandboxUnavailableError
from autograder.model import Outcome
from autograder.protocol.limits import Limits
from autograder.sandbox.host.sandbox import Sandbox
from autograder.sandbox.layers.probe import PROOFS
from tests.sandbox.test_sandbox import SOURCE, ask, refused
from tests.slots import PATIENCE, directly

NO_NAMESPACES = ("bubblewrap", "user namespace")
MORE = """
import subprocess, tempfile
def keep(): open(os.path.join(tempfile.gettempdir(), "kept"), "w").write("x"); return tempfile.gettempdir()
def orphan():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            place = os.path.join(tempfile.gettempdir(), "alive")
            while True: time.sleep(0.01); open(place, "w").close()
        os._exit(0)
    while not os.path.exists(os.path.join(tempfile.gettempdir(), "alive")): time.sleep(0.01)
    return True
def orphan_alive(): return time.time() - os.path.getmtime(os.path.join(tempfile.gettempdir(), "alive"))
def kill(pid): os.kill(pid, 9)
def uid(): return os.getuid()
def deep(place):
    place = place or tempfile.gettempdir()
    os.chdir(place)
    for _ in range(3000):
        os.mkdir("deeper")
        os.chdir("deeper")
    return place
def write(path): open(path, "w").write("exploit")
def route():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); sock.connect(("192.0.2.1", 9))
"""


@pytest.fixture(scope="module", params=[("bubblewrap",), NO_NAMESPACES], ids=["namespaces-alone", "no-namespaces"])
def sandbox(request):
    try:
        with Sandbox(without=request.param) as running:
            yield running
    except SandboxUnavailableError as error:
        pytest.skip(f"not here: {error}")


@pytest.fixture(scope="module")
def session(sandbox):
    limits = Limits(check_seconds=10, memory_mb=256)
    with directly(sandbox, PATIENCE).open({"m.py": SOURCE + MORE}, "m.py", limits) as open_session:
        yield open_session


def test_what_has_to_be_out_of_reach_was_tried(sandbox):
    assert set(sandbox.proofs) == set(PROOFS)
    assert "bubblewrap" not in sandbox.boundary and "seccomp" in sandbox.boundary


def test_the_student_is_somebody_else(sandbox, session):
    if "user namespace" not in sandbox.boundary and os.getuid() == 0:
        assert ask(session, "uid") >= 60001


def test_each_submission_has_a_user_of_its_own(sandbox):
    """Also beside another grader on the same machine."""
    if "separate user" not in sandbox.boundary or "mount namespace" in sandbox.boundary:
        pytest.skip("submissions do not see one another")
    files, limits = {"m.py": SOURCE + MORE}, Limits(check_seconds=10)
    with sandbox.open(files, "m.py", limits) as one, sandbox.open(files, "m.py", limits) as other:
        assert ask(one, "uid") != ask(other, "uid")


def test_code_runs_as_ever(session):
    assert torch.equal(ask(session, "double", torch.arange(3.0)), torch.tensor([0.0, 2.0, 4.0]))
    assert ask(session, "thread") == [1]


def test_workers_have_shared_memory_where_nobody_else_keeps_files_there(sandbox, session):
    """Without a mount namespace that takes a user of their own: an ordinary user's sandbox has none."""
    if not {"mount namespace", "separate user"} & set(sandbox.boundary):
        refused(ask(session, "loader"), "PermissionError")
        return
    if "mount namespace" not in sandbox.boundary and any(
        entry.stat().st_uid < 60001 for entry in os.scandir("/dev/shm")
    ):
        pytest.skip("somebody else keeps files in /dev/shm")
    assert ask(session, "loader") == 8


def test_the_libraries_cannot_be_changed(session):
    """Wherever they lie: below /tmp too, where a student may write."""
    for prefix in {sys.prefix, sys.base_prefix}:
        refused(ask(session, "write", f"{prefix}/exploit"), "PermissionError", "FileNotFoundError", "OSError")
        assert not os.path.exists(f"{prefix}/exploit")


def test_what_a_check_leaves_in_shared_memory_is_taken_away(sandbox, session):
    if "mount namespace" in sandbox.boundary:
        pytest.skip("it has a /dev/shm of its own")
    ask(session, "write", "/dev/shm/left")
    assert not os.path.exists("/dev/shm/left")


def alive_below_us():
    family = psutil.Process().children(recursive=True)
    return [process for process in family if process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("place", ["shared memory", "own folder"])
def test_folders_too_deep_to_walk_keep_nothing_alive(sandbox, place):
    with sandbox.open({"m.py": SOURCE + MORE}, "m.py", Limits(check_seconds=20)) as session:
        others = any(entry.stat().st_uid < 60001 for entry in os.scandir("/dev/shm"))
        if place == "shared memory" and "mount namespace" not in sandbox.boundary and others:
            pytest.skip("somebody else keeps files in /dev/shm")
        folder = ask(session, "deep", "/dev/shm" if place == "shared memory" else "")
        assert ask(session, "double", torch.ones(1)) == 2  # the session lives on
        before = len(alive_below_us())
    soon = time.monotonic() + 60
    while len(alive_below_us()) > before - 3 and time.monotonic() < soon:
        time.sleep(0.05)  # the supervisor, which tells us of the end, is the last to go
    assert len(alive_below_us()) == before - 3  # supervisor, init process, loaded code
    if "mount namespace" not in sandbox.boundary:
        assert not os.path.exists(f"{folder}/deeper")
    with sandbox.open({"m.py": SOURCE + MORE}, "m.py", Limits()) as session:
        assert ask(session, "double", torch.ones(1)) == 2


def test_nothing_of_the_graders_can_be_read(session, tmp_path):
    bare = tmp_path / "readable_by_its_mode"
    bare.write_text("x")
    root = Path(__file__).parents[2]
    for path in (
        bare,
        root / "grader_config.yml",
        root / "autograder/grading/grade.py",
        Path(f"/proc/{os.getpid()}/mem"),
    ):
        refused(ask(session, "read", str(path)), "PermissionError", "FileNotFoundError")
    listed = ask(session, "names", str(root))
    if listed != [".venv"]:  # the libraries alone, where the project lies in the folder that is covered
        refused(listed, "PermissionError", "FileNotFoundError")


def test_there_is_no_network(session):
    for name in ("connect", "raw", "route"):
        refused(ask(session, name), "PermissionError", "OSError")


def test_nobody_elses_process_can_be_ended(session):
    refused(ask(session, "kill", os.getpid()), "PermissionError", "ProcessLookupError")


def test_it_writes_in_its_own_folder_only(session):
    folder = ask(session, "keep")
    assert isinstance(folder, str)
    for path in ("/usr/lib/x", "/x", "/var/tmp/x", os.path.join(os.path.dirname(folder), "x")):
        refused(ask(session, "write", path), "PermissionError", "OSError", "FileNotFoundError")


def test_orphans_end_with_their_check(session):
    assert ask(session, "orphan") is True
    time.sleep(0.3)
    assert ask(session, "orphan_alive") > 0.25


def test_a_hang_and_too_much_memory_are_called_that(session):
    assert ask(session, "hang", seconds=1).outcome is Outcome.TIMED_OUT
    answer = ask(session, "tensor_hog")
    assert getattr(answer, "kind", "") == "memory" or getattr(answer, "outcome", "") is Outcome.OUT_OF_MEMORY
    assert ask(session, "count") == 1


def test_submissions_do_not_see_one_another(sandbox, session):
    folder = ask(session, "keep")
    with sandbox.open({"m.py": SOURCE + MORE}, "m.py", Limits()) as other:
        if "mount namespace" not in sandbox.boundary:
            refused(ask(other, "read", f"{folder}/kept"), "PermissionError")
        assert ask(other, "count") == 1


def test_closing_ends_every_process_and_takes_its_folder_away(sandbox):
    before = living()
    with sandbox.open({"m.py": SOURCE + MORE}, "m.py", Limits()) as session:
        folder = ask(session, "keep")
        assert not isinstance(ask(session, "orphan"), ConversationEndedError)
    deadline = time.monotonic() + 60
    while living() - before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not living() - before
    assert folder == "/tmp" or not Path(folder).exists()


def living():
    processes = psutil.Process().children(recursive=True)
    return {process.pid for process in processes if process.status() != psutil.STATUS_ZOMBIE}


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        ((*NO_NAMESPACES, "seccomp"), "network"),
        ((*NO_NAMESPACES, "landlock"), "file system"),
        ((*NO_NAMESPACES, "landlock", "separate user"), "no boundary"),
    ],
)
def test_without_a_boundary_grading_is_refused(without, missing):
    with pytest.raises(SandboxUnavailableError) as caught:
        Sandbox(without=without)
    assert missing in str(caught.value)


def test_modes_are_a_boundary_for_the_files_that_are_named():
    """Without Landlock, another user is kept out by modes: the trial tries the grader's own files."""
    without = (*NO_NAMESPACES, "landlock")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        secret = Path(folder, "secret")
        secret.write_text("x")
        with pytest.raises(SandboxUnavailableError):
            Sandbox(without=without, private=[secret])
        secret.chmod(0o600)
        try:
            with Sandbox(without=without, private=[secret]) as sandbox:
                assert "file system" in sandbox.proofs
        except SandboxUnavailableError as error:
            assert os.getuid() != 0 or "other users cannot read" in str(error)
