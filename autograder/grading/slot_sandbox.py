"""How a slot comes to a sandbox: the scheduler gives it a socket to a fork server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import msgspec

from autograder.errors import SandboxUnavailableError
from autograder.protocol.devices import CPU
from autograder.protocol.limits import WALL_FACTOR, Limits
from autograder.sandbox.host.launcher import STARTS, Connection
from autograder.sandbox.host.sandbox import LARGE, SMALL, named_in
from autograder.sandbox.host.session import Session, open_session


@dataclass(frozen=True)
class Sandboxed:
    """A connection to a fork server, the layers that hold there, and the megabytes that there are for a submission,
    where that is less than its limit."""

    connection: Connection
    boundary: tuple[str, ...]
    memory_mb: int | None = None


class Connector(Protocol):
    """Gets a connection to a fork server. `sandbox.host.sandbox.Sandbox.connect` is what it comes to in the end."""

    def __call__(self, device: str, libraries: tuple[str, ...], broken: int | None) -> Sandboxed:
        """Return the connection. Raises `SandboxUnavailableError`."""
        ...


class SlotSandbox:
    """Opens sandboxes for one submission, on the slot's own cores.

    Args:
        connect: gets a connection to a fork server.
        device: what the code computes on.
        cores: the CPU cores of the slot.
        patience: how many times longer than its CPU seconds a check may take by the clock.
        leeway: how many times its CPU seconds it may use.
    """

    def __init__(
        self,
        connect: Connector,
        device: str = CPU,
        cores: tuple[int, ...] = (),
        patience: float = WALL_FACTOR,
        leeway: float = 1.0,
    ) -> None:
        self._connect = connect
        self._cores = cores
        self._found: Sandboxed | None = None
        self.device = device
        self.patience = patience
        self.leeway = leeway

    @property
    def boundary(self) -> tuple[str, ...]:
        """The layers that hold; none before the first sandbox was opened."""
        return self._found.boundary if self._found else ()

    def open(
        self,
        files: dict[str, str],
        main: str,
        limits: Limits,
        skipped: tuple[tuple[str, int], ...] = (),
        plain: bool = False,
    ) -> Session:
        """Open a sandbox with the submission loaded, but for the statements `skipped`, or for all that compute.

        Raises:
            ConversationEndedError: when loading does not end well for the student.
            SandboxUnavailableError: when there is no sandbox to be had.
        """
        libraries = named_in(files, (*SMALL, *LARGE))
        for last in (False,) * STARTS + (True,):
            found = self._found or self._connect(self.device, libraries, None)
            self._found = found
            if found.memory_mb is not None and found.memory_mb < limits.memory_mb:
                limits = msgspec.structs.replace(limits, memory_mb=found.memory_mb)
            try:
                return open_session(
                    found.connection.sock, files, main, limits,
                    cores=self._cores, device=self.device, patience=self.patience, leeway=self.leeway,
                    skipped=skipped, plain=plain,
                )  # fmt: skip
            except SandboxUnavailableError:
                if last:
                    raise
                found.connection.sock.close()
                self._found = self._connect(self.device, libraries, found.connection.start)
        raise AssertionError("unreachable")
