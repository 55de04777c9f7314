"""Which layers hold on this machine, and what they keep out: found by trying, in a fork that is thrown away."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec

from autograder.protocol.devices import CPU
from autograder.protocol.limits import Limits
from autograder.sandbox.layers import exposure, kernel
from autograder.sandbox.layers.namespaces import (
    Confinement,
    become,
    cover,
    filtered,
    landlocked,
    own_namespaces,
    stays_root,
)
from autograder.sandbox.layers.rlimits import data_size, limit_resources

UNPRIVILEGED = 60001
"""The first uid that students' code runs under where the grader is root."""
USERS = 4_000
"""How many uids, from the first, are handed out in turn where each submission has one of its own."""
PROOFS = ("file system", "network", "processes")
"""What has to be out of reach for a student's code, by whichever layer."""
NOWHERE = ("192.0.2.1", 9)
"""An address kept for documentation. Connecting a datagram socket asks for a route and sends nothing."""


class Start(msgspec.Struct, frozen=True):
    """The grader's first message: what to import, and what has to be out of reach.

    `base` is a folder for the fork server where there is no bubblewrap, `bait` a file there that everybody may read
    by its mode, `private` the grader's own files (paths in any encoding), `grader` its pid; `without` names layers
    that are not to be used; `device` is what students' code computes on.
    """

    preload: tuple[str, ...]
    boundary: bool
    base: str = ""
    bait: str = ""
    private: tuple[bytes, ...] = ()
    grader: int = 0
    without: tuple[str, ...] = ()
    device: str = CPU


class Ready(msgspec.Struct, frozen=True):
    """The fork server's answer: the layers that held in the trial, what they kept out, and what went wrong."""

    layers: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What was not kept out."""
        return tuple(proof for proof in PROOFS if proof not in self.proofs)


def try_layers(start: Start, *, namespaces: bool) -> Ready:
    """Do in a fork what is done to a student's code, then try to break out."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with contextlib.suppress(BaseException):
            _Trial(start, writer).run(namespaces=namespaces)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return msgspec.msgpack.decode(said, type=Ready) if said else Ready(problems=("the trial ended early",))


def homes(base: str) -> str:
    """Where the submissions' own folders lie, for those that have no private /tmp."""
    return f"{base}/homes" if base else "/tmp"


def readable(base: str, device: str) -> tuple[str, ...]:
    """What Landlock lets a submission read: all there is, where bubblewrap has left out the rest."""
    return exposure.readable(device) if base else ("/",)


class _Trial:
    def __init__(self, start: Start, writer: int) -> None:
        self._start = start
        self._writer = writer
        self._layers: list[str] = []
        self._problems: list[str] = []
        self._proofs: list[str] = []

    def run(self, *, namespaces: bool) -> None:
        """The layers from the outside in, as supervisor, init process and template put them on."""
        limits, data, device = Limits(), data_size(), self._start.device
        later = stays_root(device)
        if os.getuid() == 0 and not later:
            another = self._attempt("separate user", _another_user)
            if not another and not namespaces:  # root with all its rights is nobody to run a student's code
                return self._tell()
        if namespaces:
            if not self._attempt("pid namespace" if later else "user namespace", lambda: own_namespaces(device)):
                return self._tell()
            self._layers += [*(() if later else ("pid namespace",)), "network namespace", "ipc namespace"]
            child = os.fork()  # the first process of the new pid namespace
            if child:
                os.waitpid(child, 0)
                return None
            if not self._attempt("mount namespace", lambda: cover(limits, device)):
                return self._tell()
            if later and not self._attempt("separate user", _another_user):
                return self._tell()
        else:
            self._problems.append("user namespace: not used")
        base = self._start.base
        confinement = Confinement(
            frozenset(self._layers), home=homes(base), readable=readable(base, device), device=device
        )
        self._attempt("no new privileges", lambda: kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1))
        self._attempt("rlimits", lambda: limit_resources(limits, data))
        self._attempt("landlock", lambda: landlocked(confinement))
        self._attempt("seccomp", lambda: filtered(confinement))
        for proof, broken in (("file system", self._read), ("network", _reach), ("processes", self._signal)):
            found = broken()
            if found:
                self._problems.append(f"{proof}: {found}")
            else:
                self._proofs.append(proof)
        return self._tell()

    def _attempt(self, name: str, step: Callable[[], None]) -> bool:
        if name in self._start.without:
            self._problems.append(f"{name}: not wanted")
            return False
        try:
            step()
        except (OSError, ImportError, RuntimeError) as error:
            self._problems.append(f"{name}: {error}")
            return False
        self._layers.append(name)
        return True

    def _tell(self) -> None:
        ready = Ready(tuple(self._layers), tuple(self._proofs), tuple(self._problems))
        os.write(self._writer, msgspec.msgpack.encode(ready))

    def _read(self) -> str:
        """A file of the grader's that can be read or written. The bait counts for all files that are not named."""
        for path in self._start.private:
            if _opens(path, os.O_RDONLY):
                return f"{path.decode(errors='replace')} can be read"
        if not self._start.private and _opens(self._start.bait, os.O_RDONLY):
            return "what its mode lets everybody read can be read"
        return "a file of the grader's can be written" if _opens(self._start.bait, os.O_WRONLY) else ""

    def _signal(self) -> str:
        if os.getpid() == 1:
            return ""  # nobody else is to be seen from here
        try:
            os.kill(self._start.grader, 0)
        except OSError:
            return ""
        return "the grader can be killed"


def _another_user() -> None:
    for path in (os.__file__, kernel.__file__):
        if not for_everybody(path):
            raise OSError(f"other users cannot read {path}")
    become(UNPRIVILEGED)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # or /proc/self/uid_map would belong to root


def for_everybody(path: str) -> bool:
    """Whether the modes let every user reach and read a file."""
    place = Path(path).resolve()
    return bool(place.stat().st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in place.parents)


def _opens(path: str | bytes, how: int) -> bool:
    try:
        os.close(os.open(path, how))
    except OSError:
        return False
    return True


def _reach() -> str:
    """How a packet could leave."""
    for family, address in ((socket.AF_INET, NOWHERE), (socket.AF_INET6, ("2001:db8::1", 9))):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.connect(address)
        except OSError:
            continue
        return "there is a way to other machines"
    return ""
