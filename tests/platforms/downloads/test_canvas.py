"""Canvas's "Download Submissions"."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from autograder.platforms.canvas.download import parse, read
from autograder.platforms.download import Download, Place
from tests.platforms.downloads.layouts import WORK, put


def download(tmp_path: Path, *names: str) -> Download:
    put(tmp_path, dict.fromkeys(names, WORK))
    found = read(Place(tmp_path), "homework")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "name", "user", "rest", "late"),
    [
        ("obrienmaryjane_LATE_4521_998877_hw1-1.ipynb", "obrienmaryjane", "4521", "hw1-1.ipynb", True),
        ("lovelaceada_4521_998877_my_hw_2 v3.ipynb", "lovelaceada", "4521", "my_hw_2 v3.ipynb", False),
        ("de_la_cruz_4521_998877_2027_03_hw.py", "de_la_cruz", "4521", "2027_03_hw.py", False),
        ("late_4521_998877_hw.py", "late", "4521", "hw.py", False),
        ("林怡君_4521_998877_作业.py", "林怡君", "4521", "作业.py", False),
        ("guy_8_LATE_4521_998877_hw.py", "guy_8", "4521", "hw.py", True),
        ("lovelaceada_4521_text.html", "lovelaceada", "4521", "text.html", False),
        ("lovelaceada_LATE_4521_link.html", "lovelaceada", "4521", "link.html", True),
        ("anon_Ab3xZ_998877_hw1.py", "", "anon_Ab3xZ", "hw1.py", False),
        ("LATE_anon_Ab3xZ_text.html", "", "anon_Ab3xZ", "text.html", True),
        ("_4521_998877_hw.py", "", "4521", "hw.py", False),
    ],
)
def test_names(path: str, name: str, user: str, rest: str, late: bool) -> None:
    found = parse(path)[0]
    assert (found.name, found.user, found.rest, found.late) == (name, user, rest, late)


@given(
    some.from_regex(r"\A[a-zé林]([a-zé林_]*[a-zé林])?\Z"), some.booleans(), some.integers(1, 10**12),
    some.integers(1, 10**12), some.from_regex(r"\A[^_/\x00\n]{1,30}(_[^/\x00\n]{0,20})?\Z"),
)  # fmt: skip
def test_whatever_a_file_is_called_its_owner_is_found(name: str, late: bool, user: int, file: int, rest: str) -> None:
    found = parse(f"{name}_{'LATE_' * late}{user}_{file}_{rest}")[0]
    assert (found.name, found.late, found.user, found.attachment, found.rest) == (name, late, str(user), file, rest)


def test_a_name_that_ends_in_a_number_is_told_by_what_the_others_look_like(tmp_path: Path) -> None:
    found = download(tmp_path, "guy_8_4521_998877_hw.py", "ada_4522_998878_hw.py", "bo_4523_998879_hw.py")
    assert {one.people[0].id for one in found.hand_ins} == {"4521", "4522", "4523"}


def test_several_files_of_a_student_are_one_submission_under_their_own_names(tmp_path: Path) -> None:
    (one,) = download(tmp_path, "ada_1_11_homework-2.ipynb", "ada_1_12_helpers-1.py", "ada_1_13_data.csv").hand_ins
    assert {part.name for part in one.parts} == {"homework.ipynb", "helpers.py", "data.csv"}


def test_versions_of_the_file_to_grade_are_attempts_with_all_other_files_beside(tmp_path: Path) -> None:
    names = ("ada_1_21_homework-1.py", "ada_1_11_homework.py", "ada_1_12_helpers.py", "bo_2_13_homework.py")
    ada = [one for one in download(tmp_path, *names).hand_ins if one.people[0].id == "1"]
    assert [one.attempt for one in ada] == [1, 2]
    assert [[(part.name, part.path.name) for part in one.parts] for one in ada] == [
        [("homework.py", "ada_1_11_homework.py"), ("helpers.py", "ada_1_12_helpers.py")],
        [("homework.py", "ada_1_21_homework-1.py"), ("helpers.py", "ada_1_12_helpers.py")],
    ]


def test_what_most_of_the_class_call_their_file_is_the_one_to_grade(tmp_path: Path) -> None:
    names = ("ada_1_11_hw1.py", "ada_1_21_hw1-1.py", "bo_2_13_hw1.py", "cy_3_14_mine.py")
    assert [one.attempt for one in download(tmp_path, *names).hand_ins if one.people[0].id == "1"] == [1, 2]


def test_parts_of_a_students_own_numbering_are_files_not_attempts(tmp_path: Path) -> None:
    names = ("ada_1_11_part-1.py", "ada_1_12_part-2.py", "bo_2_13_homework.py")
    (ada,) = [one for one in download(tmp_path, *names).hand_ins if one.people[0].id == "1"]
    assert len({part.name for part in ada.parts}) == 2


def test_two_people_whose_names_fold_to_one_are_two(tmp_path: Path) -> None:
    found = download(tmp_path, "zhangwei_1_11_hw.py", "zhangwei_2_12_hw.py")
    assert len(found.hand_ins) == 2


def test_one_user_under_two_names_is_one_person_and_a_line_says_so(tmp_path: Path) -> None:
    found = download(tmp_path, "ada_1_11_hw.py", "adalovelace_1_12_helpers.py")
    assert len(found.hand_ins) == 1
    assert found.remarks == ("Canvas calls user 1 by several names: ada, adalovelace. They are taken for one person",)


def test_a_file_with_another_name_is_told(tmp_path: Path) -> None:
    found = download(tmp_path, "ada_1_11_hw.py", "bo_2_12_hw.py", "cy.py")
    assert [(one.name, one.lost) for one in found.passed_over] == [("cy.py", True)]


def test_text_entries_are_submissions_too(tmp_path: Path) -> None:
    found = download(tmp_path, "ada_1_11_hw.py", "bo_2_text.html")
    assert [part.name for one in found.hand_ins for part in one.parts] == ["hw.py", "text.html"]


def test_a_folder_of_modules_is_no_download(tmp_path: Path) -> None:
    put(tmp_path, dict.fromkeys(("ada_1.py", "bo_2.py", "cy_3_hw.py"), WORK))
    assert read(Place(tmp_path), "homework") is None


@pytest.mark.parametrize(
    "rest",
    [
        "LATE_2_22_hw.py",
        "2_22_hw.py",
        "LATE_2_text.html",
        "2_text.html",
        "bo_2_22_hw.py",
        "1234567_hw.py",
        "7_2_22_hw.py",
    ],
)
def test_no_file_name_makes_its_owner_somebody_else(rest: str, tmp_path: Path) -> None:
    eve = download(tmp_path, f"eve_1_11_{rest}", "bo_2_22_hw.py", "cy_3_1234568_hw.py", "di_4_text.html").hand_ins
    assert {one.people[0].id for one in eve} == {"1", "2", "3", "4"}
    assert [part.path.name for one in eve if one.people[0].id == "1" for part in one.parts] == [f"eve_1_11_{rest}"]


@pytest.mark.parametrize("rest", ["2_22_hw.py", "7_2_22_hw.py", "22_2_33_hw.py"])
def test_not_even_where_the_attachments_number_is_of_an_unusual_length(rest: str, tmp_path: Path) -> None:
    found = download(tmp_path, f"eve_1_98765_{rest}", "bo_2_22_hw.py", "cy_3_23_hw.py").hand_ins
    assert [part.path.name for one in found if one.people[0].id == "2" for part in one.parts] == ["bo_2_22_hw.py"]
