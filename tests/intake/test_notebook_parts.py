"""How a notebook's cells are found, cleaned and joined, and the words where that is not possible."""

from __future__ import annotations

import json
from typing import Any

import pytest

from autograder.errors import RejectedError
from autograder.intake import notebook
from autograder.intake.commands import Plain, plain
from autograder.intake.notebook import Notebook, looks_like_notebook, read_notebook


def read(*sources: Any, **more: Any) -> Notebook:
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return read_notebook(json.dumps({"cells": cells, **more}).encode(), "a.ipynb")


def refused(content: str | bytes) -> str:
    with pytest.raises(RejectedError) as rejected:
        read_notebook(content.encode() if isinstance(content, str) else content, "a.ipynb")
    return rejected.value.reason


def code(*sources: str) -> str:
    """What becomes of the cells, without the line that names each."""
    return "\n".join(line for line in read(*sources).source.split("\n") if not line.startswith("# cell "))


# --- joining -----------------------------------------------------------------------------------------------------


def test_cells_are_joined_with_their_numbers() -> None:
    found = read("x = 1", "y = 2\n\nz = 3", "w = 4\n")
    assert found.source == "# cell 1\nx = 1\n# cell 2\ny = 2\n\nz = 3\n# cell 3\nw = 4\n\n"
    assert found.cell_starts == [1, 3, 7] and found.notes == [] and found.files == {}


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (0, "line 0"), (1, "code cell 1, line 1"), (2, "code cell 1, line 1"), (3, "code cell 2, line 1"),
        (4, "code cell 2, line 1"), (6, "code cell 2, line 3"), (9, "code cell 3, line 2"),
    ],
)  # fmt: skip
def test_a_line_is_called_as_the_student_knows_it(line: int, place: str) -> None:
    assert read("x = 1", "y = 2\n\nz = 3", "w = 4\n").place(line) == place


def test_a_broken_cell_is_named_by_its_number_and_line() -> None:
    found = read("x = 1", "y = 2\nz = = 3")
    assert found.source == "# cell 1\nx = 1\n# cell 2\ny = 2\n# z = = 3\n"
    assert found.notes == [
        "code cell 2, line 2: syntax error (invalid syntax). This part was left out; everything else is graded."
    ]


def test_only_code_is_joined_whatever_stands_between() -> None:
    document = {
        "cells": [
            {"cell_type": "markdown", "source": "# x"}, "odd", None, {"cell_type": "raw", "source": "y"},
            {"cell_type": "code", "source": ["a = 1\n", 3, "b = 2"]}, {"cell_type": "code", "source": {"no": "text"}},
            {"cell_type": "code", "input": "c = 3"}, {"cell_type": "code"}, {"source": "d = 4"},
            {"cell_type": "code", "source": "e\0 = 5\r\n"},
        ]
    }  # fmt: skip
    found = read_notebook(json.dumps(document).encode(), "a.ipynb")
    assert found.source == "# cell 1\na = 1\nb = 2\n# cell 2\n\n# cell 3\nc = 3\n# cell 4\n\n# cell 5\ne = 5\n\n"


def test_of_an_old_notebook_all_sheets_are_read() -> None:
    sheets = [{"cells": [{"cell_type": "code", "input": "a = 1"}]}, "odd", {"cells": 3}, {},
              {"cells": [{"cell_type": "code", "input": "b = 2"}]}]  # fmt: skip
    found = read_notebook(json.dumps({"worksheets": sheets}).encode(), "a.ipynb")
    assert found.source == "# cell 1\na = 1\n# cell 2\nb = 2\n"


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        (b'{"cells": []}', True), (b'\xef\xbb\xbf \t\r\n{"worksheets": []}', True), (b'{"cell": []}', False),
        (b'x = {"cells": 1}', False), (b'[{"cells": 1}]', False), (b'{"x": 1, ' + b" " * 9_000 + b'"cells": []}', True),
        (b"", False),
    ],
)  # fmt: skip
def test_a_notebook_is_known_by_its_content(data: bytes, is_one: bool) -> None:
    assert looks_like_notebook(data) is is_one


