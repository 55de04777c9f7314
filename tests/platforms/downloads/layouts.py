"""The same class as each system gives it out. Every writer takes people, and puts their files below a folder."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

WORK = "def square(x):\n    return x * x\n"


@dataclass(frozen=True)
class Made:
    """One made person."""

    number: int
    first: str
    last: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def login(self) -> str:
        return f"u{self.number}"

    @property
    def email(self) -> str:
        return f"u{self.number}@example.edu"

    @property
    def canvas(self) -> str:
        """The sortable name as Canvas folds it: small, and without what is no letter, digit or underscore."""
        sortable = f"{self.last}, {self.first}".lower()
        return "".join(one for one in sortable if one.isalnum() or one == "_")


PEOPLE = (
    Made(101, "Ada", "Lovelace"), Made(102, "Mary-Jane", "O'Brien"), Made(103, "Wei", "Zhang"),
    Made(104, "Wei", "Zhang"), Made(105, "怡君", "林"), Made(106, "José", "Núñez de la Torre"),
)  # fmt: skip


def put(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files by their paths, and return the root."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Return a zip."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def tarred(files: Mapping[str, str | bytes], mode: str = "w:gz") -> bytes:
    """Return a tar."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
    return data.getvalue()


def gradescope(people: tuple[Made, ...] = PEOPLE, folder: str = "") -> dict[str, str]:
    """Return an export: a folder for each submission, and the metadata."""
    files, metadata = {}, ["---"]
    for one in people:
        files[f"{folder}submission_{one.number}/hw1.py"] = WORK
        metadata += submission(one.number, [(one.name, f"'00{one.number}'", one.email)])
    return files | {f"{folder}submission_metadata.yml": "\n".join(metadata) + "\n"}


def submission(
    number: int, submitters: list[tuple[str, str, str]], at: str = "2026-04-26 17:34:00.861687000 Z"
) -> list[str]:
    """Return the lines of one submission's metadata."""
    said = [f"submission_{number}:", "  :submitters:" if submitters else "  :submitters: []"]
    for name, sid, email in submitters:
        said += [f"  - :name: {name}", f"    :sid: {sid}", f"    :email: {email}"]
    return [*said, f"  :created_at: {at}", "  :score: 2.0", "  :status: processed", f"  :id: {number}"]


def canvas(people: tuple[Made, ...] = PEOPLE) -> dict[str, str]:
    """Return a download: flat files, some of them handed in again."""
    files = {}
    for one in people:
        late, again = "LATE_" * (one.number % 3 == 0), "-1" * (one.number % 2)
        files[f"{one.canvas}_{late}{one.number}_{9000 + one.number}_hw1{again}.py"] = WORK
    return files


def moodle(people: tuple[Made, ...] = PEOPLE) -> dict[str, str]:
    """Return a download in folders."""
    return {f"{one.name}_{one.number}_assignsubmission_file/hw1.py": WORK for one in people}


def moodle_flat(people: tuple[Made, ...] = PEOPLE) -> dict[str, str]:
    """Return a download without folders."""
    return {f"{one.name}_{one.number}_assignsubmission_file_hw1.py": WORK for one in people}


def nbgrader(people: tuple[Made, ...] = PEOPLE) -> dict[str, str]:
    """Return what is in `submitted`."""
    return {
        path: content
        for one in people
        for path, content in (
            (f"{one.login}/hw1/hw1.py", WORK),
            (f"{one.login}/hw1/timestamp.txt", "2015-02-02 14:58:23.948203 America/Los_Angeles"),
        )
    }


def inbound(people: tuple[Made, ...] = PEOPLE) -> dict[str, str]:
    """Return what the exchange collects."""
    return {f"{one.login}+hw1+2027-03-01 22:00:00.000000 UTC+abc/hw1.py": WORK for one in people}


def github(people: tuple[Made, ...] = PEOPLE) -> dict[str, str]:
    """Return clones."""
    return {
        path: content
        for one in people
        for path, content in ((f"hw1-{one.login}/hw1.py", WORK), (f"hw1-{one.login}/.git/hooks/x.py", "1/0"))
    }


def flat(people: tuple[Made, ...] = PEOPLE) -> dict[str, str]:
    """Return a file for each student."""
    return {f"{one.login}.py": WORK for one in people}


LAYOUTS = {
    "gradescope": gradescope, "canvas": canvas, "moodle": moodle, "moodle flat": moodle_flat, "nbgrader": nbgrader,
    "nbgrader inbound": inbound, "github": github, "folder": flat,
}  # fmt: skip
