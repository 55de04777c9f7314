"""A release fails closed: what is not cut is refused, with its line and what to write, and nothing is written."""

from __future__ import annotations

import ast
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.cli import app
from autograder.config import load as load_config
from autograder.errors import AssignmentError, LeakError, MarkerError
from autograder.platforms.nbgrader.source import source_version
from autograder.release import generate, look_through, pack, public_release, released, starter_source
from autograder.release.markers import markers
from autograder.release.scaffold import scaffold
from autograder.rubric.assignment import load
from tests import tiny

ROOT = Path(__file__).parents[2]
REFERENCES = sorted(path.parent for path in ROOT.glob("reference/*/solution.py"))

BODY = "    # SOLUTION\n    return x * x\n    # END\n"
"""The block of `square` in the tiny assignment; it begins in line 10."""


def release(folder: Path) -> dict[str, bytes]:
    """What goes out, as the command makes it."""
    assignment = load(folder)
    return released(folder, public_release(assignment, "Tiny", ["torch"]))


def rewrite(folder: Path, old: str, new: str) -> None:
    solution = folder / "solution.py"
    text = solution.read_text(encoding="utf-8")
    assert old in text
    solution.write_text(text.replace(old, new), encoding="utf-8")


DIALECTS = {
    "nbgrader": "    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION\n",
    "nbgrader without a space": "    ###BEGIN SOLUTION\n    return x * x\n    ###END SOLUTION\n",
    "nbgrader, hidden tests": "    ### BEGIN HIDDEN TESTS\n    assert x\n    ### END HIDDEN TESTS\n    return x\n",
    "nbgrader, a mark scheme": "    # === BEGIN MARK SCHEME ===\n    # 2 points\n    return x * x\n",
    "otter, a line": "    return x * x # SOLUTION\n",
    "otter, no prompt": "    y = x * x # SOLUTION NO PROMPT\n    return y\n",
    "otter, a block": "    # BEGIN SOLUTION\n    return x * x\n    # END SOLUTION\n",
    "otter, a block without prompt": "    # BEGIN SOLUTION NO PROMPT\n    return x * x\n    # END SOLUTION\n",
    "otter, a prompt": '    """ # BEGIN PROMPT\n    return ...\n    """ # END PROMPT\n    return x * x\n',
    "otter, a text that begins a solution": '    """ # BEGIN SOLUTION\n    """\n    return x * x\n',
    "CS231n": "    # *****START OF YOUR CODE*****\n    return x * x\n    # *****END OF YOUR CODE*****\n",
    "CS231n, a frame": "    # TODO: Square. *****START\n    return x * x\n    #          END OF YOUR CODE          #\n",
    "start code here": "    ### START CODE HERE ### (1 line)\n    return x * x\n    ### END CODE HERE ###\n",
    "begin_your_code": "    # BEGIN_YOUR_CODE (our solution is 1 line)\n    return x * x\n    # END_YOUR_CODE\n",
    "begin your solution": "    ### BEGIN YOUR SOLUTION\n    return x * x\n    ### END YOUR SOLUTION\n",
    "assign": "    # ASSIGN1.2\n    return x * x\n    # END ASSIGN1.2\n",
    "an element": "    # <solution>\n    return x * x\n    # </solution>\n",
    "nbdev": "    #| hide\n    return x * x\n",
    "ours without a space": "    #SOLUTION\n    return x * x\n    #END\n",
    "ours with two spaces": "    #  SOLUTION\n    return x * x\n    # END\n",
    "ours in small letters": "    # solution\n    return x * x\n    # end\n",
    "ours as a title": "    # Solution\n    return x * x\n    # End\n",
    "ours with a colon": "    # SOLUTION:\n    return x * x\n    # END\n",
    "ours with a dash": "    # SOLUTION \u2013\n    return x * x\n    # END\n",
    "ours between dashes": "    # --- SOLUTION ---\n    return x * x\n    # --- END ---\n",
    "ours with more signs": "    ## SOLUTION\n    return x * x\n    ## END\n",
    "ours with a comment": "    # SOLUTION one line is enough\n    return x * x\n    # END\n",
    "ours with a hard space": "    #\u00a0SOLUTION\n    return x * x\n    # END\n",
    "ours misspelt": "    # SOLUTON\n    return x * x\n    # END\n",
    "ours, only the end misspelt": "    # SOLUTION\n    return x * x\n    # end\n",
    "ours, only the starter misspelt": "    # SOLUTION\n    return x * x\n    # END\n    # starter\n    # x\n",
}


