"""From a download to a class: groups, attempts, rosters, and archives that nobody should unpack."""

from __future__ import annotations

import io
import stat
import tarfile
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.errors import InputError, RejectedError
from autograder.intake import read_submission
from autograder.model import Person
from autograder.platforms.classroom import Policy
from autograder.platforms.roster import match, read_roster
from autograder.platforms.unpack import unpack
from tests.platforms.downloads.layouts import PEOPLE, WORK, canvas, gradescope, put, submission, zipped
from tests.platforms.downloads.test_every_layout import read

ATTEMPTS = {
    "ada_1_11_homework.py": WORK,
    "ada_1_12_homework-1.py": WORK + "#2\n",
    "ada_1_13_homework-2.py": WORK + "#3\n",
    "bo_2_14_homework.py": WORK,
}


def export(root: Path, *submissions: tuple[int, list[tuple[str, str, str]]]) -> None:
    lines = [line for number, people in submissions for line in submission(number, people)]
    put(root, {"submission_metadata.yml": "\n".join(["---", *lines, ""])})
    put(root, {f"submission_{number}/homework.py": WORK for number, _ in submissions})


def test_a_group_is_graded_once_for_all_its_members(tmp_path: Path) -> None:
    export(
        tmp_path / "class", (1, [("Ada", "'1'", "a@x.edu"), ("Bo", "'2'", "b@x.edu")]), (2, [("Cy", "'3'", "c@x.edu")])
    )
    found = read(tmp_path)
    assert [one.name for one in found.students] == ["Ada (a@x.edu)", "Bo (b@x.edu)", "Cy (c@x.edu)"]
    assert [[student.name for student, _ in own] for own in found.owners.values()] == [
        ["Ada (a@x.edu)", "Bo (b@x.edu)"], ["Cy (c@x.edu)"],
    ]  # fmt: skip
    assert len(found.entries) == 2


def test_two_people_of_one_name_are_two_and_nobody_changes_the_name_of_another(tmp_path: Path) -> None:
    export(tmp_path / "class", (1, [("Wei Zhang", "'1'", "w1@x.edu")]), (2, [("Wei Zhang", "'2'", "w2@x.edu")]))
    assert [one.name for one in read(tmp_path).students] == ["Wei Zhang (w1@x.edu)", "Wei Zhang (w2@x.edu)"]


def test_one_person_whose_name_is_written_in_two_ways_is_one(tmp_path: Path) -> None:
    names = [unicodedata.normalize(form, "José") for form in ("NFC", "NFD")]
    export(tmp_path / "class", (1, [(names[0], "'1'", "j@x.edu")]), (2, [(names[1], "'1'", "J@x.edu")]))
    (one,) = read(tmp_path).students
    assert (one.name, len(one.attempts), len(one.counting)) == ("José (j@x.edu)", 2, 1)


@pytest.mark.parametrize(
    ("policy", "graded"),
    [
        (Policy(), ["#3"]), (Policy("first"), [""]), (Policy("best"), ["", "#2", "#3"]),
        (Policy("last", {"1": 2}), ["#2"]), (Policy("best", {"ada (1)": 1}), [""]),
    ],
)  # fmt: skip
def test_the_attempt_that_counts_is_a_matter_of_policy(policy: Policy, graded: list[str], tmp_path: Path) -> None:
    put(tmp_path / "class", ATTEMPTS)
    found = read(tmp_path, policy=policy)
    adas = [one for one in found.entries if one.student.startswith("ada")]
    texts = [one.path.read_text().removeprefix(WORK).strip() for one in adas]
    assert texts == graded
    assert [one.name for one in found.students] == ["ada (1)", "bo (2)"]


def test_an_attempt_that_is_not_there_is_not_chosen(tmp_path: Path) -> None:
    put(tmp_path / "class", ATTEMPTS)
    with pytest.raises(InputError, match=r"chooses attempt 7 of ada \(1\), who has 1, 2, 3: choose one of these"):
        read(tmp_path, policy=Policy("last", {"1": 7}))


def test_late_is_what_the_system_marks_and_what_comes_after_the_due_date(tmp_path: Path) -> None:
    put(tmp_path / "class", gradescope())
    due = datetime(2026, 4, 26, 17, 33, tzinfo=UTC)
    assert all(one.late for one in read(tmp_path, due=due).students)
    put(tmp_path / "canvas", canvas())
    (tmp_path / "staging").rename(tmp_path / "old")
    assert sum(one.late for one in read(tmp_path, "canvas", due=due).students) == 2


