"""Read files out of folders and zips into memory: nothing is unpacked to disk, no link is followed."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.errors import RejectedError
from autograder.intake.text import is_readable, printable

MAX_FILES = 200
MAX_ENTRIES = 5_000
MAX_RATIO = 200
MAX_DEPTH = 20
CODE = (".py", ".ipynb")

_SKIPPED_FOLDERS = frozenset({"__MACOSX", "__pycache__", "node_modules", "site-packages", "venv", "env"})


@dataclass
class CodeFiles:
    """The code files of one submission by relative path (forward slashes), with notes on what was left out."""

    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    zips: list[str] = field(default_factory=list)


def is_hidden(name: str) -> bool:
    """Return whether nobody meant to hand this file in: dot files, caches, what macOS adds."""
    return name.startswith(".") or name in _SKIPPED_FOLDERS


def read_files(path: Path, max_bytes: int) -> CodeFiles:
    """Read a module, a notebook, a zip or a folder. Raises `RejectedError`."""
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError) as error:
        raise RejectedError(_unreadable(path.name, error)) from error
    if stat.S_ISLNK(mode):
        raise RejectedError(f"{printable(path.name)} is a link to another place. Hand in the file itself.")
    if stat.S_ISDIR(mode):
        code = _read_folder(path, max_bytes)
        if not code.files and len(code.zips) == 1:
            return _read_zip(path / code.zips[0], max_bytes)
        return _checked(code, "this folder")
    if not stat.S_ISREG(mode):
        raise RejectedError(f"{printable(path.name)} is not an ordinary file. Hand in a .py, .ipynb or .zip file.")
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return _read_zip(path, max_bytes)
    if suffix not in CODE:
        raise RejectedError(
            f"{printable(path.name)}: only .py, .ipynb and .zip files are graded. Hand in one of these."
        )
    try:
        return CodeFiles({printable(path.name, 300): _read_file(path, max_bytes, max_bytes)})
    except OSError as error:
        raise RejectedError(_unreadable(path.name, error)) from error


def _checked(code: CodeFiles, where: str) -> CodeFiles:
    if code.files:
        if code.zips:
            code.notes.append(f"{_listed(code.zips)} was not opened: the files next to it are graded.")
        return code
    if code.zips:
        raise RejectedError(
            f"There is no code in {where}, only another zip ({_listed(code.zips)}). "
            "Unpack that one and hand in the .py or .ipynb file."
        )
    if code.notes:
        raise RejectedError(f"{code.notes[0]} There is no other .py or .ipynb file in {where}.")
    raise RejectedError(f"There is no .py or .ipynb file in {where}. Hand in your module or notebook.")


def _unreadable(name: str, error: OSError | ValueError) -> str:
    reason = getattr(error, "strerror", None) or "not a valid name"
    return f"{printable(name)} cannot be read: {reason}. Hand it in again."


def _listed(names: list[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _too_large(max_bytes: int) -> RejectedError:
    return RejectedError(
        f"This submission is larger than {max_bytes / 1e6:.3g} MB. Leave out data and saved models, clear the "
        "notebook's outputs (Edit > Clear all outputs), and hand it in again."
    )


# --- folders -------------------------------------------------------------------------------------------------------


def _read_folder(root: Path, max_bytes: int) -> CodeFiles:
    code = CodeFiles()
    left = max_bytes
    for relative in _walk(root, code):
        if relative.suffix.lower() == ".zip":
            code.zips.append(str(relative))
        elif relative.suffix.lower() in CODE:
            try:
                data = _read_file(root / relative, left, max_bytes)
            except OSError as error:
                code.notes.append(_unreadable(relative.name, error))
                continue
            left -= len(data)
            _add(code, relative.as_posix(), data)
    return code


def _walk(root: Path, code: CodeFiles) -> Iterator[PurePosixPath]:
    """Yield the ordinary files under `root`, sorted. Links and devices are noted and skipped."""
    seen = 0
    waiting = [PurePosixPath()]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError as error:
            if not folder.parts:
                raise RejectedError(_unreadable(root.name, error)) from error
            code.notes.append(f"The folder {printable(str(folder))} cannot be opened and was left out.")
            continue
        if len(folder.parts) > MAX_DEPTH:
            raise RejectedError(f"There are folders in folders, more than {MAX_DEPTH} deep. Hand in only your code.")
        for entry in entries:
            seen += 1
            if seen > MAX_ENTRIES:
                raise RejectedError(f"This folder holds more than {MAX_ENTRIES:,} files. Hand in only your code.")
            relative = folder / entry.name
            if is_hidden(entry.name):
                continue
            if not _is_safe(relative.as_posix()):
                code.notes.append(f"{printable(entry.name)} was left out: its name is not one a file should have.")
            elif entry.is_symlink():
                code.notes.append(f"{printable(entry.name)} was left out: it is a link. Hand in the file itself.")
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(relative)
            elif entry.is_file(follow_symlinks=False):
                yield relative
            else:
                code.notes.append(f"{printable(entry.name)} was left out: it is not an ordinary file.")


def _read_file(path: Path, left: int, max_bytes: int) -> bytes:
    """Return the content of a file of at most `left` bytes. Raises `OSError`, and `RejectedError` for a larger one."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        data = file.read(left + 1)
    if len(data) > left:
        raise _too_large(max_bytes)
    return data


