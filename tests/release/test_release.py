"""From a solution to a starter: what is cut, what is kept, what must never leak."""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient

from autograder.config import load as load_config
from autograder.errors import LeakError, MarkerError
from autograder.intake import read_submission
from autograder.release import (
    current,
    generate,
    leaks,
    look_through,
    pack,
    public_release,
    released,
    solution_leaks,
    starter_notebook,
    starter_source,
)
from autograder.release.cut import nbgrader_source, without_regions
from autograder.release.notebook import cells_of
from autograder.rubric.assignment import load
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


def test_an_empty_starter_part_leaves_nothing():
    assert starter_source("x = 1\n# SOLUTION\ny = 2\n# STARTER\n# END\n") == "x = 1\n"


def test_blank_lines_and_deeper_indentation_of_a_starter_part_stay():
    source = "def f(x):\n    # SOLUTION\n    return x\n    # STARTER\n    # if x:\n\n    #     ...\n    # END\n"
    assert starter_source(source) == "def f(x):\n    if x:\n\n        ...\n"


def test_the_name_is_that_of_the_enclosing_function():
    source = """\
# ## Exercise 1.9 · A network (15 points)
class Net:
    def forward(self, x):
        def helper():
            return 1

        # SOLUTION
        return x @ self.w + helper()
        # END

    async def other(self):
        # SOLUTION
        return await nothing()
        # END
"""
    starter = starter_source(source)
    assert '        raise NotImplementedError("Exercise 1.9: forward")\n' in starter
    assert '        raise NotImplementedError("Exercise 1.9: other")\n' in starter


def test_a_starter_that_is_not_python_is_refused(tiny_folder):
    solution = tiny_folder / "solution.py"
    solution.write_text("def f():\n    # SOLUTION\n    return 1\n    # STARTER\n    # return (\n    # END\n")
    with pytest.raises(MarkerError, match="not valid Python"):
        released(tiny_folder)


WORDS = st.text("abcdefgh", min_size=1, max_size=8)
BLOCKS = st.lists(st.tuples(WORDS, st.lists(WORDS, max_size=4), st.booleans(), st.sampled_from(["    ", "\t"])))


@given(BLOCKS)
def test_any_solution_is_cut_to_valid_python_without_a_line_of_it(blocks):
    solution = ""
    for number, (name, words, with_starter, indent) in enumerate(blocks):
        lines = [f"def {name}_{number}(x):", f'{indent}"""What is asked."""', f"{indent}# SOLUTION"]
        lines += [f'{indent}secret_{word}_{number} = "cut me \\\\ {word}"' for word in words]
        lines += [f"{indent}# STARTER", f"{indent}# return None"] * with_starter + [f"{indent}# END", ""]
        solution += "\n".join(lines) + "\n"
    starter = starter_source(solution)
    compile(starter, "starter.py", "exec")
    assert "secret_" not in starter
    assert starter.count("NotImplementedError") == sum(not with_starter for _, _, with_starter, _ in blocks)
    assert starter_source(starter) == starter
    notebook = starter_notebook(starter)
    assert solution_leaks(solution, {"a.py": starter.encode(), "a.ipynb": notebook.encode()}) == []
    if any(words for _, words, _, _ in blocks):
        whole = {"a.py": solution.encode(), "a.ipynb": starter_notebook(solution).encode()}
        assert {finding.split(" ")[0] for finding in solution_leaks(solution, whole)} == {"a.py", "a.ipynb"}


@given(st.lists(st.sampled_from(["# SOLUTION", "    # STARTER", "# END", "x = 1", "# y = 2", "", "def f():"])))
def test_any_order_of_markers_is_cut_or_refused_with_a_line(lines):
    try:
        starter = starter_source("\n".join(lines))
    except MarkerError as error:
        assert 1 <= int(str(error).removeprefix("line ").split(":")[0]) <= len(lines)
    else:
        assert not {"# SOLUTION", "# STARTER", "# END"} & {line.strip() for line in starter.splitlines()}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("# SOLUTION\n", "SOLUTION without END"),
        ("x = 1\n# END\n", "line 2: END without SOLUTION"),
        ("# STARTER\n# END\n", "line 1: STARTER without SOLUTION"),
        ("# SOLUTION\n# SOLUTION\n", "line 2: SOLUTION inside"),
        ("# SOLUTION\n# STARTER\nx = 1\n# END\n", "line 3: a STARTER line"),
        ("x = 1\n# SOLUTION\n# STARTER\n", "STARTER without END"),
        ("def f():\n    pass\n# SOLUTION\ny = 2\n# END\n", "line 5: a SOLUTION outside of any function"),
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


