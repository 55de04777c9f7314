"""Notebooks of other versions, with parts missing, cut short, or full of what is no Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bad_input.corpus import FINE, Case, as_bytes, cells, notebook, rejected, verify


def old(minor: int, **more: Any) -> dict[str, Any]:
    return notebook(FINE, nbformat_minor=minor, **more)


def sheets(*lists: Any, version: int = 3) -> dict[str, Any]:
    return {"nbformat": version, "metadata": {"name": ""}, "worksheets": [{"cells": cells} for cells in lists]}


def read(name: str, document: Any, *notes: str, silent: bool = True) -> Case:
    return Case(name, {"homework.ipynb": document}, notes, silent=silent and not notes)


def code(source: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, **more}


WHOLE = json.dumps(notebook(FINE), indent=1)
PICTURE = {"output_type": "display_data", "data": {"image/png": "A" * 5_000_000}}
OTHER_CELLS = [
    {"cell_type": "markdown", "source": "# Hi"},
    {"cell_type": "raw", "source": "not python"},
    {"cell_type": "heading", "source": "def double(:"},
    {"cell_type": 7, "source": "def double(:"},
    {"source": "def double(:"},
    "a string where a cell should be",
    None,
    [],
]

READ = [
    *(read(f"version 4.{minor}", old(minor)) for minor in range(6)),
    read(
        "version 4.5 with identifiers that clash", notebook() | {"cells": [code(FINE, id="a"), code("x = 1", id="a")]}
    ),
    read("version 5, whenever it comes", notebook(FINE, nbformat=5, nbformat_minor=0)),
    read("version 3", sheets([{"cell_type": "code", "language": "python", "input": FINE}])),
    read("version 3 in several sheets", sheets([], [{"cell_type": "code", "input": ["x = 1"]}], [code(FINE)])),
    read("version 2", sheets([{"cell_type": "code", "input": FINE, "prompt_number": 3}], version=2)),
    read("a version that is text", notebook(FINE, nbformat="four")),
    read("no version", {"cells": [code(FINE)]}),
    read("no metadata", {"cells": [code(FINE)], "nbformat": 4}),
    read("metadata of another kind", notebook(FINE, metadata=[1, 2])),
    read("a kernel of another language", notebook(FINE, metadata={"kernelspec": {"language": "R", "name": "ir"}})),
    read("source as one text", notebook(FINE)),
    read("source as lines", notebook(FINE.splitlines(True))),
    read("source as lines with things between", notebook(["def double(x):\n", None, 3, "    return 2 * x\n"])),
    read("source is null", {"cells": [code(None), code(FINE)]}),
    read("source is a number", {"cells": [code(7), code(FINE)]}),
    read("source is missing", {"cells": [{"cell_type": "code"}, code(FINE)]}),
    read("cells of every other kind", {"cells": [*OTHER_CELLS, code(FINE)]}),
    read("outputs of another kind", {"cells": [code(FINE, outputs="none")]}),
    read("outputs of five megabytes", {"cells": [code(FINE, outputs=[PICTURE])]}),
    read("keys that stand twice", WHOLE.replace('"cells"', '"cells": [], "cells"').encode()),
    read("NaN in the metadata", WHOLE.replace('"nbformat": 4', '"nbformat": NaN').encode()),
    read("a mark and blank lines before", b"\xef\xbb\xbf\n\n" + WHOLE.encode()),
    read("utf-16", WHOLE.encode("utf-16")),
    read("latin-1 in a markdown cell", WHOLE.replace("[]", '["gr\xf6\xdfer"]', 1).encode("latin-1")),
    read("CRLF between and inside", WHOLE.replace("\n", "\r\n").replace("\\n", "\\r\\n").encode()),
    read("escaped NUL characters", notebook("x = 'a\0b'\n" + FINE)),
    read("escaped lone surrogates", notebook("x = '\ud800'\n" + FINE)),
    read("a thousand empty cells", notebook(*[""] * 1_000, FINE)),
    read("attachments and ids of megabytes", notebook(FINE) | {"id": "x" * 3_000_000}),
    cells(
        "line magics",
        "%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n" + FINE,
        notes=("3 notebook commands",),
    ),
    cells("shell lines", "!pip install -q torch\n!ls | wc\n" + FINE, notes=("2 notebook commands",)),
    cells("what Colab adds", "from google.colab import drive, files\ndrive.mount('/content/drive')\n" + FINE),
    cells(
        "a form of Colab's",
        '#@title Exercise { display-mode: "form" }\nN = 3 #@param {type:"integer"}\n' + FINE,
        silent=True,
    ),
    cells("a timed cell", "%%time\n" + FINE, notes=("1 notebook command",)),
    cells(
        "cells in other languages",
        "%%bash\necho 'hi",
        "%%html\n<b>",
        "%%latex\n$x",
        FINE,
        notes=("3 notebook commands",),
    ),
    cells("a magic in a block", "def other():\n    %time\n    return 1\n" + FINE, notes=("1 notebook command",)),
    cells("an assignment from a magic", "t = %timeit -o 1\nfiles = !ls\n" + FINE, notes=("2 notebook commands",)),
    cells("help", "double?\n??double\n" + FINE, notes=("2 notebook commands",)),
    cells("a cell pasted with its prompt", ">>> x = 1\n", FINE, notes=("code cell 1, line 1: syntax error",)),
    cells(
        "a cell that is prose", "The derivative is 2x, so we halve.", FINE, notes=("code cell 1, line 1: syntax error",)
    ),
    cells("a cell that is not finished", "def halve(x):\n    return (x", FINE, notes=("`halve` was left out",)),
    cells("a string that never ends", 's = """never', FINE, notes=("code cell 1, line 1",)),
    cells("a cell that asks", "name = input('Your name? ')", FINE, notes=("code cell 1, line 1",)),
    cells("a cell that ends everything", "exit()", "quit()", "import sys; sys.exit(1)", FINE, notes=("left out",)),
    cells("a cell that trains for ever", "while True:\n    double(1)", FINE, notes=("left out (code cell 1, line 1)",)),
    cells("top-level await", "import asyncio\nawait asyncio.sleep(1)", FINE, notes=("left out (code cell 1, line 2)",)),
    cells(
        "the function twice, the starter last",
        FINE,
        "def double(x):\n    raise NotImplementedError\n",
        notes=("defined more than once",),
    ),
    cells("the function twice, the better last", FINE.replace("2 *", "3 *"), FINE, notes=("defined 2 times",)),
]

