"""The grader's side of the boundary: a session for each submission, forked from a warm process."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType

from autograder.errors import SandboxUnavailableError
from autograder.protocol.devices import CPU
from autograder.protocol.handed_in import is_handed_in
from autograder.protocol.limits import Limits
from autograder.sandbox.host.launcher import Connection, ForkServer
from autograder.sandbox.host.session import Session
from autograder.sandbox.host.workspace import clear_leftovers

TORCH = ("numpy", "torch", "torch.nn", "torch.utils.data")
SMALL = ("matplotlib.pyplot", "scipy", "tqdm")
LARGE = ("pandas", "sklearn")
"""Libraries of so many files that each fork of a process that has them takes half as long again, and twice as long."""

UNUSED = re.compile(r"^[ \t]*#.*|^if __name__\b.*\n(?:[ \t].*\n|\n)*", re.MULTILINE)
"""Comments, which is what intake makes of much, and the block of a module that is started by itself."""


class Sandbox:
    """Where submissions run. Threads may share it.

    The first fork server has what most submissions need, as `typical`, the source of a typical one, tells. Another is
    started for the first submission that names a larger library. With `preload`, there is one, which has imported that.

    `private` names the grader's own files, for the trial to try. `without` names layers to leave out: for tests, and
    to see what the rest is good for. With `unsafe`, no boundary is asked for.

    `device` is what students' code computes on. A second one, whose driver wants more of the machine, is to be had with
    namespaces only. What killed runs have left is cleared first. Raises `SandboxUnavailableError`.
    """

    def __init__(
        self,
        *,
        typical: str = "",
        preload: tuple[str, ...] | None = None,
        unsafe: bool = False,
        private: Iterable[Path] = (),
        without: Iterable[str] = (),
        device: str = CPU,
    ) -> None:
        self.device = device
        clear_leftovers()
        self._new = partial(ForkServer, unsafe=unsafe, private=tuple(private), without=tuple(without), device=device)
        first = _level(named_in({"": typical}, LARGE)) if preload is None else len(LARGE)
        self._usual = self._new((*TORCH, *SMALL, *LARGE[:first]) if preload is None else preload)
        self._servers = {first: self._usual}  # by how many of the large libraries they have
        self._starting = threading.Lock()
        self._closed = False

    @property
    def boundary(self) -> tuple[str, ...]:
        """The layers that hold."""
        return self._usual.boundary

    memory_mb: int | None = None
    """Megabytes that there are for one submission, where that is less than its limit: here there is enough."""

    @property
    def proofs(self) -> tuple[str, ...]:
        """What a trial fork could not reach."""
        return self._usual.proofs

    @property
    def problems(self) -> tuple[str, ...]:
        """Why other layers do not hold."""
        return self._usual.problems

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the fork servers and with them every session that is still open."""
        with self._starting:
            self._closed = True
            for server in self._servers.values():
                server.close()

    def open(self, files: dict[str, str], main: str, limits: Limits) -> Session:
        """Open a sandbox with the submission loaded; a fork server that is gone is started again.

        Raises:
            ConversationEndedError: when loading does not end well for the student.
            SandboxUnavailableError: when there is no sandbox to be had.
        """
        server = self._server(_level(named_in(files, LARGE)))
        try:
            return server.open(files, main, limits)
        except SandboxUnavailableError:
            if server is self._usual:
                raise
        self._give_up(server)
        return self._usual.open(files, main, limits)

    def connect(self, libraries: Iterable[str], broken: int | None = None) -> Connection:
        """Return a connection to a fork server that has imported `libraries`, as far as any has.

        Args:
            libraries: those that a submission names.
            broken: the start number of the last connection, if that did not answer: the fork server is started again.

        Raises:
            SandboxUnavailableError: when there is no sandbox to be had.
        """
        server = self._server(_level(tuple(libraries)))
        if broken is not None:
            try:
                server.restart(broken)
            except SandboxUnavailableError:
                if server is self._usual:
                    raise
                self._give_up(server)
                server = self._usual
        return server.connect()

    def _server(self, level: int) -> ForkServer:
        """The smallest that has as much, started if there is none. Those who need no more do not wait for that."""
        found = self._running(level)
        if found is None:
            with self._starting:
                if self._closed:
                    raise SandboxUnavailableError("the sandbox is closed")
                found = self._running(level)  # another thread may have waited for the same
                if found is None:
                    found = self._started(level)
                    self._servers = {**self._servers, level: found}
        return found

    def _running(self, level: int) -> ForkServer | None:
        servers = self._servers
        return min(((has, server) for has, server in servers.items() if has >= level), default=(0, None))[1]

    def _started(self, level: int) -> ForkServer:
        """One behind the same boundary, or else the usual one: then the submission imports what it needs."""
        try:
            return self._new((*TORCH, *SMALL, *LARGE[:level]), same_layers_as=self._usual)
        except SandboxUnavailableError:
            return self._usual

    def _give_up(self, server: ForkServer) -> None:
        """It cannot be started again: from now on the usual one does its work."""
        with self._starting:
            self._servers = {has: self._usual if one is server else one for has, one in self._servers.items()}
        server.close()


def _level(named: tuple[str, ...]) -> int:
    """Return how many of the large libraries there are, up to the largest that is named."""
    return max((LARGE.index(name) + 1 for name in named if name in LARGE), default=0)


def named_in(files: Mapping[str, str], libraries: Iterable[str]) -> tuple[str, ...]:
    """Those of the libraries that the sources name. What a module does only when it is started by itself, on data at
    home, does not count. A name too many makes forks slow, one too few makes an import part of the student's time."""
    text = "\n".join(UNUSED.sub("", f"{source}\n") for name, source in files.items() if not is_handed_in(name))
    return tuple(name for name in libraries if re.search(rf"\b{name.partition('.')[0]}\b", text))
