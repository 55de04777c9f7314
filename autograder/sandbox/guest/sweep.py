"""End what a check leaves behind: processes, shared memory, folders."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time

from autograder.sandbox.layers.namespaces import Confinement, become

SWEEP_SECONDS = 10.0
LEAST_SECONDS_A_PID = 1e-5
"""How fast pids can be used up; a thread of Python's takes twenty times as long."""


def clear_shared_memory(confinement: Confinement) -> None:
    """Nothing that a check leaves in /dev/shm is there for the next one, or for somebody else."""
    if confinement.user is None or confinement.alone:
        return
    with contextlib.suppress(OSError):
        remove([entry.path for entry in os.scandir("/dev/shm") if _owner(entry) == confinement.user])


def _owner(entry: os.DirEntry[str]) -> int | None:
    """Return the owner's uid, or None if the file has vanished."""
    try:
        return entry.stat(follow_symlinks=False).st_uid
    except OSError:
        return None


def remove(paths: list[str]) -> None:
    """Files and folders that a student made. rm walks folders of any depth; Python gives up in the middle."""
    if paths:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(["rm", "-rf", "--", *paths], stderr=subprocess.DEVNULL, timeout=SWEEP_SECONDS, check=False)


def make_home(confinement: Confinement) -> None:
    """Make the submission's own folder."""
    os.mkdir(confinement.home, 0o700)
    if confinement.user is not None:
        os.chown(confinement.home, confinement.user, confinement.user)


def reap() -> None:
    """Collect every child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return


class Sweeper:
    """Kill every process of the namespace but the init (1) and the submission process. There is no /proc to list them:
    pids are tried in turn, up to one just handed out, until a round finds none alive. Where there was time to use up
    all pids, so that they began again from below, all are tried.
    """

    def __init__(self, submission: int, pids: int) -> None:
        self._submission = submission
        self._pids = pids
        self._swept = time.monotonic()

    def __call__(self) -> None:
        deadline = time.monotonic() + SWEEP_SECONDS
        all_used = time.monotonic() - self._swept > self._pids * LEAST_SECONDS_A_PID
        while time.monotonic() < deadline:
            last = self._pids if all_used else _fresh_pid()
            handles = [_killed(pid) for pid in range(2, last + 1) if pid != self._submission]
            dying = [handle for handle in handles if handle is not None]
            _wait_for(dying, deadline)
            reap()
            if not dying:
                break
        wake(self._submission)
        self._swept = time.monotonic()


def wake(submission: int) -> None:
    """Let the submission process go on, should a check have stopped it: the next one is forked from it."""
    with contextlib.suppress(OSError):
        os.kill(submission, signal.SIGCONT)


def _killed(pid: int) -> int | None:
    """Kill a process; a descriptor to wait for its end. None if it was not alive: a thread's id, or one that has ended
    but is not reaped."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        if not _ended(handle, 0):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            return handle
    os.close(handle)
    return None


def _wait_for(handles: list[int], deadline: float) -> None:
    """Wait until the processes behind these descriptors have ended, and close them."""
    for handle in handles:
        _ended(handle, max(0.0, deadline - time.monotonic()))
        os.close(handle)


def _ended(handle: int, seconds: float) -> bool:
    """Whether a process ends within that time."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def sweep_below(submission: int) -> None:
    """Kill every descendant of this process but the submission process. One round can miss what is just being forked:
    it is over when several in a row find none."""
    deadline = time.monotonic() + SWEEP_SECONDS
    quiet = 0
    while quiet < 3 and time.monotonic() < deadline:
        found = [pid for pid in _descendants(os.getpid()) if pid != submission]
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        reap()
        quiet = 0 if found else quiet + 1
        time.sleep(0.005 if found else 0)
    wake(submission)


def end_all(confinement: Confinement) -> None:
    """Kill the submission process and all below it for good: no child is left, and orphans become children."""
    deadline = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < deadline:
        helper = os.fork() if confinement.user is not None else 0
        if helper == 0 and confinement.user is not None:
            with contextlib.suppress(BaseException):
                become(confinement.user)
                os.kill(-1, signal.SIGKILL)  # everything of this user, at one blow
            os._exit(0)
        for pid in _descendants(os.getpid()):
            if pid != helper:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return


def _descendants(root: int) -> list[int]:
    """The pids of all processes below `root`, as /proc has them; those that have ended already are left out."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError, ValueError), open(f"/proc/{name}/stat", encoding="utf-8") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    parents[int(name)] = int(parent)
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {root})


def pid_limit() -> int:
    """How many pids there are."""
    try:
        with open("/proc/sys/kernel/pid_max", encoding="ascii") as file:
            return int(file.read())
    except OSError:
        return 1 << 15


def _fresh_pid() -> int:
    """A pid just handed out: a thread's, which is much cheaper to make than a process."""
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    assert thread.native_id is not None
    return thread.native_id
