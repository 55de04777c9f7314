"""Temporary folders that are known to be ours, and to be dead once the run that made them is gone.

Each holds a lock: a file that the grader has locked, and every process of ours below it. Where nobody holds it any
more, whoever made the folder was killed: the next start clears it, with what else that run left behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from autograder.sandbox.layers.probe import UNPRIVILEGED, USERS, homes

PREFIX = "autograder-"
LOCK = "lock"
ROUNDS = 50
"""How often what is left is killed: a process may be forking."""
SHARED_MEMORY = Path("/dev/shm")


class Workspace:
    """A temporary folder, its owner's only. `descriptor` is the lock, for children to inherit: the folder counts as in
    use until all of them have ended. Raises `OSError`."""

    def __init__(self) -> None:
        import fcntl  # not on Windows

        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)
        draft = self.path / f"{LOCK}.part"
        self.descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with contextlib.suppress(OSError):  # a file system without locks: nobody ever takes the folder for a leftover
            fcntl.flock(self.descriptor, fcntl.LOCK_EX)
            draft.rename(self.path / LOCK)  # nobody ever sees a lock that is not held yet

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder."""
        _remove([self.path])  # Python gives up in folders that are too deep
        self._folder.cleanup()
        with contextlib.suppress(OSError):
            os.close(self.descriptor)
        self.descriptor = -1


@dataclass(frozen=True)
class Leftover:
    """What a killed run has left: its folder, the processes that still run from it, and files in shared memory."""

    folder: Path
    processes: tuple[int, ...]
    shared: tuple[Path, ...]

    def __str__(self) -> str:
        found = [str(self.folder)]
        if self.processes:
            found.append(f"{len(self.processes)} process{'es' if len(self.processes) > 1 else ''}")
        if self.shared:
            found.append(f"{len(self.shared)} file{'s' if len(self.shared) > 1 else ''} in {SHARED_MEMORY}")
        return ", ".join(found)


def leftovers() -> list[Leftover]:
    """Return what killed runs of this user have left; nothing of a run that goes on, or of another user."""
    found = []
    for folder in _folders():
        with _dead(folder) as dead:
            if dead:
                found.append(_of(folder))
    return found


def clear_leftovers() -> list[Leftover]:
    """Clear what killed runs of this user have left, as far as it can be; return what there was."""
    found = []
    for folder in _folders():
        with _dead(folder) as dead:
            if not dead:
                continue
            left = _of(folder)
            found.append(left)
            for _ in range(ROUNDS):
                if not _kill(folder, _processes(folder)):
                    break
            shared = _of(folder).shared  # those whose owner has no process any more
            _remove([*shared, folder])
    return found


def _remove(paths: list[Path]) -> None:
    """Remove files and folders of any depth, as far as it can be."""
    with contextlib.suppress(OSError):
        subprocess.run(["rm", "-rf", "--", *map(str, paths)], capture_output=True, check=False)


def _folders() -> list[Path]:
    """The folders that may be ours."""
    with contextlib.suppress(OSError):
        return sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
    return []


@contextmanager
def _dead(folder: Path) -> Iterator[bool]:
    """Whether a folder is this user's, has our lock, and nobody holds that; it is held in the meantime."""
    descriptor = -1
    try:
        import fcntl

        for path, kind in ((folder, stat.S_ISDIR), (folder / LOCK, stat.S_ISREG)):
            found = path.lstat()
            if not kind(found.st_mode) or found.st_uid != os.geteuid():
                raise PermissionError
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (OSError, ImportError):  # it goes on, is not ours, or has just been cleared
        dead = False
    else:
        dead = True
    try:
        yield dead
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _of(folder: Path) -> Leftover:
    return Leftover(folder, tuple(_processes(folder)), tuple(_shared(folder)))


def _processes(folder: Path) -> list[int]:
    """Processes that live in a run's folder: of submissions that nothing encloses, once the run's own are gone."""
    return [pid for pid in _running() if _lives_in(folder, pid)]


def _lives_in(folder: Path, pid: int) -> bool:
    """Whether a process was started with a home there, or is a student's user and works there. A person's shell that
    looks around is neither."""
    place = f"{folder}/"
    with contextlib.suppress(OSError):
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        if any(entry.startswith(b"HOME=" + os.fsencode(place)) for entry in environment):
            return True
        return any(map(_is_students, _users(pid))) and os.readlink(f"/proc/{pid}/cwd").startswith(place)
    return False


def _kill(folder: Path, pids: list[int]) -> bool:
    """Kill processes, each if it is the same one still. Whether there was any."""
    for pid in pids:
        with contextlib.suppress(OSError):
            handle = os.pidfd_open(pid)
            try:
                if _lives_in(folder, pid):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            finally:
                os.close(handle)
    return bool(pids)


def _shared(folder: Path) -> list[Path]:
    """Files in shared memory of users who had a home in the folder and have no process."""
    with contextlib.suppress(OSError):
        users = {path.lstat().st_uid for path in Path(homes(str(folder))).iterdir()}
        files = {path: path.lstat().st_uid for path in SHARED_MEMORY.iterdir()}
        alive = {user for pid in _running() for user in _users(pid)}
        return [path for path, user in files.items() if user in users - alive and _is_students(user)]
    return []


def _is_students(user: int) -> bool:
    return UNPRIVILEGED <= user < UNPRIVILEGED + USERS


def _running() -> list[int]:
    """All processes, as far as the system tells."""
    with contextlib.suppress(OSError):
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return []


def _users(pid: int) -> set[int]:
    """The users that a process runs as; the owner of its folder in /proc is root where it may not be looked into."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        return {int(user) for line in file if line.startswith("Uid:") for user in line.split()[1:]}
    return set()
