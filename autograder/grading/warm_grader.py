"""The warm grader: load torch, a rubric and its reference once, then fork a slot for each submission.

Slots share its memory. It has no threads and no sockets but the scheduler's, and it ends when that is gone.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import NoReturn

import msgspec

from autograder.errors import UserError
from autograder.grading.messages import HowEnded, NewSlot, NotReady, Ready
from autograder.sandbox.layers import kernel

LARGEST_MESSAGE = 1 << 16
DYING_SECONDS = 5.0
"""For the kernel to take a process apart whose socket is closed already."""


def main(descriptor: int) -> NoReturn:
    """Serve the scheduler at the other end of `descriptor`, a socket that keeps messages apart."""
    os.umask(0o077)  # what rubric code writes is for nobody else
    sock = socket.socket(fileno=descriptor)
    folder = Path(sock.recv(LARGEST_MESSAGE).decode())
    try:
        import torch

        from autograder.grading.grade import info_of
        from autograder.grading.settings import engine_version
        from autograder.grading.slot import run_slot
        from autograder.rubric.assignment import load
        from autograder.rubric.draw import Draw

        torch.set_num_threads(1)  # the cores are for the students' code
        assignment = load(folder)
        _ = assignment.solution(), assignment.mutants  # what every slot needs is loaded once
        _ = engine_version(), Draw(0).normal(1)  # and so is what waits for its first use
        info = info_of(assignment)
    except Exception as error:
        users = isinstance(error, UserError)
        problem = NotReady(str(error) if users else traceback.format_exc(limit=-4), users)
        sock.send(msgspec.msgpack.encode(problem)[:LARGEST_MESSAGE])
        os._exit(1)
    gc.collect()
    gc.freeze()  # what slots share is not looked at, and so copied, by their garbage collectors
    kernel.all_into_huge_pages()
    sock.send(msgspec.msgpack.encode(Ready(info)))
    ended: dict[int, int] = {}
    while True:
        message, descriptors, _, _ = socket.recv_fds(sock, LARGEST_MESSAGE, 1)
        if not message:
            os._exit(0)
        wanted = msgspec.msgpack.decode(message, type=NewSlot | HowEnded)
        _bury(ended)
        if isinstance(wanted, HowEnded):
            sock.send(str(_signal(wanted.pid, ended)).encode())
            continue
        if len(descriptors) != 1:
            continue
        child = os.fork()
        ended.pop(child, None)
        if child == 0:
            sock.close()
            run_slot(socket.socket(fileno=descriptors[0]), assignment, wanted.settings, wanted.cores)
        sock.send(str(child).encode())
        os.close(descriptors[0])


def _bury(ended: dict[int, int]) -> None:
    """Take down how children have ended that were not asked about yet."""
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = found[1]


def _signal(pid: int, ended: dict[int, int]) -> int:
    """Return the signal that ended a child. Its socket may close a moment before the end."""
    patience = time.monotonic() + DYING_SECONDS
    while pid not in ended and time.monotonic() < patience:
        time.sleep(0.01)
        _bury(ended)
    status = ended.pop(pid, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


if __name__ == "__main__":
    main(int(sys.argv[1]))
