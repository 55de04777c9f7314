"""The one door to files that students handed in: opened by descriptors, following no link, waiting for nothing.

Whoever hands in may be able to write to the folder while it is read. So every level is opened on its own, below the one
before, and only what was opened is looked at: a name that is exchanged meanwhile leads nowhere else.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum
from itertools import islice
from pathlib import Path

from autograder.errors import StorageError, UnusableFileError, VanishedError
from autograder.intake.text import printable

CHUNK = 1 << 20
_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
"""Windows has no such descriptors: there, files are read at home alone, by whoever wrote them."""
_SAFELY = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CHANGED = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})
"""What the system says of a name that has become a link, something else, or nothing since it was looked at."""

A_LINK = "it is a link. Hand in the file itself"
NOT_ORDINARY = "it is not an ordinary file"
ANOTHERS = "it is a second name of somebody else's file. Hand in a copy of your own"


class Kind(Enum):
    """What stands under a name."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"

    @staticmethod
    def of(mode: int) -> Kind:
        """Return the kind that a file's mode says."""
        kinds = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
        return kinds.get(stat.S_IFMT(mode), Kind.OTHER)


class Folder:
    """An open folder. It stays the same one, whatever its name comes to mean.

    Raises:
        StorageError: from everything, when the file system fails.
        UnusableFileError: from everything that takes a name, when what stands there is not what it is taken for.
    """

    def __init__(self, path: Path, descriptor: int | None, owner: int | None = None) -> None:
        self._path = path
        self._descriptor = descriptor
        self._owner = owner

    @staticmethod
    @contextmanager
    def at(path: Path) -> Iterator[Folder]:
        """Open a folder of the course's own: links on the way to it are followed."""
        if not _BY_DESCRIPTOR:
            yield Folder(path, None)
            return
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except (OSError, ValueError) as error:
            raise _failed(path.name or str(path), error) from error
        try:
            yield Folder(path, descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def enter(self, name: str) -> Iterator[Folder]:
        """Open a folder in this one. All that is below the first belongs to that one's owner."""
        if (kind := self.look(name)) is not Kind.FOLDER:
            raise UnusableFileError(A_LINK if kind is Kind.LINK else NOT_ORDINARY)
        if self._descriptor is None:
            yield Folder(self._path / name, None)
            return
        descriptor, status = self._open(name, os.O_DIRECTORY)
        try:
            yield Folder(self._path / name, descriptor, status.st_uid if self._owner is None else self._owner)
        finally:
            os.close(descriptor)

    def names(self, most: int) -> list[str]:
        """Return the names in the folder, sorted; one more than `most` where there are more than that."""
        try:
            with os.scandir(self._path if self._descriptor is None else self._descriptor) as entries:
                return sorted(entry.name for entry in islice(entries, most + 1))
        except OSError as error:
            raise _failed(self._path.name, error) from error

    def look(self, name: str) -> Kind:
        """Return what stands under a name, opening nothing."""
        try:
            place = self._path / name if self._descriptor is None else name
            return Kind.of(os.stat(place, dir_fd=self._descriptor, follow_symlinks=False).st_mode)
        except (OSError, ValueError) as error:
            raise _failed(name, error) from error

    def read(self, name: str, most: int) -> bytes:
        """Return the beginning of an ordinary file, at most one byte more than `most`: then there is more."""
        descriptor = self.open(name)
        try:
            return read_open(descriptor, name, most)
        finally:
            os.close(descriptor)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield an ordinary file part by part."""
        descriptor = self.open(name)
        try:
            while part := os.read(descriptor, CHUNK):
                yield part
        except OSError as error:
            raise _failed(name, error) from error
        finally:
            os.close(descriptor)

    def open(self, name: str) -> int:
        """Return a descriptor of an ordinary file, to be closed by the caller."""
        kind = self.look(name)
        if kind is not Kind.FILE:  # opening a device can do something already
            raise UnusableFileError(A_LINK if kind is Kind.LINK else NOT_ORDINARY)
        descriptor, status = self._open(name)
        try:
            if Kind.of(status.st_mode) is not Kind.FILE:
                raise VanishedError
            if status.st_nlink > 1 and self._owner is not None and status.st_uid != self._owner:
                raise UnusableFileError(ANOTHERS)
        except UnusableFileError:
            os.close(descriptor)
            raise
        return descriptor

    def _open(self, name: str, more: int = 0) -> tuple[int, os.stat_result]:
        try:
            place = self._path / name if self._descriptor is None else name
            descriptor = os.open(place, _SAFELY | more, dir_fd=self._descriptor)
            try:
                return descriptor, os.fstat(descriptor)
            except OSError:
                os.close(descriptor)
                raise
        except (OSError, ValueError) as error:
            raise _failed(name, error) from error


@contextmanager
def located(path: Path, within: Path | None = None) -> Iterator[tuple[Folder, str]]:
    """Open the folder that a path lies in; give that and the path's last name.

    Links are followed up to `within`, by default the folder just above: what is below is a student's.
    """
    path = path if path.name else path.resolve()  # "." has a name too
    base = path.parent if within is None else within
    *above, name = path.relative_to(base).parts or (".",)
    with ExitStack() as stack:
        folder = stack.enter_context(Folder.at(base))
        for part in above:
            folder = stack.enter_context(folder.enter(part))
        yield folder, name


def copy(folder: Folder, to: Path, most: int) -> int:
    """Copy the ordinary files under a folder, and return how many bytes of `most` are left; nothing above that is
    copied. Raises `StorageError`."""
    to.mkdir()
    for name in folder.names(most):
        try:
            if folder.look(name) is Kind.FOLDER:
                with folder.enter(name) as inner:
                    most = copy(inner, to / name, most)
                continue
            data = folder.read(name, most)
        except UnusableFileError:
            continue
        if len(data) <= most:
            most -= len(data)
            (to / name).write_bytes(data)
    return most


def read_open(descriptor: int, name: str, most: int) -> bytes:
    """Return the beginning of an open file, at most one byte more than `most`. Raises `StorageError`."""
    parts: list[bytes] = []
    left = most + 1
    try:
        while left and (part := os.read(descriptor, min(left, CHUNK))):
            parts.append(part)
            left -= len(part)
    except OSError as error:
        raise _failed(name, error) from error
    return b"".join(parts)


def _failed(name: str, error: OSError | ValueError) -> StorageError | UnusableFileError:
    """Return who is to blame: the file system, or somebody who exchanges files while they are read."""
    if isinstance(error, OSError) and error.errno in _CHANGED:
        return VanishedError()
    reason = getattr(error, "strerror", None) or "not a valid name"
    return StorageError(
        f"{printable(name)} cannot be read: {reason}. Make that possible, then run the same command again"
    )
