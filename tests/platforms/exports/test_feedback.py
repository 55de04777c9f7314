"""Feedback goes back by the rules by which Canvas and Moodle read a zip."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest

from autograder.errors import InputError
from autograder.platforms.feedback import Feedback, feedback_zip
from autograder.platforms.roster import read_roster
from tests.platforms.downloads.layouts import PEOPLE, WORK, canvas, gradescope, moodle, moodle_flat, put
from tests.platforms.downloads.test_every_layout import read


def made(tmp_path: Path, files: dict[str, str], roster: str = "") -> Feedback:
    put(tmp_path / "class", files)
    put(tmp_path, {"r.csv": roster})
    found = read(tmp_path, roster=read_roster(tmp_path / "r.csv") if roster else None)
    return feedback_zip(found, lambda student: None if "zoe" in student.lower() else student.encode())


def files_in(feedback: Feedback) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(feedback.data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def canvas_reads(name: str) -> tuple[str, str]:
    """Return user and attachment as Canvas finds them: the first two numbers, or what follows `anon`."""
    tokens = [token for token in Path(name).name.split("_") if token != "LATE"]
    if tokens[0] == "anon":
        return f"anon_{tokens[1]}", tokens[2]
    user, attachment, *_ = (token for token in tokens if token.isdecimal())
    return user, attachment


def moodle_reads(path: str) -> tuple[str, str]:
    """Return participant and file as Moodle finds them, in the first part of the path that has four pieces."""
    parts = path.split("/")
    for place, part in enumerate(parts):
        pieces = part.split("_", 4)
        if len(pieces) >= 4 and pieces[1].isdecimal() and pieces[2:4] == ["assignsubmission", "file"]:
            return pieces[1], "/".join(parts[place + 1 :]) or pieces[4]
    raise AssertionError(path)


def test_canvas_finds_everybody(tmp_path: Path) -> None:
    feedback = made(tmp_path, canvas() | {"guy_8_LATE_777_9777_hw1.py": WORK, "anon_Ab3xZ_9778_hw1.py": WORK})
    found = {canvas_reads(name): page.decode() for name, page in files_in(feedback).items()}
    assert {user for user, _ in found} == {str(one.number) for one in PEOPLE} | {"777", "anon_Ab3xZ"}
    assert found["777", "9777"] == "guy_8 (777)" and found["101", "9101"] == "lovelaceada (101)"
    assert feedback.missing == ()


def test_what_canvas_would_silently_ignore_is_told(tmp_path: Path) -> None:
    feedback = made(tmp_path, {"ada_1_11_hw.py": WORK, "bo_2_text.html": "", "zoe_3_13_hw.py": WORK})
    assert feedback.missing == (
        ("bo (2)", "Canvas takes no files back for text or links"), ("zoe (3)", "there is no report yet"),
    )  # fmt: skip
    assert feedback.students == 1


@pytest.mark.parametrize("layout", [moodle, moodle_flat])
def test_moodle_finds_everybody(layout, tmp_path: Path) -> None:
    found = {moodle_reads(name)[0]: page.decode() for name, page in files_in(made(tmp_path, layout())).items()}
    assert set(found) == {str(one.number) for one in PEOPLE}
    assert all(re.search(rf"\({number}\)", page) for number, page in found.items())


def test_a_groups_feedback_never_reaches_a_participant_of_its_number(tmp_path: Path) -> None:
    roster = "Identifier,Name,Group\nParticipant 1,Ada,Team A\nParticipant 77,Bo,Team A\n"
    feedback = made(tmp_path, {"Team A_77_assignsubmission_file/hw.py": WORK}, roster)
    assert feedback.students == 0 and {student for student, _ in feedback.missing} == {"Ada (1)", "Bo (77)"}


def test_others_take_no_feedback(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="goes back to Canvas and Moodle alone, and this is a Gradescope export"):
        made(tmp_path, gradescope())
