"""Writing the pages: what is said where they cannot be written, and what stands then."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from autograder import reports
from autograder.errors import ReportError
from autograder.files import replace
from autograder.model import Report

CLASS = [Report(student, "tiny", "d", "a", "e", "graded", 5.0, 10.0) for student in ("ada", "bob", "cyd")]


def write(folder: Path) -> Path:
    return reports.write_reports(CLASS, folder, course="Course", title="Tiny")


def test_a_full_disk_is_said_with_the_way_on(tmp_path, monkeypatch):
    room = iter([True, True])

    def fill(path: Path, data: bytes) -> None:
        if not next(room, False):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(path, data)

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
