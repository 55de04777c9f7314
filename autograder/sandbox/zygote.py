"""The warm process: imports torch once, then forks one sandbox a submission. It holds no secret.

    zygote ── warden ── keeper (init of a pid namespace) ── template (the student's code, loaded)
                                                             └─ one fork a check

Warden and keeper are ours and never run student code. The keeper ends with the control socket, and the kernel
then ends everything in its namespace; the warden waits for that and reports it.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from typing import NoReturn

import msgspec

from autograder.sandbox import kernel
from autograder.sandbox.devices import CPU
from autograder.sandbox.limits import Limits
from autograder.sandbox.namespaces import HOME, World, become, cover, data_size, own_namespaces, stays_root
from autograder.sandbox.template import live
from autograder.sandbox.trial import PROOFS, UNPRIVILEGED, Ready, Start, homes, readable, try_layers
from autograder.sandbox.warm import warm_up

USERS = 4_000
"""How many uids, from the first, are handed out in turn where each submission has one of its own."""


class Dead(msgspec.Struct, frozen=True):
    """The warden's last word: the namespace is empty. CPU seconds of everything that lived in it."""

    status: int
    cpu_seconds: float


SWEEP = b"S"
SWEPT = b"s"
SWEEP_SECONDS = 10.0
LEAST_SECONDS_A_PID = 1e-5
"""How fast pids can be used up; a thread of Python's takes twenty times as long."""


def main(descriptor: int) -> NoReturn:
    """Serve the grader at the other end of `descriptor` until it is gone."""
    sock = socket.socket(fileno=descriptor)
    start = msgspec.msgpack.decode(sock.recv(1 << 16), type=Start)
    ready = _tried(start) if start.boundary else Ready(proofs=PROOFS)
    if ready.missing:
        sock.send(msgspec.msgpack.encode(ready))
        os._exit(1)
    layers = frozenset(ready.layers)
    alone = "mount namespace" in layers
    own_users = "separate user" in layers and (not alone or stays_root(start.device))
    if "separate user" in layers and not own_users:
        if start.base:
            os.chown(f"{start.base}/zygote", UNPRIVILEGED, UNPRIVILEGED)
        become(UNPRIVILEGED)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    warm_up(start.preload, start.device)
    sock.send(msgspec.msgpack.encode(ready))
    data = data_size() if start.device == CPU else None
    count = 0
    while True:
        try:
            message, fds, _, _ = socket.recv_fds(sock, 1 << 16, 3)
        except InterruptedError:
            continue
        if not message:
            os._exit(0)
        if len(fds) == 3:
            limits = msgspec.msgpack.decode(message, type=Limits)
            user = _free_user() if own_users else None
            home = HOME if alone else f"{homes(start.base)}/{count}"
            shared = alone or (own_users and _shared_memory_is_free())
            world = World(layers, user, home, readable(start.base, start.device), shared, start.device)
            count += 1
            if os.fork() == 0:
                sock.close()
                _warden(limits, *fds, world=world, data=data)
        for one in fds:
            os.close(one)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _tried(start: Start) -> Ready:
    """Namespaces of its own for each submission, or, where they cannot be had, the layers that need none.
    Inside bubblewrap there is only the first: without it, submissions would see one another. So for a second device,
    where more is in reach."""
    with contextlib.suppress(ImportError, OSError):  # later, its file may be out of sight; the trial says what is wrong
        importlib.import_module("autograder.sandbox.seccomp")
    only_namespaces = start.device != CPU
    ready = try_layers(start, namespaces=only_namespaces or "user namespace" not in start.without)
    if not ready.missing or not start.base or only_namespaces:
        return ready
    second = try_layers(start, namespaces=False)
    return msgspec.structs.replace(second, problems=(*ready.problems, *second.problems))


def _warden(limits: Limits, control: int, work: int, output: int, *, world: World, data: int | None) -> NoReturn:
    """Make the namespaces, wait for the keeper's end, and tell the grader."""
    sock = socket.socket(fileno=control)
    sock.send(b"W")  # its credentials tell the grader which process to watch
    if "pid namespace" in world.layers:
        own_namespaces(world.device)
    keeper = os.fork()
    if keeper == 0:
        _keeper(limits, sock, work, output, world, data)
    os.close(work)
    os.close(output)
    _, status, usage = os.wait4(keeper, 0)
    with contextlib.suppress(OSError):
        sock.send(msgspec.msgpack.encode(Dead(status, usage.ru_utime + usage.ru_stime)))
    os._exit(0)


