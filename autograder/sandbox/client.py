"""The grader's side: start the zygote, open a session a submission, talk to one fork a check."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import msgspec

import autograder
from autograder.model import Outcome
from autograder.sandbox import bubblewrap
from autograder.sandbox.conversation import Answerer, Ended, SandboxUnavailable
from autograder.sandbox.framing import Channel, Closed, Malformed, TooLate
from autograder.sandbox.limits import Limits
from autograder.sandbox.memory import Watch
from autograder.sandbox.messages import Ask, Raised, Reply, Request, Returned
from autograder.sandbox.output import Drain
from autograder.sandbox.template import FORK, Load, Loaded
from autograder.sandbox.zygote import SWEEP, SWEPT, Dead, Ready, Start

PRELOAD = ("numpy", "pandas", "matplotlib.pyplot", "sklearn", "scipy", "tqdm", "torch", "torch.nn", "torch.utils.data")
START_SECONDS = 120.0
DEATH_SECONDS = 20.0


class Sandbox:
    """The warm zygote of this machine. Threads may share it; it is started again if it dies.

    `boundary` names the layers that held when they were tried, `problems` why others did not.
    With `unsafe`, no boundary is asked for.
    """

    def __init__(self, *, preload: tuple[str, ...] = PRELOAD, unsafe: bool = False) -> None:
        self._preload = preload
        self._unsafe = unsafe
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self.boundary: tuple[str, ...] = ()
        self.problems: tuple[str, ...] = ()
        with self._lock:
            self._start()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote and with it every sandbox that is still open."""
        with self._lock:
            self._stop()

    def open(self, files: dict[str, str], main: str, limits: Limits) -> Session:
        """A sandbox with the submission loaded. Raises `Ended` when loading does not end well for the student,
        and `SandboxUnavailable`."""
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        work, their_work = socket.socketpair()
        output = Drain(limits.output_kb << 10)
        control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            with theirs, their_work, output.writer() as writer:
                self._request(limits, [theirs.fileno(), their_work.fileno(), writer])
            return Session(control, work, output, files, main, limits)
        except BaseException:
            control.close()
            work.close()
            output.close()
            raise

    def _request(self, limits: Limits, descriptors: list[int]) -> None:
        message = msgspec.msgpack.encode(limits)
        with self._lock:
            for last in (False, True):
                assert self._socket is not None
                try:
                    socket.send_fds(self._socket, [message], descriptors)
                    return
                except OSError as error:
                    if last:
                        raise SandboxUnavailable(f"the zygote does not answer: {error}") from error
                    self._stop()
                    self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            os.set_inheritable(theirs.fileno(), True)
            words, environment = self._command(theirs.fileno())
            self._process = subprocess.Popen(
                words, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/",
            )  # fmt: skip
        self._socket = ours
        ours.settimeout(START_SECONDS)
        try:
            ours.send(msgspec.msgpack.encode(Start(self._preload, not self._unsafe)))
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
            raise SandboxUnavailable(f"the zygote did not start ({reason}): {said}")
        ready = msgspec.msgpack.decode(answer, type=Ready)
        if self._unsafe:
            self.boundary = ("none: --unsafe-no-sandbox",)
            return
        self.boundary, self.problems = ("bubblewrap", *ready.layers), ready.problems
        missing = {"mount namespace", "network namespace"} - set(ready.layers)
        if missing:
            self._stop()
            problems = "; ".join(ready.problems)
            raise SandboxUnavailable(
                f"no {' and no '.join(sorted(missing))} ({problems}). Allow user namespaces "
                "(sysctl kernel.unprivileged_userns_clone=1, or --security-opt seccomp=unconfined for a container)"
            )

    def _command(self, descriptor: int) -> tuple[list[str], dict[str, str]]:
        if self._unsafe:
            place = str(Path(autograder.__file__).parent.parent)
            return [sys.executable, *bubblewrap.interpreter_arguments(place, descriptor)], bubblewrap.environment()
        found = bubblewrap.available()
        if found is None:
            raise SandboxUnavailable("bubblewrap is not installed (Debian and Ubuntu: apt-get install bubblewrap)")
        return bubblewrap.command(found, descriptor), {}

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


