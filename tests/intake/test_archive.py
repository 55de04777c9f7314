"""Files out of folders and zips: the budget in bytes and files, what is passed over, and the words for all of it."""

from __future__ import annotations

import errno
import os
import stat
import warnings
import zipfile
from pathlib import Path
from typing import NoReturn

import pytest

from autograder.errors import RejectedError, StorageError
from autograder.intake.archive import MAX_RATIO, CodeFiles, is_hidden, read_files
from tests.intake.conftest import zipped

BIG = 20_000_000


def files_of(path: Path, max_bytes: int = BIG) -> dict[str, bytes]:
    return read_files(path, max_bytes).files


def refused(path: Path, max_bytes: int = BIG) -> str:
    with pytest.raises(RejectedError) as rejected:
        read_files(path, max_bytes)
    return rejected.value.reason


def folder(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / "ada" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root / "ada"


TOO_LARGE = (
    "This submission is larger than {} MB. Leave out data and saved models, clear the notebook's outputs "
    "(Edit > Clear all outputs), and hand it in again."
)


# --- the budget --------------------------------------------------------------------------------------------------


def test_a_file_may_be_as_large_as_the_budget_and_no_larger(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"#" * 100)
    assert files_of(tmp_path / "a.py", 100) == {"a.py": b"#" * 100}
    assert refused(tmp_path / "a.py", 99) == TOO_LARGE.format("9.9e-05")


def test_the_words_name_the_budget_and_not_what_is_left_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"#" * 3_500_001)
    assert refused(tmp_path / "a.py", 3_500_000) == TOO_LARGE.format("3.5")
    path = folder(tmp_path, {"a.py": b"#" * 2_000_000, "b.py": b"#" * 2_000_000})
    assert refused(path, 3_500_000) == TOO_LARGE.format("3.5")


def test_the_files_of_a_folder_share_one_budget(tmp_path: Path) -> None:
    """Each of three fits, all together do not; and what is no code is not counted."""
    path = folder(tmp_path, {"a.py": "#" * 40, "b.ipynb": "#" * 40, "c.py": "#" * 20, "data.csv": "1" * 500})
    assert sorted(files_of(path, 100)) == ["a.py", "b.ipynb", "c.py"]
    assert "larger than" in refused(path, 99)


def test_the_files_of_a_zip_share_one_budget(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ada.zip", {"a.py": "#" * 400, "b.py": "#" * 400, "c.py": "#" * 200, "d.csv": "1" * 5_000})
    assert path.stat().st_size < 1_000
    assert {name: len(data) for name, data in files_of(path, 1_000).items()} == {"a.py": 400, "b.py": 400, "c.py": 200}
    assert "larger than" in refused(path, 999)


def test_a_zip_is_no_larger_than_the_budget_itself(tmp_path: Path) -> None:
    """What it holds beside code is not unpacked, but it is handed in."""
    path = zipped(tmp_path / "ada.zip", {"a.py": "x = 1\n", "data.csv": os.urandom(1_000)})
    size = path.stat().st_size
    assert list(files_of(path, size)) == ["a.py"]
    assert refused(path, size - 1) == TOO_LARGE.format(f"{(size - 1) / 1e6:.3g}")


def test_a_zip_that_claims_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "ada.zip", {"a.py": "#" * 5_000})
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was opened"))
    assert "larger than" in refused(path, 4_999)


def test_what_unpacks_to_far_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    words = "This zip unpacks to far more than it holds. Hand in the .py or .ipynb file itself."
    assert refused(zipped(tmp_path / "bomb.zip", {"a.py": "#" * 1_000_001})) == words
    assert len(files_of(zipped(tmp_path / "small.zip", {"a.py": "#" * 1_000_000}))["a.py"]) == 1_000_000
    noise = os.urandom(10_000).hex().encode()
    content = noise + b"#" * (1_100_000 - len(noise))
    dense = zipped(tmp_path / "dense.zip", {"a.py": content})
    (member,) = zipfile.ZipFile(dense).infolist()
    assert member.file_size < MAX_RATIO * member.compress_size
    assert files_of(dense) == {"a.py": content}


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_there_may_be_two_hundred_code_files(tmp_path: Path, kind: str) -> None:
    files: dict[str, str | bytes] = {f"m{number}.py": "x\n" for number in range(200)}
    more = files | {"last.py": "x\n"}
    if kind == "zip":
        fits, over = zipped(tmp_path / "fits.zip", files), zipped(tmp_path / "over.zip", more)
    else:
        fits, over = folder(tmp_path / "fits", files), folder(tmp_path / "over", more)
    assert len(files_of(fits)) == 200
    assert refused(over) == "There are more than 200 code files here. Hand in only what you wrote."


