"""The process that loads the student's code, and its forks that serve one check each."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import sys
import tempfile
import time
from typing import Any, NoReturn

from autograder.errors import MalformedMessageError
from autograder.protocol.framing import Channel, decoder
from autograder.protocol.limits import Limits
from autograder.protocol.messages import FORK, Ask, Load, Loaded, Loading, Raised, Request, Returned
from autograder.sandbox.guest.executor import Executor
from autograder.sandbox.guest.loader import load
from autograder.sandbox.guest.tracebacks import place
from autograder.sandbox.layers.namespaces import Confinement, give_up_rights
from autograder.sandbox.layers.rlimits import limit_resources

FROM_GRADER = Request | Returned | Raised


def live(limits: Limits, work: int, output: int, confinement: Confinement, data: int | None) -> NoReturn:
    """Give up every right, load the sources, then fork for each check. Ends with the work socket."""
    try:
        os.setsid()
        _arrange_descriptors(work, output)
        _settle(confinement)
        limit_resources(limits, data)
        give_up_rights(confinement)
        sock = socket.socket(fileno=3)
        channel = Channel(sock, Load, 1 << 28)
        wanted: Load = channel.receive()

        def gate(file: str, line: int) -> bool:
            if wanted.plain or (file, line) in wanted.skipped:
                return False
            _flush()
            channel.send(Loading(file, line, place(file, line)))
            return True

        namespace, error = load(wanted.files, wanted.main, gate)
        _flush()
        channel.send(Loaded(error))
        decoder(FROM_GRADER)  # made once, before the forks
        sock.setblocking(True)
        checks: set[int] = set()
        while True:
            word, fds, _, _ = socket.recv_fds(sock, 1, 1)
            if word != FORK or len(fds) != 1:
                break
            _collect(checks)
            child = _fork()
            if child:
                checks.add(child)
            else:
                sock.close()
                _serve(fds[0], namespace, frozenset(wanted.files), limits, confinement.device)
            os.close(fds[0])
    except BaseException:  # nobody is left to tell: the grader sees the socket close
        pass
    os._exit(0)


def _arrange_descriptors(work: int, output: int) -> None:
    """0 reads nothing, 1 and 2 go to the captured output, 3 is the work socket; no other one stays open."""
    null = os.open(os.devnull, os.O_RDONLY)
    work = os.dup2(os.dup(work), 60, inheritable=False)
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.dup2(work, 3, inheritable=False)
    os.closerange(4, 65536)
    sys.stdin = io.StringIO()
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = open(  # noqa: SIM115 - it lives as long as the process
            number, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL if number != signal.SIGPIPE else signal.SIG_IGN)


def _settle(confinement: Confinement) -> None:
    """Live in the submission's own folder, and be the first to go when the machine's memory runs out."""
    place = confinement.temporary
    os.environ.update(
        HOME=confinement.home, TMPDIR=place, USER="student", MPLBACKEND="agg", MPLCONFIGDIR=f"{place}/mpl"
    )
    tempfile.tempdir = place  # the fork server's imports may have looked for one already
    os.chdir(confinement.home)
    os.umask(0o077)  # /dev/shm may be shared with other submissions
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def _serve(descriptor: int, namespace: dict[str, Any], files: frozenset[str], limits: Limits, device: str) -> NoReturn:
    """One check's conversation. Whatever goes wrong ends this process, and the grader sees it."""
    with contextlib.suppress(BaseException):
        channel = Channel(socket.socket(fileno=descriptor), FROM_GRADER, limits.message_mb << 20)

        def ask(question: Ask) -> Returned | Raised:
            channel.send(question)
            answer: Returned | Raised = channel.receive()
            return answer

        executor = Executor(namespace, ask, files, device)
        while True:
            reply = executor.perform(channel.receive())
            _flush()
            try:
                channel.send(reply)
            except MalformedMessageError as error:
                channel.send(Raised("error", "ValueError", f"the result is too large to hand over: {error}"))
    os._exit(0)


def _collect(checks: set[int]) -> None:
    """Wait for the checks that have ended: so their CPU time is counted as this process's. The student's own children
    are the student's to wait for."""
    for pid in list(checks):
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                continue
        checks.discard(pid)


def _fork() -> int:
    """A fork, patient while the processes of an ended check are still going away."""
    for _ in range(100):
        with contextlib.suppress(BlockingIOError):
            return os.fork()
        time.sleep(0.02)
    return os.fork()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
