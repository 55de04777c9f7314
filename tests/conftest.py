"""What several rooms' tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.rubric.assignment import Assignment, load
from tests import tiny


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    """The tiny assignment's reference folder, in a course of its own."""
    return tiny.write(tmp_path)


@pytest.fixture
def tiny_assignment(tiny_folder: Path) -> Assignment:
    """The tiny assignment, loaded."""
    return load(tiny_folder)
