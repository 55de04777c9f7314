"""A notebook becomes an assignment: it passes its own checks, is released without its solution, and grades work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli.app import app
from autograder.config import load as load_config
from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.rubric.assignment import Assignment, load
from tests.release.importing import notebooks

SOLUTION_LINES = ("residual = predict(x, w, b) - y", "e = torch.exp", "784 * CLASSES", "It overshoots", "It is convex")


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course folder, and beside it one with the notebooks of earlier years."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old/views.csv").write_text("day,views\n1,4800\n")
    notebooks.write(tmp_path / "old", "softmax.ipynb", notebooks.NBGRADER)
    notebooks.write(tmp_path / "old", "lab3.ipynb", notebooks.OTTER)
    (tmp_path / "course").mkdir()
    monkeypatch.chdir(tmp_path / "course")
    return tmp_path / "course"


def earned(assignment: Assignment, **changes: object) -> dict[str, float]:
    """The points that the solution earns with something else in the place of some of its functions."""
    host = LocalHost(lambda: assignment.solution(changes))
    return {one.name: one.earned for one in Engine(assignment, b"").run(host, "one")}


@pytest.mark.slow
def test_a_master_notebook_of_otters(course: Path) -> None:
    said = run("import", "../old/lab3.ipynb")
    assert "5 exercises, 10 checks, 11 of 11 points." in said
    assert "q6: an answer in words, graded by hand (4 points)" in said
    assert "The rubric is sound." in run("validate", "lab3", "--seeds", "1", "-j", "1")
    run("release", "lab3")

    released = {path.name: path.read_text() for path in (course / "assignments/lab3").iterdir() if path.is_file()}
    assert not [(name, line) for name, text in released.items() for line in SOLUTION_LINES if line in text]
    assert (course / "assignments/lab3/data/views.csv").is_file()
    exercises = {one["number"]: one for one in json.loads(released["public.json"])["exercises"]}
    public = {number: ([c["points"] for c in one["public"]], [c["points"] for c in one["later"]])
              for number, one in exercises.items()}  # fmt: skip
    assert public == {
        "1": ([1.0], [1.0]), "2": ([1.0], [2.0]), "3": ([0.0], [3.0]), "4": ([0.5], [0.5]), "5": ([1.0], [1.0])
    }  # fmt: skip
    assert load_config(course / "grader_config.yml").assignment("lab3").title == "Lab 3: a line by gradient descent"

    assignment = load(course / "reference/lab3")
    assert sum(earned(assignment).values()) == 11
    wrong = earned(assignment, mse=lambda prediction, target: (prediction - target).abs().mean(), slope=3)
    lost = {name for name, points in wrong.items() if not points} - {"3 q3_public"}
    assert lost == {"2 q2_public", "2 q2_hidden", "4 q4_hidden"}


@pytest.mark.slow
def test_a_source_notebook_of_nbgraders(course: Path) -> None:
    said = run("import", "../old/softmax.ipynb", "--name", "week_2", "--title", "Softmax")
    assert "why: an answer in words, graded by hand (3 points)" in said
    assert "The rubric is sound." in run("validate", "week_2", "--seeds", "1", "-j", "1")
    run("release", "week_2")

    starter = (course / "assignments/week_2/week_2.py").read_text()
    assert not [line for line in SOLUTION_LINES if line in starter]
    assert 'raise NotImplementedError("Exercise 3: cross_entropy")' in starter
    assert "parameters = ...\n" in starter

    (course / "hand_ins/ann").mkdir(parents=True)
    right_count, no_error = (
        starter.replace("parameters = ...", "parameters = 2355"),
        "return torch.eye(classes)[labels]",
    )
    work = right_count.replace('raise NotImplementedError("Exercise 5: one_hot")', no_error)
    (course / "hand_ins/ann/week_2.py").write_text(work)
    said_of_ann = run("grade", "week_2", "hand_ins", "--jobs", "1", "--quiet")
    row = next(line.split() for line in said_of_ann.splitlines() if line.strip().startswith("ann"))
    assert row[:7] == ["ann", "1.0", "○", "○", "○", "✓", "✗"]

    assignment = load(course / "reference/week_2")
    right = earned(assignment)
    assert "11 of 11 points." in said and sum(right.values()) == 11
    assert right["2 softmax_public"] == 1 and right["2 softmax_hidden"] == 2 and right["5 one_hot_public"] == 2
    wrong = earned(
        assignment,
        standardize=lambda x: (x - x.mean(axis=0)) / x.std(axis=0, ddof=1),
        softmax=lambda z: z.exp() / z.exp().sum(dim=1, keepdim=True),
        parameters=2352,
    )
    lost = {name for name, points in wrong.items() if not points} - {"1 standardize_public", "3 cross_entropy_public"}
    assert lost == {"1 standardize_hidden", "2 softmax_hidden", "4 count_public"}


def test_what_could_not_be_converted_is_listed_in_the_terminal_and_in_a_file(course: Path) -> None:
    cells = [
        *notebooks.NBGRADER[1:8],
        notebooks.tests("words", 1, "import inspect\nassert 'for' not in inspect.getsource(softmax)"),
    ]
    notebooks.write(course.parent / "old", "small.ipynb", cells)
    said = run("import", "../old/small.ipynb")
    line = "cell 8: `assert 'for' not in inspect.getsource(softmax)`: it looks at the student's source"
    listed = (course / "reference/small/imported.md").read_text()
    assert line in said and line in listed
    checks = (course / "reference/small/checks.py").read_text()
    assert "# Not converted: it looks at the student's source.\n# assert 'for' not in" in checks


def test_a_test_that_the_solution_does_not_pass_is_not_converted(course: Path) -> None:
    cells = [
        notebooks.solution("half", "### BEGIN SOLUTION\ndef half(x):\n    return x / 2\n### END SOLUTION"),
        notebooks.tests("one", 1, "assert half(4) == 2"),
        notebooks.tests("two", 1, "assert half(3) == 1"),
    ]
    notebooks.write(course.parent / "old", "small.ipynb", cells)
    said = run("import", "../old/small.ipynb")
    assert "1 exercises, 1 checks, 1 of 2 points." in said or "1 exercise, 1 check, 1 of 2 points." in said
    assert "cell 3: the solution does not pass these tests here" in said
    assert (course / "reference/small/checks.py").read_text().count("@exercise_1.check(") == 1


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([notebooks.text("# Notes"), notebooks.code("x = 1")], "neither nbgrader's cell settings nor otter's"),
        ([notebooks.raw("# BEGIN QUESTION\nname: q1"), notebooks.code("x = 1 # SOLUTION")], "has no end: close it"),
        ([notebooks.raw("# BEGIN TESTS")], "cell 1: `# BEGIN TESTS` stands outside of a question"),
        ([notebooks.raw("# BEGIN QUESTION\nname: [q1")], "cell 1: its settings are not valid YAML"),
    ],
    ids=["of no tool", "a block without end", "a block out of place", "settings"],
)
def test_a_notebook_that_cannot_be_read_is_refused_and_nothing_is_written(
    course: Path, cells: list[notebooks.Cell], said: str
) -> None:
    notebooks.write(course.parent / "old", "odd.ipynb", cells)
    result = CliRunner().invoke(app, ["import", "../old/odd.ipynb"])
    assert result.exit_code != 0 and said in str(result.exception)
    assert list(course.iterdir()) == []


def test_a_notebook_in_the_courses_own_folder_is_refused(course: Path) -> None:
    notebooks.write(course, "lab3.ipynb", notebooks.OTTER)
    result = CliRunner().invoke(app, ["import", "lab3.ipynb"])
    assert "looks like a hand-in" in str(result.exception)
