"""Grades go out, and come in again by the rules that Canvas and Moodle import by."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from autograder.errors import InputError
from autograder.model import CheckResult, ExerciseInfo, Outcome, Person, Report
from autograder.platforms.canvas import gradebook
from autograder.platforms.csv import tables
from autograder.platforms.grades import Gradebook, harmless, names, number
from autograder.platforms.gradescope import grades as gradescope
from autograder.platforms.moodle import worksheet
from autograder.platforms.roster import read_roster
from tests.platforms.downloads.layouts import put

DUE = datetime(2027, 3, 1, 23, 59, tzinfo=UTC)


def report(person: Person, score: float, status: str = "graded", student: str = "") -> Report:
    exercise = ExerciseInfo("1", "Square", 10)
    result = CheckResult("small", "1", "", 10, score, Outcome.PARTLY, False)
    return Report(
        student or f"{person.name} ({person.id})", "hw1", "d", "a", "e", status, score, 10, (exercise,), (result,),
        received=DUE + timedelta(hours=25), graded=DUE, person=person, attempt=2, late=True,
    )  # fmt: skip


def book(*reports: Report) -> Gradebook:
    return Gradebook.of("hw1", "HW1", DUE, reports)


def lines(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


ADA, EVE = Person("canvas", "4521", "lovelaceada"), Person("canvas", "4522", "=cmd()")

# --- Canvas --------------------------------------------------------------------------------------------------------

CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,HW0 (1),HW1 (1234),HW1 bonus (77),Final Score\r\n"
    ",,,,,,Manual Posting,,\r\n"
    "    Points Possible,,,,,5,10,1,(read only)\r\n"
    '"Lovelace, Ada",4521,S00123,alove,"Section 1, A and Section 2",4.00,,,80\r\n'
    '="Eve",4522,S00124,eve,Section 1,EX,7.50,,70\r\n'
    '"Li, Bo",4523,0125,bo,Section 1,,N/A,,\r\n'
    '"Student, Test",9,,x,Section 1,,,,\r\n'
)


def canvas_takes(data: bytes) -> dict[str, str]:
    """Read a file as Canvas's importer does: who gets what in the one assignment."""
    header, *rows = lines(data)
    assert len(header) >= 4 and "Student" in header[0] and "ID" in header[1], "Invalid header row"
    students = 2
    if "SIS Login ID" in header[students]:
        students += 1
    elif "SIS User ID" in header[students] and "SIS Login ID" in header[students + 1]:
        students += 2
    assert "Section" in header[students], "Invalid header row"
    (assignment,) = header[students + 1 :]
    assert not any(words in assignment for words in ("Current Score", "Final Score", "Override Score"))
    taken = {}
    for row in rows:
        if row[0].strip() == "Points Possible" or all(cell in ("", "Manual Posting", "Muted") for cell in row):
            continue
        taken[row[1] or row[2] or row[3]] = row[students + 1]
    return taken


def test_canvass_gradebook_goes_back_with_one_column_filled_in(tmp_path: Path) -> None:
    put(tmp_path, {"g.csv": CANVAS})
    exported = gradebook.write(book(report(ADA, 8.125), report(EVE, 3)), tmp_path / "g.csv")
    assert canvas_takes(exported.data) == {"4521": "8.12", "4522": "3", "4523": "N/A", "9": ""}
    header, _, points, ada, *_ = lines(exported.data)
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "HW1 (1234)"]
    assert points == ["    Points Possible", "", "", "", "", "10"]
    assert ada[:5] == ["Lovelace, Ada", "4521", "S00123", "alove", "Section 1, A and Section 2"]
    assert exported.missing == ()


@pytest.mark.parametrize("column", ["HW1 (1234)", "HW1", "1234"])
def test_canvass_assignment_is_found_by_heading_title_or_number(column: str, tmp_path: Path) -> None:
    put(tmp_path, {"g.csv": CANVAS})
    assert canvas_takes(gradebook.write(book(report(ADA, 8)), tmp_path / "g.csv", column).data)["4521"] == "8"


