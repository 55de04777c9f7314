"""The notebook that nbgrader shows is valid and can be shown, whatever was handed in."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert.exporters import HTMLExporter
from nbgrader.nbgraderformat import MetadataValidator

from autograder.errors import InputError
from autograder.intake.classroom import Entry
from autograder.intake.stored import StoredCell, StoredOutput, stored_cells
from autograder.platforms.nbgrader.autograded import MAX_MARKDOWN, MasterCell, autograded_notebook
from autograder.platforms.nbgrader.course import check_name, open_nbgrader
from tests.platforms.nbgrader.browser_rules import wrongs
from tests.platforms.nbgrader.mangled import PNG
from tests.platforms.nbgrader.test_markdown import ACTS, TEXTS


def master(name: str, kind: str = "code", *, grade: bool, solution: bool) -> MasterCell:
    return MasterCell(
        name,
        kind,
        f"# {name}",
        grade=grade,
        solution=solution,
        task=False,
        locked=not solution,
        points=4.0 if grade else None,
        checksum="a" * 32,
    )


MASTER = (
    master("solution-1", grade=False, solution=True),
    master("exercise-1", grade=True, solution=False),
    master("written", "markdown", grade=True, solution=True),
)
NAMES = st.sampled_from(["solution-1", "exercise-1", "written", "", "odd"])
PICTURE = {"image/png": PNG}
CELLS = st.builds(
    StoredCell,
    st.sampled_from(["code", "markdown", "raw"]),
    TEXTS | st.sampled_from(["# exercise-1", "# solution-1", "%%html\n<script>alert(1)</script>"]),
    NAMES,
    st.lists(st.builds(StoredOutput, TEXTS) | st.just(StoredOutput(picture=PNG)), max_size=2).map(tuple),
    st.dictionaries(st.sampled_from(["ok.png", "a b.png", "", "x\n", "é.png"]), st.just(PICTURE), max_size=2),
)


def page(notebook: str) -> str:
    """What nbgrader's pages show, as nbconvert writes it."""
    read = nbformat.reads(notebook, as_version=4)
    nbformat.validate(read)
    MetadataValidator().validate_nb(read)
    written, _ = HTMLExporter(template_name="classic").from_notebook_node(read)
    return written[written.index('id="notebook-container"') - 5 : written.rindex("</body>")]


def shown(*cells: StoredCell, remarks: tuple[str, ...] = ()) -> str:
    return page(autograded_notebook(cells, MASTER, {"exercise-1": "✓ 4/4 <b>fine</b>"}, remarks))


def test_markdown_of_every_cell_of_a_student_s_passes_through_the_list() -> None:
    for act in ACTS.values():
        cells = (StoredCell("markdown", act), StoredCell("raw", act), StoredCell("markdown", act, "written"))
        assert not acting(shown(*cells, StoredCell("code", act, "", (StoredOutput(act),)), remarks=(act,)))


@given(st.lists(CELLS, max_size=4), st.lists(TEXTS, max_size=2).map(tuple))
def test_whatever_was_handed_in_can_be_shown(cells: list[StoredCell], remarks: tuple[str, ...]) -> None:
    assert not acting(shown(*cells, remarks=remarks))


def acting(written: str) -> list[str]:
    """What could act, besides what nbconvert puts around every cell."""
    around = ("<main>", "id=", "tabindex=")
    return [one for one in wrongs(written) if not one.startswith(around)]


def test_no_heading_has_the_id_of_an_input() -> None:
    taken = "# exercise-1\n\n## solution-1-comment"
    written = shown(StoredCell("markdown", taken), StoredCell("markdown", "### My own"))
    assert 'id="My-own"' in written and 'id="exercise-1"' not in written and 'id="solution-1-comment"' not in written