def test_there_may_be_five_thousand_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.intake.archive.MAX_ENTRIES", 3)
    files: dict[str, str | bytes] = {"a.py": "x\n", "b.csv": "", ".c": ""}
    more = files | {"d.csv": ""}
    assert list(files_of(folder(tmp_path / "fits", files))) == ["a.py"]
    assert list(files_of(zipped(tmp_path / "fits.zip", files))) == ["a.py"]
    assert refused(folder(tmp_path / "over", more)) == "This folder holds more than 3 files. Hand in only your code."
    assert refused(zipped(tmp_path / "over.zip", more)) == "This zip holds more than 3 files. Hand in only your code."


def test_the_number_of_entries_is_written_so_that_one_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "more than 5,000 files" in refused(zipped(tmp_path / "ada.zip", {f"{n}.csv": "" for n in range(5_001)}))
    path = folder(tmp_path, {"a.py": "x\n"})
    monkeypatch.setattr("autograder.intake.archive.MAX_ENTRIES", 1_000)
    for number in range(1_000):
        (path / f"{number}.csv").touch()
    assert "more than 1,000 files" in refused(path)


def test_folders_may_be_twenty_deep(tmp_path: Path) -> None:
    deep = "/".join("d" * 20)
    assert list(files_of(folder(tmp_path / "fits", {f"{deep}/a.py": "x\n"}))) == [f"{deep}/a.py"]
    words = refused(folder(tmp_path / "over", {f"{deep}/d/a.py": "x\n"}))
    assert words == "There are folders in folders, more than 20 deep. Hand in only your code."


# --- what is read ------------------------------------------------------------------------------------------------


def test_a_loose_file_is_read_under_its_name(tmp_path: Path) -> None:
    for name in ("a.py", "B.PY", "c.IpynB"):
        (tmp_path / name).write_text("x")
        assert files_of(tmp_path / name) == {name: b"x"}


def test_an_odd_name_is_shown_so_that_it_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a\nb.py").write_text("x")
    assert files_of(tmp_path / "a\nb.py") == {"a?b.py": b"x"}
    long = "n" * 200 + ".py"
    (tmp_path / long).write_text("x")
    assert files_of(tmp_path / long) == {long: b"x"}


def test_code_is_found_under_any_case_and_in_every_folder(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"A.PY": "1", "x/b.IPYNB": "2", "x/y/c.py": "3", "d.pyc": "4", "e.txt": "5"}
    wanted = {"A.PY": b"1", "x/b.IPYNB": b"2", "x/y/c.py": b"3"}
    assert files_of(folder(tmp_path, files)) == wanted
    assert files_of(zipped(tmp_path / "ada.zip", files)) == wanted
    assert files_of(zipped(tmp_path / "eve.ZIP", {"x\\y\\c.py": "3"})) == {"x/y/c.py": b"3"}


@pytest.mark.parametrize(
    "name", [".git", ".x.py", "__MACOSX", "__pycache__", "node_modules", "site-packages", "venv", "env"]
)
def test_furniture_is_passed_over_without_a_word(tmp_path: Path, name: str) -> None:
    assert is_hidden(name)
    files: dict[str, str | bytes] = {"a.py": "1", f"{name}/b.py": "2", f"x/{name}/c.py": "3"}
    for path in (folder(tmp_path, files), zipped(tmp_path / "ada.zip", files)):
        assert read_files(path, BIG) == CodeFiles({"a.py": b"1"})


@pytest.mark.parametrize("name", ["env.py", "environment", "a.b", "venv2"])
def test_what_only_looks_like_furniture_is_read(name: str) -> None:
    assert not is_hidden(name)


def test_a_zip_beside_code_is_left_alone_with_a_word(tmp_path: Path) -> None:
    path = folder(tmp_path, {"a.py": "1"})
    for number in range(2):
        zipped(path / f"z{number}.zip", {"b.py": "2"})
    bundle = read_files(path, BIG)
    assert list(bundle.files) == ["a.py"]
    assert bundle.notes == ["z0.zip, z1.zip was not opened: the files next to it are graded."]
    for count, words in ((3, "z0.ZIP, z1.ZIP, z2.ZIP"), (4, "z0.ZIP, z1.ZIP, z2.ZIP and 1 more")):
        outer = zipped(tmp_path / "o.zip", {"a.py": "1", **{f"z{number}.ZIP": "" for number in range(count)}})
        assert read_files(outer, BIG).notes == [f"{words} was not opened: the files next to it are graded."]


