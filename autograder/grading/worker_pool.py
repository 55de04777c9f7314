"""Work on untrusted input that has no clock of its own, done in a process that can be stopped.

Two kinds: reading a submission (a parser can be made to take hours), and answering a stand-in's question (the
reference, called with a student's arguments). A servant that is late or ends is replaced by a new one.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, NoReturn, Protocol, TypeVar

import msgspec

import autograder
from autograder.errors import (
    ConnectionClosedError,
    DeadlineError,
    MalformedMessageError,
    RejectedError,
    WorkerTimeoutError,
)
from autograder.intake import read_submission
from autograder.model import Submission
from autograder.protocol.framing import Channel

LARGEST = 256 << 20
START_SECONDS = 60.0
MAX_BYTES = 20_000_000
"""The usual limit of a submission."""

Q = TypeVar("Q")
R = TypeVar("R")


class _Killed(WorkerTimeoutError):
    """A servant ended by a signal that was not ours."""


class Started(msgspec.Struct, frozen=True, tag="started"):
    """A servant is ready."""


class WorkerPool(Generic[Q, R]):
    """A pool of processes that each run `serve(*arguments)`, named "module:function", and its handler.

    Threads may share it: each question has a process to itself. The processes end with this one.
    With `fork` they are forks, which share this process's memory; it may have no busy threads then.
    """

    def __init__(
        self, serve: str, arguments: tuple[str, ...], answers: Any, *, seconds: float, megabytes: int,
        fork: bool = False,
    ) -> None:  # fmt: skip
        self._words = [serve, str(megabytes), *arguments]
        self._answers = answers
        self._start: Callable[[socket.socket, list[str]], _Process] = _Forked if fork else _started
        self._seconds = seconds
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()

    def ask(self, question: Q, seconds: float | None = None) -> R:
        """The handler's answer, within the pool's `seconds` or fewer, not counting a start.

        Raises `WorkerTimeoutError`.
        """
        limit = self._seconds if seconds is None else min(seconds, self._seconds)
        try:
            return self._asked(question, limit)
        except _Killed:  # by somebody else? A question that kills a process kills the next one too
            return self._asked(question, limit)

    def _asked(self, question: Q, seconds: float) -> R:
        with self._lock:
            servant = self._idle.pop() if self._idle else None
        servant = servant or _Worker(self._words, self._answers, self._start)
        deadline = time.monotonic() + seconds
        try:
            servant.channel.send(question, deadline)
            answer: R = servant.channel.receive(deadline)
        except (DeadlineError, MalformedMessageError) as error:
            servant.end()
            raise WorkerTimeoutError from error
        except ConnectionClosedError as error:
            if servant.end() < 0:
                raise _Killed from error
            raise WorkerTimeoutError from error
        except BaseException:
            servant.end()
            raise
        with self._lock:
            self._idle.append(servant)
        return answer

    def close(self) -> None:
        """End the processes; another question starts new ones."""
        with self._lock:
            idle, self._idle = self._idle, []
        for servant in idle:
            servant.end()


class _Process(Protocol):
    """What is asked of a servant's process; `subprocess.Popen` is one."""

    def wait(self, timeout: float | None = None) -> int: ...

    def kill(self) -> None: ...


