"""At home, a student hears which questions still have no answer; a person reads the others."""

from __future__ import annotations

import pytest

from autograder.home import check_file
from autograder.home.run import check_cells
from autograder.release import generate, public_release
from autograder.rubric.assignment import load
from tests import asked
from tests.asked import RIGHT, notebook

TEXT = "It is convex."
ANSWERED = notebook(("code", RIGHT), ("markdown", f"**Your answer to 3:**\n{TEXT}", "3"))


@pytest.fixture
def folder(tmp_path):
    assignment = load(asked.write(tmp_path))
    generate(assignment.folder, tmp_path / "assignments", public_release(assignment, "Tiny", ["torch"]))
    return tmp_path / "assignments" / "tiny"


def said(checked) -> str:
    return " ".join(repr(checked).split())


def test_the_starter_has_no_answers_yet(folder):
    text = said(check_file(folder / "tiny.py"))
    assert f"○ 3 {asked.WHY} no answer yet, 3 points" in text
    assert text.endswith("A person gives up to 5 for your written answers.")


def test_an_answer_waits_for_a_person(folder):
    (folder / "tiny.ipynb").write_bytes(ANSWERED)
    checked = check_file(folder / "tiny.ipynb")
    assert f"✎ 3 {asked.WHY} answered, a person gives up to 3 points" in said(checked)
    assert "○ 4 What if you square the sum? no answer yet, 2 points" in said(checked)
    assert "answered, a person gives up to 3 points" in checked._repr_html_()
    assert checked.passed  # what is checked here is right


def test_a_question_can_be_asked_for_by_its_number(folder):
    assert "square the sum?" in said(check_file(folder / "tiny.py", ["4"]))
    assert "no answer yet, 3 points" not in said(check_file(folder / "tiny.py", ["4"]))
    assert "square the sum?" not in said(check_file(folder / "tiny.py", ["square"]))


def test_in_a_notebook_the_saved_file_is_read_for_text_is_in_no_cell_that_was_run(folder, tmp_path):
    cells, saved = tmp_path / "cells.ipynb", tmp_path / "saved.ipynb"
    cells.write_bytes(notebook(("code", RIGHT)))
    saved.write_bytes(ANSWERED)
    checked, _, _ = check_cells(folder / "public.json", cells, (), None, saved)
    assert "answered, a person gives up to 3 points" in said(checked)
    checked, _, _ = check_cells(folder / "public.json", cells, (), None, None)
    assert "3 points, read by a person in your saved notebook" in said(checked)
