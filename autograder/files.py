"""Write files atomically, and make reproducible zips."""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold, for every file: when it was written says nothing about it."""


def replace(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write a file whole or not at all: a reader finds the old content or the new. Raises `OSError`.

    `mode` is set whatever the umask is; until then only the owner can read the file.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
        if mode is not None:
            draft.chmod(mode)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def read_small(path: Path, largest: int) -> bytes:
    """Return an ordinary file of at most `largest` bytes: no link is followed, and nothing that never ends is read.

    Raises `OSError`.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not an ordinary file", str(path))
        data = file.read(largest + 1)
    if len(data) > largest:
        raise OSError(errno.EFBIG, "too large", str(path))
    return data


def zipped(files: Mapping[str, bytes], mode_of: Callable[[str], int] = lambda name: 0o644) -> bytes:
    """Return a zip of files by name: the same bytes for the same files, at any time and on every system."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = (stat.S_IFREG | mode_of(name)) << 16
            info.create_system = 3  # Unix, whose modes these are
            archive.writestr(info, files[name], zipfile.ZIP_DEFLATED, 9)
    return data.getvalue()
