"""Hand in, read back, load: what the tests of intake have in common."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.intake import read_submission
from autograder.model import Submission
from autograder.sandbox.guest import loader

Load = Callable[[Submission], dict[str, Any]]


def notebook(*cells: str) -> str:
    """A notebook of code cells, as Jupyter writes it."""
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {"cell_type": "code", "id": f"c{n}", "metadata": {}, "outputs": [], "source": cell.splitlines(True)}
                for n, cell in enumerate(cells)
            ],
        }
    )


def zipped(path: Path, files: dict[str, str | bytes]) -> Path:
    """A zip with these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def module(tmp_path: Path) -> Callable[..., Submission]:
    """Hand in a module with this source."""

    def hand_in(source: str | bytes, **options: Any) -> Submission:
        path = tmp_path / "regression.py"
        path.write_bytes(source.encode() if isinstance(source, str) else source)
        return read_submission(path, "ada", **options)

    return hand_in


@pytest.fixture
def cells(tmp_path: Path) -> Callable[..., Submission]:
    """Hand in a notebook with these code cells."""

    def hand_in(*sources: str, **options: Any) -> Submission:
        path = tmp_path / "regression.ipynb"
        path.write_text(notebook(*sources))
        return read_submission(path, "ada", **options)

    return hand_in


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a submission as the sandbox does, and leave no trace of it."""

    def run(submission: Submission) -> dict[str, Any]:
        known = set(sys.modules)
        monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
        namespace, error = loader.load(submission.files, submission.main)
        for name in set(sys.modules) - known:
            if getattr(sys.modules[name], "__file__", "") in submission.files:
                del sys.modules[name]
        assert error is None, error
        return namespace

    return run
