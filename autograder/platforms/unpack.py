"""Unpack a zip or tar of a whole class into a private folder: ordinary files only, inside it, within limits.

A zip inside stays closed: it is some student's work, and intake reads it as such.
"""

from __future__ import annotations

import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

from autograder.errors import InputError
from autograder.intake import tar
from autograder.intake.archive import is_graded, is_hidden
from autograder.intake.text import printable
from autograder.platforms.download import PassedOver

ARCHIVES = (".zip", *tar.SUFFIXES, ".tar.xz", ".txz")
MAX_MEMBERS = 1_000_000
MAX_BYTES = 50_000_000_000
"""Of all files together, unpacked."""
KEPT = 5_000_000
"""Bytes that are kept of a file that is no code: who hands in data is told so without it."""
REPOSITORY = ".git"
METADATA, LARGEST_METADATA = "submission_metadata.yml", 500_000_000
"""Gradescope's file on everybody, which repeats every result."""


def is_archive(path: Path) -> bool:
    """Return whether a file's name is that of a zip or tar."""
    return path.name.lower().endswith(ARCHIVES)


def unpack(path: Path, to: Path, most: int) -> list[PassedOver]:
    """Unpack an archive of the course's own; return what was passed over.

    Of a file larger than `most`, one byte more is written: whoever reads it says that it is too large.

    Raises:
        InputError: when it cannot be opened, holds too much, or there is no room for it.
    """
    passed_over: dict[str, PassedOver] = {}
    left, hidden, written = MAX_BYTES, 0, set()
    try:
        for number, (name, problem, size, stream) in enumerate(_members(path)):
            parts = [part for part in name.split("/") if part not in ("", ".")]
            if number >= MAX_MEMBERS:
                raise InputError(
                    f"{path} holds more than {MAX_MEMBERS:,} files: unpack it yourself, and give the folder"
                )
            problem = problem or _unsafe(name, parts)
            if not parts or (any(map(is_hidden, parts)) and ".." not in parts):
                hidden += 1
                if REPOSITORY in parts[1:]:
                    _mark_repository(to, parts)
                continue
            shown = printable(name, 200)
            if problem or stream is None:
                passed_over[name] = PassedOver(shown, problem, lost=True)
                continue
            limit = most if is_graded(name) else LARGEST_METADATA if parts[-1] == METADATA else KEPT
            left -= min(size, limit)
            if left < 0:
                raise InputError(
                    f"{path} unpacks to more than {MAX_BYTES // 10**9} GB: unpack it yourself, and give the folder"
                )
            if tuple(parts) in written:
                passed_over[name] = PassedOver(shown, "it stands in the archive more than once: the last one is taken")
            written.add(tuple(parts))
            try:
                _write(to.joinpath(*parts), stream, limit)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                passed_over[name] = PassedOver(shown, "a file and a folder of that name", lost=True)
            except OSError as error:
                if error.errno is None or error.strerror is None:
                    raise
                raise InputError(
                    f"{path} cannot be unpacked to {to}: {error.strerror}. Make room, or set TMPDIR"
                ) from error
    except InputError:
        raise
    except Exception as error:  # zipfile and tarfile answer damage with a dozen kinds of exception
        raise InputError(
            f"{path} cannot be opened: it is damaged, locked with a password, or another kind of archive. "
            f"Download it again, or unpack it yourself and give the folder ({type(error).__name__})"
        ) from error
    if hidden:
        passed_over[""] = PassedOver(f"{hidden} hidden files", "a system's own, or a repository's")
    return list(passed_over.values())


def _write(target: Path, stream: IO[bytes], limit: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    left = limit + 1
    with open(target, "wb") as file:
        while left and (data := stream.read(min(left, 1 << 20))):
            file.write(data)
            left -= len(data)


def _mark_repository(to: Path, parts: list[str]) -> None:
    """Leave an empty folder where a repository was: that there is one tells clones from other folders."""
    above = parts[: parts.index(REPOSITORY)]
    if not _unsafe("/".join(parts), parts) and not any(map(is_hidden, above)):
        with suppress(FileExistsError, NotADirectoryError):
            to.joinpath(*above, REPOSITORY).mkdir(parents=True, exist_ok=True)


def _unsafe(name: str, parts: list[str]) -> str:
    """Say why a path is not one inside the folder; nothing where it is."""
    if not parts:
        return ""
    if name.startswith("/") or ".." in parts or (len(parts[0]) == 2 and parts[0][1] == ":"):
        return "its name points outside the archive"
    if "\0" in name or any(len(part.encode("utf-8", "surrogateescape")) > 255 for part in parts) or len(name) > 2_000:
        return "its name is not one that a file can have"
    return ""


def _members(path: Path) -> Iterator[tuple[str, str, int, IO[bytes] | None]]:
    """Yield each file's name, why it cannot be unpacked, its size, and its content."""
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.is_dir() or member.filename.endswith("\\"):
                    continue
                mode = stat.S_IFMT(member.external_attr >> 16)
                name = _zip_name(member)
                if mode not in (0, stat.S_IFREG):
                    yield name, "a link or a device, not a file", 0, None
                elif member.flag_bits & 0x1:
                    yield name, "locked with a password", 0, None
                else:
                    with archive.open(member) as stream:
                        yield name, "", member.file_size, stream
        return
    with tarfile.open(path) as archive:
        for one in archive:
            if one.isdir():
                continue
            content = archive.extractfile(one) if one.isreg() else None
            if content is None:
                yield one.name, "a link or a device, not a file", 0, None
            else:
                with closing(content):
                    yield one.name, "", one.size, content


def _zip_name(member: zipfile.ZipInfo) -> str:
    """Return a name with forward slashes. Many programs write UTF-8 without saying so."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")
