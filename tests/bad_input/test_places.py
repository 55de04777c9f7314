"""Folders and zips: what lies beside the work, several candidates, clashes, links, and what cannot be opened."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import StorageError
from autograder.intake import read_submission
from tests.bad_input.corpus import FINE, Case, as_bytes, hold, notebook, put, verify, zip_of

STARTER = "def double(x):\n    raise NotImplementedError\n"
NOTEBOOK = notebook(FINE)
JUNK: dict[str, Any] = {
    ".DS_Store": bytes(64),
    "._homework.py": bytes(64),
    "__MACOSX/._homework.py": bytes(64),
    ".ipynb_checkpoints/homework-checkpoint.ipynb": notebook("def double(x): return 0"),
    "__pycache__/homework.cpython-312.pyc": bytes(64),
    ".git/hooks/pre-commit.py": "def double(:",
    ".vscode/settings.json": "{}",
    "venv/lib/site.py": "def double(:",
    "Thumbs.db": bytes(64),
    "desktop.ini": "",
    "data/views.csv": "1,2\n",
    "model.pt": bytes(64),
    "README.md": "# Hi",
}


def case(
    name: str, files: dict[str, Any], *notes: str, rejected: str = "", silent: bool = False, **options: Any
) -> Case:
    return Case(name, files, notes, rejected, silent, options)


def zipped(name: str, files: dict[str, Any], *notes: str, **more: Any) -> Case:
    return case(name, {"ada.zip": zip_of(files)}, *notes, **more)


WORK = {"homework.py": FINE}
READ = [
    case("everything a computer leaves behind", JUNK | WORK, silent=True),
    zipped("the same in a zip", JUNK | WORK, silent=True),
    case("an empty file beside it", {"a/homework.py": FINE, "a/utils.py": ""}, "utils.py is empty"),
    case("a damaged notebook beside it", WORK | {"draft.ipynb": '{"cells": ['}, "draft.ipynb is damaged"),
    case(
        "a damaged main file, and the work in another",
        {"homework.py": b"\0", "mine.py": FINE},
        "homework.py is not a text",
    ),
    case("an empty main file, and the work in another", {"homework.py": "", "mine.py": FINE}, "homework.py is empty"),
    case(
        "module and notebook, the module untouched",
        {"homework.py": STARTER, "homework.ipynb": NOTEBOOK},
        "homework.ipynb is graded",
    ),
    case(
        "module and notebook, the notebook untouched",
        {"homework.py": FINE, "homework.ipynb": notebook(STARTER)},
        "homework.py is graded",
    ),
    case(
        "module and notebook, the notebook damaged",
        {"homework.py": FINE, "homework.ipynb": "{"},
        "homework.ipynb is damaged",
    ),
    case("a name with joiners", {"می\u200cخواهم 👩\u200d👧.py": FINE}, silent=True),
    case("two copies", {"homework.py": FINE, "old/homework.py": STARTER}, "Both homework.py and old/homework.py"),
    case("a copy of the system's", {"homework (1).py": FINE, "homework.py": STARTER}, "homework (1).py is graded"),
    case("capital letters", {"Homework.PY": FINE}, silent=True),
    case(
        "two spellings of one name", {"Homework.py": STARTER, "homework.py": FINE}, "Both homework.py and Homework.py"
    ),
    case(
        "several notebooks, none with the name",
        {"a.ipynb": notebook("x = 1"), "b.ipynb": NOTEBOOK},
        "b.ipynb is graded",
    ),
    case("several modules, none with the name", {"a.py": "x = 1", "b.py": FINE}, "b.py is graded"),
    case(
        "a test file that imports the work", WORK | {"test_homework.py": "from homework import double\n"}, silent=True
    ),
    case("a helper with a library's name", WORK | {"torch.py": "x = 1"}, "torch.py was left out"),
    case("a helper with the name of the standard library", WORK | {"types.py": "x = 1"}, "types.py was left out"),
    case("spaces, emoji and accents in names", {"my hömework 🙂.py": FINE}, silent=True),
    case("names from right to left", {"واجب.py": FINE}, silent=True),
    case("a very deep folder", {"/".join("abcdefghij") + "/homework.py": FINE}, silent=True),
    case("a zip beside the work", WORK | {"old.zip": zip_of(WORK)}, "old.zip was not opened"),
    case("a zip alone in the folder", {"a/homework.zip": zip_of(WORK)}, silent=True),
    case("a notebook called .py", {"homework.py": NOTEBOOK}, silent=True),
    case("a module called .ipynb", {"homework.ipynb": FINE}, silent=True),
    zipped("a zip with a folder in it", {"Homework 1/homework.py": FINE}, silent=True),
    zipped("a zip made on Windows", {"hw\\homework.py": FINE}, silent=True),
    zipped("a zip with a name that leads out", WORK | {"../../up.py": "x = 1"}, "../../up.py was left out"),
    zipped("a zip with an absolute name", WORK | {"/tmp/up.py": "x = 1"}, "/tmp/up.py was left out"),
    zipped("a zip with a control character in a name", WORK | {"a\x07.py": "x = 1"}, "a?.py was left out"),
    zipped("a zip with a name that turns round", WORK | {"a\u202eyp.py": "x = 1"}, "was left out"),
    zipped("a zip with a very long name", WORK | {"a" * 400 + ".py": "x = 1"}, "was left out"),
]
REJECTED = [
    case("an empty folder", {"data/views.csv": "1"}, rejected="no .py or .ipynb file in this folder"),
    case("only what a computer leaves behind", JUNK, rejected="no .py or .ipynb file in this folder"),
    zipped("a zip of the same", JUNK, rejected="no .py or .ipynb file in this zip"),
    zipped("a zip in a zip", {"inner.zip": zip_of(WORK)}, rejected="only another archive (inner.zip)"),
    zipped("zips in a zip", {f"{n}.zip": zip_of(WORK) for n in range(9)}, rejected="and 6 more"),
    case("two zips", {"a.zip": zip_of(WORK), "b.zip": zip_of(WORK)}, rejected="only another archive (a.zip, b.zip)"),
    zipped("a zip in a folder in a zip", {"a/b/inner.zip": zip_of(WORK)}, rejected="only another archive"),
    zipped("a zip of 201 modules", {f"m{n}.py": FINE for n in range(201)}, rejected="more than 200 code files"),
    zipped("a zip of 5,001 files", {f"{n}.csv": "" for n in range(5_001)}, rejected="more than 5,000 files"),
    zipped("a zip that unpacks to far more", {"homework.py": "#" * 15_000_000}, rejected="far more than it holds"),
    case("too large", {"a/homework.py": FINE + "#" * 5_000}, rejected="larger than 0.001 MB", max_bytes=1_000),
    case(
        "too large together", {f"{n}.py": FINE * 10 for n in range(9)}, rejected="larger than 0.001 MB", max_bytes=1_000
    ),
    case(
        "several files, none of which has anything asked for",
        {"a.py": "x = 1", "b.py": "y = 1"},
        rejected="Name the one to grade homework.py",
    ),
    case("only damaged files", {"a.ipynb": "{", "b.py": b"\0"}, rejected="a.ipynb is damaged"),
    case("folders in folders without end", {"a/" * 30 + "homework.py": FINE}, rejected="more than 20 deep"),
    case(
        "a damaged main file beside a helper",
        {"homework.ipynb": "{", "utils.py": "def other(): pass"},
        rejected="homework.ipynb is damaged",
    ),
    case(
        "a damaged main file beside helpers",
        {"homework.ipynb": "{", "a.py": "def a(): pass", "b.py": "def b(): pass", "0.py": b"\0"},
        rejected="homework.ipynb is damaged",
    ),
    case("a Word document", {"homework.docx": zip_of({})}, rejected="is a text document: it holds no code"),
    case("a text file", {"homework.py.txt": FINE}, rejected="Rename it to homework.py"),
    case("no suffix", {"homework": FINE}, rejected="only .py, .ipynb, .zip and .tar"),
    case("an archive of another kind", {"homework.rar": b"Rar!"}, rejected="is a RAR archive"),
]


@pytest.mark.parametrize("one", READ, ids=lambda one: one.id)
def test_the_work_is_found(one: Case, tmp_path: Path) -> None:
    verify(one, tmp_path)


@pytest.mark.parametrize("one", REJECTED, ids=lambda one: one.id)
def test_what_holds_no_work_is_rejected_with_the_next_step(one: Case, tmp_path: Path) -> None:
    verify(one, tmp_path)


# --- what only a file system can do ---------------------------------------------------------------------------------


def test_links_to_files_folders_and_nowhere_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, {"secret/solution.py": FINE, "ada/homework.py": FINE})
    for name, target in (("a.py", "../secret/solution.py"), ("b", "../secret"), ("c.py", "nowhere"), ("d.py", "d.py")):
        (tmp_path / "ada" / name).symlink_to(target)
    hold(
        case("links", {}, *(f"{name} was left out: it is a link" for name in ("a.py", "b", "c.py", "d.py"))),
        tmp_path / "ada",
    )
    assert set(read_submission(tmp_path / "ada", "ada", main="homework").files) == {"homework.py"}


@pytest.mark.parametrize("target", ["secret.py", "secret", "nowhere", "ada.py"])
def test_a_submission_that_is_a_link_is_rejected(target: str, tmp_path: Path) -> None:
    put(tmp_path, {"secret.py": FINE, "secret/homework.py": FINE})
    (tmp_path / "ada.py").symlink_to(target)
    hold(case("link", {}, rejected="is a link to another place"), tmp_path / "ada.py")


def test_a_main_file_that_is_a_link_is_rejected_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path, {"secret.py": FINE, "ada/readme.txt": ""})
    (tmp_path / "ada" / "homework.py").symlink_to("../secret.py")
    hold(case("link", {}, rejected="homework.py was left out: it is a link"), tmp_path / "ada")


def test_pipes_and_sockets_are_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path, {"ada/homework.py": FINE})
    os.mkfifo(tmp_path / "ada" / "pipe.py")
    os.mkfifo(tmp_path / "bo.py")
    hold(case("pipe", {}, "pipe.py was left out: it is not an ordinary file"), tmp_path / "ada")
    hold(case("pipe", {}, rejected="is not an ordinary file"), tmp_path / "bo.py")


def test_folders_with_a_files_name_are_folders(tmp_path: Path) -> None:
    hold(case("folder", {}, silent=True), put(tmp_path, {"homework.py/homework.py": FINE}) / "homework.py")


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> str:
    """Files and folders called "locked..." cannot be opened, as if they were another user's (who runs the tests
    may well be root, for whom nothing is locked)."""
    whole_open = os.open

    def open_(path: Any, *args: Any, **kwargs: Any) -> int:
        if "locked" in os.path.basename(os.fspath(path)):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return whole_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", open_)
    return "locked"


LOCKED = ["locked.py", "locked.ipynb", "locked.zip", "locked/a.py"]


@pytest.mark.parametrize("name", LOCKED)
def test_what_may_not_be_read_is_nobodys_fault(name: str, locked: str, tmp_path: Path) -> None:
    put(tmp_path, {name: FINE})
    with pytest.raises(StorageError, match=r"^locked.* cannot be read: Permission denied\. Make that possible"):
        read_submission(tmp_path / name.split("/")[0], "ada")


@pytest.mark.parametrize("name", LOCKED)
def test_a_part_that_may_not_be_read_is_not_left_out_silently(name: str, locked: str, tmp_path: Path) -> None:
    """What is left would be another work than the student's."""
    put(tmp_path, {"ada/homework.py": FINE, f"ada/{name}": "x = 1"})
    with pytest.raises(StorageError, match=r"^locked.* cannot be read: Permission denied\. Make that possible"):
        read_submission(tmp_path / "ada", "ada")