class Session:
    """One submission's sandbox. `load_error` is what ended the loading early; what was defined by then stays.

    `own_seconds` adds up the wall time spent waiting for the student's code. After `close`, `output` is complete
    and every process is gone.
    """

    def __init__(
        self,
        control: socket.socket,
        work: socket.socket,
        output: Drain,
        files: dict[str, str],
        main: str,
        limits: Limits,
    ) -> None:
        self._control = control
        self._work = work
        self._drain = output
        self._limits = limits
        self._end = time.monotonic() + limits.submission_seconds
        self._dead: Ended | None = None
        self.own_seconds = 0.0
        self.cpu_seconds = 0.0
        control.settimeout(START_SECONDS)
        self._watch = Watch(_warden(control), limits.memory_mb)
        try:
            self.load_error = self._load(files, main)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def output(self) -> str:
        """What the code printed, up to the limit, with control characters made visible."""
        return self._drain.text

    def _load(self, files: dict[str, str], main: str) -> Raised | None:
        channel = Channel(self._work, Loaded, 1 << 20, self._watch.look)
        began = time.monotonic()
        try:
            channel.send(Load(files, main), began + self._limits.load_seconds)
            loaded: Loaded = channel.receive(began + self._limits.load_seconds)
            return loaded.error
        except TooLate:
            raise Ended(
                Outcome.TIMED_OUT, f"your file did not finish loading in {self._limits.load_seconds:g} s"
            ) from None
        except (Closed, Malformed):
            raise Ended(Outcome.CRASHED, "the process ended while your file was loaded") from None
        finally:
            self.own_seconds += time.monotonic() - began

    @contextmanager
    def check(self, seconds: float | None = None) -> Iterator[SandboxConversation]:
        """A conversation with a fresh fork of the loaded submission; when it ends, so does all it started."""
        if self._dead is not None:
            raise self._dead
        limit = self._limits.check_seconds if seconds is None else seconds
        left = self._end - time.monotonic()
        if left <= 0:
            text = f"the whole submission used up its {self._limits.submission_seconds:g} s"
            raise Ended(Outcome.TIMED_OUT, text)
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                try:
                    socket.send_fds(self._work, [FORK], [theirs.fileno()])
                except OSError:
                    self._dead = Ended(Outcome.CRASHED, "your program ended itself earlier")
                    raise self._dead from None
            conversation = SandboxConversation(ours, min(limit, left), limit, self._limits, self._watch)
            try:
                yield conversation
            finally:
                self.own_seconds += conversation.waited
                ours.close()
                self._sweep()

    def _sweep(self) -> None:
        """End whatever the check left running. A keeper that does not answer is a sandbox that is dead."""
        try:
            self._control.send(SWEEP)
            self._control.settimeout(DEATH_SECONDS)
            if self._control.recv(4096) != SWEPT:
                self._dead = Ended(Outcome.CRASHED, "the sandbox ended early")
        except OSError:
            self._dead = Ended(Outcome.CRASHED, "the sandbox ended early")

    def close(self) -> None:
        """Kill everything and wait until the kernel says that it is gone."""
        if self._control.fileno() < 0:
            return
        self._work.close()
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
            self._control.settimeout(DEATH_SECONDS)
            while True:
                data = self._control.recv(4096)
                if not data:
                    break
                if len(data) > 1:
                    self.cpu_seconds = msgspec.msgpack.decode(data, type=Dead).cpu_seconds
                    break
        self._control.close()
        self._drain.close()


def _warden(control: socket.socket) -> int:
    """The warden's pid as the kernel, not the message, gives it."""
    try:
        _, ancillary, _, _ = control.recvmsg(16, socket.CMSG_SPACE(struct.calcsize("3i")))
    except OSError as error:
        raise SandboxUnavailable(f"no sandbox was forked: {error}") from error
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            return int(struct.unpack("3i", data)[0])
    raise SandboxUnavailable("no sandbox was forked: the zygote is gone")


class SandboxConversation:
    """One check's talk over its socket. After `Ended`, only more of the same."""

    def __init__(self, sock: socket.socket, seconds: float, limit: float, limits: Limits, watch: Watch) -> None:
        self._channel = Channel(sock, Reply, limits.message_mb << 20, watch.look)
        self._left = seconds
        self._limit = limit
        self._ended: Ended | None = None
        self.waited = 0.0

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        """Carry out a request; the clock runs only while the student's side has the word. Raises `Ended`."""
        if self._ended is not None:
            raise self._ended
        try:
            reply = self._exchange(request)
            while isinstance(reply, Ask):
                reply = self._exchange(answer(reply))
            return reply
        except TooLate:
            self._ended = Ended(Outcome.TIMED_OUT, f"stopped after {self._limit:g} s: is there an endless loop?")
        except Malformed as error:
            self._ended = Ended(Outcome.CRASHED, f"the answer could not be read: {error}")
        except Closed:
            self._ended = Ended(Outcome.CRASHED, "your code ended its own process (os._exit, a signal, a crash?)")
        except Ended as ended:
            self._ended = ended
        raise self._ended

    def _exchange(self, message: Request | Returned | Raised) -> Returned | Raised | Ask:
        began = time.monotonic()
        try:
            self._channel.send(message, began + self._left)
            reply: Returned | Raised | Ask = self._channel.receive(began + self._left)
            return reply
        finally:
            spent = time.monotonic() - began
            self._left -= spent
            self.waited += spent
