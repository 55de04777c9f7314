"""Read files out of folders and archives into memory: nothing is unpacked to disk, no link is followed."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from autograder.errors import RejectedError, StorageError, UnusableFileError, VanishedError
from autograder.intake import disk
from autograder.intake.disk import Folder, Kind
from autograder.intake.kinds import CODE, why_not
from autograder.intake.outputs import without_outputs
from autograder.intake.tar import is_tar, members
from autograder.intake.text import is_readable, printable

MAX_FILES = 200
MAX_ENTRIES = 5_000
MAX_RATIO = 200
MAX_DEPTH = 20

_SKIPPED_FOLDERS = frozenset({"__MACOSX", "__pycache__", "node_modules", "site-packages", "venv", "env"})


@dataclass
class CodeFiles:
    """The code files of one submission by relative path (forward slashes), with notes on what was left out.

    `zips` are archives beside them, `others` files of other kinds.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    zips: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def is_hidden(name: str) -> bool:
    """Return whether nobody meant to hand this file in: dot files, caches, what macOS adds."""
    return name.startswith(".") or name in _SKIPPED_FOLDERS


def is_archive(name: str) -> bool:
    """Return whether a file is an archive that is opened here."""
    return name.lower().endswith(".zip") or is_tar(name)


def is_graded(name: str) -> bool:
    """Return whether a file with this name can be graded."""
    return is_archive(name) or PurePosixPath(name).suffix.lower() in CODE


def is_taken(name: str, asked: Collection[str]) -> bool:
    """Return whether a file is code, or one that is asked for: `my_predictions (2).csv` is `predictions.csv`."""
    path = PurePosixPath(name)
    return path.suffix.lower() in CODE or any(
        path.suffix.lower() == PurePosixPath(one).suffix and PurePosixPath(one).stem.lower() in path.stem.lower()
        for one in asked
    )


def read_files(path: Path, max_bytes: int, within: Path | None = None, asked: Collection[str] = ()) -> CodeFiles:
    """Read a module, a notebook, a zip or a folder. No link below `within` is followed: by default, the folder above.

    `asked`: files that are handed in besides code, or alone.

    Raises `RejectedError`, and `StorageError` when the file system fails.
    """
    try:
        with disk.located(path, within) as (above, name):
            return _read_entry(above, name, max_bytes, asked)
    except VanishedError as error:
        raise StorageError(f"{printable(path.name)}: {error}. Run the same command again") from error
    except UnusableFileError as error:
        raise RejectedError(f"{printable(path.name)} is not read: {error}.") from error


def _read_entry(above: Folder, name: str, max_bytes: int, asked: Collection[str]) -> CodeFiles:
    kind = above.look(name)
    if kind is Kind.LINK:
        raise RejectedError(f"{printable(name)} is a link to another place. Hand in the file itself.")
    if kind is Kind.FOLDER:
        with above.enter(name) as folder:
            return _read_folder(folder, max_bytes, asked)
    if kind is Kind.OTHER:
        raise RejectedError(f"{printable(name)} is not an ordinary file. Hand in a .py, .ipynb or .zip file.")
    if not is_archive(name) and not is_taken(name, asked):
        raise RejectedError(why_not(name))
    data = _read_whole(above, name, max_bytes, max_bytes)
    return _read_archive(data, name, max_bytes, asked) if is_archive(name) else CodeFiles({printable(name, 300): data})


def _read_whole(folder: Folder, name: str, left: int, max_bytes: int) -> bytes:
    """Return a whole file; of a notebook that is too large, all but its outputs. Raises `RejectedError`."""
    data = folder.read(name, left)
    if len(data) <= left:
        return data
    if name.lower().endswith(".ipynb"):
        rest = without_outputs(folder.chunks(name), left)
        if rest is not None:
            return rest
    raise _too_large(max_bytes)


