"""One submission's sandbox: load it, talk to one fork a check, end it."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import msgspec

from autograder.errors import (
    ConnectionClosedError,
    ConversationEndedError,
    DeadlineError,
    MalformedMessageError,
    SandboxUnavailableError,
)
from autograder.model import Outcome
from autograder.protocol.conversation import Answerer
from autograder.protocol.devices import CPU
from autograder.protocol.framing import Channel
from autograder.protocol.limits import Limits
from autograder.protocol.messages import FORK, SWEEP, SWEPT, Ask, Dead, Load, Loaded, Raised, Reply, Request, Returned
from autograder.sandbox.host.output import Drain
from autograder.sandbox.host.resource_monitor import ResourceMonitor

START_SECONDS = 120.0
DEATH_SECONDS = 20.0
SOURCES = 1 << 28


class Session:
    """One submission's sandbox. `load_error` is what ended the loading early; what was defined by then stays.

    `own_seconds` adds up the wall time spent waiting for the student's code. After `close`, `output` is complete
    and every process is gone. `device` is what it computes on.
    """

    def __init__(
        self,
        control: socket.socket,
        work: socket.socket,
        output: Drain,
        files: dict[str, str],
        main: str,
        limits: Limits,
        device: str = CPU,
    ) -> None:
        self.device = device
        self._control = control
        self._work = work
        self._drain = output
        self._limits = limits
        self._end = time.monotonic() + limits.submission_seconds
        self._latest = time.monotonic() + limits.latest_seconds
        self._dead: ConversationEndedError | None = None
        self.own_seconds = 0.0
        self.cpu_seconds = 0.0
        control.settimeout(START_SECONDS)
        self._watch = ResourceMonitor(_supervisor_pid(control), limits, memory_files=device != CPU)
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

    def lengthen(self, seconds: float) -> None:
        """Time that was not this session's does not count, as long as there is any."""
        self._end = min(self._end + seconds, self._latest)

    @property
    def output(self) -> str:
        """What the code printed, up to the limit, with control characters made visible."""
        return self._drain.text

    def _load(self, files: dict[str, str], main: str) -> Raised | None:
        channel = Channel(self._work, Loaded, 1 << 20, self._watch.look, largest_sent=SOURCES)
        began = time.monotonic()
        try:
            channel.send(Load(files, main), began + self._limits.load_seconds)
            loaded: Loaded = channel.receive(began + self._limits.load_seconds)
            return loaded.error
        except DeadlineError:
            raise ConversationEndedError(
                Outcome.TIMED_OUT, f"your file did not finish loading in {self._limits.load_seconds:g} s"
            ) from None
        except (ConnectionClosedError, MalformedMessageError):
            raise ConversationEndedError(Outcome.CRASHED, "the process ended while your file was loaded") from None
        finally:
            self.own_seconds += time.monotonic() - began

    @contextmanager
    def check(self, seconds: float | None = None) -> Iterator[SandboxConversation]:
        """A conversation with a fresh fork of the loaded submission; when it ends, so does all it started."""
        if ended := self._dead or self._watch.spent:
            raise ended
        limit = self._limits.check_seconds if seconds is None else seconds
        left = self._end - time.monotonic()
        if left <= 0:
            text = f"the whole submission used up its {self._limits.submission_seconds:g} s"
            raise ConversationEndedError(Outcome.TIMED_OUT, text)
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                try:
                    socket.send_fds(self._work, [FORK], [theirs.fileno()])
                except OSError:
                    self._dead = ConversationEndedError(Outcome.CRASHED, "your program ended itself earlier")
                    raise self._dead from None
            self._watch.start_check()
            conversation = SandboxConversation(ours, min(limit, left), limit, self._limits, self._watch)
            try:
                yield conversation
            finally:
                self.own_seconds += conversation.waited
                ours.close()
                self._sweep()

    def _sweep(self) -> None:
        """End whatever the check left running. An init process that does not answer is a sandbox that is dead."""
        try:
            self._control.send(SWEEP)
            self._control.settimeout(DEATH_SECONDS)
            if self._control.recv(4096) != SWEPT:
                self._dead = ConversationEndedError(Outcome.CRASHED, "the sandbox ended early")
        except OSError:
            self._dead = ConversationEndedError(Outcome.CRASHED, "the sandbox ended early")

    def close(self) -> None:
        """Kill everything and wait until the kernel says that it is gone. Raises `RuntimeError` if it never does."""
        if self._control.fileno() < 0:
            return
        self._work.close()
        try:
            self._control.shutdown(socket.SHUT_WR)
            self._control.settimeout(DEATH_SECONDS)
            while data := self._control.recv(4096):
                if len(data) > 1:
                    self.cpu_seconds = msgspec.msgpack.decode(data, type=Dead).cpu_seconds
                    break
        except TimeoutError:
            raise RuntimeError(f"a submission's processes live on after {DEATH_SECONDS:g} s") from None
        except OSError:
            pass  # the supervisor is gone, and with it all there was
        finally:
            self._control.close()
            self._drain.close()


def _supervisor_pid(control: socket.socket) -> int:
    """The supervisor's pid as the kernel, not the message, gives it."""
    try:
        _, ancillary, _, _ = control.recvmsg(16, socket.CMSG_SPACE(struct.calcsize("3i")))
    except OSError as error:
        raise SandboxUnavailableError(f"no sandbox was forked: {error}") from error
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            return int(struct.unpack("3i", data)[0])
    raise SandboxUnavailableError("no sandbox was forked: the fork server is gone")


class SandboxConversation:
    """One check's talk over its socket. After `ConversationEndedError`, only more of the same."""

    def __init__(
        self, sock: socket.socket, seconds: float, limit: float, limits: Limits, watch: ResourceMonitor
    ) -> None:
        self._channel = Channel(sock, Reply, limits.message_mb << 20, watch.look)
        self._left = seconds
        self._limit = limit
        self._ended: ConversationEndedError | None = None
        self.waited = 0.0

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        """Carry out a request; the clock runs only while the student's side has the word.

        Raises `ConversationEndedError`.
        """
        if self._ended is not None:
            raise self._ended
        try:
            reply = self._exchange(request)
            while isinstance(reply, Ask):
                reply = self._exchange(answer(reply))
            return reply
        except DeadlineError:
            self._ended = ConversationEndedError(
                Outcome.TIMED_OUT, f"stopped after {self._limit:g} s: is there an endless loop?"
            )
        except MalformedMessageError as error:
            self._ended = ConversationEndedError(Outcome.CRASHED, f"the answer could not be read: {error}")
        except ConnectionClosedError:
            self._ended = ConversationEndedError(
                Outcome.CRASHED, "your code ended its own process (os._exit, a signal, a crash?)"
            )
        except ConversationEndedError as ended:
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