def test_nobody_guesses_canvass_assignment(tmp_path: Path) -> None:
    put(tmp_path, {"g.csv": CANVAS, "w.csv": "Identifier,Grade\n"})
    with pytest.raises(
        InputError, match=r"no one column called HW: name one with --column. It has: HW0 \(1\), HW1 \(1234\)"
    ):
        gradebook.write(book(report(ADA, 8)), tmp_path / "g.csv", "HW")
    with pytest.raises(InputError, match="is not Canvas's gradebook"):
        gradebook.write(book(report(ADA, 8)), tmp_path / "w.csv")


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_canvass_options_for_its_csv_are_read(separator: str, mark: str, tmp_path: Path) -> None:
    text = mark + CANVAS.replace(",", separator).replace(f'"Lovelace{separator}', '"Lovelace,')
    put(tmp_path, {"g.csv": text})
    assert canvas_takes(gradebook.write(book(report(ADA, 8)), tmp_path / "g.csv").data)["4521"] == "8"


def test_another_systems_class_is_joined_by_the_universitys_number(tmp_path: Path) -> None:
    put(tmp_path, {"g.csv": CANVAS})
    bo = Person("gradescope", "bo@x.edu", "Bo Li", "bo@x.edu", "0125")
    stranger = Person("gradescope", "4521", "Lovelace, Ada", "zoe@x.edu", "4521")
    exported = gradebook.write(book(report(bo, 9), report(stranger, 1)), tmp_path / "g.csv")
    taken = canvas_takes(exported.data)
    assert (taken["4523"], taken["4521"]) == ("9", ""), "neither a name nor another kind of id makes two people one"
    assert exported.missing == ("Lovelace, Ada (4521)",)


def test_a_roster_joins_one_systems_ids_to_anothers(tmp_path: Path) -> None:
    put(tmp_path, {"g.csv": CANVAS, "w.csv": 'Identifier,"Full name","ID number"\n"Participant 7","Ada L",S00123\n'})
    grades = book(report(Person("moodle", "7", "Ada L"), 6)).with_roster(read_roster(tmp_path / "w.csv"))
    assert canvas_takes(gradebook.write(grades, tmp_path / "g.csv").data)["4521"] == "6"


def test_a_new_file_for_canvas_has_the_columns_that_it_needs() -> None:
    number_only = Person("gradescope", "bo@x.edu", "Bo Li", "bo@x.edu", "0125")
    exported = gradebook.write(book(report(ADA, 1234.5), report(number_only, 2)))
    assert canvas_takes(exported.data) == {"4521": "1234.5", "0125": "2"}
    with pytest.raises(InputError, match="one of its totals"):
        gradebook.write(book(report(ADA, 1)), column="My Final Score")


# --- Moodle --------------------------------------------------------------------------------------------------------

MOODLE = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
    '"Participant 1234","Ada Lovelace",ada@x.edu,"Submitted for grading",,100,Yes,'
    '"Tuesday, 3 March 2026, 10:15 AM",-,"<p>Fine, ""really""</p>"\n'
    '"Participant 1235",=Eve,eve@x.edu,"No submission",50.00,100,Yes,-,"Tuesday, 3 March 2026, 10:15 AM",\n'
    '"Participant 1236","Bo Li",bo@x.edu,"Submitted for grading",,100,No,-,-,\n'
)


def moodle_takes(data: bytes) -> dict[str, float]:
    """Read a worksheet as Moodle's importer does."""
    header, *rows = lines(data)
    identifier, grade, _ = (header.index(name) for name in ("Identifier", "Grade", "Last modified (grade)"))
    return {
        row[identifier][len("Participant ") :]: float(row[grade])
        for row in rows
        if row[grade] and float(row[grade]) >= 0
    }


def test_moodles_worksheet_goes_back_with_the_grades_filled_in_and_nothing_else_changed(tmp_path: Path) -> None:
    put(tmp_path, {"w.csv": MOODLE})
    ada = Person("moodle", "1234", "Ada Lovelace")
    exported = worksheet.write(book(report(ada, 8.125)), tmp_path / "w.csv")
    assert moodle_takes(exported.data) == {"1234": 81.25, "1235": 50.0}
    before, after = lines(MOODLE.encode()), lines(exported.data)
    changed = [(row, place) for row, pair in enumerate(zip(before, after, strict=True)) for place in range(10)
               if pair[0][place] != pair[1][place]]  # fmt: skip
    assert changed == [(1, 4), (2, 1)], "Ada's grade; and a name that a spreadsheet would compute"
    assert "Grades are scaled from 10 points to Moodle's maximum" in exported.remarks


