"""Modules that programs wrote from notebooks are read as what they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.intake import read_submission
from autograder.model import Submission
from tests.intake.conftest import notebook

Module = Callable[..., Submission]
Load = Callable[[Submission], dict[str, Any]]
MSE = frozenset({"mse", "mae"})


@pytest.mark.parametrize("magic", ["time", "timeit", "capture"])
def test_a_timed_cell_that_nbconvert_exported(module: Module, load: Load, magic: str) -> None:
    cell = "def mse(x):\n    return x\n\nlr = 1\n"
    source = f"# In[1]:\nget_ipython().run_cell_magic({magic!r}, '', {cell!r})\n# In[2]:\ndef mae(x): return x + lr\n"
    submission = module(source, expected=MSE)
    found = load(submission)
    assert (found["mse"](3), found["mae"](3)) == (3, 4)
    assert submission.notes == (
        "1 notebook command was left out (lines such as `%matplotlib` or `!pip`): they do not run here.",
    )


def test_lines_below_such_a_cell_are_named_as_the_student_knows_them(module: Module) -> None:
    source = "get_ipython().run_cell_magic('time', '', 'x = 1\\ny = = 2\\n')\nz = 1\nw = = 3\n"
    assert [note.partition(":")[0] for note in module(source).notes[1:]] == ["line 1", "line 3"]


@pytest.mark.parametrize("magic", ["run_line_magic('matplotlib', 'inline')", "run_cell_magic('bash', '', 'ls\\n')"])
def test_other_magics_are_left_out(module: Module, load: Load, magic: str) -> None:
    assert load(module(f"get_ipython().{magic}\ndef mse(x): return x\n"))["mse"](3) == 3


MARIMO = '''
import marimo

__generated_with = "0.9"
app = marimo.App(width="medium")

with app.setup:
    import math
    HALF = 0.5


@app.cell
def _():
    import torch
    return (torch,)


@app.function(hide_code=True)
def mse(x):
    """Twice."""
    return math.floor(x * 2)


@app.cell(hide_code=True)
def _(torch, mo):
    mo.md("""
    # Title
    """)
    def mae(x):
        text = """
        kept"""
        return x * HALF, text.strip()
    return (mae,)


if __name__ == "__main__":
    app.run()
'''


def test_a_marimo_notebook(module: Module, load: Load) -> None:
    submission = module(MARIMO, expected=MSE)
    found = load(submission)
    assert (found["mse"](2), found["mae"](2)) == (4, (1.0, "kept"))
    assert len(submission.files["regression.py"].split("\n")) == len(MARIMO.split("\n"))


@pytest.mark.parametrize("run", ["%run losses.py", "%run ./losses.py", "%run -i losses", "%run 'losses.py'"])
def test_a_file_that_a_cell_runs(tmp_path: Path, load: Load, run: str) -> None:
    (tmp_path / "hw.ipynb").write_text(notebook(run, "def mae(x): return mse(x) + 1"))
    (tmp_path / "losses.py").write_text("def mse(x): return x\ndef more(x): return x\n")
    submission = read_submission(tmp_path, "ada", main="regression", expected=MSE)
    found = load(submission)
    assert submission.main == "hw.ipynb" and (found["mse"](3), found["mae"](3)) == (3, 4)


def test_a_notebook_that_a_cell_runs(tmp_path: Path, load: Load) -> None:
    (tmp_path / "hw.ipynb").write_text(notebook("%run losses.ipynb", "def mae(x): return mse(x) + 1"))
    (tmp_path / "losses.ipynb").write_text(notebook("def mse(x): return x"))
    found = load(read_submission(tmp_path, "ada", main="hw", expected=MSE))
    assert found["mae"](3) == 4


def test_a_file_that_a_cell_runs_and_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "hw.ipynb").write_text(notebook("%run losses.py", "def mae(x): return 1"))
    assert read_submission(tmp_path / "hw.ipynb", "ada").notes[0] == (
        "code cell 1, line 1: `%run losses.py`: that file was not handed in. Put it beside this one, and hand in both "
        "in one folder or zip."
    )
