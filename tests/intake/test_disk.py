"""The door to files: nothing is read from elsewhere, nothing is waited for, whoever exchanges what is being read."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import AutograderError, RejectedError, StorageError, UnusableFileError
from autograder.intake import read_submission
from autograder.intake.archive import read_files
from autograder.intake.disk import Folder, Kind, located
from tests.intake.conftest import zipped

BIG = 20_000_000
MINE = "def mse(a, b):\n    return 0\n"
SECRET = "def mse(a, b):\n    return 'another student wrote this'\n"
CALLS = ("open", "stat", "fstat", "scandir", "read")


@contextmanager
def before_each_call(act: Callable[[int], None]) -> Iterator[None]:
    """Call `act` with a number before every call to the file system that the door makes."""
    number = 0
    with pytest.MonkeyPatch.context() as patched:
        for name in CALLS:
            whole = getattr(os, name)

            def call(*args: Any, whole: Callable[..., Any] = whole, **how: Any) -> Any:
                nonlocal number
                now, number = number, number + 1
                patched.undo()
                try:
                    act(now)
                finally:
                    install()
                return whole(*args, **how)

            call.__name__ = name
            setattr(before_each_call, name, call)

        def install() -> None:
            for name in CALLS:
                patched.setattr(os, name, getattr(before_each_call, name))

        install()
        yield


def calls_of(path: Path, within: Path) -> int:
    """How many calls reading makes where nothing happens meanwhile."""
    numbers = []
    with before_each_call(numbers.append):
        read_files(path, BIG, within)
    return len(numbers)


# --- what is exchanged while it is read ---------------------------------------------------------------------------

SHAPES = {
    "a folder in the student's": ("eve", "eve/sub", "folder"),
    "a folder in a folder of the student's": ("eve", "eve/sub/deep", "folder"),
    "the student's own folder": ("eve", "eve", "folder"),
    "the folder above it, where the course says that it is the student's": ("eve/sub", "eve", "folder"),
    "a file": ("eve", "eve/sub/deep/solution.py", "file"),
    "a loose file": ("eve.py", "eve.py", "file"),
    "a zip": ("eve.zip", "eve.zip", "zip"),
    "a zip alone in a folder": ("zed", "zed/work.zip", "zip"),
}


def everything(root: Path) -> None:
    """A class with everything in it that `SHAPES` names, and beside it what nobody may read."""
    for place, text in (("class/eve", MINE), ("elsewhere/folder", SECRET)):
        for name in ("solution.py", "sub/solution.py", "sub/deep/solution.py", "deep/solution.py"):
            path = root / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    (root / "class/eve.py").write_text(MINE)
    (root / "class/zed").mkdir()
    zipped(root / "class/eve.zip", {"solution.py": MINE})
    zipped(root / "class/zed/work.zip", {"solution.py": MINE})
    (root / "elsewhere/file").write_text(SECRET)
    zipped(root / "elsewhere/zip", {"solution.py": SECRET})


@pytest.mark.parametrize(("entry", "swapped", "kind"), SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("back", [False, True], ids=["once", "and back"])
def test_what_is_exchanged_for_a_link_at_any_moment_leads_nowhere_else(
    tmp_path: Path, entry: str, swapped: str, kind: str, back: bool
) -> None:
    """Between any two calls, and back again between any two later ones."""
    everything(tmp_path)
    where, aside, link = tmp_path / "class" / swapped, tmp_path / "aside", tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere" / kind)

    def swap() -> None:
        if where.is_symlink():
            where.rename(link)
            aside.rename(where)
        else:
            where.rename(aside)
            link.rename(where)

    within = tmp_path / "class"
    count = calls_of(within / entry, within)
    assert count > 3
    whole = 0
    for moments in combinations(range(count), 2) if back else ((moment,) for moment in range(count)):
        with before_each_call(lambda now, moments=moments: swap() if now in moments else None):  # type: ignore[misc]
            try:
                files = read_files(within / entry, BIG, within).files
            except (RejectedError, StorageError):
                files = {}
        assert all(data == MINE.encode() for data in files.values()), moments
        whole += bool(files)
        if where.is_symlink():
            swap()
    assert whole, "where the exchange comes too late, the student's own work is read"


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE, errno.EMFILE])
@pytest.mark.parametrize(("entry", "swapped", "kind"), SHAPES.values(), ids=SHAPES)
def test_a_fault_at_any_moment_is_the_file_system_s(
    tmp_path: Path, entry: str, swapped: str, kind: str, number: int
) -> None:
    everything(tmp_path)
    within = tmp_path / "class"

    for moment in range(calls_of(within / entry, within)):

        def fail(now: int, moment: int = moment) -> None:
            if now == moment:
                raise OSError(number, os.strerror(number))

        before = len(os.listdir("/proc/self/fd"))
        with before_each_call(fail), pytest.raises(StorageError, match=f"cannot be read: {os.strerror(number)}"):
            read_files(within / entry, BIG, within)
        assert len(os.listdir("/proc/self/fd")) == before, "every descriptor is closed"


@pytest.mark.parametrize("other", [os.mkfifo, os.mkdir, os.unlink])
def test_a_file_that_becomes_something_else_is_left_out_and_not_waited_for(
    tmp_path: Path, other: Callable[[Path], None]
) -> None:
    everything(tmp_path)
    file = tmp_path / "class/eve/sub/solution.py"
    for moment in range(calls_of(tmp_path / "class/eve", tmp_path / "class")):

        def exchange(now: int, moment: int = moment) -> None:
            if now == moment:
                file.unlink()
                if other is not os.unlink:
                    other(file)

        with before_each_call(exchange):
            files = read_files(tmp_path / "class/eve", BIG).files
        assert set(files.values()) == {MINE.encode()}
        assert len(files) >= 3, "everything else is read"
        shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)
        file.write_text(MINE)


def test_a_file_that_grows_while_it_is_read_is_read_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "eve.py"
    path.write_text("#" * 100)

    def grow(_: int) -> None:
        with open(path, "a") as file:
            file.write("#" * 1_000)

    with before_each_call(grow), pytest.raises(RejectedError, match="larger than"):
        read_files(path, 5_000)


# --- what is no ordinary file -------------------------------------------------------------------------------------


def test_a_file_of_holes_is_too_large_at_once(tmp_path: Path) -> None:
    with open(tmp_path / "eve.py", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(RejectedError, match="larger than 20 MB"):
        read_files(tmp_path / "eve.py", BIG)


def test_a_second_name_of_somebody_else_s_file_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hard link is no link to the eye; but the file is not the folder's owner's."""
    (tmp_path / "eve").mkdir()
    (tmp_path / "solution.py").write_text(SECRET)
    (tmp_path / "eve/own.py").write_text(MINE)
    os.link(tmp_path / "solution.py", tmp_path / "eve/got.py")
    os.link(tmp_path / "eve/own.py", tmp_path / "eve/copy.py")
    assert sorted(read_files(tmp_path / "eve", BIG).files) == ["copy.py", "got.py", "own.py"], "all is one owner's"
    whole, theirs = os.fstat, os.stat(tmp_path / "solution.py").st_ino

    def fstat(descriptor: int) -> os.stat_result:
        found = whole(descriptor)
        values = list(found)
        values[stat.ST_UID] += found.st_ino == theirs
        return os.stat_result(values)

    monkeypatch.setattr(os, "fstat", fstat)
    code = read_files(tmp_path / "eve", BIG)
    assert sorted(code.files) == ["copy.py", "own.py"]
    assert code.notes == [
        "got.py was left out: it is a second name of somebody else's file. Hand in a copy of your own."
    ]


