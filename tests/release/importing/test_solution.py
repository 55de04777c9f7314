"""What students get: solutions become blocks that are cut, and whatever came of them does not run by itself."""

from __future__ import annotations

import pytest

from autograder.platforms.nbgrader import master as nbgrader
from autograder.platforms.otter import master as otter
from autograder.release.cut import starter_source
from autograder.release.importing.master import Cell, Master
from autograder.release.importing.plan import plan_of
from autograder.release.importing.solution import solution_source
from tests.release.importing import notebooks


def cells(*made: notebooks.Cell) -> list[Cell]:
    outputs = [one.get("outputs") or [{"data": {"text/plain": [""]}}] for one in made]
    return [
        Cell(number, one["cell_type"], one["source"], output[0]["data"]["text/plain"][0], one["metadata"])
        for number, (one, output) in enumerate(zip(made, outputs, strict=True), 1)
    ]


def source_of(master: Master) -> str:
    return solution_source(plan_of(master), "T")[0]


def code_of(source: str) -> str:
    """A module's code, without its text cells and empty lines."""
    code = [one for one in source.split("# %%") if not one.startswith(" [markdown]")]
    return "\n".join(line for line in "".join(code).split("\n") if line)


def from_nbgrader(source: str, tested: str = "f") -> str:
    return source_of(
        nbgrader.master_of(cells(notebooks.solution("one", source), notebooks.tests("t", 1, f"assert {tested}")))
    )


def from_otter(source: str, tested: str = "f") -> str:
    return source_of(otter.master_of(cells(*notebooks.question("name: q1", "Q", [notebooks.code(source)],
                                                             notebooks.code(f"assert {tested}")))))  # fmt: skip


def test_a_region_that_ends_its_function_is_a_block() -> None:
    made = from_nbgrader("def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION")
    assert code_of(made) == "def f(x):\n    # SOLUTION\n    return x\n    # END"


def test_what_follows_a_region_in_its_function_stays() -> None:
    made = from_nbgrader("def f(x):\n    ### BEGIN SOLUTION\n    y = x\n    ### END SOLUTION\n    return y")
    assert (
        code_of(starter_source(made)) + "\n"
        == 'def f(x):\n    raise NotImplementedError("Exercise 1: f")\n    return y\n'
    )


@pytest.mark.parametrize(
    "source",
    [
        "### BEGIN SOLUTION\n@cache\ndef f(x):\n    '''Twice.'''\n    return 2 * x\n### END SOLUTION",
        "@cache\ndef f(x):\n    '''Twice.'''\n    return 2 * x",
    ],
    ids=["a region around it", "the whole cell"],
)
def test_a_function_that_is_a_solution_as_a_whole_keeps_its_signature(source: str) -> None:
    made = from_nbgrader(source)
    assert code_of(made) == "@cache\ndef f(x):\n    '''Twice.'''\n    # SOLUTION\n    return 2 * x\n    # END"


def test_a_class_keeps_the_signatures_of_its_methods() -> None:
    source = (
        "class Net:\n    size = 3\n    def __init__(self, n):\n        self.n = n\n    def area(self): return self.n**2"
    )
    made = starter_source(from_nbgrader(source, "Net"))
    assert "self.n" not in made and "size = 3" not in made
    assert "def __init__(self, n):" in made and "def area(self):" in made
    compile(made, "", "exec")


def test_variables_are_blank_and_functions_without_def_raise() -> None:
    made = from_nbgrader("import math\nf = lambda x: x\nx, y = 1, math.pi", "f")
    assert (
        code_of(starter_source(made)) + "\n"
        == 'import math\ndef f(x):\n    raise NotImplementedError("Exercise 1: f")\nx = ...\ny = ...\n'
    )


@pytest.mark.parametrize(
    ("source", "starter"),
    [
        ("x = 5 # SOLUTION", "x = ...\n"),
        ("x = [\n    5\n] # SOLUTION", "x = ...\n"),
        ("x: int = 5 # SOLUTION", "x: int = ...\n"),
        ("def f(x):\n    return x # SOLUTION", 'def f(x):\n    raise NotImplementedError("Exercise 1: f")\n'),
        (
            "def f(x):\n    y = x # SOLUTION\n    z = y # SOLUTION\n    return z",
            'def f(x):\n    raise NotImplementedError("Exercise 1: f")\n    y = ...\n    z = ...\n    return z\n',
        ),
        ("y = 3\nx = y # SOLUTION NO PROMPT\nx = y", "y = 3\nx = y\n"),
        ("np.random.seed(42) # SEED\nx = 5 # SOLUTION", "x = ...\n"),
        ("# BEGIN SOLUTION NO PROMPT\nx = 5\ny = x\n# END SOLUTION\n"
         "\"\"\" # BEGIN PROMPT\nx = 0  # yours\n\"\"\" # END PROMPT",
         "x = 0  # yours\n"),
        ("assert x # IGNORE\nx = 5 # SOLUTION", "x = ...\n"),
    ],
)  # fmt: skip
def test_otters_marks(source: str, starter: str) -> None:
    made = from_otter(source, "f" if "def f" in source else "x")
    assert code_of(starter_source(made)) + "\n" == starter


