"""What a killed run leaves is known to be ours, known to be dead, and cleared at the next start."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from autograder.errors import SandboxUnavailableError
from autograder.sandbox.host.sandbox import Sandbox
from autograder.sandbox.host.workspace import LOCK, PREFIX, Workspace, clear_leftovers, leftovers
from tests.places import give_away

#: A grader with a submission that starts a process which leaves its session, and keeps a file in shared memory.
GRADER = """
import sys, time
from autograder.protocol.limits import Limits
from autograder.sandbox.host.sandbox import Sandbox
with Sandbox(preload=(), without=sys.argv[2:]) as sandbox:
    session = sandbox.open({"tiny.py": open(sys.argv[1]).read()}, "tiny.py", Limits(load_seconds=20))
    print("loaded", session.load_error, flush=True)
    time.sleep(600)
"""
SUBMISSION = """
import os, time, tempfile
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open("alive", "w").close()
        time.sleep(600)
    os._exit(0)
while not os.path.exists("alive"):
    time.sleep(0.01)
try:
    open("/dev/shm/left-behind", "w").close()
except OSError:
    pass
"""
NO_NAMESPACES = ("bubblewrap", "user namespace")


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that nobody else uses. Everybody may pass through to it, as to /tmp."""
    place = Path(tempfile.mkdtemp(prefix="for-a-test-"))
    place.chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield place
    subprocess.run(["rm", "-rf", str(place)], check=False)


@contextlib.contextmanager
def grader(tmp_path: Path, *without: str) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "tiny.py").write_text(SUBMISSION)
    command = [sys.executable, "-c", GRADER, str(tmp_path / "tiny.py"), *without]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "loaded None\n"
            yield process
        finally:
            process.kill()


def kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()


def ended(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=60)[1]


def test_a_folder_in_use_is_no_leftover(temporary):
    with Workspace() as workspace:
        assert leftovers() == [] == clear_leftovers()
        assert workspace.path.is_dir()
    assert list(temporary.iterdir()) == []


def test_a_folder_is_in_use_as_long_as_a_process_of_its_run_lives(temporary):
    workspace = Workspace()
    heir = subprocess.Popen(["sleep", "600"], pass_fds=[workspace.descriptor])
    os.close(workspace.descriptor)  # as the kernel does with what is killed
    assert leftovers() == []
    heir.kill()
    heir.wait()
    assert [left.folder for left in leftovers()] == [workspace.path]
    assert [left.folder for left in clear_leftovers()] == [workspace.path]
    assert list(temporary.iterdir()) == []


def test_a_folder_too_deep_for_python_is_removed(temporary, monkeypatch):
    with Workspace() as workspace:
        monkeypatch.chdir(workspace.path)
        for _ in range(1500):
            os.mkdir("deeper")
            os.chdir("deeper")
        monkeypatch.chdir("/")
    assert list(temporary.iterdir()) == []


def test_folders_that_only_look_like_ours_stay(temporary, monkeypatch):
    names = [
        f"{PREFIX}{name}" for name in ("without-a-lock", "file", "link", "folder-as-lock", "link-as-lock", "theirs")
    ]
    plain, file, link, folder, linked, theirs = (temporary / name for name in names)
    file.write_text("")
    link.symlink_to(tempfile.mkdtemp(prefix="elsewhere-"))
    for place in (plain, folder / LOCK, linked, theirs):
        place.mkdir(parents=True)
    (Path(os.readlink(link)) / LOCK).touch()
    (linked / LOCK).symlink_to(file)
    (theirs / LOCK).touch()
    give_away(monkeypatch, theirs)
    assert clear_leftovers() == []
    assert sorted(path.name for path in temporary.iterdir() if path.name.startswith(PREFIX)) == sorted(names)


def test_a_new_folder_is_its_owners_only(temporary):
    before = os.umask(0)
    try:
        with Workspace() as workspace, Sandbox(preload=()) as sandbox:
            passed = 0o711 if os.getuid() == 0 and "bubblewrap" not in sandbox.boundary else 0o700
            assert {path.stat().st_mode & 0o777 for path in temporary.iterdir()} == {0o700, passed}
            assert (workspace.path / LOCK).stat().st_mode & 0o777 == 0o600
    except SandboxUnavailableError as error:
        pytest.skip(f"not here: {error}")
    finally:
        os.umask(before)


def test_nobody_looks_into_a_folder_that_other_users_pass_through(temporary):
    try:
        with Sandbox(preload=(), without=NO_NAMESPACES):
            (place,) = temporary.iterdir()
            assert {path.stat().st_mode & 0o066 for path in (place, place / "homes", place / "fork_server")} == {0}
    except SandboxUnavailableError as error:
        pytest.skip(f"not here: {error}")


@pytest.mark.slow
@pytest.mark.parametrize("without", [(), ("bubblewrap",), NO_NAMESPACES], ids=["all layers", "namespaces", "neither"])
def test_a_killed_grader_leaves_nothing_after_the_next_start(tmp_path, temporary, without):
    try:
        with Sandbox(preload=(), without=without):
            pass
    except SandboxUnavailableError as error:
        pytest.skip(f"not here: {error}")
    with grader(tmp_path, *without) as process:
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        assert ended(family)
        assert len(leftovers()) == 1
        with Sandbox(preload=(), without=without):
            assert leftovers() == []
        assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_where_every_process_of_ours_is_killed_what_a_submission_runs_is_found(tmp_path, temporary):
    """Without namespaces, nothing ends a submission's processes with us. Another run's are not touched."""
    try:
        with Sandbox(preload=(), without=NO_NAMESPACES) as other:
            if "separate user" not in other.boundary:
                pytest.skip("submissions are no users of their own here")
    except SandboxUnavailableError as error:
        pytest.skip(f"not here: {error}")
    (tmp_path / "other").mkdir()
    with grader(tmp_path, *NO_NAMESPACES) as process, grader(tmp_path / "other", *NO_NAMESPACES) as going_on:
        theirs = psutil.Process(going_on.pid).children(recursive=True)
        family = psutil.Process(process.pid).children(recursive=True)
        students = [one for one in family if one.uids().real != os.getuid()]
        ours = [one for one in family if one not in students]
        for one in (process, *ours):  # none gets to know of another's end
            os.kill(one.pid, signal.SIGSTOP)
        for one in (*ours, process):
            kill(one)
        process.wait()
        assert ended(ours)
        while len(left := leftovers()) != 1 or not left[0].processes:
            time.sleep(0.01)
        assert set(left[0].processes) <= {one.pid for one in students}
        (cleared,) = clear_leftovers()
        assert cleared.folder == left[0].folder and not cleared.folder.exists()
        assert ended(students)
        assert leftovers() == []
        assert all(one.is_running() for one in theirs)
        users = {one.uids().real for one in theirs if one.uids().real != os.getuid()}
        assert all(path.lstat().st_uid in users | {0} for path in Path("/dev/shm").glob("left-behind*"))


def test_doctor_tells_what_it_clears(temporary):
    from typer.testing import CliRunner

    from autograder.cli.app import app

    workspace = Workspace()
    os.close(workspace.descriptor)
    said = CliRunner().invoke(app, ["doctor"]).output
    assert f"Cleared what a killed run has left: {workspace.path}\n" in said
    assert not workspace.path.exists()
