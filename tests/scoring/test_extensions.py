"""More time for some: from the records and from a table, for whoever is meant."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from autograder.errors import InputError
from autograder.model import Person, Report
from autograder.scoring.extensions import Extension, Extensions, moment_in, read_extensions

ZURICH = ZoneInfo("Europe/Zurich")
DUE = datetime(2027, 3, 1, 23, 59, tzinfo=ZURICH)
NOW = datetime(2027, 2, 1, tzinfo=UTC)
ADA = Report(
    "Ada (4521)", "hw1", "d", "a", "e", "graded", 1.0, 2.0,
    person=Person("canvas", "4521", "Ada", "Ada@x.edu", "S1"),
)  # fmt: skip


def extension(student, day=None, *, excused=False, assignment="hw1"):
    due = None if day is None else datetime(2027, 3, day, 12, tzinfo=UTC)
    return Extension(assignment, student, due, excused, "ill", "ta", NOW)


@pytest.mark.parametrize("name", ["Ada (4521)", "4521", "ada@x.edu", "S1", "ADA (4521)"])
def test_a_student_is_found_by_name_id_address_or_number(name):
    found = Extensions([extension(name, 5)]).deadline("hw1", ADA, DUE)
    assert (found.due, found.extended) == (datetime(2027, 3, 5, 12, tzinfo=UTC), True)
    assert found.due.tzinfo is ZURICH, "told as the course's clocks show it"


def test_what_is_another_s_or_for_another_assignment_does_not_count():
    given = Extensions([extension("Bo"), extension("Ada", 5), extension("4521", 5, assignment="hw2")])
    assert given.deadline("hw1", ADA, DUE).extended is False
    assert given.deadline("hw1", ADA, DUE).due == DUE


def test_the_last_one_in_the_records_counts_and_can_be_taken_back():
    given = [extension("4521", 9), extension("4521", 5)]
    assert Extensions(given).deadline("hw1", ADA, DUE).due.day == 5
    assert Extensions([*given, extension("4521")]).deadline("hw1", ADA, DUE).extended is False


def test_of_the_records_and_the_table_the_one_that_helps_most_counts():
    found = Extensions([extension("4521", 5)], [extension("S1", 7), extension("4521", excused=True)])
    deadline = found.deadline("hw1", ADA, DUE)
    assert (deadline.due.day, deadline.excused) == (7, True)


def test_an_extension_never_makes_the_due_date_earlier():
    early = Extension("hw1", "4521", datetime(2027, 2, 1, tzinfo=UTC), False, "", "", NOW)
    assert Extensions([early]).deadline("hw1", ADA, DUE).due == DUE


TABLE = (
    "\ufeffStudent,Assignment,Due,Excused,Reason\n"
    '4521,hw1,2027-03-05 12:00,,"ill, with a note"\n'
    "\n"
    "bo@x.edu,hw2,,yes,\n"
    "cy,hw1,2027-03-05T12:00+00:00,no,\n"
)


def test_a_table_has_a_line_for_each(tmp_path):
    (tmp_path / "e.csv").write_text(TABLE, encoding="utf-8")
    first, second, third = read_extensions(tmp_path / "e.csv", ["hw1", "hw2"], ZURICH)
    assert (first.student, first.due, first.reason) == (
        "4521",
        datetime(2027, 3, 5, 12, tzinfo=ZURICH),
        "ill, with a note",
    )
    assert (second.assignment, second.due, second.excused) == ("hw2", None, True)
    assert third.due == datetime(2027, 3, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("student,due\n", "line 1: the columns are student, assignment, due, excused, reason"),
        ("student,assignment,until\n", "'until' is none of them"),
        ("", "line 1: the columns are"),
        ("student,assignment,due\n,hw1,2027-03-05 12:00\n", "line 2: there is no student"),
        (
            "student,assignment,due\nada,hw9,2027-03-05 12:00\n",
            "line 2: 'hw9' is no assignment of the course; it has: hw1",
        ),
        ("student,assignment,due\nada,hw1,soon\n", "line 2: soon is no date and time: write it like 2027-03-05 23:59"),
        ("student,assignment,due\nada,hw1,2027-03-05\n", "line 2: 2027-03-05 has no time of day"),
        (
            "student,assignment,due\nada,hw1,2027-03-28 02:30\n",
            "line 2: 2027-03-28 02:30 does not exist in Europe/Zurich",
        ),
        ("student,assignment,due\nada,hw1,2027-10-31 02:30\n", "comes twice in Europe/Zurich"),
        ("student,assignment,excused\nada,hw1,maybe\n", "line 2: excused is yes or no, not 'maybe'"),
        ("student,assignment\n\nada,hw1\n", "line 3: there is neither a due date nor an excuse"),
    ],
)
def test_a_mistake_in_the_table_names_its_line(tmp_path, text, said):
    (tmp_path / "e.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_extensions(tmp_path / "e.csv", ["hw1"], ZURICH)
    assert said in str(caught.value)


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"e\.csv cannot be read: No such file"):
        read_extensions(tmp_path / "e.csv", ["hw1"], ZURICH)


def test_without_a_zone_of_the_course_a_time_needs_its_own():
    with pytest.raises(
        ValueError, match=r"has no time zone: write it like 2027-03-05T23:59\+01:00, or name the course's"
    ):
        moment_in("2027-03-05 23:59", None)
    assert moment_in("2027-03-05T23:59+01:00", None).utcoffset() is not None


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (extension("ada", 5), "due 2027-03-05 13:00 CET (ill)"),
        (extension("ada", excused=True), "excused (ill)"),
        (extension("ada"), "extension taken back (ill)"),
    ],
)
def test_an_extension_is_told_in_a_line(one, said):
    assert str(one.in_zone(ZURICH)) == said
