"""What every download of a class comes to, whichever system wrote it: hand-ins, each with its people and its files.

A reader of a system is one function, `read(place, assignment)`: it goes by names, opens no student's file, and returns
None where the place is not that system's download.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from autograder.errors import InputError, StorageError, UnusableFileError
from autograder.intake.archive import is_hidden
from autograder.intake.classroom import LARGEST_CLASS
from autograder.intake.disk import Folder, Kind
from autograder.model import Person


@dataclass(frozen=True)
class Part:
    """A file or folder of a submission: its name there, and its place in the download. "" is the submission itself."""

    name: str
    path: PurePosixPath


@dataclass(frozen=True)
class HandIn:
    """One attempt of one student, or of a group that shares a score. `late` is the system's own mark."""

    people: tuple[Person, ...]
    parts: tuple[Part, ...]
    received: datetime | None = None
    late: bool = False
    attempt: int = 1


@dataclass(frozen=True)
class PassedOver:
    """What is not graded, and why. `lost`: it may be somebody's work, so that a person has to look."""

    name: str
    why: str
    lost: bool = False


@dataclass(frozen=True)
class Download:
    """A class as a system gave it out. `what` names it for a person."""

    system: str
    what: str
    hand_ins: tuple[HandIn, ...]
    passed_over: tuple[PassedOver, ...] = ()
    remarks: tuple[str, ...] = ()


class Reader(Protocol):
    """Recognises the downloads of one system."""

    def __call__(self, place: Place, assignment: str) -> Download | None:
        """Read a download; None where it is not that system's."""
        ...


@dataclass(frozen=True)
class Place:
    """A download's folder, looked into through the one door: no link below it is followed."""

    root: Path
    _seen: dict[tuple[str, ...], Mapping[str, Kind]] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.root.resolve().name

    def names(self, *parts: str) -> Mapping[str, Kind]:
        """Return what stands in a folder; nothing where there is no such folder. Raises `InputError`."""
        if parts not in self._seen:
            self._seen[parts] = dict(self._listed(parts))
        return self._seen[parts]

    def shown(self, *parts: str) -> dict[str, Kind]:
        """Return what stands in a folder without what nobody meant to hand in."""
        return {name: kind for name, kind in self.names(*parts).items() if not is_hidden(name)}

    def hidden(self) -> tuple[PassedOver, ...]:
        """Return what stands in the folder itself and is hidden."""
        return tuple(PassedOver(name, "a hidden file, or a system's own") for name in self.names() if is_hidden(name))

    def read(self, most: int, *parts: str) -> bytes | None:
        """Return the beginning of a file, one byte more than `most` at most; None where there is no such file."""
        *above, name = parts
        try:
            with self._opened(above) as folder:
                return folder.read(name, most)
        except UnusableFileError:
            return None

    def _listed(self, parts: tuple[str, ...]) -> Iterator[tuple[str, Kind]]:
        try:
            with self._opened(parts) as folder:
                for name in folder.names(LARGEST_CLASS):
                    try:
                        yield name, folder.look(name)
                    except UnusableFileError:
                        continue
                    except StorageError:
                        yield name, Kind.OTHER
        except UnusableFileError:
            return
        except StorageError as error:
            raise InputError(f"{self.root.joinpath(*parts)}: {error}") from error

    @contextmanager
    def _opened(self, parts: tuple[str, ...] | list[str]) -> Iterator[Folder]:
        with ExitStack() as stack:
            folder = stack.enter_context(Folder.at(self.root))
            for part in parts:
                folder = stack.enter_context(folder.enter(part))
            yield folder


def composed(text: str) -> str:
    """Return a name in the usual spelling: systems and archives write accents in two ways."""
    return unicodedata.normalize("NFC", text)


def whole(path: str) -> tuple[Part, ...]:
    """Return the parts of a submission that is one file or folder."""
    return (Part("", PurePosixPath(path)),)
