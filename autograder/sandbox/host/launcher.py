"""The grader's side of a fork server: start it, have it fork a sandbox a submission, start it again if it dies."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

import autograder
from autograder.errors import SandboxUnavailableError
from autograder.model import NO_BOUNDARY
from autograder.protocol.limits import Limits
from autograder.sandbox.host.advice import Machine, advice
from autograder.sandbox.host.session import START_SECONDS, Session, open_session
from autograder.sandbox.host.workspace import Workspace
from autograder.sandbox.layers import bubblewrap, exposure
from autograder.sandbox.layers.probe import Ready, Start, homes

STARTS = 2
"""How often a fork server that is gone is started again for one submission."""
STARTER = ThreadPoolExecutor(1, thread_name_prefix="fork servers")
"""bubblewrap ends when the thread ends that has started it: this one stays as long as the process does."""


@dataclass(frozen=True)
class Connection:
    """A socket to a fork server, and the number of the start that it belongs to."""

    sock: socket.socket
    start: int


class ForkServer:
    """A warm process that has imported `preload`. Threads may share it.

    It starts in bubblewrap, or where that cannot be had by itself, with the layers that need no namespaces. Either
    way a trial fork has to fail to reach the grader's files, other machines and other processes. Started again, or
    started with `same_layers_as` another one, it has the same layers or none at all. Raises `SandboxUnavailableError`.
    """

    def __init__(
        self,
        preload: tuple[str, ...],
        *,
        unsafe: bool,
        private: tuple[Path, ...],
        without: tuple[str, ...],
        device: str,
        same_layers_as: ForkServer | None = None,
    ) -> None:
        self._preload = preload
        self._unsafe = unsafe
        self._private = tuple(os.fsencode(path) for path in private)
        self._device = device
        self._without = without
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._closed = False
        self._start_number = 0
        self._workspace: Workspace | None = None
        self.boundary: tuple[str, ...] = same_layers_as.boundary if same_layers_as else ()
        self.proofs: tuple[str, ...] = ()
        self.problems: tuple[str, ...] = ()
        with self._lock:
            self._start()

    def close(self) -> None:
        """End the fork server and with it every sandbox that is still open."""
        with self._lock:
            self._closed = True
            self._stop()

    def open(self, files: dict[str, str], main: str, limits: Limits) -> Session:
        """Open a sandbox with the submission loaded; a fork server that is gone is started again.

        Raises:
            ConversationEndedError: when loading does not end well for the student.
            SandboxUnavailableError: when there is no fork server to be had.
        """
        for _ in range(STARTS):
            connection = self.connect()
            try:
                return open_session(connection.sock, files, main, limits, device=self._device)
            except SandboxUnavailableError:
                self.restart(connection.start)
            finally:
                connection.sock.close()
        connection = self.connect()
        with connection.sock:
            return open_session(connection.sock, files, main, limits, device=self._device)

    def connect(self) -> Connection:
        """Return a socket of one's own to the fork server. Raises `SandboxUnavailableError` once it is closed."""
        with self._lock:
            if self._socket is None:
                raise SandboxUnavailableError("the sandbox is closed")
            return Connection(self._socket.dup(), self._start_number)

    def restart(self, start: int) -> None:
        """Start the fork server again, unless that was done since its start number `start`.

        Raises:
            SandboxUnavailableError: when it cannot be started with the same layers.
        """
        with self._lock:
            if self._start_number == start:
                self._stop()
                self._start()

    def _start(self) -> None:
        """Start in bubblewrap if possible. Raises `SandboxUnavailableError`."""
        self._start_number = secrets.randbits(62)  # no other fork server's start has the same
        if self._closed:
            raise SandboxUnavailableError("the sandbox is closed")
        if self._unsafe:
            self._launch(bwrap=None)
            self.boundary = NO_BOUNDARY
            return
        problems: list[str] = []
        unwanted = "bubblewrap" in self._without
        bwrap = None if unwanted else bubblewrap.available()
        if bwrap is None:
            problems.append(f"bubblewrap {'is not wanted' if unwanted else 'is not installed'}")
        ways: tuple[str | None, ...] = (bwrap, None) if bwrap else (None,)
        if self.boundary:  # started before, or like another one
            ways = (bwrap,) if "bubblewrap" in self.boundary else (None,)
        for way in ways:
            try:
                ready = self._launch(way)
            except SandboxUnavailableError as error:
                problems.append(f"{'in' if way else 'without'} bubblewrap: {error}")
                continue
            layers = (*(("bubblewrap",) if way else ()), *ready.layers)
            if self.boundary and layers != self.boundary:
                self._stop()
                problems.append(f"now these layers hold: {', '.join(layers)}; before: {', '.join(self.boundary)}")
                continue
            self.boundary = layers
            self.proofs, self.problems = ready.proofs, (*problems, *ready.problems)
            return
        steps = [f"to have {name}: {words}" for name, words in advice(Machine.here(), without=self._without).items()]
        raise SandboxUnavailableError("; ".join((*problems, *steps, "what a boundary needs: docs/boundary.md")))

    def _launch(self, bwrap: str | None) -> Ready:
        """Start the fork server and wait until it is warm. Raises `SandboxUnavailableError`, leaving nothing behind."""
        try:
            ours, bait = self._spawn(bwrap)
        except OSError as error:  # no memory, no process, no room on the disk
            self._stop()
            raise SandboxUnavailableError(f"the fork server did not start: {error}") from error
        assert self._workspace is not None
        ours.settimeout(START_SECONDS)
        base = "" if bwrap else str(self._workspace.path)
        start = Start(
            self._preload, not self._unsafe, base, str(bait), self._private, os.getpid(), self._without, self._device
        )  # fmt: skip
        try:
            ours.send(msgspec.msgpack.encode(start))
            answer = ours.recv(1 << 16)
        except OSError as error:
            answer = b""
            reason = str(error)
        else:
            reason = "it ended at once"
        ours.settimeout(None)
        if not answer:
            said = self._last_words()
            self._stop()
            raise SandboxUnavailableError(f"the fork server did not start ({reason}): {said}")
        ready = msgspec.msgpack.decode(answer, type=Ready)
        if ready.missing:
            self._stop()
            raise SandboxUnavailableError(
                f"no boundary for {', '.join(ready.missing)} ({'; '.join(dict.fromkeys(ready.problems))})"
            )
        return ready

    def _spawn(self, bwrap: str | None) -> tuple[socket.socket, Path]:
        """The process, at the other end of the socket, and the bait. Raises `OSError`."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        with theirs:
            self._workspace = Workspace()
            bait = _furnish(self._workspace.path, shared=not bwrap and os.geteuid() == 0)
            os.set_inheritable(theirs.fileno(), True)
            if bwrap:
                words, environment = bubblewrap.command(bwrap, theirs.fileno(), self._device), {}
            else:
                place = str(Path(autograder.__file__).parent.parent)
                words = [sys.executable, *exposure.interpreter_arguments(place, theirs.fileno())]
                environment = exposure.environment(f"{self._workspace.path}/fork_server", self._device)
            self._process = STARTER.submit(
                _process, words, environment, (theirs.fileno(), self._workspace.descriptor)
            ).result()
        return ours, bait

    def _last_words(self) -> str:
        assert self._process is not None and self._process.stderr is not None
        self._process.kill()
        return self._process.stderr.read(4_000).decode(errors="replace").strip()[-1_000:] or "it said nothing"

    def _stop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
            self._process.kill()
            self._process.wait()
            assert self._process.stderr is not None
            self._process.stderr.close()
            self._process = None
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None


def _furnish(folder: Path, *, shared: bool) -> Path:
    """Furnish a folder for a fork server without bubblewrap, with a file that its mode lets everybody read: the bait.

    With `shared`, submissions are users of their own: they may pass through to their homes, and see nothing on the way.
    """
    mode = 0o711 if shared else 0o700
    for place in (folder, Path(homes(str(folder))), folder / "fork_server"):
        place.mkdir(exist_ok=True)
        place.chmod(mode)
    bait = folder / "bait"
    bait.write_text("a file of the grader's\n", encoding="ascii")
    bait.chmod(0o644)
    return bait


def _process(words: list[str], environment: dict[str, str], descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    """Start a process that keeps some descriptors. Signals of the terminal are not for it."""
    return subprocess.Popen(
        words, env=environment, pass_fds=descriptors, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/", start_new_session=True,
    )  # fmt: skip
