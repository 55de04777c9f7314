"""What is not defined is looked for all the same, and the student is told where it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.intake import read_submission
from autograder.model import Submission
from tests.intake.conftest import zipped

Module = Callable[..., Submission]
MSE = frozenset({"mse", "mae"})


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def main():\n    def mse(): return 1\n",
         "`mse` stands inside `main` (line 2): write it outside, at the left margin."),
        ("class A:\n    def mse(self): return 1\n",
         "`mse` stands inside the class `A` (line 2): write it outside, at the left margin."),
        ("while go():\n    def mse(): return 1\n",
         "`mse` stands inside a block that does not run here (line 2): write it outside, at the left margin."),
        ("# def mse(): return 1\n", "`mse` stands in a comment, or in a cell that is not Python (line 1)."),
        ("#    mse = lambda x: 1\n", "`mse` stands in a comment, or in a cell that is not Python (line 1)."),
        ("\'\'\'\ndef mse(): return 1\n\'\'\'\n",
         "`mse` stands in code that does not run here, or in quotes (line 2)."),
        ("def f(): return 1\nmse = make(3)\n", "`mse` stands in code that does not run here, or in quotes (line 2)."),
    ],
)  # fmt: skip
def test_where_a_name_stands(module: Module, source: str, sentence: str) -> None:
    assert module(source, expected=MSE).seen == {"mse": sentence}


def test_what_is_defined_is_no_matter(module: Module) -> None:
    assert module("def mse(): return 1\ndef main():\n    def mse(): return 2\n", expected=MSE).seen == {}


def test_a_helper_that_is_missing_is_looked_for_too(module: Module) -> None:
    source = "def main():\n    def half(x): return x / 2\ndef mse(x): return half(x)\n"
    assert "half" in module(source, expected=MSE).seen


def test_a_function_in_another_file(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {
        "regression.py": "def mse(): return 1\n", "more.py": "\ndef mae(): return 1\n", "x.py": "# def mae(): 1",
    })  # fmt: skip
    assert read_submission(path, "ada", expected=MSE).seen == {
        "mae": "`mae` stands in more.py (line 2), but regression.py is the file that is graded: put it there."
    }


@pytest.mark.parametrize(
    ("kind", "source", "sentence"),
    [
        ("markdown", "def mse(): return 1", "`mse` stands in a text cell (cell 2 of all): make that a code cell."),
        ("raw", "def mse(): return 1", "`mse` stands in a raw cell (cell 2 of all): make that a code cell."),
        ("code", "%%bash\ndef mse(): return 1",
         "`mse` stands in a comment, or in a cell that is not Python (code cell 2, line 2)."),
    ],
)  # fmt: skip
def test_a_function_in_a_cell_that_is_not_code(tmp_path: Path, kind: str, source: str, sentence: str) -> None:
    cells = [{"cell_type": "code", "source": "x = 1"}, {"cell_type": kind, "source": source}]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    assert read_submission(tmp_path / "a.ipynb", "ada", expected=MSE).seen == {"mse": sentence}