def test_what_moodle_would_skip_is_told(tmp_path: Path) -> None:
    put(tmp_path, {"w.csv": MOODLE})
    people = [Person("moodle", number, name) for number, name in (("1234", "Ada"), ("1236", "Li Bo"), ("99", "Cy"))]
    exported = worksheet.write(
        book(report(people[0], 11), report(people[1], 1), report(people[2], 1)), tmp_path / "w.csv"
    )
    assert exported.missing == ("Cy (99)",)
    assert exported.remarks[:2] == (
        "Ada (1234) has more than the maximum of 100, which Moodle refuses",
        "Li Bo (1236)'s grade cannot be changed in Moodle",
    )
    assert moodle_takes(exported.data)["1234"] == 100


def test_a_worksheet_in_another_language_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {"w.csv": "ID,Vollständiger Name,Bewertung\nTeilnehmer/in 1,Ada,\n"})
    with pytest.raises(InputError, match=r"has no column Identifier: download the grading worksheet .* in English"):
        worksheet.write(book(report(ADA, 1)), tmp_path / "w.csv")


def test_an_error_of_the_graders_leaves_the_cell_as_it_is(tmp_path: Path) -> None:
    put(tmp_path, {"w.csv": MOODLE, "g.csv": CANVAS})
    eve = Person("moodle", "1235", "Eve")
    exported = worksheet.write(book(report(eve, 0, "grader error")), tmp_path / "w.csv")
    assert moodle_takes(exported.data) == {"1235": 50.0} and "error of the grader's" in exported.remarks[0]
    exported = gradebook.write(book(report(EVE, 0, "grader error")), tmp_path / "g.csv")
    assert canvas_takes(exported.data)["4522"] == "7.50"


# --- the others ----------------------------------------------------------------------------------------------------


def test_gradescopes_table() -> None:
    header, row = lines(
        gradescope.write(book(report(Person("gradescope", "a@x.edu", "Ada M. Lovelace", "a@x.edu", "007"), 7.5))).data
    )
    assert header[:4] == ["First Name", "Last Name", "SID", "Email"] and header[-1] == "1: Square (10 pts)"
    said = dict(zip(header, row, strict=True))
    assert (said["First Name"], said["Last Name"], said["SID"]) == ("Ada M.", "Lovelace", "007")
    assert (said["Total Score"], said["Max Points"], said["Status"]) == ("7.5", "10", "Graded")
    assert (said["Submission Time"], said["Lateness (H:M:S)"]) == ("2027-03-03 00:59:00 +0000", "25:00:00")


def test_json_lines_say_everything_as_it_is() -> None:
    (line,) = tables.write_jsonl(book(report(EVE, 3))).data.splitlines()
    said = json.loads(line)
    assert (said["name"], said["score"], said["late"], said["exercises"]) == ("=cmd()", 3.0, True, {"1": 3.0})


def test_a_plain_table() -> None:
    header, row = lines(tables.write_csv(book(report(EVE, 3))).data)
    said = dict(zip(header, row, strict=True))
    assert (said["name"], said["score"], said["late"], said["exercise 1"], said["attempt"]) == (
        "'=cmd()",
        "3",
        "yes",
        "3",
        "2",
    )


def test_parquet_is_there_where_pyarrow_is() -> None:
    pytest.importorskip("pyarrow")
    assert tables.write_parquet(book(report(ADA, 3))).data.startswith(b"PAR1")


def test_what_is_missing_for_parquet_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InputError, match="pip install pyarrow, or use csv"):
        tables.write_parquet(book(report(ADA, 3)))


@pytest.mark.parametrize("write", [tables.write_csv, gradescope.write, gradebook.write, worksheet.write])
@given(text=some.text(some.sampled_from("=+-@\t\r\n \",;'aé"), max_size=6))
def test_no_cell_of_a_students_is_a_formula(write, text: str) -> None:
    person = Person("moodle", "7", text, text, text)
    for row in lines(write(book(report(person, 3, student="x"))).data)[1:]:
        for cell in row:
            assert cell == "-" or not re.match(r"\s*[=+\-@]", cell), row


@given(some.text(max_size=20))
def test_harmless_names_stay_readable(text: str) -> None:
    assert harmless(text) in (text, f"'{text}")


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1234.5"), (0, "0"), (-0.001, "0"), (8.126, "8.13"), (None, "")])
def test_points_have_no_thousands_sign(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", ("Ada", "Lovelace")),
        ("de la Cruz, Ana María", ("Ana María", "de la Cruz")),
        ("林怡君", ("", "林怡君")),
    ],
)
def test_first_and_last_names(name: str, parts: tuple[str, str]) -> None:
    assert names(Person("x", "1", name)) == parts