def _checked(code: CodeFiles, where: str) -> CodeFiles:
    if code.files:
        if code.zips:
            code.notes.append(f"{_listed(code.zips)} was not opened: the files next to it are graded.")
        return code
    if code.zips:
        raise RejectedError(
            f"There is no code in {where}, only another archive ({_listed(code.zips)}). "
            "Unpack that one and hand in the .py or .ipynb file."
        )
    if code.notes:
        raise RejectedError(f"{code.notes[0]} There is no other .py or .ipynb file in {where}.")
    if code.others:
        raise RejectedError(f"There is no .py or .ipynb file in {where}. {why_not(code.others[0])}")
    raise RejectedError(f"There is no .py or .ipynb file in {where}. Hand in your module or notebook.")


def _listed(names: list[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _too_large(max_bytes: int) -> RejectedError:
    return RejectedError(
        f"This submission is larger than {max_bytes / 1e6:.3g} MB. Leave out data and saved models, clear the "
        "notebook's outputs (Edit > Clear all outputs), and hand it in again."
    )


# --- folders -------------------------------------------------------------------------------------------------------


class _Reading:
    """One folder being read: what was found, and what may still be read."""

    def __init__(self, max_bytes: int, asked: Collection[str]) -> None:
        self._asked = asked
        self.code = CodeFiles()
        self.zips: list[int] = []
        self._max_bytes = max_bytes
        self._left = max_bytes
        self._seen = 0

    def read(self, folder: Folder, path: PurePosixPath) -> None:
        """Read what is under `folder`, in order of names. Links, devices and what vanishes are noted and skipped."""
        if len(path.parts) > MAX_DEPTH:
            raise RejectedError(f"There are folders in folders, more than {MAX_DEPTH} deep. Hand in only your code.")
        names = folder.names(MAX_ENTRIES - self._seen)
        self._seen += len(names)
        if self._seen > MAX_ENTRIES:
            raise RejectedError(f"This folder holds more than {MAX_ENTRIES:,} files. Hand in only your code.")
        folders = []
        for name in names:
            if is_hidden(name):
                continue
            try:
                if not _is_safe((path / name).as_posix()):
                    raise UnusableFileError("its name is not one a file should have")
                kind = folder.look(name)
                if kind is Kind.FOLDER:
                    folders.append(name)
                elif kind is not Kind.FILE:
                    raise UnusableFileError(disk.A_LINK if kind is Kind.LINK else disk.NOT_ORDINARY)
                else:
                    self._read_file(folder, name, path / name)
            except UnusableFileError as error:
                self._leave_out(name, error)
        for name in folders:
            try:
                with folder.enter(name) as inner:
                    self.read(inner, path / name)
            except UnusableFileError as error:
                self._leave_out(name, error)

    def _read_file(self, folder: Folder, name: str, path: PurePosixPath) -> None:
        if is_archive(name):
            descriptor = folder.open(name)
            self.code.zips.append(path.as_posix())
            if len(self.zips) < 2:  # it is read where it stands alone
                self.zips.append(descriptor)
            else:
                os.close(descriptor)
        elif is_taken(name, self._asked):
            data = _read_whole(folder, name, self._left, self._max_bytes)
            self._left -= len(data)
            _add(self.code, path.as_posix(), data)
        else:
            self.code.others.append(path.as_posix())

    def _leave_out(self, name: str, error: UnusableFileError) -> None:
        self.code.notes.append(f"{printable(name)} was left out: {error}.")


def _read_folder(folder: Folder, max_bytes: int, asked: Collection[str]) -> CodeFiles:
    reading = _Reading(max_bytes, asked)
    try:
        reading.read(folder, PurePosixPath())
        code = reading.code
        if not code.files and len(code.zips) == 1:
            data = disk.read_open(reading.zips[0], code.zips[0], max_bytes)
            if len(data) > max_bytes:
                raise _too_large(max_bytes)
            inside = _read_archive(data, code.zips[0], max_bytes, asked)
            return CodeFiles(inside.files, [*code.notes, *inside.notes], inside.zips)
        return _checked(code, "this folder")
    finally:
        for descriptor in reading.zips:
            os.close(descriptor)


# --- archives -----------------------------------------------------------------------------------------------------


def _read_archive(data: bytes, name: str, max_bytes: int, asked: Collection[str]) -> CodeFiles:
    kind, read = ("tar archive", _read_tar) if is_tar(name) else ("zip", _read_members)
    try:
        return _checked(read(data, max_bytes, asked), "this zip" if kind == "zip" else "this archive")
    except RejectedError:
        raise
    except Exception as error:  # zipfile and tarfile answer damage with a dozen kinds of exception
        raise RejectedError(
            f"{printable(PurePosixPath(name).name)} is not a {kind} that can be opened: it is damaged, or another kind "
            "of archive under this name. Make it again as a plain zip, or hand in the .py or .ipynb file itself."
        ) from error


def _read_tar(data: bytes, max_bytes: int, asked: Collection[str]) -> CodeFiles:
    code = CodeFiles()
    left = max_bytes
    for number, member in enumerate(members(data, max_bytes, partial(is_taken, asked=asked))):
        if number >= MAX_ENTRIES:
            raise RejectedError(f"This archive holds more than {MAX_ENTRIES:,} files. Hand in only your code.")
        name = _without_dots(member.name.replace("\\", "/"))
        if _take(code, name, asked, is_file=member.is_file):
            left -= len(member.data)
            if left < 0:
                raise _too_large(max_bytes)
            _add(code, name, member.data)
    return code


def _take(code: CodeFiles, name: str, asked: Collection[str], *, is_file: bool) -> bool:
    """Return whether a member of an archive is taken, and take note of it where it is something else."""
    if not name or name.endswith("/") or (_is_safe(name) and _is_furniture(name)):
        return False
    if not _is_safe(name):
        code.notes.append(f"{printable(name)} was left out: its name points outside the zip or is not valid.")
    elif not is_file:
        code.notes.append(f"{printable(name)} was left out: it is a link or a device, not a file.")
    elif is_archive(name):
        code.zips.append(name)
    elif is_taken(name, asked):
        if name in code.files:
            code.notes.append(f"{printable(name)} stands in this zip more than once: the last one is graded.")
        return True
    else:
        code.others.append(name)
    return False


def _read_members(data: bytes, max_bytes: int, asked: Collection[str]) -> CodeFiles:
    code = CodeFiles()
    left = max_bytes
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) > MAX_ENTRIES:
            raise RejectedError(f"This zip holds more than {MAX_ENTRIES:,} files. Hand in only your code.")
        for member in members:
            name = _without_dots(member.filename.replace("\\", "/"))
            is_file = stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG)
            if not member.is_dir() and _take(code, name, asked, is_file=is_file):
                content = _read_member(archive, member, left, max_bytes)
                left -= len(content)
                _add(code, name, content)
    return code


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int, max_bytes: int) -> bytes:
    if member.flag_bits & 0x1:
        raise RejectedError("This zip is locked with a password. Make it again without one.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RejectedError("This zip uses an unusual compression. Make it again with your system's own 'compress'.")
    is_notebook = member.filename.lower().endswith(".ipynb")
    if member.file_size > left and not is_notebook:
        raise _too_large(max_bytes)
    if member.file_size > 1_000_000 and member.file_size > MAX_RATIO * max(1, member.compress_size):
        raise RejectedError("This zip unpacks to far more than it holds. Hand in the .py or .ipynb file itself.")
    with archive.open(member) as stream:
        if member.file_size > left:
            data = without_outputs(iter(lambda: stream.read(disk.CHUNK), b""), left)
        else:
            data = stream.read(left + 1)
    if data is None or len(data) > left:
        raise _too_large(max_bytes)
    return data


def _without_dots(name: str) -> str:
    """Return a path without its steps on the spot: `./a.py` is what some programs call `a.py`."""
    return "/".join(part for part in name.split("/") if part != ".")


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
