"""Moodle, nbgrader and GitHub Classroom."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from autograder.errors import InputError
from autograder.platforms.download import Download, Place
from autograder.platforms.github import download as github
from autograder.platforms.moodle import download as moodle
from autograder.platforms.nbgrader import download as nbgrader
from tests.platforms.downloads.layouts import WORK, put


def people(found: Download | None) -> list[tuple[str, str]]:
    assert found is not None
    return sorted((person.name, person.id) for one in found.hand_ins for person in one.people)


@pytest.mark.parametrize(
    ("folder", "name", "number"),
    [
        ("Ada Lovelace_12_assignsubmission_file", "Ada Lovelace", "12"),
        ("Ada Lovelace_12_assignsubmission_file_", "Ada Lovelace", "12"),
        ("O'Brien, Mary-Jane 3_12_assignsubmission_file_", "O'Brien, Mary-Jane 3", "12"),
        ("Participant_123_assignsubmission_file", "Participant 123", "123"),
        ("Participant 123_assignsubmission_file_", "Participant 123", "123"),
        ("Team_A_1_7_assignsubmission_file", "Team_A_1", "7"),
        ("Default group_assignsubmission_file", "Default group", ""),
        (unicodedata.normalize("NFD", "José Núñez") + "_9_assignsubmission_file", "José Núñez", "9"),
    ],
)
def test_moodles_folders(folder: str, name: str, number: str, tmp_path: Path) -> None:
    put(tmp_path, {f"{folder}/hw.py": WORK})
    assert people(moodle.read(Place(tmp_path), "hw")) == [(name, number)]


def test_participants_have_their_numbers_in_any_language(tmp_path: Path) -> None:
    put(
        tmp_path,
        {f"Teilnehmer/in {number}_assignsubmission_file/hw.py".replace("/in", "in"): WORK for number in (1, 2)},
    )
    put(tmp_path, {f"Teilnehmerin_{number}_assignsubmission_file/hw.py": WORK for number in (3, 4)})
    assert [name for name, _ in people(moodle.read(Place(tmp_path), "hw"))] == [
        f"Teilnehmerin {n}" for n in (1, 2, 3, 4)
    ]


def test_moodles_online_text_stands_beside_files_or_alone(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "Ada L_1_assignsubmission_file/hw.py": WORK, "Ada L_1_assignsubmission_onlinetext/onlinetext.html": "<p>",
            "Bo Li_2_assignsubmission_onlinetext/onlinetext.html": "<p>",
        },
    )  # fmt: skip
    found = moodle.read(Place(tmp_path), "hw")
    assert people(found) == [("Ada L", "1"), ("Bo Li", "2")]
    assert found and [one.name for one in found.passed_over] == ["Ada L_1_assignsubmission_onlinetext"]


def test_moodles_flat_files_come_together(tmp_path: Path) -> None:
    names = (
        "Ada L_1_assignsubmission_file_hw_1.py",
        "Ada L_1_assignsubmission_file_b.py",
        "Bo Li_2_assignsubmission_file_hw.py",
    )
    put(tmp_path, dict.fromkeys(names, WORK))
    found = moodle.read(Place(tmp_path), "hw")
    assert found and [[part.name for part in one.parts] for one in found.hand_ins] == [["b.py", "hw_1.py"], ["hw.py"]]


@given(
    some.lists(some.from_regex(r"\A[^_/\x00\W]([^_/\x00]{0,20}[^_/\x00\W])?\Z"), min_size=1, max_size=5, unique=True)
)
def test_any_name_is_moodles_participant(names: list[str]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        for number, name in enumerate(names, 1000):
            (Path(folder) / f"{name}_{number}_assignsubmission_file").mkdir()
        assert len(people(moodle.read(Place(Path(folder)), "hw"))) == len(names)


def submitted(tmp_path: Path, **work: str) -> Place:
    for student, assignments in work.items():
        for one in assignments.split():
            put(
                tmp_path / "submitted",
                {f"{student}/{one}/x.py": WORK, f"{student}/{one}/timestamp.txt": "2027-03-01 22:00:00 UTC"},
            )
    return Place(tmp_path / "submitted")


def test_nbgraders_assignment_is_the_one_of_that_name(tmp_path: Path) -> None:
    found = nbgrader.read(submitted(tmp_path, ada="hw0 hw1", bo="hw1", cy="hw0"), "hw1")
    assert people(found) == [("", "ada"), ("", "bo")]
    assert found and {(one.name, one.why) for one in found.passed_over} == {
        ("cy", "nothing for hw1 in it"), ("*/hw0", "another assignment"),
    }  # fmt: skip


def test_nbgraders_assignment_of_another_name_is_the_only_one_that_it_can_be(tmp_path: Path) -> None:
    found = nbgrader.read(submitted(tmp_path, ada="hw0 hw1", bo="hw1"), "regression")
    assert found and found.what == "nbgrader's folder submitted, assignment hw1"


def test_nobody_guesses_which_of_nbgraders_assignments_is_meant(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"several assignments, and none is called other: hw0 \(1 students\), hw1"):
        nbgrader.read(submitted(tmp_path, ada="hw0", bo="hw1"), "other")


def test_a_newer_assignment_that_few_handed_in_is_not_passed_over_for_an_old_one(tmp_path: Path) -> None:
    place = submitted(tmp_path, ada="hw0 hw1", bo="hw0")
    put(tmp_path / "submitted", {"ada/hw1/timestamp.txt": "2027-04-01 22:00:00 UTC"})
    with pytest.raises(InputError, match="several assignments"):
        nbgrader.read(place, "other")


def test_nbgraders_inbound_folders_are_attempts(tmp_path: Path) -> None:
    times = ("2027-03-02 10:00:00.000000 UTC", "2027-03-01 10:00:00.000000 +0100")
    put(tmp_path, {f"a+b+hw1+{time}+x1y/hw1.py": WORK for time in times} | {f"bo+hw1+{times[0]}/hw1.py": WORK})
    found = nbgrader.read(Place(tmp_path), "hw1")
    assert found and [(one.people[0].id, one.attempt) for one in found.hand_ins] == [("a+b", 1), ("a+b", 2), ("bo", 1)]


def test_what_is_not_handed_in_for_this_among_nbgraders_inbound_folders_is_told(tmp_path: Path) -> None:
    time = "2027-03-02 10:00:00.000000 UTC"
    put(tmp_path, {f"ada+hw1+{time}/x.py": WORK, f"ada+hw0+{time}/x.py": WORK, "bo/x.py": WORK, "notes.txt": ""})
    found = nbgrader.read(Place(tmp_path), "hw1")
    assert found and {one.name: one.lost for one in found.passed_over} == {
        f"ada+hw0+{time}": False, "bo": True, "notes.txt": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2015-02-02 14:58:23.948203 America/Los_Angeles", "2015-02-02T14:58:23.948203-08:00"),
        ("2015-02-02 14:58:23.948203 +0130", "2015-02-02T14:58:23.948203+01:30"),
        ("2015-02-02 14:58:23 UTC", "2015-02-02T14:58:23+00:00"),
        ("2015-02-02 14:58:23", "2015-02-02T14:58:23+00:00"),
        ("2015-02-02 14:58:23 Nowhere/Land", None), ("2015-02-02 14:58:23 ../../etc", None), ("", None), ("2015", None),
    ],
)  # fmt: skip
def test_nbgraders_times(text: str, iso: str | None) -> None:
    found = nbgrader.moment(text)
    assert (found.isoformat() if found else None) == iso


def test_a_plain_class_of_folders_in_folders_is_not_nbgraders(tmp_path: Path) -> None:
    put(tmp_path / "class", {"ada/regression/regression.py": WORK, "bo/regression/regression.py": WORK})
    assert nbgrader.read(Place(tmp_path / "class"), "regression") is None


def test_user_names_on_github_are_what_follows_the_assignments(tmp_path: Path) -> None:
    for parent, names in (("hw-1-submissions", ("a-x", "a-y")), ("clones", ("ann", "anna", "bo-li"))):
        put(tmp_path / parent, {f"hw-1-{name}/.git/HEAD": "" for name in names})
        assert people(github.read(Place(tmp_path / parent), "hw")) == [("", name) for name in names]


def test_one_clone_alone_does_not_say_what_the_assignment_is(tmp_path: Path) -> None:
    put(tmp_path / "clones", {"hw-1-a-x/.git/HEAD": ""})
    assert github.read(Place(tmp_path / "clones"), "hw") is None


def test_a_class_without_repositories_is_not_githubs(tmp_path: Path) -> None:
    put(tmp_path / "class", {f"hw-1-{name}/hw.py": WORK for name in ("ann", "bo")})
    assert github.read(Place(tmp_path / "class"), "hw") is None
