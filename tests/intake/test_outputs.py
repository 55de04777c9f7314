"""A notebook that is too large for its outputs is read without them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import RejectedError
from autograder.intake import read_submission
from autograder.intake.outputs import without_outputs
from tests.intake.conftest import zipped

TRICKY = 'x = ["outputs", {"outputs": []}, \'"outputs": [\']  # \\"outputs\\": ['
OUTPUTS: list[Any] = [
    {"output_type": "stream", "text": ["a]\n", '"}]\\', "\\"]},
    {"data": {"image/png": "iVBOR" * 50, "text/plain": '{"outputs": [1]}'}, "metadata": {"x": [[], {}]}},
]


def notebook(source: str, outputs: list[Any]) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": {}, "outputs": outputs, "source": source, "execution_count": 1}
    return {"cells": [cell, {"cell_type": "markdown", "source": '"outputs": ['}, cell], "nbformat": 4}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
@pytest.mark.parametrize("indent", [None, 1])
def test_nothing_but_the_outputs_is_dropped(size: int, indent: int | None) -> None:
    data = json.dumps(notebook(TRICKY, OUTPUTS), indent=indent).encode()
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    kept = without_outputs(chunks, 100_000)
    assert kept is not None and json.loads(kept) == notebook(TRICKY, [])


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner) | st.dictionaries(st.text(), inner)


@given(st.recursive(st.none() | st.text() | st.integers(), nested), st.integers(1, 40))
def test_whatever_they_are(output: Any, size: int) -> None:
    data = json.dumps(notebook(TRICKY, [output]), ensure_ascii=False).encode("utf-8", "surrogatepass")
    kept = without_outputs([data[at : at + size] for at in range(0, len(data), size)], 100_000)
    assert kept is not None and json.loads(kept) == notebook(TRICKY, [])


@pytest.mark.parametrize("packed", [False, True])
def test_a_large_notebook_is_read(tmp_path: Path, packed: bool) -> None:
    text = json.dumps(notebook("def f(): return 1", [{"data": {"image/png": "iVBORw0KGgo" * 20_000}}]))
    path = tmp_path / "regression.ipynb"
    path.write_text(text)
    if packed:
        path = zipped(tmp_path / "ada.zip", {"regression.ipynb": text})
    submission = read_submission(path, "ada", max_bytes=50_000)
    assert "def f(): return 1" in submission.files["regression.ipynb"]


def test_what_is_large_without_them_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook("x" * 90_000, OUTPUTS)))
    with pytest.raises(RejectedError, match="larger than"):
        read_submission(tmp_path / "a.ipynb", "ada", max_bytes=50_000)
