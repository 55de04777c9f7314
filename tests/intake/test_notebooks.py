"""Notebooks: code cells only, in order, without the commands that only a notebook understands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import RejectedError
from autograder.intake import read_submission
from autograder.model import Submission

Cells = Callable[..., Submission]
Load = Callable[[Submission], dict[str, Any]]


def _hand_in(folder: Path, document: object, name: str = "regression.ipynb") -> Submission:
    (folder / name).write_text(document if isinstance(document, str) else json.dumps(document))
    return read_submission(folder / name, "ada")


def test_code_cells_are_joined_in_order(cells: Cells, load: Load) -> None:
    submission = cells("x = 1", "x = x + 1", "def f():\n    return x")
    assert load(submission)["f"]() == 2
    assert submission.main == "regression.ipynb"
    assert submission.files[submission.main].startswith("# cell 1\nx = 1\n# cell 2\n")


@pytest.mark.parametrize(
    "command",
    [
        "%matplotlib inline",
        "!pip install torch",
        "!pip install \\\n   torch",
        "?torch.relu",
        "torch.relu??",
        "files = !ls -l",
        "t = %timeit -o f()",
        "%cd /content/drive/MyDrive",
        '!echo "it\'s (open"',
    ],
)
def test_notebook_commands_do_not_hurt_their_cell(cells: Cells, load: Load, command: str) -> None:
    submission = cells(f"{command}\ndef f():\n    return 1")
    assert load(submission)["f"]() == 1
    assert submission.notes == (
        "1 notebook command was left out (lines such as `%matplotlib` or `!pip`): they do not run here.",
    )


def test_a_percent_sign_in_an_expression_or_a_string_is_no_command(cells: Cells, load: Load) -> None:
    submission = cells('%pwd\nx = (7\n  % 4)\ny = """\n!pip\n%time\n"""\nz = 7 \\\n  % 5')
    namespace = load(submission)
    assert (namespace["x"], namespace["y"], namespace["z"]) == (3, "\n!pip\n%time\n", 2)


def test_a_command_inside_a_block_leaves_the_block_whole(cells: Cells, load: Load) -> None:
    assert load(cells("def f():\n    %time\n    return 1"))["f"]() == 1


@pytest.mark.parametrize("magic", ["%%time", "%%timeit -n 1", "%%capture"])
def test_timed_and_captured_cells_keep_their_code(cells: Cells, load: Load, magic: str) -> None:
    assert load(cells(f"{magic}\ndef f():\n    return 1"))["f"]() == 1


@pytest.mark.parametrize("magic", ["%%bash", "%%html", "%%javascript", "%%no_such_magic"])
def test_cells_in_other_languages_are_left_out(cells: Cells, load: Load, magic: str) -> None:
    submission = cells(f"{magic}\nrm -rf / && echo 'done", "x = 1")
    assert load(submission)["x"] == 1
    assert len(submission.notes) == 1


def test_a_module_written_by_a_cell_can_be_imported(cells: Cells, load: Load) -> None:
    submission = cells(
        "%%writefile helpers.py\ndef two():\n    return 2\n", "from helpers import two\ndef f():\n    return two()"
    )
    assert load(submission)["f"]() == 2


def test_what_belongs_to_the_notebook_service_is_not_held_against_the_student(cells: Cells, load: Load) -> None:
    submission = cells(
        "from google.colab import drive\ndrive.mount('/content/drive')",
        "from IPython.display import display\nget_ipython().run_line_magic('matplotlib', 'inline')",
        "def f(): return 1",
    )
    assert load(submission)["f"]() == 1
    assert not any("google" in note or "IPython" in note for note in submission.notes)


def test_a_cell_with_a_syntax_error_costs_only_itself(cells: Cells, load: Load) -> None:
    submission = cells("def f():\n    return 1", "def g(:\n    return 2", "def h():\n    return 3")
    namespace = load(submission)
    assert (namespace["f"](), namespace["h"]()) == (1, 3)
    assert submission.notes == (
        "code cell 2, line 1: syntax error (invalid syntax). `g` was left out; everything else is graded.",
    )


def test_training_cells_are_left_out_and_named_by_cell(cells: Cells) -> None:
    submission = cells("def f(): return 1", "x = 3\nfor step in range(10**9):\n    f()")
    assert "left out (code cell 2, line 2)" in submission.notes[0]


def test_a_cell_pasted_with_its_indentation_counts(cells: Cells, load: Load) -> None:
    assert load(cells("    def f():\n        return 1"))["f"]() == 1


def test_future_imports_may_stand_in_any_cell(cells: Cells, load: Load) -> None:
    assert load(cells("x = 1", "from __future__ import annotations\ndef f(a: Nowhere): return a"))["f"](1) == 1


def test_cells_without_ids_and_metadata_are_read(tmp_path: Path, load: Load) -> None:
    document = {"cells": [{"cell_type": "code", "source": "x = 1"}, {"cell_type": "markdown", "source": ["# Hi"]}]}
    assert load(_hand_in(tmp_path, document))["x"] == 1


def test_notebooks_of_version_3_are_read(tmp_path: Path, load: Load) -> None:
    document = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]}]}
    assert load(_hand_in(tmp_path, document))["y"] == 2


def test_huge_outputs_are_not_looked_at(tmp_path: Path, load: Load) -> None:
    document = {
        "cells": [{"cell_type": "code", "source": "x = 1", "outputs": [{"data": {"image/png": "A" * 5_000_000}}]}]
    }
    assert sum(map(len, _hand_in(tmp_path, document).files.values())) < 100


def test_a_notebook_under_a_modules_name_is_read_as_a_notebook(tmp_path: Path, load: Load) -> None:
    document = {"cells": [{"cell_type": "code", "source": "x = 1"}]}
    assert load(_hand_in(tmp_path, document, "regression.py"))["x"] == 1


def test_a_module_under_a_notebooks_name_is_read_as_a_module(tmp_path: Path, load: Load) -> None:
    assert load(_hand_in(tmp_path, "import math\nx = 1\n"))["x"] == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ('{"cells": [{"cell_type": "code"', "is damaged"),
        ("<!DOCTYPE html><html></html>", "is a web page"),
        ("[1, 2]", "has no cells"),
        ('{"cells": []}', "has no code in it"),
        ("[" * 100_000, "is damaged"),
    ],
)
def test_what_is_no_notebook_is_rejected_with_the_next_step(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(RejectedError, match=reason) as rejected:
        _hand_in(tmp_path, content)
    assert "hand" in rejected.value.reason.lower()


@pytest.mark.parametrize(
    "furniture",
    [
        'import autograder\nautograder.check("1.1")',
        'import autograder; assert autograder.check("1.1").passed',
        'import autograder; assert (checked := autograder.check("1.1")).passed, checked',
        "from autograder import check\nchecked = check()",
        'from google.colab import drive\ndrive.mount("/content/drive")',
        "import ipywidgets as w\nw.interact(f, x=3)",
        "if __name__ == '__main__':\n    get_ipython().run_line_magic('pip', 'install x')",
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_checks_at_home_and_furniture_are_left_out_without_a_word(cells: Cells, load: Load, furniture, whole) -> None:
    submission = cells("def f(x=1):\n    return x", furniture, run_top_level=whole)
    assert submission.notes == ()
    assert load(submission)["f"]() == 1