REJECTED = [
    *(
        rejected(f"cut short after {part:.0%}", "homework.ipynb", WHOLE[: int(len(WHOLE) * part)], "is damaged")
        for part in (0.02, 0.1, 0.5, 0.9, 0.99)
    ),
    rejected("a brace too many", "homework.ipynb", WHOLE + "}", "is damaged"),
    rejected("two notebooks one after the other", "homework.ipynb", WHOLE + WHOLE, "is damaged"),
    rejected("single quotes", "homework.ipynb", str(notebook(FINE)), "is damaged"),
    rejected(
        "merge conflicts",
        "homework.ipynb",
        WHOLE.replace(' "cells"', '<<<<<<< HEAD\n "cells"', 1),
        "merge conflict (line 5)",
    ),
    rejected(
        "merge conflicts from the first line", "homework.ipynb", "<<<<<<< HEAD\n" + WHOLE, "merge conflict (line 1)"
    ),
    rejected("prose", "homework.ipynb", "My homework is in the other file.", "is damaged"),
    rejected("a web page", "homework.ipynb", "\n<!DOCTYPE html><title>Sign in</title>", "is a web page"),
    rejected("nested too deeply", "homework.ipynb", '{"cells":' * 5_000, "is damaged"),
    rejected("lists nested too deeply", "homework.ipynb", '{"cells": ' + "[" * 200_000, "is damaged"),
    rejected("a number without end", "homework.ipynb", '{"cells": ' + "9" * 10_000 + "}", "is damaged"),
    rejected("an outline in a list", "homework.ipynb", [1, 2] and "[1, 2]", "has no cells"),
    rejected("null", "homework.ipynb", "null", "has no cells"),
    rejected("an empty object", "homework.ipynb", "{}", "has no cells"),
    rejected("cells that are no list", "homework.ipynb", {"cells": {"0": code(FINE)}}, "has no cells"),
    rejected("cells that are text", "homework.ipynb", {"cells": FINE}, "has no cells"),
    rejected(
        "no code cells", "homework.ipynb", {"cells": [{"cell_type": "markdown", "source": FINE}]}, "has no code in it"
    ),
    rejected("blank code cells", "homework.ipynb", notebook("", " \n", "\t"), "has no code in it"),
    rejected("too many cells", "homework.ipynb", notebook(*["x = 1"] * 2_001), "Hand in only what you wrote"),
    rejected(
        "a cell of data", "homework.ipynb", notebook("x = [" + "1.0, " * 80_000 + "]", FINE), "characters of code"
    ),
    rejected("outputs of 50 MB", "homework.ipynb", as_bytes(notebook(FINE)) + b" " * 50_000_000, "Clear all outputs"),
]


@pytest.mark.parametrize("case", READ, ids=lambda case: case.id)
def test_an_odd_notebook_is_read(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@pytest.mark.parametrize("case", REJECTED, ids=lambda case: case.id)
def test_what_is_no_notebook_is_rejected_with_the_next_step(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)
