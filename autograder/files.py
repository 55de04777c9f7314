"""Write files atomically, tell whose they are and what is in them, and make reproducible zips."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold, for every file: when it was written says nothing about it."""
PRIVATE = 0o600
"""The mode of a file that is its owner's only."""


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


def private_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for its owner only. One that is there stays as it is.

    Raises `OSError`.
    """
    for folder in reversed((path, *path.parents)):
        if folder == path or not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)


def readable_by_all(path: Path) -> bool:
    """Return whether every user of the machine may read a file, or look into a folder, as far as its own mode goes."""
    try:
        return os.name == "posix" and bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH | stat.S_IWOTH))
    except OSError:
        return False


def foreign(path: Path) -> str:
    """Say whose a file or folder is, where it is neither this user's nor root's; else nothing.

    A link counts as well as what it leads to. On systems without owners nothing is foreign.
    """
    if not hasattr(os, "geteuid"):
        return ""
    own = {0, os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        own.add(int(os.environ["SUDO_UID"]))
    owner = next((one.st_uid for one in (path.lstat(), path.stat()) if one.st_uid not in own), None)
    return "" if owner is None else f"{path} belongs to {_user(owner)}, not to you"


def changeable(path: Path) -> str:
    """Say so, where every user of the machine may change a file or what is in a folder; else nothing.

    A group may: whoever sets that up trusts the group.
    """
    mode = path.stat().st_mode
    if os.name != "posix" or not mode & stat.S_IWOTH:
        return ""
    if stat.S_ISDIR(mode) and mode & stat.S_ISVTX:  # like /tmp: everybody adds, nobody changes what is another's
        return ""
    return f"everybody may change {path} (chmod o-w)"


def digest_of(root: Path, paths: Iterable[Path]) -> str:
    """Return a SHA-256 digest of files below `root`, by path and content, in whatever order they come."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _user(uid: int) -> str:
    import pwd  # not on Windows

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


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