def test_students_are_chosen_by_whatever_they_are_called(tmp_path: Path) -> None:
    put(tmp_path / "class", gradescope())
    found = read(tmp_path)
    for wanted in ("Ada Lovelace", "ADA lovelace", "u101@example.edu", "00101", "Ada Lovelace (u101@example.edu)"):
        assert [one.student for one in found.entries_of([wanted])] == ["Ada Lovelace (u101@example.edu)"]
    assert len(found.entries_of(["Wei Zhang"])) == 2
    with pytest.raises(InputError, match="no submission by zoe; the class has: Ada Lovelace"):
        found.entries_of(["zoe", "Ada Lovelace"])


def test_a_file_that_is_too_large_costs_its_owner_alone(tmp_path: Path) -> None:
    big = "#" * 1_000_100
    put(tmp_path / "class", {"ada_1_11_homework.py": big, "ada_1_12_x.py": big, "bo_2_13_homework.py": WORK})
    put(tmp_path, {"all.zip": zipped({"ada/homework.py": big, "bo/homework.py": WORK})})
    for place in ("class", "all.zip"):
        ada, bo = read(tmp_path, place).entries
        with pytest.raises(RejectedError, match="larger than 1 MB"):
            read_submission(ada.path, "ada", main="homework", max_bytes=1_000_000, within=ada.within)
        assert read_submission(bo.path, "bo", main="homework", within=bo.within).files
        (tmp_path / "staging").rename(tmp_path / f"staging {place}")


def test_a_link_in_a_download_leads_nowhere(tmp_path: Path) -> None:
    put(tmp_path, {"secret.py": WORK, "class/bo_2_13_homework.py": WORK, "class/ada_1_12_more.py": WORK})
    (tmp_path / "class/ada_1_11_homework.py").symlink_to(tmp_path / "secret.py")
    (tmp_path / "class/cy_3_15_homework.py").symlink_to(tmp_path / "secret.py")
    found = read(tmp_path)
    assert [one.name for one in found.students] == ["ada (1)", "bo (2)", "cy (3)"]
    assert any("ada_1_11_homework.py of ada (1) was left out: it is a link" in one for one in found.remarks)
    cy = found.entries[-1]
    with pytest.raises(RejectedError, match="link"):
        read_submission(cy.path, "cy", main="homework", within=cy.within)


# --- rosters -------------------------------------------------------------------------------------------------------

ROSTERS = {
    "canvas": ("Student,ID,SIS User ID,SIS Login ID,Section,HW1 (1234)\r\n    Points Possible,,,,,100\r\n"
               '"Lovelace, Ada",4521,S00123,alove,Section 1,87.5\r\n', Person("canvas", "4521", "lovelaceada")),
    "canvas sis": ("user_id,login_id,first_name,last_name,email,status\nS00123,alove,Ada,Lovelace,ada@x.edu,active\n",
                   Person("folder", "alove")),
    "moodle": ('Identifier,"Full name","Email address",Status,Grade\n"Participant 1234","Ada Lovelace",ada@x.edu,,\n',
               Person("moodle", "1234", "Ada Lovelace")),
    "gradescope": ("First Name,Last Name,SID,Email,Role,Section\nAda,Lovelace,S00123,Ada@X.edu,Student,\n",
                   Person("gradescope", "ada@x.edu", "A. L.", "ada@x.edu")),
    "gradescope, by number": ("First Name;Last Name;SID;Email\nAda;Lovelace;s00123;other@x.edu\n",
                              Person("gradescope", "S00123", "A. L.", "", "S00123")),
    "github": ('"identifier","github_username","github_id","name"\n"ada@x.edu","AdaL","1","Ada"\n',
               Person("github", "adal")),
    "nbgrader": ("id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,ada@x.edu,4521\n",
                 Person("nbgrader", "ada")),
    "nbgrader, from Canvas": ("id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,,4521\n",
                              Person("canvas", "4521")),
}  # fmt: skip