@pytest.mark.parametrize("number", [(1, 5), (1, 8), (5, 0)], ids=["zero", "random", "tty"])
def test_a_device_is_not_opened(tmp_path: Path, number: tuple[int, int]) -> None:
    try:
        os.mknod(tmp_path / "eve.py", 0o666 | stat.S_IFCHR, os.makedev(*number))
    except PermissionError:
        pytest.skip("only root makes devices")
    with pytest.raises(RejectedError, match="not an ordinary file"):
        read_files(tmp_path / "eve.py", BIG)
    with Folder.at(tmp_path) as folder, pytest.raises(UnusableFileError):
        folder.open("eve.py")


@pytest.mark.parametrize("level", ["eve", "eve/sub", "eve/sub/work"])
def test_a_link_at_any_level_below_the_course_s_own_is_refused(tmp_path: Path, level: str) -> None:
    """nbgrader has a folder for each student and one for each assignment in it."""
    target = tmp_path / "elsewhere" / level
    (tmp_path / "elsewhere/eve/sub/work").mkdir(parents=True)
    (tmp_path / "elsewhere/eve/sub/work/a.py").write_text(SECRET)
    link = tmp_path / "class" / level
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    with pytest.raises(RejectedError, match="link"):
        read_files(tmp_path / "class/eve/sub/work", BIG, tmp_path / "class")


