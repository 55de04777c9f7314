"""Answers as a table, and points back from it."""

from __future__ import annotations

import csv
import io

import pytest

from autograder.errors import InputError
from autograder.marking.answers import sheets
from autograder.marking.table import KEY, as_csv, as_markdown, from_csv
from autograder.model import HandGrade, answer_digest
from autograder.records.by_hand import HandGrades
from autograder.rubric import Written
from tests.asked import answer, report

WHY = Written("3", "Why?", points=3, elements=("it is convex",))
TEXTS = (("ada", "It is convex."), ("bo", '=cmd("rm")\nand more'), ("cy", "It is convex."), ("di", ""))


def read(given: list[HandGrade] | None = None):
    reports = [report(student, answer("3", text)) for student, text in TEXTS]
    return sheets([WHY], {}, reports, HandGrades(given or []))


def rows(*, names: bool = False, given: list[HandGrade] | None = None) -> list[dict[str, str]]:
    data = as_csv(read(given).values(), names=names)
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def filled(points: str, comment: str = "", *, key: str = answer_digest("It is convex.")[:KEY], question: str = "3"):
    return f"question,answer,points,of,comment,text\r\n{question},{key},{points},3,{comment},x\r\n".encode()


def test_a_line_for_each_text_without_names():
    found = rows()
    assert sorted(row["text"] for row in found) == ['\'=cmd("rm")\nand more', "It is convex."]
    assert {(row["question"], row["points"], row["of"]) for row in found} == {("3", "", "3")}
    assert "students" not in found[0]


def test_with_names_for_who_asks():
    assert {row["students"] for row in rows(names=True)} == {"ada, cy", "bo"}


def test_points_come_back_for_everybody_who_wrote_the_text():
    found = from_csv(filled("2.5", "Well seen."), read(), "Grace")
    assert [(one.student, one.points, one.comment, one.grader) for one in found] == [
        ("ada", 2.5, "Well seen.", "Grace"), ("cy", 2.5, "Well seen.", "Grace"),
    ]  # fmt: skip


def test_a_spreadsheets_own_csv_will_do():
    data = filled("2.5", "fine").decode().replace(",", ";").replace("2.5", "2,5")
    assert [one.points for one in from_csv(b"\xef\xbb\xbf" + data.encode(), read(), "Grace")] == [2.5, 2.5]


def test_what_was_written_out_comes_back_as_nothing_new():
    given = from_csv(filled("2", '"=1, he says"'), read(), "Grace")
    assert from_csv(as_csv(read(given).values(), names=True), read(given), "Grace") == []
    assert from_csv(as_csv(read().values(), names=False), read(), "Grace") == []


def test_an_emptied_cell_takes_points_back():
    given = from_csv(filled("2"), read(), "Grace")
    assert [one.points for one in from_csv(filled(""), read(given), "Grace")] == [None, None]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (filled("4"), "line 2: '4' is no number of points: this question gives 0 to 3"),
        (filled("2", key="0123"), "line 2: nobody's latest answer to 3 is '0123'"),
        (filled("2", key=""), "line 2: nobody's latest answer to 3 is ''"),
        (filled("2", question="9"), "line 2: there is no question '9'; there are 3"),
        (b"answer,points\r\nabc,2\r\n", "the table has no column 'question'"),
        (b"", "the table has no column 'question'"),
        (b"\xff\xfe\x00", "this is no CSV in UTF-8"),
    ],
)
def test_a_line_that_does_not_fit_is_named_and_nothing_is_taken_in(data, said):
    with pytest.raises(InputError) as caught:
        from_csv(data + (filled("1").partition(b"\n")[2] if data else b""), read(), "Grace")
    assert said in str(caught.value)


def test_an_answer_that_is_gone_matters_only_where_it_was_graded():
    assert from_csv(filled("", key="0123"), read(), "Grace") == []


def test_markdown_is_to_be_read():
    given = from_csv(filled("2", "fine"), read(), "Grace")
    text = as_markdown(read(given).values(), names=False).decode()
    assert text.startswith("# 3 Why? (3 points)\n\nA full answer has:\n\n- it is convex\n")
    assert '> =cmd("rm")\n> and more' in text
    assert "> It is convex.\n\n2 of 3 points. fine" in text
    assert "ada" not in text and "ada, cy" in as_markdown(read().values(), names=True).decode()