# --- limits and reasons ------------------------------------------------------------------------------------------


def test_a_notebook_has_so_much_code_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "MAX_CELLS", 3)
    monkeypatch.setattr(notebook, "MAX_SOURCE", 2_000)
    assert len(read("x", "y", "z" * 1_998).cell_starts) == 3
    for sources in (("x", "y", "z", "w"), ("x", "y", "z" * 1_999)):
        cells = [{"cell_type": "code", "source": source} for source in sources]
        assert refused(json.dumps({"cells": cells})) == (
            "a.ipynb holds more than 2,000 characters of code. Hand in only what you wrote."
        )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (" \n", "a.ipynb is empty. Save your notebook, open it once more to check, and hand it in again."),
        ('{"cells": [{"cell_type": "code", "source": " "}]}',
         "a.ipynb has no code in it. Save your notebook, and hand it in again."),
        ('{"cells": [{"cell_type": "markdown", "source": "x = 1"}]}',
         "a.ipynb has no code in it. Save your notebook, and hand it in again."),
        ('{"cells": 3}', "a.ipynb has no cells: it is not a notebook. Hand in the .ipynb file that Jupyter saves."),
        ("[]", "a.ipynb has no cells: it is not a notebook. Hand in the .ipynb file that Jupyter saves."),
        (' <html lang="en">',
         "a.ipynb is a web page, not a notebook. Use File > Download > Download .ipynb and hand that in."),
        ('{\n"cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> other\n]}',
         "a.ipynb holds a merge conflict (line 3). Settle it, open the notebook once more to check, and hand it in "
         "again."),
        ("\n<<<<<<< HEAD\n",
         "a.ipynb holds a merge conflict (line 2). Settle it, open the notebook once more to check, and hand it in "
         "again."),
        ('{\n"cells": [,]}',
         "a.ipynb is damaged: it stops being a notebook (line 2). Open it in Jupyter, save it and hand it in again; or "
         "hand in your code as a .py file."),
        ("[" * 200_000,
         "a.ipynb is damaged: it stops being a notebook. Open it in Jupyter, save it and hand it in again; or hand in "
         "your code as a .py file."),
    ],
)  # fmt: skip
def test_why_it_is_no_notebook_and_the_way_out(content: str, reason: str) -> None:
    assert refused(content) == reason


# --- commands ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "cleaned"),
    [
        ("%time f()\nx = 1", "# %time f()\nx = 1"),
        ("!ls\nx = 1", "# !ls\nx = 1"),
        ("  !ls\nx = 1", "  pass  # !ls\nx = 1"),
        ("?f\nf?\nf.g[0]??", "# ?f\n# f?\n# f.g[0]??"),
        ("x = !ls\ny, z = %magic a", "# x = !ls\n# y, z = %magic a"),
        ("%a\nx != y", "# %a\nx != y"),
        ("%a\nx = y % z", "# %a\nx = y % z"),
        ("!a \\\n  b \\\n c\nx = 1", "# !a \\\n#   b \\\n#  c\nx = 1"),
        ("if x:\n    !a \\\n  b\n    y", "if x:\n    pass  # !a \\\n#   b\n    y"),
        ("%a\nx = (\n%b)", "# %a\nx = (\n%b)"),
        ("%a\nx = [{(\n%b)}]\n%c", "# %a\nx = [{(\n%b)}]\n# %c"),
        ("%a\nx = '''\n!b\n'''\n!c", "# %a\nx = '''\n!b\n'''\n# !c"),
        ('%a\nx = """\'\'\'\n!b\n"""\n!c', '# %a\nx = """\'\'\'\n!b\n"""\n# !c'),
        ("%a\nx = 7 \\\n%b\n%c", "# %a\nx = 7 \\\n%b\n# %c"),
        ("%a\nx = '(' # [\n%b", "# %a\nx = '(' # [\n# %b"),
        ("%a\nx = '\\'('\n%b", "# %a\nx = '\\'('\n# %b"),
        ("%a\nx = ')'\n%b", "# %a\nx = ')'\n# %b"),
        ('x = "\'"\n%b', 'x = "\'"\n# %b'),
        ("X = (\n%b)\n%c", "X = (\n%b)\n# %c"),
        ("%a\n'x = !ls'", "# %a\n'x = !ls'"),
        ("x = 'a\\\n!b'\n!c", "x = 'a\\\n!b'\n# !c"),
    ],
)
def test_commands_go_where_a_statement_may_begin_and_nowhere_else(cell: str, cleaned: str) -> None:
    assert plain(cell).code == cleaned


