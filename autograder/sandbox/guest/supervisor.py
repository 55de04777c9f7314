"""A submission's supervisor, and the init process of its pid namespace. Both are ours and never run its code."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from functools import partial
from typing import NoReturn

import msgspec

from autograder.protocol.limits import Limits, OpenSandbox
from autograder.protocol.messages import SWEEP, SWEPT, Dead
from autograder.sandbox.guest.submission_process import live
from autograder.sandbox.guest.sweep import (
    Sweeper,
    clear_shared_memory,
    end_all,
    make_home,
    pid_limit,
    reap,
    remove,
    sweep_below,
)
from autograder.sandbox.layers import kernel
from autograder.sandbox.layers.namespaces import HOME, Confinement, become, cover, own_namespaces, stays_root


def supervise(
    wanted: OpenSandbox, control: int, work: int, output: int, *, confinement: Confinement, data: int | None
) -> NoReturn:
    """Make the namespaces, wait until init has ended, and tell the grader."""
    sock = socket.socket(fileno=control)
    if wanted.cores:
        with contextlib.suppress(OSError):  # a core may have been taken away since
            os.sched_setaffinity(0, wanted.cores)
    sock.send(b"W")  # its credentials tell the grader which process to watch
    if "pid namespace" in confinement.layers:
        if confinement.user is not None and not stays_root(confinement.device):
            become(confinement.user)  # the kernel counts pipes, descriptors under way and more for each user
            kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or /proc/self/uid_map would belong to root
        own_namespaces(confinement.device)
    init = os.fork()
    if init == 0:
        _init(wanted.limits, sock, work, output, confinement, data)
    os.close(work)
    os.close(output)
    _, status, usage = os.wait4(init, 0)
    with contextlib.suppress(OSError):
        sock.send(msgspec.msgpack.encode(Dead(status, usage.ru_utime + usage.ru_stime)))
    os._exit(0)


def _init(
    limits: Limits, control: socket.socket, work: int, output: int, confinement: Confinement, data: int | None
) -> NoReturn:
    """Start the submission process, reap what dies, sweep when told to, end with the control socket."""
    pids = pid_limit()
    if confinement.alone:
        cover(limits, confinement.device)
        if confinement.user is not None:
            os.chown(HOME, confinement.user, confinement.user)
    else:
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)  # whatever is orphaned stays below this process
        make_home(confinement)
    submission = os.fork()
    if submission == 0:
        control.close()
        live(limits, work, output, confinement, data)
    os.close(work)
    os.close(output)
    sweep = Sweeper(submission, pids) if confinement.alone else partial(sweep_below, submission)
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
                clear_shared_memory(confinement)
                with contextlib.suppress(OSError):
                    control.send(SWEPT)
        reap()
    if not confinement.alone:
        end_all(confinement)
        clear_shared_memory(confinement)
        remove([confinement.home])
    os._exit(0)
