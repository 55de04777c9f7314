"""The scheduler's end of a slot on this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from autograder.errors import (
    ConnectionClosedError,
    DeadlineError,
    InterruptedGradingError,
    MalformedMessageError,
    RejectedError,
    SandboxUnavailableError,
    SlotDiedError,
    StorageError,
)
from autograder.grading.messages import (
    LARGEST,
    Began,
    Connect,
    Connected,
    Failed,
    Finished,
    FromSlot,
    Grade,
    NotConnected,
    Probe,
    Read,
    Refused,
    Result,
    WasRead,
)
from autograder.intake.classroom import Entry
from autograder.model import CheckResult, Report
from autograder.protocol.framing import Channel

SILENT_CPU_SECONDS = 300.0
"""CPU seconds that a slot may use without a word: what a student has handed in keeps it busy."""
SILENT_SECONDS = 1_200.0
"""And the wall seconds, on top of those that a check may take: a slot that does nothing at all."""
TICKS = os.sysconf("SC_CLK_TCK")


class LocalSlot:
    """The scheduler's end of one slot. `read` comes first, then `grade`.

    Raises:
        SlotDiedError: from both, when the slot has ended or was stopped; `check` names what it was at.
        InterruptedGradingError: when `stop` was called.
    """

    def __init__(
        self,
        sock: socket.socket,
        pid: int,
        connect: Callable[[Connect], tuple[Connected | NotConnected, socket.socket | None]],
        was_killed: Callable[[int], bool],
        closed: Callable[[LocalSlot], None],
    ) -> None:
        self._sock = sock
        self._channel = Channel(sock, FromSlot, LARGEST, self._look)
        self._connect = connect
        self._was_killed = was_killed
        self._on_close = closed
        self._pid = pid
        try:
            self._handle = os.pidfd_open(pid)  # a number may be another process's by the time it is used
        except OSError:
            self._handle = -1
        self._check = ""
        self._stopped = False
        self._silent = False
        self._spoke = time.monotonic()
        self._cpu = 0.0
        self._grace = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        self._sock.close()
        self._on_close(self)

    def stop(self) -> None:
        """End the slot from another thread."""
        self._stopped = True
        self._kill()

    def read(self, entry: Entry) -> WasRead:
        """Read a submission. Raises `RejectedError`, `StorageError`; `RuntimeError` when the grader itself failed."""
        match self._ask(Read(entry.student, *(os.fsencode(place.absolute()) for place in (entry.path, entry.base)))):
            case WasRead() as was_read:
                return was_read
            case Refused(reason=reason):
                raise RejectedError(reason)
            case Failed(problem=problem, storage=True):
                raise StorageError(problem)
            case other:
                raise RuntimeError(other.problem if isinstance(other, Failed) else f"a slot answered {other!r:.80}")

    def grade(
        self,
        *,
        known: tuple[CheckResult, ...] = (),
        earlier: tuple[CheckResult, ...] = (),
        given_up: tuple[str, ...] = (),
        broken: tuple[str, ...] = (),
        alone: bool = False,
        leeway: float = 1.0,
        progress: Callable[[CheckResult], None] | None = None,
    ) -> Report:
        """Grade what was read.

        Args:
            known: results that are taken as they are.
            earlier: results of an earlier run of the same work, of which some may stand.
            given_up: checks that are not run: they ended their slots again and again.
            broken: those that did so with the reference's answers too.
            alone: nothing else runs on the machine: a check may take longer by the clock.
            leeway: how many times its CPU seconds a check may use.
            progress: called with each result.

        Raises:
            SandboxUnavailableError: when no sandbox can be had.
            RuntimeError: when the grader itself failed.
        """
        answer = self._ask(Grade(known, earlier, given_up, broken, alone, leeway))
        while True:
            match answer:
                case Result(result=result):
                    self._check = ""
                    if progress is not None:
                        progress(result)
                case Began(check=check, seconds=seconds):
                    self._check, self._grace = check, seconds
                case Finished(report=report):
                    return report
                case Failed(problem=problem, no_sandbox=True):
                    raise SandboxUnavailableError(problem)
                case Failed(problem=problem):
                    raise RuntimeError(problem)
                case other:
                    raise RuntimeError(f"a slot answered {type(other).__name__}")
            answer = self._receive()

    def probe(self, check: str) -> None:
        """Run a check on the reference. Raises `SlotDiedError` when that ends the slot."""
        self._check = check
        self._ask(Probe(check))

    def _ask(self, question: Read | Grade | Probe) -> FromSlot:
        try:
            self._channel.send(question)
        except ConnectionClosedError as error:
            raise self._died() from error
        return self._receive()

    def _receive(self) -> FromSlot:
        """Return the slot's next message; its wishes for a sandbox are seen to on the way."""
        while True:
            try:
                self._spoke, self._cpu = time.monotonic(), self._cpu_seconds()
                answer: FromSlot = self._channel.receive()
            except (ConnectionClosedError, MalformedMessageError, DeadlineError) as error:
                raise self._died() from error
            if not isinstance(answer, Connect):
                return answer
            told, sock = self._connect(answer)
            try:
                self._channel.send(told)
                if sock is not None:
                    self._sock.setblocking(True)
                    socket.send_fds(self._sock, [b"s"], [sock.fileno()])
                    self._sock.setblocking(False)
            except (OSError, ConnectionClosedError) as error:
                raise self._died() from error
            finally:
                if sock is not None:
                    sock.close()

    def _look(self) -> None:
        """Stop a slot that says nothing for too long. Called a few times a second while it is waited for."""
        if self._stopped:
            raise InterruptedGradingError
        busy = self._cpu_seconds() - self._cpu
        silent = time.monotonic() - self._spoke
        if busy > SILENT_CPU_SECONDS or silent > SILENT_SECONDS + self._grace:
            self._silent = True
            self._kill()
            raise DeadlineError

    def _died(self) -> Exception:
        if self._stopped:
            return InterruptedGradingError()
        return SlotDiedError(self._check, killed=not self._silent and self._was_killed(self._pid))

    def _kill(self) -> None:
        with contextlib.suppress(OSError):  # it has ended, or this slot is being closed
            if self._handle >= 0:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def _cpu_seconds(self) -> float:
        """Return the CPU seconds that the slot has used itself."""
        with contextlib.suppress(OSError), open(f"/proc/{self._pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / TICKS
        return self._cpu
