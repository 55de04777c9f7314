"""Whatever is handed in: a submission whose sources compile, or a rejection with a reason. Never another error."""

from __future__ import annotations

import ast
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import RejectedError
from autograder.intake import read_submission

FRAGMENTS = st.sampled_from(
    [
        "def mae(p, y):\n    return 1\n",
        "def mae(p, y):\n    raise NotImplementedError\n",
        "def f(:\n",
        "x = (",
        ")",
        "'''",
        '"""',
        "import seaborn as sns\n",
        "from keras import *\n",
        "import torch, seaborn\n",
        "from . import x\n",
        "%time\n",
        "!ls \\\n",
        "?x\n",
        "%%bash\n",
        "%%time\n",
        "%%writefile a.py\n",
        "try:\n    import jax\nexcept ImportError: pass\n",
        "x = 1; print(2); y = 3\n",
        "if x: y = 1\n",
        "    ",
        "\t",
        "\\\n",
        "\f",
        "@njit\n",
        "class A(sns.B): pass\n",
        "# c\n",
        "ANSWERS = {}\n",
        "ANSWERS['a'] = f(1)\n",
        "for k in x: ANSWERS[k] = 1\n",
        "from __future__ import annotations\n",
        "x = [\n1,\n]; z()\n",
        "async def f(): pass\n",
        "await x\n",
        "return\n",
        "lambda: (yield)\n",
        "f'{x",
        "é = 1\n",
        "\ud800",
        "else:\n",
        "if __name__ == '__main__':\n    f()\n",
        "with a: b = 1\n",
        "del x\n",
        "x: int\n",
        "x += 1\n",
        "\u2028",
        "\0",
        "def f(a=sns.b, *, c: N = q) -> M: pass\n",
        "import a.b as c\n",
        "global x\n",
        "x = y = z\n",
        "match x:\n  case 1: pass\n",
    ]
)
SOURCES = st.one_of(st.lists(FRAGMENTS, max_size=12).map("".join), st.text(max_size=80))
KEYS = st.sampled_from(["cells", "worksheets", "cell_type", "source", "input", "metadata"]) | st.text(max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | SOURCES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
CELL = st.fixed_dictionaries({"cell_type": st.just("code"), "source": SOURCES | st.lists(SOURCES, max_size=3) | JSON})
NOTEBOOK = st.fixed_dictionaries({"cells": st.lists(CELL | JSON, max_size=5)})


def _check(data: bytes, name: str, **options: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            submission = read_submission(path, "ada", expected=frozenset({"mae"}), **options)
        except RejectedError as rejected:
            assert rejected.reason.isprintable()
            return
    for file, source in submission.files.items():
        compile(source, file, "exec", dont_inherit=True)
    assert all(note.isprintable() for note in submission.notes)


@given(NOTEBOOK | JSON, st.booleans())
def test_any_json_as_a_notebook(document: object, run_top_level: bool) -> None:
    _check(json.dumps(document).encode(), "regression.ipynb", run_top_level=run_top_level)


@given(st.binary(max_size=200), st.sampled_from(["a.py", "a.ipynb", "a.zip"]))
def test_any_bytes_under_any_name(data: bytes, name: str) -> None:
    _check(data, name)


@given(SOURCES, st.booleans())
def test_any_source_as_a_module(source: str, run_top_level: bool) -> None:
    _check(source.encode("utf-8", "surrogatepass"), "regression.py", run_top_level=run_top_level)


@given(SOURCES)
def test_definitions_stay_on_their_lines(source: str) -> None:
    marked = source.encode("utf-8", "replace").decode().replace("\r", "\n") + "\n\n0\n\ndef the_last():\n    return 1\n"
    try:
        ast.parse(marked)
    except (SyntaxError, ValueError):
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "regression.py"
        path.write_text(marked)
        try:
            cleaned = read_submission(path, "ada").files["regression.py"]
        except RejectedError:
            return
    assert cleaned.count("\n") == marked.count("\n")
    assert cleaned.endswith("def the_last():\n    return 1\n")
