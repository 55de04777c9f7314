"""In a notebook, what counts is what the grader will read: the cells that were run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.home.cells import as_notebook, differences, fingerprint, latest, saved_file, unsaved
from autograder.intake import read_submission
from autograder.release import generate, public_release
from autograder.rubric.assignment import Assignment


def test_of_a_cell_that_was_run_again_the_last_run_counts() -> None:
    cells = ["import torch", "def f(): return 1", "x = 1", "def f(): return 2", "x = 1", "def g(): ...\ndef f(): ..."]
    assert latest(cells) == ["import torch", "", "", "", "x = 1", cells[5]]


def test_a_cell_that_defines_something_else_too_stays() -> None:
    cells = [
        "def f(): return 1\ndef g(): return 1",
        "def f(): return 2",
        "not python (",
        "%time x = 1\ndef h(): return 3",
    ]
    assert latest(cells) == cells


def test_cells_keep_their_numbers(tmp_path: Path) -> None:
    """What is wrong in cell 3 is said to be there."""
    path = as_notebook(["import torch", "", "def square(x):\n    return x *"], tmp_path)
    submission = read_submission(
        path, "ada", main="notebook", packages=frozenset({"torch"}), expected=frozenset({"square"})
    )
    assert any("code cell 3" in note for note in submission.notes), submission.notes


def read(source: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace


def fingerprints(source: str) -> dict[str, str]:
    return {name: fingerprint(value) for name, value in read(source).items()}


DEFINED = "def f(x):\n    return [x + 1 for _ in range(2)]\n"


def test_the_same_function_is_the_same_wherever_it_was_compiled() -> None:
    live = read("\n\n\n" + DEFINED)
    assert list(differences(live, fingerprints(DEFINED), ["f"])) == []


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (DEFINED.replace("+ 1", "+ 2"), "another one in your kernel than in your cells"),
        ("f = max", "another one in your kernel than in your cells"),
        (DEFINED + "g = f", "`g` is in your kernel, but the grader finds it in none of your cells"),
    ],
)
def test_a_kernel_that_holds_something_else_is_told(live: str, said: str) -> None:
    (note,) = differences(read(live), fingerprints(DEFINED), ["f", "g", "h"])
    assert said in note


def test_functions_that_are_not_in_the_saved_file_are_told() -> None:
    assert list(unsaved(["f", "g"], ["g", "f"], "hw.ipynb")) == []
    (note,) = unsaved(["h", "f", "g"], ["g"], "hw.ipynb")
    assert note.startswith("`f`, `h` are not in hw.ipynb as it is saved: save the notebook")


def test_jupyter_and_vs_code_say_which_file_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert saved_file({}) is None
    (tmp_path / "hw.ipynb").write_text("{}")
    assert saved_file({"__vsc_ipynb_file__": str(tmp_path / "hw.ipynb")}) == tmp_path / "hw.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "hw.ipynb"))
    assert saved_file({}) == tmp_path / "hw.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "gone.ipynb"))
    assert saved_file({}) is None


CELLS = [
    "import autograder",
    "def square(x):\n    return x + x",
    "def square(x):\n    return x * x",
    "def made(): return lambda x: square(x).sum()",
    "globals()['total'] = made()",
    "print(autograder.check())",
]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_in_a_real_notebook(tiny_assignment: Assignment, tmp_path: Path) -> None:
    client = pytest.importorskip("nbclient", reason="nbclient runs the notebook")
    generate(tiny_assignment.folder, tmp_path, public_release(tiny_assignment, "Tiny", ["torch"]))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])  # type: ignore[no-untyped-call]
    context = {"metadata": {"path": str(tmp_path / "tiny")}}
    client.NotebookClient(notebook, timeout=500, resources=context).execute()
    text = " ".join("".join(output.get("text", "") for output in notebook.cells[-1].outputs).split())
    assert "1 of 1 public points" in text, json.dumps(notebook.cells[-1].outputs)
    assert "Note: `total` is in your kernel, but the grader finds it in none of your cells" in text
    assert "defined 2 times" not in text
