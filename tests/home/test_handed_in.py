"""Files that are handed in: what is released of them, and how they are found beside a student's file at home."""

from __future__ import annotations

import pytest

from autograder.home import check_file
from autograder.release import generate, public_release
from autograder.rubric.assignment import load
from tests import handed


@pytest.fixture
def folder(tmp_path):
    reference = handed.write(tmp_path)
    checks = reference / "checks.py"
    checks.write_text(checks.read_text().replace('"PREDICTIONS", 4, trains', '"PREDICTIONS", 4, public=True, trains'))
    assignment = load(reference)
    generate(reference, tmp_path / "assignments", public_release(assignment, "Handed in", ["torch"]))
    return tmp_path / "assignments" / "handed"


def test_the_references_own_files_are_not_released(folder):
    assert {path.name for path in folder.iterdir()} == {
        "handed.py", "handed.ipynb", "handed_colab.ipynb", "public.json",
    }  # fmt: skip


def test_a_file_beside_ones_own_is_checked_with_it(folder):
    (folder / "handed.py").write_text(handed.MODEL)
    checked = check_file(folder / "handed.py")
    assert "predictions.csv was not handed in." in checked.notes
    assert [result.earned for result in checked.results] == [0]
    (folder / "predictions.csv").write_text(handed.RIGHT)
    checked = check_file(folder / "handed.py")
    assert "predictions.csv (49 bytes) is used." in checked.notes
    assert [result.earned for result in checked.results] == [4]