def test_of_several_zips_and_no_code_none_is_chosen(tmp_path: Path) -> None:
    path = folder(tmp_path, {"notes.txt": "hi"})
    zipped(path / "one.zip", {"a.py": "1"})
    assert list(files_of(path)) == ["a.py"]
    zipped(path / "two.zip", {"a.py": "1"})
    assert refused(path) == (
        "There is no code in this folder, only another archive (one.zip, two.zip). Unpack that one and hand in the "
        ".py or .ipynb file."
    )


def test_where_there_is_no_code_the_first_reason_is_told(tmp_path: Path) -> None:
    assert refused(folder(tmp_path, {"a.txt": "1"})) == (
        "There is no .py or .ipynb file in this folder. a.txt is a text file. If that is your code, rename it to a.py, "
        "and hand that in."
    )
    assert refused(zipped(tmp_path / "ada.zip", {"a.txt": "1"})) == (
        "There is no .py or .ipynb file in this zip. a.txt is a text file. If that is your code, rename it to a.py, "
        "and hand that in."
    )
    assert refused(zipped(tmp_path / "eve.zip", {"../a.py": "1"})) == (
        "../a.py was left out: its name points outside the zip or is not valid. There is no other .py or .ipynb file "
        "in this zip."
    )


# --- what is not read --------------------------------------------------------------------------------------------


def test_what_cannot_be_handed_in_is_said_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert refused(tmp_path / "a.txt") == (
        "a.txt is a text file. If that is your code, rename it to a.py, and hand that in."
    )
    (tmp_path / "link.py").symlink_to(tmp_path / "a.txt")
    assert refused(tmp_path / "link.py") == "link.py is a link to another place. Hand in the file itself."
    os.mkfifo(tmp_path / "pipe.py")
    assert refused(tmp_path / "pipe.py") == ("pipe.py is not an ordinary file. Hand in a .py, .ipynb or .zip file.")


@pytest.mark.parametrize("name", ["none.py", "none.zip", "none"])
def test_what_is_not_there_is_nobodys_to_hand_in_again(tmp_path: Path, name: str) -> None:
    """It was listed a moment ago: a drive that is gone looks just like that."""
    with pytest.raises(StorageError, match=f"^{name}: it was exchanged or removed while it was read. Run the same"):
        files_of(tmp_path / name)


def test_a_name_that_no_system_takes_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"^a\?\.py cannot be read: not a valid name"):
        files_of(tmp_path / "a\0.py")


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE, errno.ENOSPC, errno.EMFILE, errno.EPERM])
@pytest.mark.parametrize("where", ["open", "read", "scandir", "stat", "fstat"])
def test_an_error_of_the_file_system_is_not_the_student_s(
    tmp_path: Path, number: int, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for the work itself nor for a file beside it: without that, another work would be graded."""
    path = folder(tmp_path, {"a.py": "1", "inner/b.py": "2"})
    zipped(tmp_path / "z.zip", {"a.py": "1"})
    (tmp_path / "c.py").write_text("1")

    def broken(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    places = [path] if where == "scandir" else [path, tmp_path / "z.zip", tmp_path / "c.py"]
    with monkeypatch.context() as patched:
        patched.setattr(os, where, broken)
        for place in places:
            with pytest.raises(StorageError, match=f"cannot be read: {os.strerror(number)}. Make that possible"):
                files_of(place)


def test_files_are_opened_without_following_and_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the opening, a file may have become a link or a pipe."""
    whole, opened = os.open, []
    path = folder(tmp_path, {"a.py": "1", "inner/b.py": "2"})
    monkeypatch.setattr(
        os, "open", lambda path, how, *more, **named: opened.append((path, how)) or whole(path, how, *more, **named)
    )
    files_of(path)
    safely = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    assert opened == [
        (tmp_path, os.O_RDONLY | os.O_DIRECTORY),
        ("ada", safely | os.O_DIRECTORY),
        ("a.py", safely),
        ("inner", safely | os.O_DIRECTORY),
        ("b.py", safely),
    ]


def test_what_is_no_ordinary_file_in_a_folder_is_left_out_with_a_word(tmp_path: Path) -> None:
    path = folder(tmp_path, {"a.py": "1", "odd\nname.py": "2", "odd\nfolder/b.py": "3"})
    os.mkfifo(path / "pipe.py")
    (path / "link.py").symlink_to(path / "a.py")
    bundle = read_files(path, BIG)
    assert list(bundle.files) == ["a.py"]
    assert bundle.notes == [
        "link.py was left out: it is a link. Hand in the file itself.",
        "odd?folder was left out: its name is not one a file should have.",
        "odd?name.py was left out: its name is not one a file should have.",
        "pipe.py was left out: it is not an ordinary file.",
    ]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_what_is_no_ordinary_file_in_a_zip_is_left_out_with_a_word(tmp_path: Path, kind: int) -> None:
    path = zipped(tmp_path / "ada.zip", {"b.py": "2"})
    with zipfile.ZipFile(path, "a") as archive:
        odd = zipfile.ZipInfo("a.py")
        odd.external_attr = (kind | 0o777) << 16
        archive.writestr(odd, "/etc/passwd")
        plain = zipfile.ZipInfo("c.py")
        plain.external_attr = (stat.S_IFREG | 0o644) << 16
        archive.writestr(plain, "3")
    bundle = read_files(path, BIG)
    assert bundle.files == {"b.py": b"2", "c.py": b"3"}, "what comes after it is read"
    assert bundle.notes == ["a.py was left out: it is a link or a device, not a file."]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a b/ä-日.py", True), ("a:b.py", False), ("x/a:b.py", True), ("/a.py", False), ("x//a.py", False),
        ("../a.py", False), ("x/../a.py", False), ("..a.py", None), ("x..y/a.py", True), ("a\tb.py", False),
        (f"{'d' * 147}/{'f' * 149}.py", True), (f"{'d' * 148}/{'f' * 149}.py", False),
    ],
)  # fmt: skip
def test_names_stay_inside_and_can_be_shown(tmp_path: Path, name: str, read: bool | None) -> None:
    bundle = read_files(zipped(tmp_path / "ada.zip", {name: "1", "z.py": "2"}), BIG)
    assert list(bundle.files) == ([name, "z.py"] if read else ["z.py"])
    assert len(bundle.notes) == (read is False), "hidden ones go without a word"


