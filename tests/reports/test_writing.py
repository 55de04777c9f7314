"""Writing the pages: what is said where they cannot be written, and what stands then."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import msgspec
import pytest

from autograder import reports
from autograder.config import Leaderboard
from autograder.errors import ReportError
from autograder.files import replace
from autograder.identity import page_name
from autograder.model import Report

CLASS = [Report(student, "tiny", "d", "a", "e", "graded", 5.0, 10.0) for student in ("ada", "bob", "cyd")]


def write(folder: Path, secret: bytes = b"s") -> Path:
    return reports.write_reports(CLASS, folder, course="Course", title="Tiny", secret=secret)


def test_a_full_disk_is_said_with_the_way_on(tmp_path, monkeypatch):
    room = iter([True, True])

    def fill(path: Path, data: bytes, mode: int) -> None:
        if not next(room, False):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(path, data, mode)

    monkeypatch.setattr(reports, "replace", fill)
    with pytest.raises(ReportError) as caught:
        write(tmp_path)
    assert str(caught.value).startswith(f"the report in {tmp_path} is not complete: No space left on device. ")
    assert "autograder report tiny" in str(caught.value) and "the scores are in the records" in str(caught.value)
    assert not (tmp_path / "index.html").exists() and len(list((tmp_path / "students").iterdir())) == 2
    monkeypatch.undo()
    assert write(tmp_path).is_file()


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path):
    (tmp_path / "report").write_text("", encoding="utf-8")
    with pytest.raises(ReportError, match=r"report/students cannot be made: Not a directory.* --to"):
        write(tmp_path / "report")


def modes(folder: Path) -> set[str]:
    return {oct(path.stat().st_mode & 0o777) for path in folder.rglob("*") if path.is_file()}


def test_pages_are_their_owners_only(tmp_path):
    os.umask(before := os.umask(0))
    try:
        write(tmp_path / "deep" / "report")
    finally:
        os.umask(before)
    assert modes(tmp_path) == {"0o600"}
    for made in ("deep", "deep/report", "deep/report/students"):
        assert (tmp_path / made).stat().st_mode & 0o777 == 0o700


def test_a_folder_that_was_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    write(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert modes(tmp_path) == {"0o600"}


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (folder / "students").iterdir()}


def test_a_page_that_would_be_the_same_stays_as_it_is(tmp_path):
    """Of 2,000 pages, one is written where one student is graded again."""
    write(tmp_path)
    for path in (tmp_path / "students").iterdir():
        os.utime(path, ns=(1, 1))
    changed = [*CLASS[:2], msgspec.structs.replace(CLASS[2], score=6.0)]
    reports.write_reports(changed, tmp_path, course="Course", title="Tiny", secret=b"s")
    assert {name.partition(".")[0] for name, time in times(tmp_path).items() if time != 1} == {"cyd"}


@pytest.mark.parametrize(
    "change", [{"course": "Other"}, {"title": "Other"}, {"leaderboard": Leaderboard.NAMES}, {"anew": True}]
)
def test_all_else_that_a_page_shows_makes_it_new(tmp_path, change):
    write(tmp_path)
    for path in (tmp_path / "students").iterdir():
        os.utime(path, ns=(1, 1))
    reports.write_reports(CLASS, tmp_path, **{"course": "Course", "title": "Tiny", "secret": b"s", **change})
    assert 1 not in times(tmp_path).values()


def test_a_page_that_is_empty_is_written_again(tmp_path):
    write(tmp_path)
    page = next((tmp_path / "students").iterdir())
    page.write_text("", encoding="utf-8")
    write(tmp_path)
    assert "</html>" in page.read_text(encoding="utf-8")


def test_what_a_page_says_of_its_making_tells_nobody_anything(tmp_path):
    """A report holds what students are not told; who lacks the secret cannot try what would give the same."""
    for run, secret in (("one", b"s"), ("other", b"t")):
        write(tmp_path / run, secret)
    stamps = {re.search(r'autograder-page" content="(\w{32})"', page.read_text(encoding="utf-8"))[1]
              for page in tmp_path.rglob("students/*.html")}  # fmt: skip
    assert len(stamps) == 6


def names(folder: Path) -> set[str]:
    return {path.name for path in (folder / "students").iterdir()}


def test_a_students_page_has_a_name_that_cannot_be_guessed_and_stays(tmp_path):
    for run, secret in (("one", b"s"), ("again", b"s"), ("other", b"t")):
        write(tmp_path / run, secret)
    assert names(tmp_path / "one") == names(tmp_path / "again")
    assert not names(tmp_path / "one") & names(tmp_path / "other")
    assert all(re.fullmatch(r"(ada|bob|cyd)\.[0-9a-f]{32}\.html", name) for name in names(tmp_path / "one"))
    assert all(
        name in (tmp_path / "one" / "index.html").read_text(encoding="utf-8") for name in names(tmp_path / "one")
    )


def test_two_assignments_pages_of_one_student_have_different_names():
    assert page_name("ada", "one", b"s") != page_name("ada", "two", b"s")


def test_a_page_under_its_old_name_goes(tmp_path):
    """It could be guessed."""
    (tmp_path / "students").mkdir()
    (tmp_path / "students" / "ada.html").write_text("", encoding="utf-8")
    (tmp_path / "students" / "mine.html").write_text("", encoding="utf-8")
    write(tmp_path)
    assert "ada.html" not in names(tmp_path) and "mine.html" in names(tmp_path)
