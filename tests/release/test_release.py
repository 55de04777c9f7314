"""From a solution to a starter: what is cut, what is kept, what must never leak."""

import json
from pathlib import Path

import nbformat
import pytest

from autograder.release import (
    LeakError,
    MarkerError,
    current,
    generate,
    leaks,
    released,
    starter_notebook,
    starter_source,
)
from tests import tiny

ROOT = Path(__file__).parents[2]
REFERENCES = sorted(path.parent for path in ROOT.glob("reference/*/solution.py"))


def test_a_solution_becomes_a_line_that_names_the_exercise():
    starter = starter_source(tiny.SOLUTION)
    assert 'raise NotImplementedError("Exercise 1: square")' in starter
    assert 'raise NotImplementedError("Exercise 2: slope")' in starter
    assert "x * x" not in starter
    assert '"""x squared, element by element."""' in starter


def test_a_starter_may_say_something_else_instead():
    source = "ANSWERS = {\n    # SOLUTION\n    'a': 1000,\n    # STARTER\n    # 'a': None,\n    # END\n}\n"
    assert starter_source(source) == "ANSWERS = {\n    'a': None,\n}\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("# SOLUTION\n", "SOLUTION without END"),
        ("x = 1\n# END\n", "line 2: END without SOLUTION"),
        ("# STARTER\n# END\n", "line 1: STARTER without SOLUTION"),
        ("# SOLUTION\n# SOLUTION\n", "line 2: SOLUTION inside"),
        ("# SOLUTION\n# STARTER\nx = 1\n# END\n", "line 3: a STARTER line"),
    ],
)
def test_markers_that_do_not_pair_up_name_the_line(source, said):
    with pytest.raises(MarkerError, match=said):
        starter_source(source)


def test_the_notebook_is_valid_and_always_the_same():
    starter = starter_source(tiny.SOLUTION)
    text = starter_notebook(starter)
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert starter_notebook(starter) == text
    assert any("Exercise 1" in "".join(cell["source"]) for cell in json.loads(text)["cells"])


def test_generated_files_are_current_until_the_solution_changes(tiny_folder, tmp_path):
    generate(tiny_folder, tmp_path / "assignments")
    assert current(tiny_folder, tmp_path / "assignments") == []
    (tmp_path / "assignments/tiny/left_over.py").write_text("")
    assert current(tiny_folder, tmp_path / "assignments") == ["left_over.py"]
    solution = tiny_folder / "solution.py"
    solution.write_text(solution.read_text().replace("# # Tiny", "# # Tiny course"))
    assert "tiny.py" in current(tiny_folder, tmp_path / "assignments")


def test_a_handout_with_a_line_of_the_solution_is_refused(tiny_folder):
    (tiny_folder / "handout.md").write_text("Try this:\n\n    return square(x).sum()\n")
    with pytest.raises(LeakError, match=r"README\.md holds a line"):
        released(tiny_folder)


def test_a_leak_is_found_in_a_notebook_too(tiny_folder):
    notebook = starter_notebook(tiny.SOLUTION)
    assert leaks(tiny.SOLUTION, {"tiny.ipynb": notebook.encode()})


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda path: path.name)
def test_checked_in_starters_are_current_and_leak_nothing(reference):
    assert current(reference, ROOT / "assignments") == []