@pytest.mark.parametrize("which", ROSTERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_systems_roster_knows_its_people_by_their_ids(which: str, encoding: str, tmp_path: Path) -> None:
    text, person = ROSTERS[which]
    (tmp_path / "roster.csv").write_bytes(text.encode(encoding))
    stranger = Person(person.system, "nobody", "Ada Lovelace")
    roster = read_roster(tmp_path / "roster.csv")
    found = match(roster, [person, stranger])
    assert set(found.rows) == {person}
    assert len(roster.rows) == 1 and found.absent == ()


def test_who_can_be_two_of_a_roster_is_neither(tmp_path: Path) -> None:
    put(tmp_path, {"r.csv": "SID,Email\n1,a@x.edu\n2,A@x.edu\n"})
    found = match(read_roster(tmp_path / "r.csv"), [Person("gradescope", "a@x.edu", "", "a@x.edu")])
    assert found.rows == {} and found.doubtful == ("a@x.edu stands in r.csv more than once, in lines 2 and 3",)


def test_a_roster_adds_what_it_knows_and_changes_nobodys_name_in_the_records(tmp_path: Path) -> None:
    put(tmp_path, {"r.csv": ROSTERS["canvas"][0]})
    put(tmp_path / "class", {"lovelaceada_4521_11_homework.py": WORK, "bo_2_12_homework.py": WORK})
    bo, ada = read(tmp_path, roster=read_roster(tmp_path / "r.csv")).students
    assert (ada.name, ada.person.name, ada.person.number) == ("lovelaceada (4521)", "Lovelace, Ada", "S00123")
    assert bo.row is None


def test_a_roster_knows_who_is_in_a_group(tmp_path: Path) -> None:
    put(
        tmp_path,
        {"r.csv": "Identifier,Name,Group\nParticipant 1,Ada,Team A\nParticipant 2,Bo,Team A\nParticipant 3,Cy,B\n"},
    )
    put(tmp_path / "class", {"Team A_77_assignsubmission_file/homework.py": WORK})
    found = read(tmp_path, roster=read_roster(tmp_path / "r.csv"))
    assert [one.name for one in found.students] == ["Ada (1)", "Bo (2)"]
    assert len(found.entries) == 1
    assert [row.person.name for row in found.absent] == ["Cy"]


@pytest.mark.parametrize("text", ["", "x", "a,b\n1,2\n"])
def test_what_is_no_roster_is_said(text: str, tmp_path: Path) -> None:
    put(tmp_path, {"r.csv": text})
    with pytest.raises(InputError, match=r"is not a roster that can be read: its first line has to name columns"):
        read_roster(tmp_path / "r.csv")
    with pytest.raises(InputError, match="No such file"):
        read_roster(tmp_path / "none.csv")


# --- archives ------------------------------------------------------------------------------------------------------


def unpacked(tmp_path: Path, data: bytes, name: str = "all.zip") -> tuple[dict[str, bytes], list[str]]:
    put(tmp_path, {name: data})
    (tmp_path / "to").mkdir()
    told = unpack(tmp_path / name, tmp_path / "to", 1_000_000)
    files = {
        str(one.relative_to(tmp_path / "to")): one.read_bytes() for one in (tmp_path / "to").rglob("*") if one.is_file()
    }
    return files, [one.name for one in told]


def test_nothing_is_written_outside(tmp_path: Path) -> None:
    names = ("../up.py", "/abs.py", "C:/drive.py", "a/../../up.py", "..\\up.py", "a/./ok.py", "win\\dir\\ok.py")
    files, told = unpacked(tmp_path, zipped(dict.fromkeys((*names, "a/.DS_Store"), "x")))
    assert set(files) == {"a/ok.py", "win/dir/ok.py"}
    assert set(told) == {"../up.py", "/abs.py", "C:/drive.py", "a/../../up.py", "1 hidden files"}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["all.zip", "to"]


def test_links_and_devices_are_not_unpacked(tmp_path: Path) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, kind in (
            ("link", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("dev", tarfile.CHRTYPE),
            ("fifo", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(f"{name}.py")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    files, told = unpacked(tmp_path, data.getvalue(), "all.tar")
    assert files == {} and told == ["link.py", "hard.py", "dev.py", "fifo.py"]


def test_a_link_in_a_zip_is_not_unpacked(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        info = zipfile.ZipInfo("link.py")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert unpacked(tmp_path, data.getvalue()) == ({}, ["link.py"])


def test_a_zip_in_the_zip_is_some_students_work(tmp_path: Path) -> None:
    put(tmp_path, {"all.zip": zipped({"ada.zip": zipped({"homework.py": WORK}), "bo.py": WORK})})
    found = read(tmp_path, "all.zip")
    assert [one.name for one in found.students] == ["ada", "bo"]
    ada = found.entries[0]
    assert read_submission(ada.path, "ada", main="homework", within=ada.within).files


def test_names_without_a_word_on_their_encoding_are_utf_8(tmp_path: Path) -> None:
    data = zipped({"jos\xe9.py": WORK})
    plain = bytearray(data)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(signature) + place + 1] &= ~0x08  # the flag that says UTF-8
    assert set(unpacked(tmp_path, bytes(plain))[0]) == {"josé.py"}


def test_data_of_any_size_is_not_kept(tmp_path: Path) -> None:
    files, _ = unpacked(tmp_path, zipped({"ada/data.bin": bytes(20_000_000), "ada/homework.py": bytes(3_000_000)}))
    assert len(files["ada/data.bin"]) == 5_000_001 and len(files["ada/homework.py"]) == 1_000_001


def test_everybody_is_there_again_from_a_tar_with_odd_names(tmp_path: Path) -> None:
    names = {f"{one.name}.py": WORK for one in PEOPLE[:3]} | {
        unicodedata.normalize("NFD", "é.py"): WORK,
        "a" * 200 + ".py": WORK,
    }
    files, told = unpacked(tmp_path, zipped(names))
    assert len(files) == 5 and told == []


def test_a_name_that_looks_like_anothers_with_the_id_is_somebody_else(tmp_path: Path) -> None:
    put(
        tmp_path / "class", {f"{one}_assignsubmission_file/homework.py": WORK for one in ("Ada_12", "Ada (12)", "Bo_3")}
    )
    found = read(tmp_path)
    assert len({one.name for one in found.students}) == 3
    assert any("2 people are called Ada (12)" in one for one in found.remarks)


def test_a_groups_number_never_makes_it_the_participant_of_that_number(tmp_path: Path) -> None:
    put(tmp_path, {"r.csv": "Identifier,Full name\nParticipant 77,Bo Li\n"})
    put(tmp_path / "class", {"Team A_77_assignsubmission_file/homework.py": WORK})
    found = read(tmp_path, roster=read_roster(tmp_path / "r.csv"))
    assert found.students[0].row is None
    assert found.remarks == (
        "Team A has the number of Bo Li in r.csv: that is a group's, it seems. A column Group there says whose",
    )


def test_canvass_group_has_the_id_of_one_member_and_is_all_of_them(tmp_path: Path) -> None:
    put(
        tmp_path,
        {"r.csv": 'Student,ID,Section,Group\n"Lovelace, Ada",1,S,Team A\n"Li, Bo",2,S,Team A\n"Ray, Cy",3,S,\n'},
    )
    put(tmp_path / "class", {"teama_1_11_homework.py": WORK, "raycy_3_12_homework.py": WORK})
    found = read(tmp_path, roster=read_roster(tmp_path / "r.csv"))
    assert [one.name for one in found.students] == ["Li, Bo (2)", "Lovelace, Ada (1)", "raycy (3)"]
    assert len(found.entries) == 2 and found.absent == ()


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Student,ID,SIS Login ID,Section\nada,1,a,S\n", Person("folder", "ada", "ada")),
        ("Student,ID,SIS User ID,SIS Login ID,Section\nA,1,4521,a,S\n", Person("canvas", "4521", "a")),
        ("identifier,github_username\ns0012,ada\n", Person("moodle", "0012", "Ada")),
        ("SID,Email\n4521,a@x.edu\n", Person("canvas", "4521", "a")),
    ],
    ids=["a name", "the university's number", "another system's identifier", "no column of the system's"],
)
def test_an_id_of_another_kind_joins_nobody(text: str, person: Person, tmp_path: Path) -> None:
    put(tmp_path, {"r.csv": text})
    assert match(read_roster(tmp_path / "r.csv"), [person]).rows == {}


def test_two_who_are_one_line_of_the_roster_are_told(tmp_path: Path) -> None:
    put(tmp_path, {"r.csv": "username,email\nada,a@x.edu\n"})
    people = [Person("folder", "ada", "ada"), Person("folder", "a@x.edu", "a@x.edu")]
    assert match(read_roster(tmp_path / "r.csv"), people).doubtful == (
        "ada and a@x.edu could all be line 2 of r.csv: only ada is taken for it",
    )


def test_a_cell_of_any_size_is_read(tmp_path: Path) -> None:
    put(tmp_path, {"r.csv": f'Identifier,Online text\n"Participant 7","{"x" * 500_000}"\n'})
    assert len(read_roster(tmp_path / "r.csv").rows) == 1


def test_who_types_anothers_number_gets_nobodys_line(tmp_path: Path) -> None:
    put(tmp_path, {"r.csv": "SID,Email\n1,a@x.edu\n"})
    ada = Person("gradescope", "a@x.edu", "Ada", "a@x.edu", "1")
    eve, bob = (Person("gradescope", f"{name}@y.com", name, f"{name}@y.com", "1") for name in ("eve", "bob"))
    roster = read_roster(tmp_path / "r.csv")
    assert set(match(roster, [eve, ada]).rows) == {ada}
    assert match(roster, [eve, bob]).rows == {}


def test_who_is_called_like_a_group_is_not_the_group(tmp_path: Path) -> None:
    put(tmp_path, {"r.csv": 'Student,ID,Section,Group\n"Li, Bo",2,S,Team A\n"Eve",9,S,\n'})
    put(tmp_path / "class", {"teama_9_11_homework.py": WORK})
    assert [one.name for one in read(tmp_path, roster=read_roster(tmp_path / "r.csv")).students] == ["teama (9)"]


def test_two_who_typed_one_number_are_two(tmp_path: Path) -> None:
    export(tmp_path / "class", (1, [("Ada", "'1'", "")]), (2, [("Eve", "'1'", "")]))
    assert [one.name for one in read(tmp_path).students] == ["Ada (1)", "Eve (1)"]