def test_folders_in_a_zip_are_no_files(tmp_path: Path) -> None:
    path = tmp_path / "ada.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("odd.py")
        archive.writestr("back.py\\", "")
        archive.writestr("a.py", "1")
    assert read_files(path, BIG) == CodeFiles({"a.py": b"1"})


def test_a_locked_or_oddly_packed_zip_says_so(tmp_path: Path) -> None:
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.py", "1")
    assert refused(path) == ("This zip uses an unusual compression. Make it again with your system's own 'compress'.")
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(path, "w", kind) as archive:
            archive.writestr("a.py", "1")
        assert files_of(path) == {"a.py": b"1"}
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refused(path) == "This zip is locked with a password. Make it again without one."


def test_what_is_no_zip_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"Rar!")
    assert refused(tmp_path / "a.zip") == (
        "a.zip is not a zip that can be opened: it is damaged, or another kind of archive under this name. Make it "
        "again as a plain zip, or hand in the .py or .ipynb file itself."
    )


@pytest.mark.parametrize("name", ["./a.py", "././a.py", "x/./a.py", ".\\a.py"])
def test_a_step_on_the_spot_hides_nothing(tmp_path: Path, name: str) -> None:
    """`bsdtar -a -cf x.zip .` writes every name so; so does `zip` with `./a.py`."""
    path = tmp_path / "ada.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("./")
        archive.writestr(name, "1")
        archive.writestr("./.hidden/b.py", "2")
        archive.writestr("./../c.py", "3")
    bundle = read_files(path, BIG)
    assert list(bundle.files) == [name.replace("\\", "/").replace("./", "")]
    assert bundle.notes == ["../c.py was left out: its name points outside the zip or is not valid."]


@pytest.mark.parametrize("again", ["a.py", "./a.py"])
def test_of_two_entries_with_one_name_the_last_is_graded_with_a_word(tmp_path: Path, again: str) -> None:
    path = tmp_path / "ada.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        archive.writestr("a.py", "1")
        archive.writestr(again, "2")
    bundle = read_files(path, BIG)
    assert bundle.files == {"a.py": b"2"}
    assert bundle.notes == ["a.py stands in this zip more than once: the last one is graded."]


def test_zips_of_zips_are_never_opened(tmp_path: Path) -> None:
    """However far they would unpack: only a zip that stands alone in a folder is opened, once."""
    inner = zipped(tmp_path / "inner.zip", {"a.py": "1"}).read_bytes()
    for _ in range(3):
        inner = zipped(tmp_path / "outer.zip", {"bomb.zip": inner}).read_bytes()
    assert "only another archive (bomb.zip)" in refused(tmp_path / "outer.zip")
    assert "only another archive (bomb.zip)" in refused(folder(tmp_path, {"outer.zip": inner}))