def _keeper(limits: Limits, control: socket.socket, work: int, output: int, world: World, data: int | None) -> NoReturn:
    """Start the template, reap what dies, sweep when told to, end with the control socket."""
    pids = _pids()
    if world.alone:
        cover(limits, world.device)
        if world.user is not None:
            os.chown(HOME, world.user, world.user)
    else:
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)  # whatever is orphaned stays below this process
        _own_folder(world)
    template = os.fork()
    if template == 0:
        control.close()
        live(limits, work, output, world, data)
    os.close(work)
    os.close(output)
    sweep = _Sweeper(template, pids) if world.alone else partial(_sweep_below, template)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        if poll.poll(200):
            try:
                command = control.recv(16)
            except OSError:
                command = b""
            if not command:
                break
            if command == SWEEP:
                sweep()
                _clear_shared_memory(world)
                with contextlib.suppress(OSError):
                    control.send(SWEPT)
        _reap()
    if not world.alone:
        _end_all(world)
        _clear_shared_memory(world)
        _remove([world.home])
    os._exit(0)


def _free_user() -> int:
    """A user without processes: other graders on this machine give theirs users from the same range, and the end of a
    submission is the end of all that its user runs."""
    taken: set[int] = set()
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError), open(f"/proc/{name}/status", encoding="utf-8") as file:
                taken.update(int(line.split()[1]) for line in file if line.startswith("Uid:"))
    return secrets.choice([user for user in range(UNPRIVILEGED, UNPRIVILEGED + USERS) if user not in taken])


def _shared_memory_is_free() -> bool:
    """Whether nobody but students keeps files in /dev/shm: those who have it in common with others would see them."""
    try:
        return all(UNPRIVILEGED <= entry.stat(follow_symlinks=False).st_uid < UNPRIVILEGED + USERS
                   for entry in os.scandir("/dev/shm"))  # fmt: skip
    except OSError:
        return False


def _clear_shared_memory(world: World) -> None:
    """Nothing that a check leaves in /dev/shm is there for the next one, or for somebody else."""
    if world.user is None or world.alone:
        return
    with contextlib.suppress(OSError):
        _remove([entry.path for entry in os.scandir("/dev/shm") if _owner(entry) == world.user])


def _owner(entry: os.DirEntry[str]) -> int | None:
    """Whose a file is; None if it has just gone."""
    try:
        return entry.stat(follow_symlinks=False).st_uid
    except OSError:
        return None


def _remove(paths: list[str]) -> None:
    """Files and folders that a student made. rm walks folders of any depth; Python gives up in the middle."""
    if paths:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(["rm", "-rf", "--", *paths], stderr=subprocess.DEVNULL, timeout=SWEEP_SECONDS, check=False)


def _own_folder(world: World) -> None:
    os.mkdir(world.home, 0o700)
    if world.user is not None:
        os.chown(world.home, world.user, world.user)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return


class _Sweeper:
    """Kills every process of the namespace but the keeper (1) and the template. There is no /proc to list them:
    pids are tried in turn, up to one just handed out, until a round finds none alive. Where there was time to use up
    all pids, so that they began again from below, all are tried.
    """

    def __init__(self, template: int, pids: int) -> None:
        self._template = template
        self._pids = pids
        self._swept = time.monotonic()

    def __call__(self) -> None:
        deadline = time.monotonic() + SWEEP_SECONDS
        all_used = time.monotonic() - self._swept > self._pids * LEAST_SECONDS_A_PID
        while time.monotonic() < deadline:
            last = self._pids if all_used else _fresh_pid()
            handles = [_killed(pid) for pid in range(2, last + 1) if pid != self._template]
            dying = [handle for handle in handles if handle is not None]
            _wait_for(dying, deadline)
            _reap()
            if not dying:
                break
        self._swept = time.monotonic()


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


def _sweep_below(template: int) -> None:
    """Kill every descendant of this process but the template. One round can miss what is just being forked; it is
    over when several in a row find none."""
    deadline = time.monotonic() + SWEEP_SECONDS
    quiet = 0
    while quiet < 3 and time.monotonic() < deadline:
        found = [pid for pid in _descendants(os.getpid()) if pid != template]
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        _reap()
        quiet = 0 if found else quiet + 1
        time.sleep(0.005 if found else 0)


def _end_all(world: World) -> None:
    """Kill the template and all there is below, for good: at the end no child is left, and orphans become children."""
    deadline = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < deadline:
        helper = os.fork() if world.user is not None else 0
        if helper == 0 and world.user is not None:
            with contextlib.suppress(BaseException):
                become(world.user)
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


def _pids() -> int:
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


if __name__ == "__main__":
    main(int(sys.argv[1]))