@pytest.mark.parametrize("body", DIALECTS.values(), ids=DIALECTS)
def test_a_marker_in_another_dialect_is_refused_with_its_line_and_what_to_write(tiny_folder, body):
    rewrite(tiny_folder, BODY, body)
    with pytest.raises(MarkerError, match=r"^solution\.py, line (1\d): .*(write|put|take|goes|hide)") as caught:
        release(tiny_folder)
    assert "Traceback" not in str(caught.value)
    with pytest.raises(MarkerError):
        released(tiny_folder)  # without a rubric, too


@pytest.mark.parametrize(
    "header",
    [
        '# %% tags=["solution"]',
        '# %% tags=["hide-cell"]',
        '# %% slideshow={"slide_type": "skip"} tags=["solution"]',
        '# %% nbgrader={"grade": false, "grade_id": "square", "solution": true}',
        '# %% solution2="hidden"',
        "# %% Solution",
    ],
)
def test_a_cell_that_is_only_tagged_is_refused(tiny_folder, header):
    rewrite(tiny_folder, "# %%\ndef square", f"{header}\ndef square")
    with pytest.raises(MarkerError, match=r"^solution\.py, line 7: .*a cell hide nothing"):
        release(tiny_folder)


@pytest.mark.parametrize(
    "text",
    ["# ```{solution} square", "# ```{dropdown} Solution", "# <details><summary>Show the solution</summary>"],
)
def test_a_folded_solution_is_refused(tiny_folder, text):
    rewrite(tiny_folder, "# %%\ndef square", f"# %% [markdown]\n{text}\n# %%\ndef square")
    with pytest.raises(MarkerError, match="a folded solution is there to be read"):
        release(tiny_folder)


@pytest.mark.parametrize(
    "line",
    [
        "# Write your solution below.",
        "# YOUR CODE HERE",
        "# In the end, your code is graded.",
        "end_solution = 3",
        "x = solution  # the solution of the linear system",
        "# %% [markdown]",
        '# %% nbgrader={"grade": true, "solution": false}',
        "# hidden layers",
        "for start in starts:  # end excluded",
    ],
)
def test_what_only_sounds_like_a_marker_is_left_alone(line):
    assert list(markers([(1, line)])) == []


def test_what_is_cut_may_say_what_it_likes():
    starter = starter_source(
        "def f():\n    # SOLUTION\n    # solution\n    ### END SOLUTION\n    return 1\n    # END\n"
    )
    assert starter.splitlines()[1:] == ['    raise NotImplementedError("Exercise : f")']


# --- all that the rubric names -------------------------------------------------------------------------------------


def test_a_function_that_nobody_marked_is_refused(tiny_folder):
    rewrite(tiny_folder, BODY, "    return x * x\n")
    with pytest.raises(MarkerError, match=r"^solution\.py, line 8: `square` has no block that is cut"):
        release(tiny_folder)


def test_an_empty_block_is_none(tiny_folder):
    rewrite(tiny_folder, BODY, "    # SOLUTION\n    # the square\n    # END\n    return x * x\n")
    with pytest.raises(MarkerError, match=r"line 10: the block of `square` is empty"):
        release(tiny_folder)


def test_a_line_below_the_block_is_refused(tiny_folder):
    rewrite(tiny_folder, BODY, "    # SOLUTION\n    y = x * x\n    # END\n    return y\n")
    with pytest.raises(MarkerError, match=r"line 13: `return y` comes after the `# END`"):
        release(tiny_folder)


def test_a_second_definition_is_cut_too(tiny_folder):
    rewrite(tiny_folder, BODY, f"{BODY}def square(x):\n    return x ** 2\n")
    with pytest.raises(MarkerError, match=r"line 13: `square` has no block"):
        release(tiny_folder)


def test_a_heading_names_the_exercise_of_the_rubric(tiny_folder):
    rewrite(tiny_folder, "## Exercise 1 · Square", "## Task 1: Square")
    with pytest.raises(
        MarkerError, match=r"line 8: `square` stands under no exercise's heading, and checks\.py has it in"
    ):
        release(tiny_folder)


def test_what_is_declared_given_need_not_be_cut(tiny_folder):
    rewrite(tiny_folder, BODY, "    return x * x\n")
    checks = tiny_folder / "checks.py"
    given = 'owns=("square",), given=("square",)'
    checks.write_text(tiny.CHECKS.replace('owns=("square",)', given), encoding="utf-8")
    assert "return x * x" in release(tiny_folder)["tiny.py"].decode()