def test_a_leak_is_found_within_a_sentence_and_in_a_notebook():
    notebook = starter_notebook(tiny.SOLUTION)
    assert solution_leaks(tiny.SOLUTION, {"tiny.ipynb": notebook.encode()})
    assert solution_leaks(
        tiny.SOLUTION, {"README.md": b"Hint: use `return square(x).sum()` here.", "data/blob": b"\xff\x00"}
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("def gradient(student, reference, draw):", "a hidden check: def gradient("),
        ("You double instead of squaring.", "a mutant: You double"),
        ("Is there a 2 too many?", "a mutant: Is there a 2"),
        ("seed = 20_270_101".replace("_", ""), "a seed: 20270101"),
        ("one of 31, 41, 59", "a seed: 31, 41, 59"),
        ("see /home/ada/course/notes.txt", "somebody's folder: /home/ada"),
        (r"C:\Users\ada", "somebody's folder"),
    ],
)
def test_what_the_reference_keeps_to_itself_is_refused(tiny_folder, text, what):
    (tiny_folder / "exercises").mkdir()
    (tiny_folder / "exercises/more.py").write_text(
        "@exercise.mistake('square', 'Is there a 2 too many?')\ndef f(): ...\n"
    )
    (tiny_folder / "data.py").write_text("SEED = 20_270_101\nHIDDEN_SEEDS = (31, 41, 59)\nPUBLIC_SEED = 40_404\n")
    (tiny_folder / "handout.md").write_text("# Tiny\n40404 and 31 are just numbers.\n")
    released(tiny_folder)
    (tiny_folder / "handout.md").write_text(f"# Tiny\n{text}\n")
    with pytest.raises(LeakError, match=re.escape(f"README.md holds {what}")):
        released(tiny_folder)


def test_the_course_s_own_folder_is_refused(tiny_folder):
    (tiny_folder / "handout.md").write_text(f"Made in {tiny_folder.resolve().parents[1]}/reference.\n")
    with pytest.raises(LeakError, match="a path of this machine"):
        released(tiny_folder)


def test_hidden_data_is_refused_also_in_another_order(tiny_folder):
    for place in ("hidden", "public"):
        (tiny_folder / place).mkdir()
    rows = np.arange(60.0).reshape(6, 10)
    np.savez(tiny_folder / "hidden/rows.npz", x=rows, y=np.arange(6))
    np.savez(tiny_folder / "public/rows.npz", x=rows + 0.5, y=np.arange(6), zeros=np.zeros((3, 10)))
    released(tiny_folder)
    np.savez(tiny_folder / "public/rows.npz", images=np.concatenate([rows + 0.5, rows[::-2]]).reshape(9, 2, 5))
    with pytest.raises(LeakError, match=r"data/rows.npz \(images\) holds 3 rows of the hidden rows.npz \(x\)"):
        released(tiny_folder)
    (tiny_folder / "public/rows.npz").write_bytes((tiny_folder / "hidden/rows.npz").read_bytes())
    with pytest.raises(LeakError, match=r"data/rows.npz is the hidden file rows.npz"):
        released(tiny_folder)


def test_a_hidden_list_of_numbers_is_refused_as_a_whole(tiny_folder):
    for place in ("hidden", "public"):
        (tiny_folder / place).mkdir()
    labels = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3])
    np.savez(tiny_folder / "hidden/a.npz", labels=labels)
    np.savez(tiny_folder / "public/b.npz", labels=labels[::-1])
    released(tiny_folder)
    np.savez(tiny_folder / "public/b.npz", guesses=labels)
    with pytest.raises(LeakError, match=r"data/b.npz \(guesses\) holds 1 rows of the hidden a.npz \(labels\)"):
        released(tiny_folder)


@pytest.mark.parametrize("said", ["SEEDS = ()", "SEEDS: tuple = (1, 2)", "SEED: int"])
def test_what_could_be_anything_is_no_seed(tiny_folder, said):
    (tiny_folder / "data.py").write_text(said)
    (tiny_folder / "handout.md").write_text("# Tiny\nAs easy as 1, 2, 3.\n")
    assert "As easy as 1, 2, 3." in released(tiny_folder)["README.md"].decode()


def test_a_check_that_is_said_not_to_be_public_is_hidden(tiny_folder):
    checks = tiny_folder / "checks.py"
    checks.write_text(checks.read_text().replace('@one.check("square", 3)', '@one.check("square", 3, public=False)'))
    (tiny_folder / "handout.md").write_text("def random(student, reference, draw):\n")
    with pytest.raises(LeakError, match="a hidden check"):
        released(tiny_folder)


