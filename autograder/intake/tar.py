"""Read tar archives into memory, plain, with gzip or with bzip2: no member is ever unpacked to disk."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from autograder.errors import RejectedError

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz")
MAX_UNPACKED = 200_000_000
"""Bytes that an archive may unpack to, whatever they are: to find what stands in it, all of it is unpacked."""


@dataclass(frozen=True)
class Member:
    """Something in the archive: its name, whether it is an ordinary file, and its content up to one byte too many."""

    name: str
    is_file: bool
    data: bytes


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """Reads no more than there may be."""

    def __init__(self, file: _Readable) -> None:
        self._file = file
        self._left = MAX_UNPACKED

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise RejectedError("This archive unpacks to far more than code. Hand in the .py or .ipynb file itself.")
        return data


def is_tar(name: str) -> bool:
    """Return whether a file's name is a tar archive's."""
    return name.lower().endswith(SUFFIXES)


def members(data: bytes, most: int, taken: Callable[[str], bool]) -> Iterator[Member]:
    """Yield what is in an archive but folders, with the content of files whose name is `taken`, up to `most` bytes and
    one more.

    Raises `RejectedError`, and what the standard library raises for damage.
    """
    packed = io.BytesIO(data)
    file: _Readable = packed
    if data.startswith(b"\x1f\x8b"):
        file = gzip.GzipFile(fileobj=packed)
    elif data.startswith(b"BZh"):
        file = bz2.BZ2File(packed)
    with tarfile.open(fileobj=_Bounded(file), mode="r|") as archive:
        for member in archive:
            content = b""
            is_file = member.isreg() and not member.issparse()
            if is_file and taken(member.name):
                stream = archive.extractfile(member)
                content = stream.read(most + 1) if stream else b""
                most -= min(most, len(content))
            if not member.isdir():
                yield Member(member.name, is_file, content)
