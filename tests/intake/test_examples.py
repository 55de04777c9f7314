"""The sample class is read as its README says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import yaml

from autograder.errors import RejectedError
from autograder.intake import Entry, find_class, read_submission

EXAMPLES = Path(__file__).parents[2] / "examples"
CLASS = EXAMPLES / "regression"
EXPECTED = yaml.safe_load((CLASS / "expected.yml").read_text(encoding="utf-8"))


def test_every_student_has_an_expectation() -> None:
    assert {entry.student for entry in find_class(CLASS).entries} == set(EXPECTED)


@pytest.mark.parametrize("entry", find_class(CLASS).entries, ids=lambda entry: entry.student)
def test_every_submission_is_read_or_rejected_as_expected(entry: Entry) -> None:
    student, path = entry.student, entry.path
    expected = frozenset({"make_windows", "mae", "mse", "sigmoid", "diagnose"})
    if EXPECTED[student]["status"] == "rejected":
        with pytest.raises(RejectedError, match="hand it in again"):
            read_submission(path, student, expected=expected)
        return
    submission = read_submission(path, student, expected=expected)
    source = submission.files[submission.main]
    assert "def make_windows" in source or "make_windows =" in source


def test_the_zips_are_up_to_date(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("build", EXAMPLES / "build.py")
    assert spec is not None and spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    for source in (EXAMPLES / "zipped").iterdir():
        build.build(source, tmp_path / "new.zip")
        assert (tmp_path / "new.zip").read_bytes() == (CLASS / f"{source.name}.zip").read_bytes()
