"""Slots in processes of this machine, forked from one warm grader."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

import autograder
from autograder.errors import (
    AssignmentError,
    ConnectionClosedError,
    DeadlineError,
    InterruptedGradingError,
    MalformedMessageError,
    RejectedError,
    SandboxUnavailableError,
    SlotDiedError,
    StorageError,
)
from autograder.grading.executors.parts import Sandboxes, how_ended
from autograder.grading.messages import (
    LARGEST,
    Began,
    Connect,
    Connected,
    Failed,
    Finished,
    FromSlot,
    Grade,
    HowEnded,
    NewSlot,
    NotConnected,
    NotReady,
    Probe,
    Read,
    Ready,
    Refused,
    Result,
    WasRead,
)
from autograder.grading.settings import AssignmentInfo, GradingSettings
from autograder.grading.warm_grader import LARGEST_MESSAGE
from autograder.intake.classroom import Entry
from autograder.model import CheckResult, Report
from autograder.protocol.framing import Channel
from autograder.sandbox.layers.interpreter import isolated, places

START_SECONDS = 300.0
"""For the warm grader to import torch: two seconds on a quiet machine."""
STARTS = 3
"""How often the warm grader is started for one slot, should it be gone."""
SILENT_CPU_SECONDS = 300.0
"""CPU seconds that a slot may use without a word: what a student has handed in keeps it busy."""
SILENT_SECONDS = 1_200.0
"""And the wall seconds, on top of those that a check may take: a slot that does nothing at all."""
TICKS = os.sysconf("SC_CLK_TCK")


class LocalExecutor:
    """A warm grader, and the sandboxes that its slots ask for. Threads may share it.

    Args:
        settings: the assignment and its limits. They may be exchanged between slots; the folder stays.
        sandboxes: the sandboxes by the device that code computes on there.

    Raises:
        AssignmentError: from `info` and `slot`, when the assignment cannot be loaded.
    """

    def __init__(self, settings: GradingSettings, sandboxes: Mapping[str, Sandboxes]) -> None:
        self.settings = settings
        self.sandboxes = sandboxes
        self._lock = threading.Lock()
        self._slots: set[LocalSlot] = set()
        self._closed = False
        self._info: AssignmentInfo | None = None
        self._start()

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def info(self) -> AssignmentInfo:
        """The assignment, once the warm grader has loaded it; its digest covers the settings too."""
        with self._lock:
            return self.settings.decided(self._loaded())

    @property
    def pid(self) -> int:
        """The warm grader's process."""
        return self._process.pid

    def slot(self, cores: tuple[int, ...] = ()) -> LocalSlot:
        """Fork a slot that stays on the given cores. A warm grader that is gone is started again."""
        for _ in range(STARTS):
            with self._lock:
                self._loaded()
                if self._closed:
                    raise InterruptedGradingError
                try:
                    return self._forked(cores)
                except OSError as error:
                    problem = error
                    self._start_again()
        raise RuntimeError(f"the grader's own process is gone: {problem}") from problem

    def _loaded(self) -> AssignmentInfo:
        """Wait until the warm grader has loaded the assignment. One that ends meanwhile is started again."""
        for _ in range(STARTS):
            if self._info is not None:
                return self._info
            if self._closed:
                raise InterruptedGradingError
            try:
                self._info = self._ready()
            except OSError as error:
                if self._closed:
                    raise InterruptedGradingError from error
                problem, ended = error, self._start_again()
        raise RuntimeError(f"the grader's own process did not start: {problem} ({ended})") from problem

    def _forked(self, cores: tuple[int, ...]) -> LocalSlot:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._sock, [msgspec.msgpack.encode(NewSlot(self.settings, cores))], [theirs.fileno()])
                answer = self._sock.recv(LARGEST_MESSAGE)
            if not answer:
                raise ConnectionResetError("it has ended")
        except OSError:
            ours.close()
            raise
        slot = LocalSlot(ours, int(answer), self._connect, self._was_killed, self._slots.discard)
        self._slots.add(slot)
        return slot

    def _was_killed(self, pid: int) -> bool:
        """Return whether the system killed a slot. Where its warm grader is gone, it went with that."""
        with self._lock:
            try:
                self._sock.send(msgspec.msgpack.encode(HowEnded(pid)))
                answer = self._sock.recv(LARGEST_MESSAGE)
            except OSError:
                return True
        return not answer or int(answer) == signal.SIGKILL

    def stop(self) -> None:
        """End all slots at once; there are no new ones."""
        self._closed = True
        for slot in list(self._slots):
            slot.stop()

    def close(self) -> None:
        """End all slots at once, and the warm grader."""
        self.stop()
        self._end()

    def _start(self) -> None:
        """Start the warm grader. What it has loaded is told by `_ready`."""
        self._info = None
        self._sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = _warm_grader(theirs)
        with contextlib.suppress(OSError):  # it has ended at once: `_ready` says so
            self._sock.send(self.settings.folder.encode())

    def _start_again(self) -> str:
        """Replace the warm grader. Returns how the one before ended, for a person."""
        self._end()
        code = self._process.returncode
        self._start()
        return how_ended(code)

    def _end(self) -> None:
        """End the warm grader."""
        self._sock.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        self._process.kill()
        self._process.wait()

    def _ready(self) -> AssignmentInfo:
        """Return what the warm grader has loaded. Raises `OSError` when it is gone, or says nothing."""
        self._sock.settimeout(START_SECONDS)
        answer = self._sock.recv(LARGEST_MESSAGE)
        self._sock.settimeout(None)
        if not answer:
            raise ConnectionResetError("it ended at once")
        told = msgspec.msgpack.decode(answer, type=Ready | NotReady)
        if isinstance(told, NotReady):
            raise AssignmentError(told.problem) if told.users else RuntimeError(told.problem)
        return told.info

    def _connect(self, question: Connect) -> tuple[Connected | NotConnected, socket.socket | None]:
        sandbox = self.sandboxes.get(question.device)
        if sandbox is None:
            return NotConnected(f"there is no sandbox with {question.device}"), None
        try:
            connection = sandbox.connect(question.libraries, question.broken)
        except SandboxUnavailableError as error:
            return NotConnected(str(error)), None
        return Connected(connection.start, sandbox.boundary, sandbox.memory_mb), connection.sock


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


def _warm_grader(sock: socket.socket) -> subprocess.Popen[bytes]:
    """Start the warm grader. Signals of the terminal are not for it: the scheduler ends it."""
    package = str(Path(autograder.__file__).parent.parent)
    code = f"from autograder.grading.warm_grader import main; main({sock.fileno()})"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [os.path.abspath(sys.executable), *isolated(code, package, places())], cwd="/", start_new_session=True,
        pass_fds=[sock.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment,
    )  # fmt: skip