def test_an_open_string_ends_with_its_line_and_a_stray_bracket_closes_nothing() -> None:
    """In a broken cell too, the commands that follow are commands."""
    assert plain("x = 'open\n!ls").code == "x = 'open\n# !ls"
    assert plain("x = ))\n!ls\ny = (\n!ls").code == "x = ))\n# !ls\ny = (\n!ls"


@pytest.mark.parametrize(
    ("cell", "count"),
    [("x = 1", 0), ("%a", 1), ("%a\n!b \\\n c", 2), ("%%time\nx", 1), ("%%time\n%a", 2), ("%%bash\n!a\n!b", 1)],
)
def test_commands_are_counted(cell: str, count: int) -> None:
    assert plain(cell).commands == count
    words = {
        0: [],
        1: ["1 notebook command was left out (lines such as `%matplotlib` or `!pip`): they do not run here."],
        2: ["2 notebook commands were left out (lines such as `%matplotlib` or `!pip`): they do not run here."],
    }
    assert read("y = 2", cell).notes == words[count]


def test_the_commands_of_all_cells_are_counted_together() -> None:
    assert read("%a", "!b\n!c").notes[0].startswith("3 notebook commands were")


@pytest.mark.parametrize("magic", ["time", "timeit -n 1", "capture out", "prun", "memit", "python", "python3", "py3"])
def test_a_timed_cell_keeps_its_code(magic: str) -> None:
    assert plain(f"\n%%{magic}\nx = 1\n!ls") == Plain(f"\n# %%{magic}\nx = 1\n# !ls", 2)


@pytest.mark.parametrize("magic", ["bash", "html", "timed", "writefile", "writefile notes.txt"])
def test_any_other_cell_is_no_python(magic: str) -> None:
    assert plain(f"%%{magic}\nx (\n\n  y") == Plain(f"# %%{magic}\n# x (\n\n#   y", 1)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("%%writefile helpers.py", "helpers.py"), ("%%file helpers.py", "helpers.py"),
        ("%%  writefile -a my-helpers.py ", "my-helpers.py"), ("%%writefile --append './h.py'", "h.py"),
        ('%%writefile "h.py"', "h.py"), ("%%writefile a/h.py", ""), ("%%writefile h.txt", ""), ("%%bash h.py", ""),
        ("%%writefile -x.py", ""),
    ],
)  # fmt: skip
def test_a_module_that_a_cell_writes_is_kept(line: str, name: str) -> None:
    found = read(f"{line}\nx = 1\n\ny = 2", "z = 3")
    assert found.files == ({name: "x = 1\n\ny = 2"} if name else {})
    assert found.source == f"# cell 1\n# {line}\n# x = 1\n\n# y = 2\n# cell 2\nz = 3\n"


@pytest.mark.parametrize(
    ("cell", "cleaned"),
    [
        ("    x = 1\n    y = 2", "x = 1\ny = 2"),
        ("\tx = 1", "x = 1"),
        ("\n\n  x = 1", "\n\nx = 1"),
        ("  x = 1\n      y = 2", "# x = 1\n# y = 2"),
        ("x = 1\nif x:\n  y", "x = 1\nif x:\n  y"),
    ],
)
def test_a_cell_pasted_with_its_indentation_loses_it(cell: str, cleaned: str) -> None:
    if "#" not in cleaned:
        assert notebook._dedented(cell) == cleaned
    else:
        assert notebook._dedented(cell) == cell, "it would not parse without it either"