# --- zips ----------------------------------------------------------------------------------------------------------


def _read_zip(path: Path, max_bytes: int) -> CodeFiles:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if os.fstat(file.fileno()).st_size > max_bytes:
                raise _too_large(max_bytes)
            return _checked(_read_members(file, max_bytes), "this zip")
    except RejectedError:
        raise
    except OSError as error:
        raise RejectedError(_unreadable(path.name, error)) from error
    except Exception as error:  # zipfile answers damage with a dozen kinds of exception
        raise RejectedError(
            f"{printable(path.name)} is not a zip that can be opened: it is damaged, or another kind of archive under "
            "this name. Make it again as a plain zip, or hand in the .py or .ipynb file itself."
        ) from error


def _read_members(file: IO[bytes], max_bytes: int) -> CodeFiles:
    code = CodeFiles()
    left = max_bytes
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > MAX_ENTRIES:
            raise RejectedError(f"This zip holds more than {MAX_ENTRIES:,} files. Hand in only your code.")
        for member in members:
            name = member.filename.replace("\\", "/")
            if member.is_dir() or name.endswith("/") or (_is_safe(name) and _is_furniture(name)):
                continue
            if not _is_safe(name):
                code.notes.append(f"{printable(name)} was left out: its name points outside the zip or is not valid.")
                continue
            if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
                code.notes.append(f"{printable(name)} was left out: it is a link or a device, not a file.")
                continue
            suffix = PurePosixPath(name).suffix.lower()
            if suffix == ".zip":
                code.zips.append(name)
            elif suffix in CODE:
                data = _read_member(archive, member, left, max_bytes)
                left -= len(data)
                _add(code, PurePosixPath(name).as_posix(), data)
    return code


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, max_bytes: int) -> bytes:
    if member.flag_bits & 0x1:
        raise RejectedError("This zip is locked with a password. Make it again without one.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RejectedError("This zip uses an unusual compression. Make it again with your system's own 'compress'.")
    if member.file_size > left:
        raise _too_large(max_bytes)
    if member.file_size > 1_000_000 and member.file_size > MAX_RATIO * max(1, member.compress_size):
        raise RejectedError("This zip unpacks to far more than it holds. Hand in the .py or .ipynb file itself.")
    with archive.open(member) as stream:
        data = stream.read(left + 1)
    if len(data) > left:
        raise _too_large(max_bytes)
    return data


def _add(code: CodeFiles, name: str, data: bytes) -> None:
    code.files[name] = data
    if len(code.files) > MAX_FILES:
        raise RejectedError(f"There are more than {MAX_FILES} code files here. Hand in only what you wrote.")


def _is_furniture(name: str) -> bool:
    return any(map(is_hidden, name.split("/")))


def _is_safe(name: str) -> bool:
    """Return whether a path is relative, stays inside its folder, and has only characters that can be shown."""
    parts = name.split("/")
    return (
        is_readable(name)
        and len(name) <= 300
        and not name.startswith("/")
        and ":" not in parts[0]
        and ".." not in parts
        and all(parts)
    )
