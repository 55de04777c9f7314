"""The fork server: import torch once, then fork a sandbox for each submission. It holds no secret.

    fork server ── supervisor ── init (of a pid namespace) ── submission process (the student's code, loaded)
                                                               └─ one fork a check

Supervisor and init are ours and never run student code. Init ends with the control socket, and the kernel then ends
everything in its namespace; the supervisor waits for that and reports it.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
import socket
import sys
from typing import NoReturn

import msgspec

from autograder.protocol.devices import CPU
from autograder.protocol.limits import OpenSandbox
from autograder.sandbox.guest.supervisor import supervise
from autograder.sandbox.guest.warm import warm_up
from autograder.sandbox.layers.namespaces import HOME, Confinement
from autograder.sandbox.layers.probe import PROOFS, UNPRIVILEGED, USERS, Ready, Start, homes, readable, try_layers
from autograder.sandbox.layers.rlimits import data_size


def main(descriptor: int) -> NoReturn:
    """Serve the grader at the other end of `descriptor` until it is gone."""
    sock = socket.socket(fileno=descriptor)
    start = msgspec.msgpack.decode(sock.recv(1 << 16), type=Start)
    ready = _probed(start) if start.boundary else Ready(proofs=PROOFS)
    if ready.missing:
        sock.send(msgspec.msgpack.encode(ready))
        os._exit(1)
    layers = frozenset(ready.layers)
    alone = "mount namespace" in layers
    own_users = "separate user" in layers
    warm_up(start.preload, start.device)
    sock.send(msgspec.msgpack.encode(ready))
    data = data_size() if start.device == CPU else None
    count = 0
    while True:
        try:
            message, fds, _, _ = socket.recv_fds(sock, 1 << 16, 3)
        except InterruptedError:
            continue
        if not message:
            os._exit(0)
        if len(fds) == 3:
            wanted = msgspec.msgpack.decode(message, type=OpenSandbox)
            user = _free_user() if own_users else None
            home = HOME if alone else f"{homes(start.base)}/{count}"
            shared = alone or (own_users and _shared_memory_is_free())
            confinement = Confinement(layers, user, home, readable(start.base, start.device), shared, start.device)
            count += 1
            if os.fork() == 0:
                sock.close()
                supervise(wanted, *fds, confinement=confinement, data=data)
        for one in fds:
            os.close(one)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _probed(start: Start) -> Ready:
    """Namespaces of its own for each submission, or, where they cannot be had, the layers that need none.
    Inside bubblewrap there is only the first: without it, submissions would see one another. So for a second device,
    where more is in reach."""
    with contextlib.suppress(ImportError, OSError):  # later, its file may be out of sight; the trial says what is wrong
        importlib.import_module("autograder.sandbox.layers.seccomp")
    only_namespaces = start.device != CPU
    ready = try_layers(start, namespaces=only_namespaces or "user namespace" not in start.without)
    if not ready.missing or not start.base or only_namespaces:
        return ready
    second = try_layers(start, namespaces=False)
    return msgspec.structs.replace(second, problems=(*ready.problems, *second.problems))


def _free_user() -> int:
    """A user without processes: other graders on this machine give theirs users from the same range, and the end of a
    submission is the end of all that its user runs. Nor may there be a file of such a user's in shared memory."""
    taken: set[int] = set()
    with contextlib.suppress(OSError):
        taken.update(entry.stat(follow_symlinks=False).st_uid for entry in os.scandir("/dev/shm"))
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError), open(f"/proc/{name}/status", encoding="utf-8") as file:
                taken.update(int(line.split()[1]) for line in file if line.startswith("Uid:"))
    return secrets.choice([user for user in range(UNPRIVILEGED, UNPRIVILEGED + USERS) if user not in taken])


def _shared_memory_is_free() -> bool:
    """Whether nobody but students keeps files in /dev/shm: those who have it in common with others would see them."""
    try:
        return all(UNPRIVILEGED <= entry.stat(follow_symlinks=False).st_uid < UNPRIVILEGED + USERS
                   for entry in os.scandir("/dev/shm"))  # fmt: skip
    except OSError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]))