ANSWERS = """\
# %% [markdown]
# ## Exercise 3 · Questions
# %%
ANSWERS = {
    "units": "metres",
    # SOLUTION
    "slope": 3.5,
    # STARTER
    # "slope": None,
    # END
    "example": None,
}
"""
QUESTIONS = """
three = rubric.exercise("3", "Questions", owns=("ANSWERS",), points=1)

@three.check("ANSWERS", 1)
def asks(student, reference, draw):
    \"\"\"Asks.\"\"\"
"""


def test_an_answer_that_is_not_cut_is_refused_unless_it_is_given(tmp_path):
    folder = tiny.write(tmp_path, tiny.CHECKS + QUESTIONS)
    (folder / "solution.py").write_text(tiny.SOLUTION + ANSWERS, encoding="utf-8")
    with pytest.raises(MarkerError, match=r"line 33: the answer ANSWERS\['units'\] is not cut"):
        release(folder)
    other = tiny.write(tmp_path / "b", tiny.CHECKS + QUESTIONS.replace('"ANSWERS",)', '"ANSWERS",), given=("units",)'))
    (other / "solution.py").write_text(tiny.SOLUTION + ANSWERS, encoding="utf-8")
    assert '"units": "metres"' in release(other)["tiny.py"].decode()


def test_a_class_has_a_block_in_it(tmp_path):
    checks = tiny.CHECKS.replace('owns=("square",)', 'owns=("square", "Net")')
    folder = tiny.write(tmp_path, checks)
    rewrite(folder, BODY, f"{BODY}class Net:\n    def forward(self, x):\n        return 2 * x\n")
    with pytest.raises(MarkerError, match=r"line 13: `Net` has no block"):
        release(folder)


# --- everything else that goes out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("marker", ["### BEGIN SOLUTION", "# *****START OF YOUR CODE*****", "#SOLUTION", "# SOLUTION"])
@pytest.mark.parametrize("place", ["handout.md", "public/helpers.py", "public/notes.ipynb", "public/more.zip"])
def test_a_marker_anywhere_in_the_release_is_refused(tiny_folder, place, marker):
    text = f"Some text.\n{marker}\nreturn 1\n"
    path = tiny_folder / place
    path.parent.mkdir(exist_ok=True)
    if place.endswith(".ipynb"):
        path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": text.splitlines(keepends=True)}]}))
    elif place.endswith(".zip"):
        path.write_bytes(zip_of({"inside/a.py": text}))
    else:
        path.write_text(text)
    with pytest.raises(LeakError, match=r"(README\.md|data/\S+?), (cell 1, )?line 2: .*(write|put|take)"):
        release(tiny_folder)


def test_a_notebook_among_the_data_keeps_nothing_behind_tags(tiny_folder):
    (tiny_folder / "public").mkdir()
    for metadata in ({"tags": ["solution"]}, {"nbgrader": {"solution": True, "grade": False}}):
        cell = {"cell_type": "code", "source": "return 1", "metadata": metadata}
        (tiny_folder / "public/a.ipynb").write_text(json.dumps({"cells": [cell]}))
        with pytest.raises(LeakError, match=r"data/a\.ipynb, cell 1: its metadata says that it is a solution"):
            release(tiny_folder)


def test_a_line_of_the_solution_in_a_zip_or_in_other_quotes_is_found(tiny_folder):
    (tiny_folder / "public").mkdir()
    for content in (zip_of({"a.py": "return square(x).sum()"}), b"return  square( x ).sum()\n"):
        (tiny_folder / "public/old.bin").write_bytes(content)
        with pytest.raises(LeakError, match=r"data/old\.bin holds a line of the solution"):
            release(tiny_folder)


def test_data_is_data(tiny_folder):
    (tiny_folder / "public").mkdir()
    (tiny_folder / "public/words.csv").write_text('solution,1\n"solution",2\nend\n')
    (tiny_folder / "public/noise.bin").write_bytes(b"\xff\x00# SOLUTION\n")
    release(tiny_folder)


def test_the_nbgrader_source_is_refused_as_well(tiny_folder):
    public = public_release(load(tiny_folder), "Tiny", ["torch"])
    rewrite(tiny_folder, BODY, DIALECTS["CS231n"])
    with pytest.raises(MarkerError):
        source_version(tiny_folder, public, tiny_folder.parent)