def test_nothing_goes_out_that_lies_there_by_chance(tiny_folder, tmp_path):
    place = tmp_path / "assignments"
    generate(tiny_folder, place)
    look_through(tiny_folder, place)
    (place / "tiny/tiny_solved.py").write_text("mine")
    with pytest.raises(LeakError, match=r"tiny_solved.py: not from the source"):
        look_through(tiny_folder, place)
    (place / "tiny/tiny_solved.py").unlink()
    (place / "tiny/data").mkdir()
    (place / "tiny/data/notes.txt").write_text("You double instead of squaring.")
    with pytest.raises(LeakError, match=r"data/notes.txt holds a mutant"):
        look_through(tiny_folder, place)


def test_data_that_a_script_writes_is_left_alone(tiny_folder, tmp_path):
    (tiny_folder / "public").mkdir()
    (tiny_folder / "public/views.csv").write_text("1\n")
    generate(tiny_folder, tmp_path / "assignments")
    (tmp_path / "assignments/tiny/data/other.csv").write_text("2\n")
    assert current(tiny_folder, tmp_path / "assignments") == []
    (tmp_path / "assignments/tiny/data/views.csv").write_text("3\n")
    assert current(tiny_folder, tmp_path / "assignments") == ["data/views.csv"]


def test_generating_twice_gives_the_same_bytes(tiny_folder, tmp_path):
    first = {path: path.read_bytes() for path in generate(tiny_folder, tmp_path / "assignments")}
    assert {path: path.read_bytes() for path in generate(tiny_folder, tmp_path / "assignments")} == first


@pytest.fixture
def public(tiny_assignment):
    return public_release(tiny_assignment, "Tiny", ["torch"])


def test_the_colab_notebook_sets_up_and_checks_after_each_exercise(tiny_folder, public):
    files = released(tiny_folder, public)
    notebook = nbformat.reads(files["tiny_colab.ipynb"].decode(), as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert code[0].endswith("import autograder")
    assert [source.startswith("autograder.check") for source in code[1:]] == [False, False, True, False, True]
    assert [source for source in code if source.startswith("autograder.check")] == [
        'autograder.check("1")',
        'autograder.check("2")',
    ]


def test_the_colab_notebook_is_the_starter_and_comes_through_intake_without_a_word(tiny_folder, public, tmp_path):
    (tmp_path / "handed_in.ipynb").write_bytes(released(tiny_folder, public)["tiny_colab.ipynb"])
    submission = read_submission(tmp_path / "handed_in.ipynb", "ada", main="tiny")
    assert submission.notes == ()
    assert 'raise NotImplementedError("Exercise 1: square")' in submission.files[submission.main]


def test_the_colab_notebook_runs_from_the_zip(tiny_folder, public, tmp_path):
    """As on Colab: the zip lies beside, the folder does not exist yet."""
    generate(tiny_folder, tmp_path / "assignments", public)
    (tmp_path / "content").mkdir()
    pack(tmp_path / "assignments/tiny", tmp_path / "content")
    text = released(tiny_folder, public)["tiny_colab.ipynb"].decode()
    notebook = nbformat.reads(text.replace("raise NotImplementedError(", "return x * ("), as_version=4)
    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path / "content")}}, timeout=120).execute()
    shown = [cell.outputs[0].data["text/plain"] for cell in notebook.cells if cell.source == 'autograder.check("1")']
    assert "x 1 Square" in shown[0].replace("✗", "x")


def test_the_colab_notebook_is_kept_current(tiny_folder, public, tmp_path):
    generate(tiny_folder, tmp_path, public)
    assert current(tiny_folder, tmp_path, public) == []
    (tmp_path / "tiny/tiny_colab.ipynb").write_text("{}")
    assert current(tiny_folder, tmp_path, public) == ["tiny_colab.ipynb"]


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda path: path.name)
def test_starters_are_current(reference):
    settings = load_config(ROOT / "grader_config.yml").assignment(reference.name)
    public = public_release(load(reference), settings.title, settings.packages)
    assert current(reference, ROOT / "assignments", public) == [], "run `make starters`"


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda path: path.name)
def test_no_checked_in_file_gives_anything_away(reference):
    folder = ROOT / "assignments" / reference.name
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert leaks(reference, files) == []


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda path: path.name)
def test_the_nbgrader_source_is_the_solution_and_leaves_the_starter(reference):
    solution = (reference / "solution.py").read_text(encoding="utf-8")
    source = [cell["source"] for cell in cells_of(nbgrader_source(solution))]
    assert [without_regions(cell) for cell in source] == [cell["source"] for cell in cells_of(starter_source(solution))]
    namespace = {"__name__": "submission"}
    for cell in cells_of(nbgrader_source(solution)):
        if cell["cell_type"] == "code":
            exec(cell["source"], namespace)
    whole = load(reference).solution()
    owned = [name for exercise in load(reference).rubric.exercises for name in exercise.owns]
    assert all(name in namespace for name in owned) and namespace.get("ANSWERS") == whole.get("ANSWERS")
