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
    LoadEndedError,
    MalformedMessageError,
    SandboxUnavailableError,
)
from autograder.model import Outcome
from autograder.protocol.conversation import Answerer
from autograder.protocol.devices import CPU
from autograder.protocol.framing import Channel
from autograder.protocol.limits import WALL_FACTOR, Limits, OpenSandbox
from autograder.protocol.messages import (
    FORK,
    SWEEP,
    SWEPT,
    Ask,
    Dead,
    Load,
    Loaded,
    Loading,
    Raised,
    Reply,
    Request,
    Returned,
)
from autograder.sandbox.host.output import Drain
from autograder.sandbox.host.resource_monitor import ResourceMonitor

START_SECONDS = 120.0
DEATH_SECONDS = 60.0
"""Seconds that the kernel gets to end a sandbox's processes: much more than it needs on a quiet machine."""
LEAST_SECONDS = 2.0
"""CPU seconds that even a function gets which did not come to an end before."""
SOURCES = 1 << 28
STATEMENT = 0.5
"""The part of a file's seconds that one statement may use while the file is loaded."""
MAX_STEPS = 2_000
"""Statements that are followed one by one: what comes after them counts as one."""
SLOW_MACHINE = "The machine was too busy to run your code in time. That is not your fault and costs you nothing."


def open_session(
    server: socket.socket,
    files: dict[str, str],
    main: str,
    limits: Limits,
    *,
    cores: tuple[int, ...] = (),
    device: str = CPU,
    patience: float = WALL_FACTOR,
    leeway: float = 1.0,
    skipped: tuple[tuple[str, int], ...] = (),
    plain: bool = False,
) -> Session:
    """Ask the fork server at the other end of `server` for a sandbox, and load a submission in it.

    Args:
        server: the socket of a fork server.
        files: the submission's sources by relative path.
        main: the file to run.
        limits: what it may use.
        cores: the CPU cores to stay on; none for all of them.
        device: what the code computes on.
        patience: how many times longer than its CPU seconds a check may take by the clock.
        leeway: how many times its CPU seconds it may use.
        skipped: statements that are not run, by file and line.
        plain: whether only definitions, imports and plain values are loaded.

    Raises:
        ConversationEndedError: when loading does not end well for the student; `LoadEndedError` where one statement is
            to blame.
        SandboxUnavailableError: when the fork server is gone.
    """
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    work, their_work = socket.socketpair()
    output = Drain(limits.output_kb << 10)
    control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    request = msgspec.msgpack.encode(OpenSandbox(limits, cores))
    try:
        with theirs, their_work, output.writer() as writer:
            try:
                socket.send_fds(server, [request], [theirs.fileno(), their_work.fileno(), writer])
            except OSError as error:
                raise SandboxUnavailableError(f"the fork server does not answer: {error}") from error
        return Session(control, work, output, Load(files, main, skipped, plain), limits, device, patience, leeway)
    except BaseException:
        control.close()
        work.close()
        output.close()
        raise