def test_a_solution_cell_of_otters_without_marks_is_cut_and_listed() -> None:
    master = otter.master_of(
        cells(*notebooks.question("name: q1", "Q", [notebooks.code("x = 5")], notebooks.code("x", "5")))
    )
    assert code_of(starter_source(source_of(master))) + "\n" == "x = ...\n"
    assert "marks nothing, so otter gives it to students" in str(master.problems[0])


def test_what_needs_students_work_or_only_shows_something_runs_by_hand_alone() -> None:
    source, _ = solution_source(plan_of(nbgrader.master_of(cells(
        notebooks.solution("one", "def f(x):\n    return x"),
        notebooks.code("y = f(3)\nz = y + 1\nw = 4\nplt.plot(w)\ndef g(x):\n    return f(x)\nsample = g(1)"),
        notebooks.tests("t", 1, "assert f(1) == z"),
    ))), "T")  # fmt: skip
    main = [
        line.strip()
        for line in source.split('if __name__ == "__main__":')[1:]
        for line in line.split("\n")
        if line.startswith("    ")
    ]
    assert main == ["y = f(3)", "z = y + 1", "plt.plot(w)", "sample = g(1)"] or "return f(x)" in main
    assert "\nw = 4\n" in source and "\ndef g(x):" in source


def test_the_first_form_of_otters_notebooks() -> None:
    master = otter.master_of(cells(
        notebooks.text("```\nBEGIN ASSIGNMENT\nfiles:\n  - a.csv\n```"),
        notebooks.text("**Question 1.** Square.\n\n```\nBEGIN QUESTION\nname: q1\npoints:\n  - 1\n  - 2\n```"),
        notebooks.code("def f(x):\n    return x ** 2 # SOLUTION"),
        notebooks.code("## Test ##\nf(2)", "4"),
        notebooks.code("# HIDDEN TEST\nf(3)", "9"),
        notebooks.text("```\nBEGIN QUESTION\nname: q2\nmanual: true\npoints: 4\n```\nWhy?"),
        notebooks.text("**SOLUTION:** Because."),
    ))  # fmt: skip
    assert [(tests.points, tests.public) for tests in master.tests] == [(1, True), (2, False)]
    assert master.files == ("a.csv",)
    (manual,) = master.manuals
    assert (manual.name, manual.points, manual.prompt, manual.answer) == ("q2", 4, "Why?", "**SOLUTION:** Because.")
    assert "Because" not in solution_source(plan_of(master), "T")[0]


def test_blocks_fenced_in_text_cells() -> None:
    master = otter.master_of(cells(
        notebooks.text("```otter\n# BEGIN QUESTION\nname: q1\npoints: 2\n```\nWhy?\n\n```otter\n# BEGIN SOLUTION\n```"),
        notebooks.code("def f(x):\n    return x ** 2 # SOLUTION"),
        notebooks.text("```otter\n# END SOLUTION\n```\n```otter\n# BEGIN TESTS\n```"),
        notebooks.code("f(2)", "4"),
        notebooks.text("```otter\n# END TESTS\n```\n```otter\n# END QUESTION\n```"),
    ))  # fmt: skip
    assert [(tests.question, tests.points, tests.public) for tests in master.tests] == [("q1", 2, True)]


@pytest.mark.parametrize(
    ("total", "own", "points"),
    [
        (None, [None, None], [0.5, 0.5]),
        (3, [None, None], [1.5, 1.5]),
        (3, [1, None], [1, 2]),
        ([0, 2], [None, None], [0, 2]),
        ({"each": 2}, [None, None], [2, 2]),
        (None, [2, None], [2, 0]),
    ],
)
def test_points_are_shared_out_as_otter_does(total: object, own: list[float | None], points: list[float]) -> None:
    from fractions import Fraction

    given = [None if one is None else Fraction(one) for one in own]
    assert otter.shares(total, given) == points


def test_nbgraders_words_of_the_author_stay_out() -> None:
    master = nbgrader.master_of(cells(
        notebooks.text("Say why.\n\n=== BEGIN MARK SCHEME ===\ntwo points for a reason\n=== END MARK SCHEME ===",
                       grade=False, grade_id="task", points=2, task=True, solution=False),
        notebooks.text("My own answer", grade=True, grade_id="why", points=1, solution=True, task=False),
        notebooks.code("x = 42", grade=True, grade_id="code", points=1, solution=True, task=False),
    ))  # fmt: skip
    source, _ = solution_source(plan_of(master), "T")
    assert "Say why." in source
    assert not any(secret in source for secret in ("two points", "My own answer"))
    assert "42" not in starter_source(source)
    assert [(one.name, one.points, one.code) for one in master.manuals] == [
        ("task", 2, False), ("why", 1, False), ("code", 1, True)
    ]  # fmt: skip
