"""Which file of a submission is graded, what comes along, and what is said about the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograder.errors import RejectedError
from autograder.intake import read_sources, read_submission
from autograder.intake.helper import HELPER_SOURCE
from autograder.model import Submission
from tests.intake.conftest import notebook

WRITTEN, OTHER = "def mae(p, y):\n    return 1\n", "def other():\n    return 1\n"
BOTH = WRITTEN + "def mse(p, y):\n    return 1\n"
STARTER = "def mae(p, y):\n    raise NotImplementedError\n"
EXPECTED = frozenset({"mae", "mse"})


def read(root: Path, files: dict[str, str | bytes], **options: Any) -> Submission:
    for name, content in files.items():
        path = root / "ada" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_submission(root / "ada", "ada", **{"expected": EXPECTED, **options})


def refused(root: Path, files: dict[str, str | bytes], **options: Any) -> str:
    with pytest.raises(RejectedError) as rejected:
        read(root, files, **options)
    return rejected.value.reason


# --- which file is graded ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "main"),
    [
        ({"regression.py": WRITTEN, "a.py": BOTH}, "regression.py"),
        ({"Regression.PY": WRITTEN, "a.py": BOTH}, "Regression.PY"),
        ({"regression.py": STARTER, "a.py": WRITTEN}, "a.py"),
        ({"regression.py": "import a\n", "a.py": WRITTEN}, "regression.py"),
        ({"regression.py": "import numpy\n", "a.py": WRITTEN}, "a.py"),
        ({"a.py": WRITTEN, "b.py": BOTH}, "b.py"),
        ({"a.py": STARTER, "b.py": WRITTEN}, "b.py"),
        ({"a.py": STARTER, "b.py": OTHER}, "a.py"),
        ({"b.py": WRITTEN, "x/a.py": WRITTEN}, "b.py"),
        ({"b.py": WRITTEN, "c.py": WRITTEN}, "b.py"),
        ({"x/regression.py": WRITTEN, "y/regression.py": BOTH}, "regression.py"),
        ({"a.ipynb": notebook(BOTH), "b.py": WRITTEN}, "a.ipynb"),
    ],
)
def test_the_file_asked_for_is_graded_or_else_the_one_with_most_in_it(
    tmp_path: Path, files: dict[str, str | bytes], main: str
) -> None:
    assert read(tmp_path, files).main == main


def test_the_file_may_have_another_name_in_another_course(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"Homework.py": WRITTEN, "regression.py": BOTH}
    assert read(tmp_path, files, main="homework").main == "Homework.py"
    assert read(tmp_path, files, main="HOMEWORK").main == "Homework.py"
    assert read(tmp_path, files).main == "regression.py"


def test_where_nothing_is_asked_for_all_functions_count(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.py": WRITTEN, "b.py": OTHER + "def more(): return 1\n"}
    assert read(tmp_path, files, expected=frozenset()).main == "b.py"


def test_of_two_files_of_the_asked_name_the_fuller_one_is_graded_with_a_word(tmp_path: Path) -> None:
    found = read(tmp_path, {"x/regression.py": WRITTEN, "y/regression.py": BOTH})
    assert "mse" in found.files["regression.py"]
    assert found.notes == (
        "Both y/regression.py and x/regression.py are here: y/regression.py is graded, it has more in it.",
    )


def test_a_file_that_was_chosen_is_named(tmp_path: Path) -> None:
    assert read(tmp_path, {"a.py": WRITTEN, "b.py": OTHER}).notes == (
        "a.py is graded: of these files it has most of the functions asked for.",
    )


def test_where_no_file_has_what_is_asked_for_none_is_chosen(tmp_path: Path) -> None:
    assert refused(tmp_path, {"a.py": OTHER, "b.py": OTHER}) == (
        "None of these files has the functions asked for. Name the one to grade regression.py, or .ipynb."
    )
    assert read(tmp_path / "one", {"a.py": OTHER}).main == "a.py", "where there is but one, it is that"


# --- what comes along --------------------------------------------------------------------------------------------


def test_modules_lie_as_they_are_imported_from_the_graded_file(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "hw/src/regression.py": WRITTEN, "hw/src/a.py": OTHER, "hw/src/pkg/sub/b.py": OTHER, "hw/c.py": OTHER,
        "hw/d.ipynb": notebook(OTHER), "hw/src/pkg/__init__.py": "x = 1\n",
    }  # fmt: skip
    found = read(tmp_path, files)
    assert found.main == "regression.py"
    assert set(found.files) == {
        "regression.py", "a.py", "pkg/sub/b.py", "pkg/__init__.py", "pkg/sub/__init__.py", "c.py",
    }  # fmt: skip
    assert found.files["pkg/__init__.py"] == "x = 1\n" and found.files["pkg/sub/__init__.py"] == ""


def test_the_folder_that_holds_everything_is_no_part_of_the_names(tmp_path: Path) -> None:
    found = read(tmp_path, {"a/b/regression.py": WRITTEN, "a/b/x/help.py": OTHER})
    assert set(found.files) == {"regression.py", "x/help.py", "x/__init__.py"}


def test_remarks_on_a_helper_begin_with_its_name(tmp_path: Path) -> None:
    found = read(tmp_path, {"regression.py": WRITTEN + "print(1)\n", "a.py": "import keras\nprint(2)\nx = = 1\n"})
    assert found.notes == (
        "Only definitions, imports, simple assignments and what your functions need are loaded; other top-level "
        "code was left out (line 3).",
        "a.py: line 3: syntax error (invalid syntax). This part was left out; everything else is graded.",
        "a.py: `keras` is not among this assignment's packages. Only functions that use it are affected; write those "
        "without it.",
    )


def test_the_stand_ins_module_comes_along_where_some_file_needs_it(tmp_path: Path) -> None:
    helper = "_autograder_intake.py"
    assert helper not in read(tmp_path / "none", {"regression.py": WRITTEN, "a.py": OTHER}).files
    main = read(tmp_path / "main", {"regression.py": WRITTEN + "x = len('a')\n", "a.py": OTHER})
    assert main.files[helper] == HELPER_SOURCE
    assert helper in read(tmp_path / "helper", {"regression.py": WRITTEN, "a.py": "x = len('a')\n"}).files
    cells = notebook("%%writefile b.py\nx = len('a')\n", WRITTEN)
    assert helper in read(tmp_path / "cell", {"regression.ipynb": cells}).files


def test_a_module_that_a_notebook_writes_goes_before_a_file_of_that_name(tmp_path: Path) -> None:
    cells = notebook("%%writefile b.py\nx = 2\nprint(x)\n", "from b import x\n" + WRITTEN)
    found = read(tmp_path, {"hw/regression.ipynb": cells, "hw/b.py": "x = 1\n", "c.py": OTHER})
    assert found.main == "regression.ipynb" and found.files["b.py"] == "x = 2\n# print(x)\n"


# --- what is left out --------------------------------------------------------------------------------------------


def test_a_module_with_a_librarys_name_is_left_out(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"regression.py": WRITTEN, "random.py": OTHER, "torch/x.py": OTHER, "jax.py": OTHER}
    found = read(tmp_path, files)
    assert set(found.files) == {"regression.py", "jax.py"}
    assert found.notes == (
        "random.py was left out: it has the name of a library. Rename it to use it.",
        "torch/x.py was left out: it has the name of a library. Rename it to use it.",
    )
    assert "jax.py" not in read(tmp_path, files, packages=frozenset({"jax"})).files


def test_the_file_asked_for_may_have_a_librarys_name(tmp_path: Path) -> None:
    assert read(tmp_path, {"random.py": WRITTEN, "a.py": OTHER}, main="random").main == "random.py"
    assert read(tmp_path / "alone", {"random.py": WRITTEN}).main == "random.py", "or be the only one"


def test_what_cannot_be_read_is_told_after_the_rest(tmp_path: Path) -> None:
    found = read(tmp_path, {"regression.py": WRITTEN, "a.py": "", "b.py": b"\0"})
    assert [note.split(" is ")[0] for note in found.notes] == ["a.py", "b.py"]


def test_where_nothing_can_be_read_the_file_asked_for_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path, {"a.py": b"\0", "regression.py": ""}).startswith("regression.py is empty")
    assert refused(tmp_path, {"a.py": b"\0", "regression.py": ""}, main="other").startswith("a.py is not a text")


def test_where_what_can_be_read_defines_nothing_the_file_that_cannot_is_told(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"regression.py": b"\0", "a.py": "x = = 1\n"}
    assert refused(tmp_path, files).startswith("regression.py is not a text file")
    assert read(tmp_path, {**files, "a.py": WRITTEN}).main == "a.py"


def test_thirty_remarks_are_enough(tmp_path: Path) -> None:
    source = "".join(f"import p{number}\n" for number in range(31)) + WRITTEN
    found = read(tmp_path, {"regression.py": source})
    assert len(found.notes) == 31
    assert found.notes[29].startswith("`p29`")
    assert found.notes[30] == "... and 1 more remarks like these."
    assert len(read(tmp_path, {"regression.py": source.replace("import p30\n", "")}).notes) == 30


def test_a_remark_is_made_once_and_not_too_long(tmp_path: Path) -> None:
    cells = notebook("%%writefile b.py\nimport keras\n%%writefile", WRITTEN)
    assert len(set(read(tmp_path, {"regression.ipynb": cells}).notes)) == len(
        read(tmp_path, {"regression.ipynb": cells}).notes
    )
    long = "f" * 400
    found = read(tmp_path / "long", {"regression.py": f"@{long}\ndef {long}(): pass\n" + WRITTEN})
    assert len(found.notes[0]) == 300 and found.notes[0].endswith("...")


# --- kinds of files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    ["def f(): pass\n", "x = 1\nimport math\n", "\nfrom math import pi\n", "\ufeff# c\ndef f(): pass\n"],
)
def test_python_under_a_notebooks_name_is_python(tmp_path: Path, source: str) -> None:
    found = read(tmp_path, {"regression.ipynb": source})
    assert "# cell" not in found.files["regression.ipynb"]


@pytest.mark.parametrize(
    "source", ["x = 1\n", "{\nimport\ndef f(): pass\n", " <def\nimport x\n", "\ufeff[\nimport x\n"]
)
def test_what_is_neither_is_a_damaged_notebook(tmp_path: Path, source: str) -> None:
    assert refused(tmp_path, {"regression.ipynb": source}).startswith("regression.ipynb is ")


def test_a_notebook_is_one_under_any_name(tmp_path: Path) -> None:
    for name in ("regression.py", "a.IPYNB"):
        found = read(tmp_path / name, {name: notebook(WRITTEN)})
        assert found.files[name].startswith("# cell 1\n")


def test_lines_and_cells_are_called_as_the_student_knows_them(tmp_path: Path) -> None:
    assert "(line 3)" in read(tmp_path / "m", {"regression.py": WRITTEN + "print(1)\n"}).notes[0]
    cells = notebook(WRITTEN, "\nprint(1)\n")
    assert "(code cell 2, line 2)" in read(tmp_path / "n", {"regression.ipynb": cells}).notes[0]


def test_the_whole_has_a_budget(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"regression.py": WRITTEN, "a.py": OTHER}
    size = len(WRITTEN) + len(OTHER)
    assert read(tmp_path, files, max_bytes=size).main == "regression.py"
    assert "larger than" in refused(tmp_path, files, max_bytes=size - 1)


def test_all_code_runs_only_where_it_is_asked_for(tmp_path: Path) -> None:
    source = WRITTEN + "print(1)\n"
    assert "\n# print(1)" in read(tmp_path, {"regression.py": source}).files["regression.py"]
    assert "\n# print(1)" not in read(tmp_path, {"regression.py": source}, run_top_level=True).files["regression.py"]


def test_all_code_can_be_read_as_it_was_handed_in(tmp_path: Path) -> None:
    """For comparing: with what runs at the top level, and without the grader's own additions."""
    cells = notebook("import torch\nfor _ in range(3):\n    print('trained')", "%%writefile helper.py\ny = 2", "!ls")
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "hw.ipynb").write_text(cells)
    (tmp_path / "ada" / "notes.py").write_text("x = 1\ndef broken(:\n    pass\n")
    (tmp_path / "ada" / "plot.png").write_bytes(b"\x89PNG")
    sources = read_sources(tmp_path / "ada")
    assert set(sources) == {"hw.ipynb", "helper.py", "notes.py"}
    assert "for _ in range(3):\n    print('trained')\n" in sources["hw.ipynb"] and "\n# !ls\n" in sources["hw.ipynb"]
    assert sources["helper.py"].strip() == "y = 2"
    assert sources["notes.py"].startswith("x = 1\n") and sources["notes.py"].count("\n") == 3
    assert "__import__" not in "".join(sources.values())


@pytest.mark.parametrize("files", [{}, {"a.pdf": b"%PDF"}, {"a.ipynb": b"{"}], ids=["nothing", "a picture", "damaged"])
def test_where_there_is_no_code_the_reason_is_told(tmp_path: Path, files: dict[str, bytes]) -> None:
    (tmp_path / "ada").mkdir()
    for name, data in files.items():
        (tmp_path / "ada" / name).write_bytes(data)
    with pytest.raises(RejectedError):
        read_sources(tmp_path / "ada")
