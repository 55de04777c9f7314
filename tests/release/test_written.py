"""A written question in a release: a place to answer in, and nothing of what a full answer has."""

from __future__ import annotations

import json

import pytest

from autograder.errors import RubricError
from autograder.platforms.nbgrader.source import source_notebook
from autograder.release import public_release, released
from autograder.rubric.assignment import load
from tests import asked, tiny

CELL = '# %% [markdown] written="3"\nr"""\n**Your answer to 3:**\n\n\n"""\n'


@pytest.fixture
def assignment(tmp_path):
    return load(asked.write(tmp_path))


@pytest.fixture
def public(assignment):
    return public_release(assignment, "Tiny", ["torch"])


def cells(data: bytes | str):
    return json.loads(data)["cells"]


def test_a_module_has_a_text_to_answer_in_below_the_question(assignment, public):
    assert f"# Answer in three sentences.\n{CELL}" in released(assignment.folder, public)["tiny.py"].decode()


@pytest.mark.parametrize("name", ["tiny.ipynb", "tiny_colab.ipynb"])
def test_a_notebook_has_a_cell_of_text_that_says_which_question_it_answers(assignment, public, name):
    found = cells(released(assignment.folder, public)[name])
    texts = [one["source"].partition("\n")[0] for one in found]
    at = texts.index("**Your answer to 3:**")
    assert texts[at - 1].startswith("## Exercise 3")
    assert (found[at]["cell_type"], found[at]["metadata"]) == ("markdown", {"autograder": {"written": "3"}})


def test_what_a_full_answer_has_is_in_no_file(assignment, public):
    for name, data in released(assignment.folder, public).items():
        assert b"convex" not in data and b"plane of minima" not in data, name


def test_an_assignment_without_questions_is_released_as_before(tmp_path):
    folder = tiny.write(tmp_path)
    data = public_release(load(folder), "Tiny", ["torch"]).write()
    assert b'"written"' not in data and b'"prose"' not in data


def test_a_question_that_is_not_asked_is_told_before_anything_is_released(tmp_path):
    folder = asked.write(tmp_path)
    (folder / "solution.py").write_text(tiny.SOLUTION)
    with pytest.raises(RubricError, match=r"does not ask question 3: .*`# ## Exercise 3 · TITLE`"):
        public_release(load(folder), "Tiny", ["torch"])


def test_nbgrader_gets_a_cell_that_a_person_grades(assignment, public):
    (found,) = (
        one for one in cells(source_notebook(assignment.solution_source, public))
        if one["metadata"].get("autograder") == {"written": "3"}
    )  # fmt: skip
    told = found["metadata"]["nbgrader"]
    assert (told["grade"], told["solution"], told["locked"], told["points"]) == (True, True, False, 3)
    assert found["source"] == "**Your answer to 3:**\n\n### BEGIN SOLUTION\n### END SOLUTION"