def _started(sock: socket.socket, words: list[str]) -> subprocess.Popen[bytes]:
    place = str(Path(autograder.__file__).parent.parent)
    code = f"import sys; sys.path.insert(0, {place!r}); from autograder.grading.worker_pool import main"
    return subprocess.Popen(
        [sys.executable, "-c", f"{code}; main(*sys.argv[1:])", str(sock.fileno()), *words],
        pass_fds=[sock.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
    )  # fmt: skip


class _Forked:
    """A fork of this process."""

    def __init__(self, sock: socket.socket, words: list[str]) -> None:
        self._process = multiprocessing.get_context("fork").Process(target=_live, args=(sock, words), daemon=True)
        self._process.start()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises `TimeoutExpired`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("", timeout or 0.0)
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()


def _live(sock: socket.socket, words: list[str]) -> NoReturn:
    """The fork: it keeps the socket alone. A sandbox ends with the sockets to it, wherever they are open."""
    gc.freeze()  # what is shared is not looked at, and so copied
    number = sock.fileno()
    for standard in (0, 1):
        os.dup2(os.open(os.devnull, os.O_RDWR), standard)
    os.closerange(3, number)
    os.closerange(number + 1, 65536)
    main(str(number), *words)


class _Worker:
    """One process and the socket to it."""

    def __init__(self, words: list[str], answers: Any, start: Callable[[socket.socket, list[str]], _Process]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = start(theirs, words)
        self.channel = Channel(ours, answers, LARGEST)
        self._socket = ours
        try:
            Channel(ours, Started, LARGEST).receive(time.monotonic() + START_SECONDS)
        except (DeadlineError, ConnectionClosedError, MalformedMessageError) as error:
            self.end()
            raise RuntimeError(f"a helper process of the grader's did not start: {words[0]}") from error

    def end(self) -> int:
        """Stop the process, whatever it is doing. Gives its exit code: below 0, a signal ended it."""
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.1)  # it may be ending by itself, and its code says why
        self._process.kill()
        return self._process.wait()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.end()


def main(descriptor: str, serve: str, megabytes: str, *arguments: str) -> NoReturn:
    """The process: make the handler, then answer until the other side is gone."""
    import resource

    module, _, function = serve.partition(":")
    questions, handler = getattr(importlib.import_module(module), function)(*arguments)
    limit = int(megabytes) << 20
    with open("/proc/self/statm", encoding="ascii") as file:
        limit += int(file.read().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("500")  # where the machine has less, this process goes before the grader, and a student's before it
    channel = Channel(socket.socket(fileno=int(descriptor)), questions, LARGEST)
    channel.send(Started())
    while True:
        try:
            channel.send(handler(channel.receive()))
        except (ConnectionClosedError, MemoryError, RecursionError):
            os._exit(0)


# --- what they do -------------------------------------------------------------------------------------------------


class Read(msgspec.Struct, frozen=True, tag="read"):
    """A submission to read."""

    path: str
    student: str


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It cannot be read; the reason is for the student."""

    reason: str


class Reading(msgspec.Struct, frozen=True):
    """How an assignment's submissions are read."""

    main: str
    packages: tuple[str, ...]
    run_top_level: bool
    expected: tuple[str, ...]
    max_bytes: int = MAX_BYTES


class Reader:
    """Reads submissions one by one, for at most `seconds` each. Threads may share it."""

    def __init__(self, how: Reading, seconds: float = 60.0) -> None:
        self._seconds = seconds
        settings = msgspec.json.encode(how).decode()
        self._servants: WorkerPool[Read, Submission | Refused] = WorkerPool(
            "autograder.grading.worker_pool:reading", (settings,), Submission | Refused, seconds=seconds, megabytes=1024
        )

    def __call__(self, path: Path, student: str) -> Submission:
        """Raises `RejectedError`."""
        try:
            answer = self._servants.ask(Read(str(path.absolute()), student))
        except WorkerTimeoutError:
            reason = (
                f"Your file takes more than {self._seconds:.0f} s, or too much memory, to read. Hand in plain code."
            )
            raise RejectedError(reason) from None
        if isinstance(answer, Refused):
            raise RejectedError(answer.reason)
        return answer

    def close(self) -> None:
        """End the processes, for their memory's sake. Reading more starts new ones."""
        self._servants.close()


def reading(settings: str) -> tuple[Any, Callable[[Read], Submission | Refused]]:
    """A servant that reads submissions. Importing it is cheap: no torch."""
    how = msgspec.json.decode(settings, type=Reading)

    def read(question: Read) -> Submission | Refused:
        try:
            return read_submission(
                Path(question.path),
                question.student,
                main=how.main,
                packages=frozenset(how.packages),
                run_top_level=how.run_top_level,
                max_bytes=how.max_bytes,
                expected=frozenset(how.expected),
            )
        except RejectedError as rejected:
            return Refused(rejected.reason)
        except RecursionError:
            return Refused("Your file is nested too deeply to be read. Hand in plain code.")

    return Read, read


def answering(folder: str) -> tuple[Any, Callable[[Any], Any]]:
    """A servant that holds an assignment's solution and answers the questions of stand-ins."""
    import torch

    from autograder.protocol.messages import Ask
    from autograder.rubric.assignment import load
    from autograder.rubric.student import answer_question

    torch.set_num_threads(1)
    namespace = load(Path(folder)).solution()
    return Ask, lambda question: answer_question(namespace, question)