def test_links_to_the_course_s_own_folders_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real/eve").mkdir(parents=True)
    (tmp_path / "real/eve/a.py").write_text(MINE)
    (tmp_path / "class").symlink_to("real")
    assert read_files(tmp_path / "class/eve", BIG).files == {"a.py": MINE.encode()}


@pytest.mark.parametrize("path", [".", "../here", "./", "a.py"])
def test_a_path_may_be_written_in_any_way(tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here/a.py").write_text(MINE)
    monkeypatch.chdir(tmp_path / "here")
    assert read_files(Path(path), BIG).files == {"a.py": MINE.encode()}


def test_without_descriptors_files_are_read_by_their_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has none; there, only whoever wrote the files reads them."""
    monkeypatch.setattr("autograder.intake.disk._BY_DESCRIPTOR", False)
    everything(tmp_path)
    (tmp_path / "class/eve/link.py").symlink_to(tmp_path / "elsewhere/file")
    code = read_files(tmp_path / "class/eve", BIG)
    assert len(code.files) == 4
    assert set(code.files.values()) == {MINE.encode()}
    assert code.notes == ["link.py was left out: it is a link. Hand in the file itself."]
    with located(tmp_path / "class/eve") as (above, name):
        assert above.look(name) is Kind.FOLDER


# --- any folder whatever ------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    [b"a.py", b"b.ipynb", b"A.py", b"c.zip", b"caf\xe9.py", b"\xff", b".hidden", b"sub", b"x.py", b"n\nl.py", b"d.txt"]
)
FILES = st.sampled_from([MINE.encode(), b"", b"\0", b"\xff\xfe", b'{"cells": []}', b"PK\x03\x04"])
LINKS = st.sampled_from(["..", ".", "loop", "nowhere", "/", "../elsewhere", "../../elsewhere/file", "a.py", "/proc"])
TREES = st.recursive(
    FILES | LINKS | st.just(None),
    lambda inner: st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
Tree = bytes | str | None | dict[bytes, Any]


def plant(place: bytes, tree: Tree) -> None:
    """Make what a tree says: a file, a link, a pipe, or a folder."""
    if isinstance(tree, dict):
        os.mkdir(place)
        for name, inner in tree.items():
            plant(place + b"/" + name, inner)
    elif isinstance(tree, str):
        os.symlink(tree, place)
    elif tree is None:
        os.mkfifo(place)
    else:
        with open(place, "wb") as file:
            file.write(tree)


@given(TREES, NAMES)
def test_whatever_is_handed_in_is_read_or_refused_and_never_left(
    tmp_path_factory: pytest.TempPathFactory, tree: Tree, name: bytes
) -> None:
    root = tmp_path_factory.mktemp("any")
    everything(root)
    entry = os.fsencode(root) + b"/" + name
    plant(entry, tree)
    try:
        submission = read_submission(Path(os.fsdecode(entry)), "eve", main="a", expected=frozenset({"mse"}))
    except AutograderError as error:
        assert isinstance(error, RejectedError)
        assert error.reason.encode()
    else:
        assert "another student" not in str(submission)
    finally:
        shutil.rmtree(root)
