"""The warm process: imports torch once, then forks one sandbox a submission. It holds no secret.

    zygote ── warden ── keeper (init of a pid namespace) ── template (the student's code, loaded)
                                                             └─ one fork a check

Warden and keeper are ours and never run student code. The keeper ends with the control socket, and the kernel
then ends everything in its namespace; the warden waits for that and reports it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
import threading
import time
from typing import NoReturn

import msgspec

from autograder.sandbox.limits import Limits
from autograder.sandbox.namespaces import cover, data_size, isolate
from autograder.sandbox.template import live

UNPRIVILEGED = 60001
"""The uid that a privileged zygote becomes before anything else."""


class Start(msgspec.Struct, frozen=True):
    """The grader's first message: what to have ready, and whether a boundary is asked for."""

    preload: tuple[str, ...]
    boundary: bool


class Ready(msgspec.Struct, frozen=True):
    """The zygote's answer: the layers that a trial fork found to hold, and what went wrong with the others."""

    layers: tuple[str, ...]
    problems: tuple[str, ...]


class Dead(msgspec.Struct, frozen=True):
    """The warden's last word: the namespace is empty. CPU seconds of everything that lived in it."""

    status: int
    cpu_seconds: float


SWEEP = b"S"
SWEPT = b"s"
SWEEP_SECONDS = 10.0


def main(descriptor: int) -> NoReturn:
    """Serve the grader at the other end of `descriptor` until it is gone."""
    sock = socket.socket(fileno=descriptor)
    start = msgspec.msgpack.decode(sock.recv(1 << 16), type=Start)
    own_user = _become_unprivileged() if start.boundary else False
    _warm(start.preload)
    ready = _trial(start.boundary, own_user)
    sock.send(msgspec.msgpack.encode(ready))
    data = data_size()
    while True:
        try:
            message, fds, _, _ = socket.recv_fds(sock, 1 << 16, 3)
        except InterruptedError:
            continue
        if not message:
            os._exit(0)
        if len(fds) == 3:
            limits = msgspec.msgpack.decode(message, type=Limits)
            if os.fork() == 0:
                sock.close()
                _warden(limits, *fds, layers=frozenset(ready.layers), data=data)
        for one in fds:
            os.close(one)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _become_unprivileged() -> bool:
    """Root in the container becomes nobody in particular: another uid than the grader's."""
    from autograder.sandbox import kernel

    if os.getuid() != 0:
        return False
    try:
        os.setgroups([])
        os.setresgid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
        os.setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
    except OSError:
        return False  # root of a user namespace: there is nobody else to be
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or /proc/self/uid_map would belong to root
    return True


def _warm(preload: tuple[str, ...]) -> None:
    for name in ("autograder.sandbox.seccomp", *preload):
        with contextlib.suppress(Exception):  # what is missing here is missing for the student, who is told
            importlib.import_module(name)
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    weight = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.Adam([weight])  # the first optimiser pulls in another second of imports
    torch.autograd.backward((weight * 2).sum())
    optimiser.step()
    gc.collect()
    gc.freeze()  # nothing that every fork shares is looked at, and so copied, by its garbage collector


def _trial(boundary: bool, own_user: bool) -> Ready:
    """Try every layer once in a fork, and name those that held."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        layers, problems = isolate(Limits(), trial=True) if boundary else ((), ())
        os.write(writer, msgspec.msgpack.encode(Ready(tuple(layers), tuple(problems))))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        ready = msgspec.msgpack.decode(pipe.read(), type=Ready)
    os.waitpid(child, 0)
    mine = ("separate user",) if own_user else ()
    return Ready((*mine, *ready.layers), ready.problems)


def _warden(limits: Limits, control: int, work: int, output: int, *, layers: frozenset[str], data: int) -> NoReturn:
    """Make the namespaces, wait for the keeper's end, and tell the grader."""
    sock = socket.socket(fileno=control)
    sock.send(b"W")  # its credentials tell the grader which process to watch
    if "user namespace" in layers:
        isolate(limits)
    keeper = os.fork()
    if keeper == 0:
        _keeper(limits, sock, work, output, layers, data)
    os.close(work)
    os.close(output)
    _, status, usage = os.wait4(keeper, 0)
    with contextlib.suppress(OSError):
        sock.send(msgspec.msgpack.encode(Dead(status, usage.ru_utime + usage.ru_stime)))
    os._exit(0)


def _keeper(
    limits: Limits, control: socket.socket, work: int, output: int, layers: frozenset[str], data: int
) -> NoReturn:
    """Start the template, reap what dies, sweep when told to, end with the control socket."""
    if "mount namespace" in layers:
        cover(limits)
    template = os.fork()
    if template == 0:
        control.close()
        live(limits, work, output, layers, data)
    os.close(work)
    os.close(output)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    alone = "pid namespace" in layers
    while True:
        if poll.poll(200):
            try:
                command = control.recv(16)
            except OSError:
                command = b""
            if not command:
                break
            if command == SWEEP:
                if alone:
                    _sweep(template)
                with contextlib.suppress(OSError):
                    control.send(SWEPT)
        _reap()
    if not alone:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(template, signal.SIGKILL)
    os._exit(0)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return


def _sweep(template: int) -> None:
    """Kill every process of the namespace but the keeper (1) and the template. There is no /proc to list them:
    pids are tried in turn, up to one just handed out, until a round finds none."""
    deadline = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < deadline:
        found = False
        for pid in range(2, _fresh_pid()):
            if pid != template:
                try:
                    os.kill(pid, signal.SIGKILL)
                    found = True
                except (ProcessLookupError, PermissionError):
                    continue
        _reap()
        if not found:
            return
        time.sleep(0.005)


def _fresh_pid() -> int:
    """A pid just handed out: a thread's, which is much cheaper to make than a process."""
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    assert thread.native_id is not None
    return thread.native_id


if __name__ == "__main__":
    main(int(sys.argv[1]))