def test_pasted_pictures_stay_under_the_name_that_the_page_looks_for() -> None:
    pasted = {"a b.png": PICTURE, "ok.png": PICTURE}
    text = "![one](attachment:a%20b.png) ![two](attachment:ok.png) ![three](attachment:gone.png)"
    written = shown(StoredCell("markdown", text, "", (), pasted))
    assert written.count(f'src="data:image/png;base64,{PNG}"') == 2
    assert "<code>![three](attachment:gone.png)</code>" in written


def test_text_of_the_course_stays_with_its_own_pictures() -> None:
    ours = {"cell_type": "markdown", "source": "<b>A</b> ![](attachment:x.svg)",
            "attachments": {"x.svg": {"image/svg+xml": "PHN2Zz4="}}}  # fmt: skip
    written = StoredCell("markdown", ours["source"], "", (), {"x.svg": PICTURE})
    found = json.loads(autograded_notebook([written], (), {}, (), {ours["source"]: ours}))
    assert (found["cells"][0]["source"], found["cells"][0]["attachments"]) == (ours["source"], ours["attachments"])


def test_of_very_much_text_the_rest_is_shown_as_typed() -> None:
    many = [StoredCell("markdown", "*a* " * 4_000)] * (MAX_MARKDOWN // 16_000 + 3)
    cells = json.loads(autograded_notebook(many, (), {}, ()))["cells"]
    assert cells[0]["source"].startswith("*a*") and cells[-1]["source"].startswith("\n    *a*")


def test_a_notebook_of_odd_json_can_be_shown() -> None:
    outputs = [{"text": {}}, {"data": {"image/png": 3}}]
    cells = [None, 3, {}, {"cell_type": []}, {"cell_type": "code", "outputs": outputs},
             {"cell_type": "markdown", "source": "\ud800", "attachments": {"": {"image/png": PNG}}}]  # fmt: skip
    assert shown(*stored_cells(json.dumps({"cells": cells}).encode(), "a.ipynb"))


@pytest.mark.parametrize("student", ["ada", "ünï cödé", "O'Brien, M. (2)", "a_b-c+d@e.example", "練習", "e\u0301"])
def test_honest_names_are_shown(student: str) -> None:
    check_name(student)


@pytest.mark.parametrize(
    "student",
    ["<img src=x>", 'a"b', "a&lt;b", "a\\b", "{{a}}", "`a`", "a\u202eb", "a\nb", "a\x1b]0;b", "a\u200bb", "$a$"],
)
def test_a_name_that_a_page_would_not_show_as_text_is_refused(student: str) -> None:
    with pytest.raises(InputError, match="rename the folder"):
        check_name(student)


@pytest.mark.parametrize("made", ["pipe", "link", "folder", "huge", "words", "device"])
def test_of_what_lies_beside_a_submission_only_small_ordinary_files_are_read(tmp_path: Path, made: str) -> None:
    place = tmp_path / "submitted/ada/tiny"
    place.mkdir(parents=True)
    secret = tmp_path / "secret"
    secret.write_text("2026-11-20 10:00:00 UTC")
    for name in ("timestamp.txt", "submission_secret.txt"):
        path = place / name
        match made:
            case "pipe":
                os.mkfifo(path)
            case "link":
                path.symlink_to(secret)
            case "folder":
                path.mkdir()
            case "huge":
                path.write_bytes(b"1" * 2_000)
            case "words":
                path.write_text("soon")
            case "device":
                path.symlink_to("/dev/zero")
    carried = open_nbgrader(tmp_path).carried(Entry("ada", place))
    assert carried.received is None and carried.there
    assert set(carried.files) <= ({"submission_secret.txt"} if made == "words" else set())


def test_the_time_is_read_and_carried(tmp_path: Path) -> None:
    (tmp_path / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC\n")
    carried = open_nbgrader(tmp_path).carried(Entry("ada", tmp_path))
    assert carried.received is not None and carried.received.isoformat() == "2026-11-20T10:00:00+00:00"
    assert carried.files == {"timestamp.txt": b"2026-11-20 10:00:00 UTC\n"}