class Session:
    """One submission's sandbox.

    `load_error` is what ended the loading early; what was defined by then stays. `cpu_seconds` adds up the CPU time of
    loading and of the checks, `own_seconds` the wall time spent waiting for the student's code. `dead` tells that no
    further check can be run here. After `close`, `output` is complete and every process is gone.
    """

    def __init__(
        self,
        control: socket.socket,
        work: socket.socket,
        output: Drain,
        wanted: Load,
        limits: Limits,
        device: str = CPU,
        patience: float = WALL_FACTOR,
        leeway: float = 1.0,
    ) -> None:
        self.device = device
        self.dead = False
        self.own_seconds = 0.0
        self.cpu_seconds = 0.0
        self._control = control
        self._work = work
        self._drain = output
        self._limits = limits
        self._patience = patience
        self._leeway = leeway
        control.settimeout(START_SECONDS)
        self._monitor = ResourceMonitor(_supervisor_pid(control), limits, leeway)
        try:
            self.load_error = self._load(wanted)
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
    def starved(self) -> bool:
        """Whether the machine kept the last check waiting."""
        return self._monitor.starved()

    @property
    def idle_seconds(self) -> float:
        """The time in which the code had the word and waited for something of its own: a sleep, a lock, input."""
        return self._monitor.idle

    @property
    def output(self) -> str:
        """What the code printed, up to the limit, with control characters made visible."""
        return self._drain.text

    def _load(self, wanted: Load) -> Raised | None:
        began = time.monotonic()
        try:
            channel = Channel(self._work, Loaded | Loading, 1 << 20, self._monitor.look, largest_sent=SOURCES)
            loading = _Loading(self._monitor, self._limits.load_seconds, self._patience, self._leeway)
            return loading.result(channel, wanted)
        finally:
            self.own_seconds += time.monotonic() - began
            self.cpu_seconds += loading.used()

    @contextmanager
    def check(self, seconds: float | None = None) -> Iterator[SandboxConversation]:
        """Open a conversation with a fresh fork of the loaded submission; when it ends, so does all it started.

        Raises:
            ConversationEndedError: when the submission's process has ended. The session is then `dead`.
        """
        allowed = self._limits.check_seconds if seconds is None else seconds
        ours, theirs = socket.socketpair()
        with ours:
            self._monitor.start(allowed * self._leeway, allowed)
            with theirs:
                try:
                    socket.send_fds(self._work, [FORK], [theirs.fileno()])
                except OSError:
                    self.dead = True
                    raise ConversationEndedError(Outcome.CRASHED, "your program ended itself earlier") from None
            conversation = SandboxConversation(ours, allowed, allowed * self._patience, self._limits, self._monitor)
            try:
                yield conversation
            finally:
                self.own_seconds += conversation.waited
                self.cpu_seconds += self._monitor.used()
                ours.close()
                self._sweep()

    def _sweep(self) -> None:
        """End whatever the check left running. An init process that does not answer makes a sandbox dead."""
        try:
            self._control.send(SWEEP)
            self._control.settimeout(DEATH_SECONDS)
            self.dead = self.dead or self._control.recv(4096) != SWEPT
        except OSError:
            self.dead = True

    def close(self) -> None:
        """Kill everything and wait until the kernel says that it is gone. Raises `RuntimeError` if it never does."""
        if self._control.fileno() < 0:
            return
        self.dead = True
        self._work.close()
        try:
            self._control.shutdown(socket.SHUT_WR)
            self._control.settimeout(DEATH_SECONDS)
            while data := self._control.recv(4096):
                if len(data) > 1:
                    msgspec.msgpack.decode(data, type=Dead)
                    break
        except TimeoutError:
            raise RuntimeError(f"a submission's processes live on after {DEATH_SECONDS:g} s") from None
        except OSError:
            pass  # the supervisor is gone, and with it all there was
        finally:
            self._control.close()
            self._drain.close()


class _Loading:
    """Follows a file from statement to statement while it is loaded: what one of them costs is contained.

    A statement has its part of the seconds, and all together have no more than the whole.
    """

    def __init__(self, monitor: ResourceMonitor, seconds: float, patience: float, leeway: float) -> None:
        self._monitor = monitor
        self._leeway = leeway
        self._patience = patience
        self._share = self._allowed = seconds
        self._left = seconds
        self._before = 0.0
        self._ends = self._deadline = time.monotonic() + seconds * patience
        self._statement: Loading | None = None

    def used(self) -> float:
        """Return the CPU seconds used so far."""
        return self._before + self._monitor.used()

    def result(self, channel: Channel, wanted: Load) -> Raised | None:
        """Send the sources, and return the error that ended the loading early, if any.

        Raises `ConversationEndedError`.
        """
        try:
            channel.send(wanted, self._deadline)
            steps = 0
            while isinstance(message := channel.receive(self._deadline), Loading):
                steps += 1
                if steps < MAX_STEPS:
                    self._next(message)
            self._decided()
            error: Raised | None = message.error
            return error
        except DeadlineError:
            seconds = self._allowed * self._patience
            ended = _waited_too_long(self._monitor, seconds, "your file waits while it is loaded")
            raise self._blamed(ended, f"waited for {seconds:g} s (sleep, input, a lock?)") from None
        except ConversationEndedError as ended:
            if ended.outcome is not Outcome.TIMED_OUT:
                raise self._blamed(ended, f"took {ended.message}") from None
            text = f"your file did not finish loading in {self._allowed:g} s of computing"
            slow = ConversationEndedError(Outcome.TIMED_OUT, text)
            raise self._blamed(slow, f"did not come to its end in {self._allowed:g} s of computing") from None
        except (ConnectionClosedError, MalformedMessageError):
            crashed = ConversationEndedError(Outcome.CRASHED, "the process ended while your file was loaded")
            raise self._blamed(crashed, "ended the process") from None

    def _next(self, statement: Loading) -> None:
        self._decided()
        used = self._monitor.used()
        self._before += used
        self._left -= used
        self._statement = statement
        self._allowed = max(LEAST_SECONDS / 2, min(self._share * STATEMENT, self._left))
        self._deadline = min(self._ends, time.monotonic() + self._allowed * self._patience)
        self._monitor.start(self._allowed * self._leeway, self._allowed)

    def _decided(self) -> None:
        """Leave it to a run alone to decide on what needed more than it has there. Raises `ConversationEndedError`."""
        if self._leeway > 1 and self._monitor.used() > self._allowed:
            raise ConversationEndedError(Outcome.GRADER_ERROR, SLOW_MACHINE)

    def _blamed(self, ended: ConversationEndedError, did: str) -> ConversationEndedError:
        """Return the error with the statement that is to blame, if one is."""
        at = self._statement
        if at is None or ended.outcome is Outcome.GRADER_ERROR:
            return ended
        return LoadEndedError(ended.outcome, ended.message, did, at.file, at.line, at.place)


