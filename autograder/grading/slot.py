"""A slot: the process that reads and grades one submission, forked from the warm grader.

Whatever is in a student's hand happens here, under a memory cap: reading, searching the source, decoding answers,
rubric code, comparing, stand-ins. The scheduler only hears what came of it, and watches the clock.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import traceback
from pathlib import Path
from typing import NoReturn

from autograder.errors import (
    AutograderError,
    ConnectionClosedError,
    RejectedError,
    SandboxUnavailableError,
    StorageError,
    WorkTimeoutError,
)
from autograder.grading.alarm import cpu_limit
from autograder.grading.engine import Engine
from autograder.grading.grade import grade
from autograder.grading.hosts import LocalHost
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
    Probed,
    Read,
    Refused,
    Result,
    ToSlot,
    WasRead,
)
from autograder.grading.settings import GradingSettings
from autograder.grading.slot_sandbox import Sandboxed, SlotSandbox
from autograder.intake import read_whole
from autograder.intake.stored import stored_cells
from autograder.model import Submission
from autograder.protocol.devices import CPU
from autograder.protocol.framing import Channel
from autograder.rubric.assignment import Assignment
from autograder.rubric.exercise import Check
from autograder.sandbox.host.launcher import Connection
from autograder.sandbox.layers import kernel
from autograder.sandbox.layers.rlimits import data_size

READ_SECONDS = 60.0
"""CPU seconds for reading a submission."""
ALONE_FACTOR = 3.0
"""How many times longer by the clock a check may take where nothing else runs."""
TOO_LONG = "Your file takes too long, or too much memory, to read. Hand in plain code."


def run_slot(
    sock: socket.socket, assignment: Assignment, settings: GradingSettings, cores: tuple[int, ...]
) -> NoReturn:
    """Be a slot until the scheduler closes the socket. Never returns."""
    with contextlib.suppress(BaseException):
        _settle(settings, cores)
        _Slot(sock, assignment, settings, cores).serve()
    os._exit(0)


def _settle(settings: GradingSettings, cores: tuple[int, ...]) -> None:
    """Take the slot's core and its part of the memory, and end with the warm grader."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if cores:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, cores)
    limit = data_size() + (settings.slot_mb << 20)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("500")  # where the machine has less, a slot goes before the grader, and a student's code before it


class _Slot:
    """The conversation with the scheduler."""

    def __init__(
        self, sock: socket.socket, assignment: Assignment, settings: GradingSettings, cores: tuple[int, ...]
    ) -> None:
        self._sock = sock
        self._channel = Channel(sock, ToSlot, LARGEST)
        self._assignment = assignment
        self._settings = settings
        self._cores = cores
        self._submission: Submission | None = None
        self._patience = settings.patience
        self._leeway = 1.0

    def serve(self) -> None:
        """Answer the scheduler's questions until it is gone."""
        while True:
            match self._channel.receive():
                case Read() as question:
                    self._say(self._read(question))
                case Grade() as question:
                    self._say(self._graded(question))
                case Probe(check=name):
                    self._probe(name)
                    self._say(Probed())

    def _say(self, message: FromSlot) -> None:
        self._channel.send(message)

    def _read(self, question: Read) -> WasRead | Refused | Failed:
        reading = self._settings.reading
        try:
            with cpu_limit(READ_SECONDS):
                whole = read_whole(
                    Path(os.fsdecode(question.path)),
                    question.student,
                    main=reading.main,
                    packages=frozenset(reading.packages),
                    run_top_level=reading.run_top_level,
                    max_bytes=reading.max_bytes,
                    expected=self._assignment.rubric.functions,
                    within=Path(os.fsdecode(question.within)),
                    questions=self._assignment.questions,
                    asked=self._assignment.rubric.files,
                )
                cells = stored_cells(whole.original, whole.name) if reading.keep_cells else ()
                self._submission = whole.submission
        except RejectedError as rejected:
            return Refused(rejected.reason)
        except RecursionError:
            return Refused("Your file is nested too deeply to be read. Hand in plain code.")
        except (WorkTimeoutError, MemoryError):
            return Refused(TOO_LONG)
        except StorageError as error:
            return Failed(str(error), storage=True)
        except Exception:
            return Failed(f"The grader could not read this submission:\n{traceback.format_exc(limit=-4)}")
        return WasRead(whole.submission.digest, whole.submission.notes, cells, whole.submission.answers)

    def _graded(self, question: Grade) -> Finished | Failed:
        assert self._submission is not None
        self._patience = self._settings.patience * (ALONE_FACTOR if question.alone else question.leeway)
        self._leeway = question.leeway
        try:
            report = grade(
                self._submission,
                self._assignment,
                self._settings,
                self._sandbox(CPU),
                second=None if self._settings.device == CPU else self._sandbox(self._settings.device),
                begin=self._begin,
                progress=lambda result: self._say(Result(result)),
                known={result.name: result for result in question.known},
                earlier=question.earlier,
                given_up=question.given_up,
                broken=question.broken,
            )
        except ConnectionClosedError:
            raise
        except SandboxUnavailableError as error:
            return Failed(str(error), no_sandbox=True)
        except Exception as error:
            said = str(error) if isinstance(error, AutograderError) else traceback.format_exc(limit=-4)
            return Failed(f"The grader failed on this submission:\n{said}")
        return Finished(report)

    def _probe(self, name: str) -> None:
        """Run a check on the reference. Whatever comes of it, this process outlives it, or does not."""
        check = next(check for check in self._assignment.rubric.checks if check.name == name)
        host = LocalHost(self._assignment.solution, timed=True)
        Engine(self._assignment, self._settings.secret, limited=True).run_check(host, check, "probe", hints=False)

    def _begin(self, check: Check) -> None:
        seconds = self._settings.limits.check_seconds if check.seconds is None else check.seconds
        self._say(Began(check.name, seconds * self._patience))

    def _sandbox(self, device: str) -> SlotSandbox:
        return SlotSandbox(self._connect, device, self._cores, self._patience, self._leeway)

    def _connect(self, device: str, libraries: tuple[str, ...], broken: int | None) -> Sandboxed:
        """Ask the scheduler for a connection to a fork server."""
        self._say(Connect(device, libraries, broken))
        match self._channel.receive():
            case Connected(start=start, boundary=boundary, memory_mb=memory_mb):
                self._sock.setblocking(True)
                _, descriptors, _, _ = socket.recv_fds(self._sock, 1, 1)
                self._sock.setblocking(False)
                return Sandboxed(Connection(socket.socket(fileno=descriptors[0]), start), boundary, memory_mb)
            case NotConnected(problem=problem):
                raise SandboxUnavailableError(problem)
            case other:
                raise RuntimeError(f"the scheduler answered {type(other).__name__}")
