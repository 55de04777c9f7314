"""Any notebook is read or rejected with a reason, and a definition in a cell of its own always survives."""

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
from autograder.model import Submission
from tests.bad_input.corpus import for_students, namespace_of
from tests.intake.test_fuzz import FRAGMENTS, JSON, SOURCES

BODIES = st.sampled_from(
    [
        "    return {n}\n",
        "\treturn {n}\n",
        '    """Text: %time, !ls, and ```."""\n    return {n}\n',
        "    s = '''\n%%bash\n!rm\n'''\n    return {n}\n",
        "    x = [\n        {n},\n    ]  # )\n    return x[0]\n",
        "    if x:\n        return {n}\n\n\n    return {n}\n",
        "    y = 7 \\\n  % 4\n    return {n}\n",
        "    def inner(a=1): pass\n    return {n}\n",
        "    return (lambda: {n})()\n",
        "    import math\n    return {n} + 0 * math.pi\n",
        '    # \'\n    return {n}  # """\n',
        "    return {n}",
    ]
)
HEADS = st.sampled_from(
    ["def {f}(x=1):\n", "def {f}(x: 'T' = None) -> 'T':\n", "def {f}(*x, **y):\n", "\n\n# a comment\ndef {f}(x=0):\n"]
)
PARTS = {
    "prose": st.text(max_size=60),
    "fragments": st.lists(FRAGMENTS, max_size=6).map("".join),
    "magic": st.sampled_from(
        [
            "%time x",
            "!ls 'x",
            "%%bash\necho '",
            "%%time\nx = (",
            "?x",
            "x = !ls",
            "%%writefile a.py\nx = 1",
            "%%capture",
        ]
    ),
    "plain": st.sampled_from(
        [
            "x = 1",
            "print(f0())",
            "while True: pass",
            "import sys; sys.exit()",
            "from math import *",
            "del f0",
            "f0 = f0",
        ]
    ),
}
JUNK = st.one_of(*PARTS.values()).filter(lambda text: not any(f"f{n}" in text for n in range(1, 6)))


@st.composite
def definitions(draw: st.DrawFn) -> list[str]:
    """Valid functions f1, f2, ..., each of which returns its number."""
    count = draw(st.integers(1, 4))
    return [(draw(HEADS) + draw(BODIES)).replace("{f}", f"f{n}").replace("{n}", str(n)) for n in range(1, count + 1)]


def _cut(draw: st.DrawFn, source: str) -> Any:
    """A cell's source as one text, as lines, or as pieces cut anywhere."""
    way = draw(st.sampled_from(["text", "lines", "pieces"]))
    if way == "text":
        return source
    if way == "lines":
        return source.splitlines(True)
    at = draw(st.integers(0, len(source)))
    return [source[:at], source[at:]]


@st.composite
def notebooks(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """A notebook with definitions, junk in cells around them, in one of the formats; and how many definitions."""
    wanted = draw(definitions())
    cells: list[Any] = []
    for source in wanted:
        for junk in draw(st.lists(JUNK, max_size=2)):
            cells.append({"cell_type": draw(st.sampled_from(["code", "markdown", "raw"])), "source": _cut(draw, junk)})
        if draw(st.booleans()):
            cells.append(draw(JSON))
        cells.append({"cell_type": "code", "source": _cut(draw, source), "outputs": draw(JSON)})
    extra = draw(st.dictionaries(st.sampled_from(["nbformat", "nbformat_minor", "metadata"]), JSON, max_size=3))
    if draw(st.booleans()):
        return {**extra, "cells": cells}, len(wanted)
    return {**extra, "worksheets": [draw(JSON), {"cells": cells}]}, len(wanted)


def _read(document: object, **options: Any) -> Submission | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "homework.ipynb"
        path.write_bytes(json.dumps(document).encode())
        try:
            return read_submission(path, "ada", main="homework", **options)
        except RejectedError as rejected:
            for_students(rejected.reason)
            return None


@given(notebooks())
def test_definitions_survive_whatever_stands_around_them(found: tuple[dict[str, Any], int]) -> None:
    document, count = found
    submission = _read(document)
    assert submission is not None
    namespace = namespace_of(submission)
    assert [namespace[f"f{n}"](3) for n in range(1, count + 1)] == list(range(1, count + 1))


def _defines(source: str, count: int) -> bool:
    """Whether Python finds plain functions f1, f2, ... at the top level of this source."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.decorator_list}
    return {f"f{n}" for n in range(1, count + 1)} <= found


@given(definitions(), st.lists(SOURCES, max_size=3))
def test_whole_modules_keep_every_definition(wanted: list[str], junk: list[str]) -> None:
    parts = [part if part.endswith("\n") else f"{part}\n" for part in wanted]
    source = "\n".join(parts)
    for part in junk:
        if _defines(f"{part}\n{source}", len(wanted)):
            source = f"{part}\n{source}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "homework.py"
        path.write_bytes(source.encode("utf-8", "replace"))
        submission = read_submission(path, "ada", main="homework")
    namespace = namespace_of(submission)
    assert [namespace[f"f{n}"](3) for n in range(1, len(wanted) + 1)] == list(range(1, len(wanted) + 1))


@given(
    st.recursive(
        SOURCES | st.none() | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["cells", "source", "cell_type"]), inner)
        ),
        max_leaves=20,
    )
)
def test_any_structure_is_read_or_rejected(document: object) -> None:
    submission = _read(document)
    for note in submission.notes if submission is not None else ():
        for_students(note)
