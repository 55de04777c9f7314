"""What students should see: drawn from the solution, shown folded, and current without drawing."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from autograder.errors import AssignmentError, MarkerError
from autograder.intake import read_submission
from autograder.platforms.nbgrader.source import source_version
from autograder.release import public_release, released
from autograder.release.cut import MIN_SECRET, Cut
from autograder.release.drawing import draw, stale
from autograder.release.pictures import pictures_of
from autograder.rubric.assignment import load
from tests import tiny

ROOT = Path(__file__).parents[2]
REFERENCES = sorted(path.parent for path in ROOT.glob("reference/*/solution.py"))
CELL = """\
# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        figure, axis = plt.subplots(num="1 squares of numbers")
        axis.plot(square(torch.tensor([float(line) for line in open("data/numbers.txt")])))
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")
"""
FILE = "1-squares-of-numbers.png"
FOLDED = f"![1 squares of numbers](pictures/{FILE})"


@pytest.fixture
def folder(tmp_path):
    """The tiny assignment with a picture cell that reads data."""
    folder = tiny.write(tmp_path)
    (folder / "solution.py").write_text(tiny.SOLUTION + CELL, encoding="utf-8")
    (folder / "handout.md").write_text("# Tiny\n\n<!-- picture: 1 -->\n", encoding="utf-8")
    data = tmp_path / "assignments/tiny/data"
    data.mkdir(parents=True)
    (data / "numbers.txt").write_text("1\n2\n", encoding="utf-8")
    return folder


@pytest.fixture
def assignments(folder):
    return folder.parents[1] / "assignments"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_picture_is_drawn_with_the_solution(folder, assignments):
    assert stale(folder, assignments) == [FILE]
    assert draw(folder, assignments) == [folder / "pictures" / FILE]
    assert Image.open(folder / "pictures" / FILE).format == "PNG"
    assert stale(folder, assignments) == [] and draw(folder, assignments) == []


def test_the_same_solution_gives_the_same_bytes(folder, assignments):
    (path,) = draw(folder, assignments)
    before = path.read_bytes()
    assert draw(folder, assignments, fresh=True) == [path] and path.read_bytes() == before


@pytest.mark.parametrize(
    ("file", "old", "new", "again"),
    [
        ("solution.py", "axis.plot", "axis.scatter", True),
        ("solution.py", "return x * x", "return x ** 2", True),
        ("solution.py", "return x.grad", "return +x.grad", False),
        ("solution.py", '"""x squared, element by element."""', '"""The square."""', False),
        ("checks.py", '"Square"', '"Squares"', False),
        ("../../assignments/tiny/data/numbers.txt", "2", "3", True),
    ],
)
def test_a_picture_is_stale_once_what_it_comes_from_is_another(folder, assignments, file, old, new, again):
    draw(folder, assignments)
    change(folder / file, old, new)
    assert stale(folder, assignments) == [FILE] * again


def test_what_no_cell_draws_any_more_goes(folder, assignments):
    draw(folder, assignments)
    change(folder / "solution.py", 'num="1 squares', 'num="1 other squares')
    assert stale(folder, assignments) == ["1-other-squares-of-numbers.png", FILE]
    draw(folder, assignments)
    assert [path.name for path in (folder / "pictures").glob("*.png")] == ["1-other-squares-of-numbers.png"]


def test_a_cell_that_does_not_run_is_told_with_its_line(folder, assignments):
    change(folder / "solution.py", "square(torch", "sqare(torch")
    with pytest.raises(AssignmentError, match=r"solution\.py, line \d+: .*sqare"):
        draw(folder, assignments)


def test_pictures_and_their_cells_change_no_result(folder, assignments):
    before = load(folder).digest
    draw(folder, assignments)
    change(folder / "solution.py", "axis.plot", "axis.scatter")
    assert load(folder).digest == before


def test_a_release_shows_the_picture_folded(folder, assignments):
    draw(folder, assignments)
    public = public_release(load(folder), "Tiny", ["torch", "matplotlib"])
    files = released(folder, public)
    assert files[f"pictures/{FILE}"] == (folder / "pictures" / FILE).read_bytes()
    assert f"<details><summary>1 squares of numbers</summary>\n\n{FOLDED}" in files["README.md"].decode()
    source = source_version(folder, public, assignments)
    for notebook in (files["tiny.ipynb"], files["tiny_colab.ipynb"], source["tiny.ipynb"]):
        cells = [cell["source"] for cell in json.loads(notebook)["cells"]]
        at = next(at for at, text in enumerate(cells) if "plt.subplots" in text)
        assert "What it should look like" in cells[at + 1] and FOLDED in cells[at + 1]
    assert FOLDED not in files["tiny.py"].decode() and f"pictures/{FILE}" in source


def test_a_handout_may_show_all_and_none_that_there_is_not(folder, assignments):
    draw(folder, assignments)
    (folder / "handout.md").write_text("<!-- pictures -->\n", encoding="utf-8")
    assert FOLDED in released(folder)["README.md"].decode()
    (folder / "handout.md").write_text("<!-- picture: 2 -->\n", encoding="utf-8")
    with pytest.raises(MarkerError, match="no picture of 2"):
        released(folder)


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda path: path.name)
def test_the_course_s_pictures_are_current_and_small(reference):
    assert stale(reference, ROOT / "assignments") == [], f"run `autograder pictures {reference.name}`"
    for path in (reference / "pictures").glob("*.png"):
        width, _ = Image.open(io.BytesIO(data := path.read_bytes())).size
        assert len(data) <= 60_000 and width <= 1_200, path.name


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda path: path.name)
def test_the_grader_leaves_picture_cells_out_without_a_word(reference):
    """Finished or not: the reference, and the starter in both forms."""
    starter = ROOT / "assignments" / reference.name
    for path in (reference / "solution.py", starter / f"{reference.name}.py", starter / f"{reference.name}.ipynb"):
        submission = read_submission(path, "ada", main=reference.name)
        tree = ast.parse(submission.files[submission.main])
        assert pictures_of(tree) == [] and submission.notes == (), path.name


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda path: path.name)
def test_a_picture_cell_gives_no_line_away_and_takes_no_name(reference):
    """What it holds is in the starter, and what it binds is what a notebook's functions meet."""
    source = (reference / "solution.py").read_text(encoding="utf-8")
    tree, lines, cut = ast.parse(source), source.split("\n"), Cut(source)
    functions = {statement.name for statement in tree.body if isinstance(statement, ast.FunctionDef)}
    cells = {picture.cell for picture in pictures_of(tree)}
    numbers = {number for cell in cells for number in range(cell.lineno, cell.end_lineno + 1)}
    given = {line.strip() for number, line in cut.kept if number not in numbers}
    secret = {line.strip() for line in cut.secret if len(line.strip()) >= MIN_SECRET} - given
    assert secret & {lines[number - 1].strip() for number in numbers} == set()
    names = (node for cell in cells for node in ast.walk(cell) if isinstance(node, ast.Name))
    assert {name.id for name in names if isinstance(name.ctx, ast.Store)} & functions == set()