# --- zips that are not made by hand ----------------------------------------------------------------------------------


def _odd_zip(path: Path, **attributes: Any) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("homework.py", FINE)
        member = zipfile.ZipInfo("helper.py")
        for name, value in attributes.items():
            setattr(member, name, value)
        archive.writestr(member, "x = 1\n")
    return path


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK])
def test_links_and_devices_in_a_zip_are_left_out(kind: int, tmp_path: Path) -> None:
    path = _odd_zip(tmp_path / "a.zip", external_attr=(kind | 0o777) << 16)
    hold(case("device", {}, "helper.py was left out: it is a link or a device"), path)


def test_a_member_that_stands_twice_does_no_harm(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("homework.py", STARTER)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("homework.py", FINE)
    hold(case("twice", {}), tmp_path / "a.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_compression_is_rejected(method: int, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("homework.py", FINE)
    hold(case("bzip2", {}, rejected="unusual compression"), tmp_path / "a.zip")


def test_a_comment_and_bytes_before_the_zip_do_no_harm(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("homework.py", FINE)
        archive.comment = b"x" * 60_000
    data = b"#!/bin/sh\n" + (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data)
    hold(case("comment", {}), tmp_path / "a.zip")


def test_a_zip_with_one_damaged_byte_never_breaks_intake(tmp_path: Path) -> None:
    whole = bytearray(zip_of({"homework.py": FINE}))
    for position in range(0, len(whole), 3):
        data = whole.copy()
        data[position] ^= 0xFF
        (tmp_path / "a.zip").write_bytes(data)
        try:
            read_submission(tmp_path / "a.zip", "ada", main="homework")
        except Exception as error:
            assert type(error).__name__ == "RejectedError", f"byte {position}: {error!r}"


def test_half_a_zip_of_every_length_is_rejected(tmp_path: Path) -> None:
    whole = zip_of({"homework.py": FINE, "homework.ipynb": as_bytes(NOTEBOOK)})
    for length in range(0, len(whole) - 1, 7):
        (tmp_path / "a.zip").write_bytes(whole[:length])
        hold(case("half", {}, rejected="not a zip that can be opened"), tmp_path / "a.zip")
