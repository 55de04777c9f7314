"""Slots in processes of this machine, forked from one warm grader."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import msgspec

import autograder
from autograder.errors import (
    AssignmentError,
    InterruptedGradingError,
    SandboxUnavailableError,
)
from autograder.grading.executors.local_slot import LocalSlot
from autograder.grading.executors.parts import Sandboxes, how_ended
from autograder.grading.messages import (
    Connect,
    Connected,
    HowEnded,
    NewSlot,
    NotConnected,
    NotReady,
    Ready,
)
from autograder.grading.settings import AssignmentInfo, GradingSettings
from autograder.grading.warm_grader import LARGEST_MESSAGE
from autograder.sandbox.layers.interpreter import isolated, places

START_SECONDS = 300.0
"""For the warm grader to import torch: two seconds on a quiet machine."""
STARTS = 3
"""How often the warm grader is started for one slot, should it be gone."""


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
        self._decided: tuple[GradingSettings, AssignmentInfo, AssignmentInfo] | None = None
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
            settings, loaded = self.settings, self._loaded()
            if self._decided is None or self._decided[0] is not settings or self._decided[1] is not loaded:
                self._decided = (settings, loaded, settings.decided(loaded))  # asked for several times a submission
            return self._decided[2]

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


def _warm_grader(sock: socket.socket) -> subprocess.Popen[bytes]:
    """Start the warm grader. Signals of the terminal are not for it: the scheduler ends it."""
    package = str(Path(autograder.__file__).parent.parent)
    code = f"from autograder.grading.warm_grader import main; main({sock.fileno()})"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [os.path.abspath(sys.executable), *isolated(code, package, places())], cwd="/", start_new_session=True,
        pass_fds=[sock.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment,
    )  # fmt: skip