def zip_of(files: dict[str, str]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return memory.getvalue()


# --- the command -----------------------------------------------------------------------------------------------------


def command(monkeypatch, capsys, *words: str) -> tuple[int, str]:
    """Run the command line as a user does; return its exit code and what it said."""
    monkeypatch.setattr("sys.argv", ["autograder", *words])
    code = 0
    try:
        app.main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    shown = capsys.readouterr()
    return code, shown.out + shown.err


@pytest.mark.parametrize("slip", ["marker", "function", "data"])
def test_the_command_refuses_and_leaves_nothing_behind(tmp_path, monkeypatch, capsys, slip):
    config = tiny.config(tmp_path)
    folder = tiny.write(tmp_path)
    if slip == "data":
        (folder / "public").mkdir()
        (folder / "public/a.py").write_text("### BEGIN SOLUTION\n")
    else:
        rewrite(folder, BODY, DIALECTS["nbgrader"] if slip == "marker" else "    return x * x\n")
    words = ("release", "tiny", "--to", str(tmp_path / "dist"), "--config", str(config))
    code, said = command(monkeypatch, capsys, *words)
    assert code == 2 and said.startswith("autograder: tiny is not released: "), said
    assert ", line " in said and "Traceback" not in said
    assert not (tmp_path / "assignments").exists() and not (tmp_path / "dist").exists()


def test_what_lies_there_already_is_looked_at_before_anything_is_written(tmp_path, monkeypatch, capsys):
    config = tiny.config(tmp_path)
    tiny.write(tmp_path)
    (tmp_path / "assignments/tiny/data").mkdir(parents=True)
    (tmp_path / "assignments/tiny/data/old.py").write_text("return square(x).sum()\n")
    words = ("release", "tiny", "--to", str(tmp_path / "dist"), "--config", str(config))
    code, said = command(monkeypatch, capsys, *words)
    assert code == 2 and "data/old.py holds a line of the solution" in said
    assert [path.name for path in (tmp_path / "assignments/tiny").iterdir()] == ["data"]
    assert not (tmp_path / "dist").exists()


# --- a proof by another way ------------------------------------------------------------------------------------------


def bodies(folder: Path) -> Iterator[str]:
    """The distinctive lines of the functions that students write, found without the cutter: with the syntax tree."""
    assignment = load(folder)
    lines = assignment.solution_source.splitlines()
    tree = ast.parse(assignment.solution_source)
    owned: set[int] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in assignment.rubric.functions:
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            owned |= set(range(first.lineno, (node.end_lineno or 0) + 1))
    elsewhere = "\n".join(line for number, line in enumerate(lines, 1) if number not in owned)
    for number in sorted(owned):
        line = lines[number - 1].strip()
        if len(line) >= 12 and not line.startswith("#") and line not in elsewhere:
            yield line


def texts(files: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """Every released file as text; the lines of notebooks and of JSON as they are read."""

    def strings(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from strings(item)

    for name, data in files.items():
        text = data.decode("utf-8", "replace")
        yield name, "\n".join(strings(json.loads(text))) if name.endswith((".ipynb", ".json")) else text


@pytest.mark.parametrize("reference", [*REFERENCES, Path("made")], ids=lambda path: path.name)
def test_no_released_file_holds_a_line_of_a_body(reference, tmp_path):
    if reference == Path("made"):
        scaffold(tmp_path, "week_3", "Lines")
        reference, title, packages = tmp_path / "reference/week_3", "Lines", ("torch",)
    else:
        settings = load_config(ROOT / "grader_config.yml").assignment(reference.name)
        title, packages = settings.title, tuple(settings.packages)
    public = public_release(load(reference), title, packages)
    look_through(reference, tmp_path / "assignments", public)
    generate(reference, tmp_path / "assignments", public)
    with zipfile.ZipFile(pack(tmp_path / "assignments" / reference.name, tmp_path / "dist")) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    secret = list(bodies(reference))
    assert len(secret) >= 10
    for name, text in texts(files):
        assert [line for line in secret if line in text] == [], name


def test_a_refusal_is_an_error_of_the_author_s():
    assert issubclass(MarkerError, AssignmentError) and issubclass(LeakError, AssignmentError)


def test_what_is_only_imported_cannot_be_cut(tmp_path):
    folder = tiny.write(tmp_path, tiny.CHECKS.replace('"slope"), points', '"slope", "torch"), points'))
    with pytest.raises(MarkerError, match=r"line 1: `torch` is not written here"):
        release(folder)