def _supervisor_pid(control: socket.socket) -> int:
    """Return the supervisor's pid as the kernel, not the message, gives it."""
    try:
        _, ancillary, _, _ = control.recvmsg(16, socket.CMSG_SPACE(struct.calcsize("3i")))
    except OSError as error:
        raise SandboxUnavailableError(f"no sandbox was forked: {error}") from error
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            return int(struct.unpack("3i", data)[0])
    raise SandboxUnavailableError("no sandbox was forked: the fork server is gone")


def _waited_too_long(monitor: ResourceMonitor, seconds: float, what: str) -> ConversationEndedError:
    """Say who is to blame for time that passed without the CPU seconds being used: the machine, or code that waits."""
    if monitor.starved():
        return ConversationEndedError(Outcome.GRADER_ERROR, SLOW_MACHINE)
    return ConversationEndedError(
        Outcome.TIMED_OUT,
        f"{what}: stopped after {seconds:g} s, most of them without computing (sleep, input, a lock?)",
    )


class SandboxConversation:
    """One check's conversation over its socket. After `ConversationEndedError`, there is only more of the same.

    `waited` is the wall time that the student's side had the word.
    """

    def __init__(
        self, sock: socket.socket, allowed: float, seconds: float, limits: Limits, monitor: ResourceMonitor
    ) -> None:
        self._channel = Channel(sock, Reply, limits.message_mb << 20, monitor.look)
        self._monitor = monitor
        self._seconds = seconds
        self._left = seconds
        self._allowed = allowed
        self._ended: ConversationEndedError | None = None
        self.waited = 0.0

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        """Carry out a request; the clock runs only while the student's side has the word."""
        if self._ended is not None:
            raise self._ended
        try:
            reply = self._exchange(request)
            while isinstance(reply, Ask):
                reply = self._exchange(answer(reply))
            return reply
        except DeadlineError:
            self._ended = _waited_too_long(self._monitor, self._seconds, "your code waits")
        except MalformedMessageError as error:
            text = f"the answer could not be read: {error}"
            self._ended = ConversationEndedError(Outcome.CRASHED, text)
        except ConnectionClosedError:
            text = "your code ended its own process (os._exit, a signal, a crash?)"
            self._ended = ConversationEndedError(Outcome.CRASHED, text)
        except ConversationEndedError as ended:
            self._ended = ended
        raise self._ended

    @property
    def ended(self) -> ConversationEndedError | None:
        """How the conversation ended, if it did before its end."""
        return self._ended

    @property
    def used(self) -> float:
        """Of CPU seconds; above 1 where a check has leeway."""
        return self._monitor.used() / self._allowed

    def hurry(self) -> None:
        """Leave a tenth of the time, but two seconds at least."""
        little = max(LEAST_SECONDS, self._allowed / 10)
        if little < self._allowed:
            self._monitor.hurry(little)
            self._left = min(self._left, little * self._seconds / self._allowed)

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
