"""The grader's side: start the zygote, open a session a submission, talk to one fork a check."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import msgspec

import autograder
from autograder.model import Outcome
from autograder.sandbox import bubblewrap, system
from autograder.sandbox.conversation import NO_BOUNDARY, Answerer, Ended, SandboxUnavailable
from autograder.sandbox.framing import Channel, Closed, Malformed, TooLate
from autograder.sandbox.limits import Limits
from autograder.sandbox.messages import Ask, Raised, Reply, Request, Returned
from autograder.sandbox.output import Drain
from autograder.sandbox.template import FORK, Load, Loaded
from autograder.sandbox.trial import Ready, Start, homes
from autograder.sandbox.watch import Watch
from autograder.sandbox.zygote import SWEEP, SWEPT, Dead

PRELOAD = ("numpy", "pandas", "matplotlib.pyplot", "sklearn", "scipy", "tqdm", "torch", "torch.nn", "torch.utils.data")
STARTS = 2
"""How often a zygote that is gone is started again for one submission."""
START_SECONDS = 120.0
DEATH_SECONDS = 20.0
SOURCES = 1 << 28


class Sandbox:
    """The warm zygote of this machine. Threads may share it; it is started again if it dies.

    It starts in bubblewrap, or where that cannot be had by itself, with the layers that need no namespaces. Either
    way a trial fork has to fail to reach the grader's files, other machines and other processes.

    `private` names the grader's own files, for the trial to try. `boundary` names the layers that held, `proofs` what
    they kept out, `problems` why other layers did not hold. `without` names layers to leave out: for tests, and to see
    what the rest is good for. With `unsafe`, no boundary is asked for.
    """

    def __init__(
        self,
        *,
        preload: tuple[str, ...] = PRELOAD,
        unsafe: bool = False,
        private: Iterable[Path] = (),
        without: Iterable[str] = (),
    ) -> None:
        self._preload = preload
        self._unsafe = unsafe
        self._private = tuple(str(path) for path in private)
        self._without = tuple(without)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._ways: tuple[str | None, ...] = ()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.boundary: tuple[str, ...] = ()
        self.proofs: tuple[str, ...] = ()
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
        and `SandboxUnavailable`. A zygote that is gone is started again."""
        for _ in range(STARTS):
            zygote = self._process
            try:
                return self._opened(files, main, limits)
            except SandboxUnavailable:
                with self._lock:
                    if self._process is zygote:  # nobody else has seen to it
                        self._stop()
                        self._start()
        return self._opened(files, main, limits)

    def _opened(self, files: dict[str, str], main: str, limits: Limits) -> Session:
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
        with self._lock:
            if self._socket is None:
                raise SandboxUnavailable("the sandbox is closed")
            try:
                socket.send_fds(self._socket, [msgspec.msgpack.encode(limits)], descriptors)
            except OSError as error:
                raise SandboxUnavailable(f"the zygote does not answer: {error}") from error

    def _start(self) -> None:
        """In bubblewrap if possible. Raises `SandboxUnavailable`."""
        if self._unsafe:
            self._launch(bwrap=None)
            self.boundary = NO_BOUNDARY
            return
        problems: list[str] = []
        unwanted = "bubblewrap" in self._without
        bwrap = None if unwanted else bubblewrap.available()
        if bwrap is None:
            why = "not wanted" if unwanted else "is not installed (Debian and Ubuntu: apt-get install bubblewrap)"
            problems.append(f"bubblewrap {why}")
        for way in self._ways or ((bwrap, None) if bwrap else (None,)):
            try:
                ready = self._launch(way)
            except SandboxUnavailable as error:
                problems.append(f"{'in' if way else 'without'} bubblewrap: {error}")
                continue
            self._ways = (way,)  # started again, it is never less than it was
            self.boundary = (*(("bubblewrap",) if way else ()), *ready.layers)
            self.proofs, self.problems = ready.proofs, (*problems, *ready.problems)
            return
        raise SandboxUnavailable(
            f"{'; '.join(problems)}. Run the grader as root or allow user namespaces "
            "(sysctl kernel.unprivileged_userns_clone=1), and install libseccomp2: docs/boundary.md"
        )

    def _launch(self, bwrap: str | None) -> Ready:
        """Start the zygote and wait until it is warm. Raises `SandboxUnavailable`, with nothing left behind."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._folder = tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)
        bait = _furnish(Path(self._folder.name))
        with theirs:
            os.set_inheritable(theirs.fileno(), True)
            if bwrap:
                words, environment = bubblewrap.command(bwrap, theirs.fileno()), {}
            else:
                place = str(Path(autograder.__file__).parent.parent)
                words = [sys.executable, *system.interpreter_arguments(place, theirs.fileno())]
                environment = system.environment(f"{self._folder.name}/zygote")
            self._process = subprocess.Popen(
                words, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/",
            )  # fmt: skip
        self._socket = ours
        ours.settimeout(START_SECONDS)
        base = "" if bwrap else self._folder.name
        start = Start(
            self._preload, not self._unsafe, base, str(bait), self._private, os.getpid(), self._without
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
            raise SandboxUnavailable(f"the zygote did not start ({reason}): {said}")
        ready = msgspec.msgpack.decode(answer, type=Ready)
        if ready.missing:
            self._stop()
            raise SandboxUnavailable(
                f"no boundary for {', '.join(ready.missing)} ({'; '.join(dict.fromkeys(ready.problems))})"
            )
        return ready

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
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _furnish(folder: Path) -> Path:
    """A folder for a zygote without bubblewrap, with a file in it that its mode lets everybody read: the bait."""
    folder.chmod(0o755)
    for name in (homes(str(folder)), folder / "zygote"):
        Path(name).mkdir(mode=0o755)
    bait = folder / "bait"
    bait.write_text("a file of the grader's\n", encoding="ascii")
    bait.chmod(0o644)
    return bait


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
        self._watch = Watch(_warden(control), limits)
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
        channel = Channel(self._work, Loaded, 1 << 20, self._watch.look, largest_sent=SOURCES)
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
        if ended := self._dead or self._watch.spent:
            raise ended
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
            self._watch.start_check()
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
            pass  # the warden is gone, and with it all there was
        finally:
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
