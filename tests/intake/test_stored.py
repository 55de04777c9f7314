"""What a notebook shows besides its code is kept small and plain."""

from __future__ import annotations

import base64
import json

import msgspec
import pytest

from autograder.errors import RejectedError
from autograder.intake import read_whole
from autograder.intake.stored import MAX_OUTPUTS, StoredCell, StoredOutput, stored_cells
from tests.platforms.nbgrader.mangled import PNG


def stored(*cells: object) -> tuple[StoredCell, ...]:
    return stored_cells(json.dumps({"cells": cells}).encode(), "a.ipynb")


def outputs(*found: object) -> tuple[StoredOutput, ...]:
    return stored({"cell_type": "code", "source": "x", "outputs": found})[0].outputs


def test_cells_are_kept_as_they_lie_there() -> None:
    assert stored(
        {"cell_type": "code", "source": "%x", "outputs": [{"a": 1}], "metadata": {"nbgrader": {"grade_id": "q1"}}},
        {"cell_type": "raw", "source": ["r"], "outputs": "none", "metadata": {"nbgrader": {"grade_id": 3}}},
        {"cell_type": "heading", "source": "h", "metadata": {"nbgrader": []}},
        {"source": "m", "metadata": []},
        {"cell_type": "markdown", "attachments": [3]},
        "no cell",
    ) == (
        StoredCell("code", "%x", "q1"),
        StoredCell("raw", "r"),
        StoredCell("markdown", "h"),
        StoredCell("markdown", "m"),
        StoredCell("markdown", ""),
    )


def test_a_module_is_one_cell() -> None:
    assert stored_cells(b"x = 1\n", "a.py") == (StoredCell("code", "x = 1\n"),)


@pytest.mark.parametrize(
    ("content", "reason"), [(b'{"cells": 3}', "a.ipynb has no cells"), (b'{"cells', "a.ipynb is damaged")]
)
def test_a_damaged_notebook_is_refused_by_its_name(content: bytes, reason: str) -> None:
    with pytest.raises(RejectedError, match=reason):
        stored_cells(content + b'"cells"' if content == b'{"cells' else content, "a.ipynb")


def test_of_outputs_text_and_pictures_stay_and_nothing_that_a_browser_runs() -> None:
    assert outputs(
        {"output_type": "stream", "text": ["a", "b", 3]},
        {"data": {"text/html": "<script>", "text/plain": "plain"}},
        {"data": {"text/html": "<script>"}},
        {"data": {"image/png": [PNG[:10], PNG[10:]]}},
        {"data": {"image/png": base64.b64encode(b"<svg>").decode(), "text/plain": "no picture"}},
        {"data": {"image/png": "not base64"}},
        {"data": {"image/svg+xml": "<svg/>"}},
        {"traceback": ["Error", "!"]},
        "odd",
    ) == (
        StoredOutput("ab"), StoredOutput("plain"), StoredOutput(picture=PNG), StoredOutput("no picture"),
        StoredOutput("Error!"),
    )  # fmt: skip


def test_much_is_made_little() -> None:
    (long,) = outputs({"text": "a" * 1_000_000 + "z"})
    assert len(long.text) < 4_100 and long.text.endswith("z") and "characters left out" in long.text
    assert len(outputs(*[{"text": "x"}] * 100)) == MAX_OUTPUTS
    huge = base64.b64encode(base64.b64decode(PNG) + bytes(3_000_001)).decode()
    assert outputs({"data": {"image/png": huge}}) == ()
    many = [{"cell_type": "code", "source": "", "outputs": [{"data": {"image/png": huge[:3_900_000]}}]}] * 20
    assert sum(len(cell.outputs) for cell in stored(*many)) == 7


def test_pasted_pictures_are_kept_and_what_only_calls_itself_one_is_not() -> None:
    jpeg = base64.b64encode(b"\xff\xd8\xff rest").decode()
    (cell,) = stored(
        {
            "cell_type": "markdown",
            "source": "![](attachment:a.png)",
            "attachments": {
                "a.png": {"image/png": PNG},
                "b": {"image/svg+xml": "<svg onload=x>", "image/jpeg": jpeg},
                "c": {"image/svg+xml": "PHN2Zz4="},
                "d": {"image/png": jpeg},
                "e": {"text/html": "PHN2Zz4="},
                "f": 3,
            },
        }
    )
    assert cell.attachments == {"a.png": {"image/png": PNG}, "b": {"image/jpeg": jpeg}}


def test_what_no_file_can_hold_is_replaced() -> None:
    text = b'{"cells": [{"cell_type": "code", "source": "\\ud800", "outputs": [{"text": "\\udfff"}],'
    text += b' "metadata": {"nbgrader": {"grade_id": "\\ud8ff"}}, "attachments": {"\\ud800": {"image/png": "%s"}}}]}'
    found = stored_cells(text % PNG.encode(), "a.ipynb")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=tuple[StoredCell, ...]) == found


def test_a_submission_is_read_once_with_the_very_bytes_that_are_graded(tmp_path) -> None:
    for name, body in {"a.ipynb": "raise NotImplementedError", "sub/a.ipynb": "return x * x"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        source = f"def square(x):\n    {body}\n"
        (tmp_path / name).write_text(json.dumps({"cells": [{"cell_type": "code", "source": source}]}))
    whole = read_whole(tmp_path, "eve", main="a", expected=frozenset({"square"}))
    assert whole.name == "sub/a.ipynb"
    assert whole.original == (tmp_path / "sub/a.ipynb").read_bytes()
    assert "x * x" in "".join(whole.submission.files.values())
