"""A table of predictions: right ones in any order and layout, and an exact word on each that is not."""

from __future__ import annotations

import pytest

from autograder.errors import AssignmentError, MismatchError, RubricError, StudentError
from autograder.grading.local import LocalConversation
from autograder.rubric import Reference, Rubric, Student, predictions
from autograder.rubric.assignment import load
from tests import handed

IDS = [3, 1, 2]
ASKED = ", and id, label is asked for."


def student(text: object) -> Student:
    namespace = {} if text is None else {"PREDICTIONS": text}
    return Student(LocalConversation(namespace), Reference({}))


def predicted(text: object, **more):
    return predictions(student(text), "predictions.csv", IDS, **more)


@pytest.mark.parametrize(
    "text",
    [
        "id,label\n1,10\n2,20\n3,30\n",
        "id,label\r\n3,30\r\n2,20\r\n1,10",
        "label,note,id\n30,x,3\n10,,1\n20,y,2\n\n",
        " id ; label \n1;10.0\n2;2e1\n3; 30\n",
        "id\tlabel\n1\t10\n2\t20\n3\t30\n",
        '"id","label"\n"1","10"\n"2","20"\n"3","30"\n',
    ],
)
def test_predictions_come_in_the_order_of_the_ids(text):
    assert predicted(text) == [30, 10, 20]


def test_predictions_may_be_words_and_columns_have_any_name():
    assert predicted("name,animal\n1,cat\n2,dog\n3,cat\n", columns=("name", "animal"), number=False) == [
        "cat", "cat", "dog",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", " is empty."),
        (" \n", " is empty."),
        ("1,10\n", ": the column id is missing. Its first line is '1', '10'" + ASKED),
        ("id,Label\n1,2\n", ": the column label is missing. Its first line is 'id', 'Label'" + ASKED),
        ("id,label,id\n", ": the column id is there more than once. Its first line is 'id', 'label', 'id'" + ASKED),
        ("id,label\n1,10\n2,20\n", " has no line for 1 of the 3 ids: 3 is missing."),
        ("id,label\n", " has no line for 3 of the 3 ids: the first that is missing is 3."),
        ("id,label\n1,10\n4,20\n", ", line 3: there is no id '4' in the data."),
        ("id,label\n1,10\n2,20\n1,10\n", ", line 4: id '1' is there already, in line 2."),
        ("id,label\n1,nan\n", ", line 2: the label is nan, which is not finite."),
        ("id,label\n1,inf\n", ", line 2: the label is inf, which is not finite."),
        ("id,label\n1,\n", ", line 2: the label '' is no number."),
        ("id,label\n1,three\n", ", line 2: the label 'three' is no number."),
        ("id,label\n1\n", ", line 2: 1 cells, and the first line has 2."),
        ("id,label\n1,2,3\n", ", line 2: 3 cells, and the first line has 2."),
        (b"id,label\n".hex(), ": the column id is missing. Its first line is '69642c6c6162656c0a'" + ASKED),
    ],
)  # fmt: skip
def test_each_slip_is_told_with_its_line(text, said):
    with pytest.raises(MismatchError) as caught:
        predicted(text)
    assert str(caught.value) == f"predictions.csv{said}"


def test_a_file_that_is_not_there_is_not_attempted():
    with pytest.raises(StudentError, match=r"predictions\.csv was not handed in"):
        predicted(None)


@pytest.mark.parametrize("name", ["model.pkl", "predictions", "sub/predictions.csv", "2nd.csv", "evil.exe"])
def test_a_file_has_a_kind_that_is_read_and_a_name_that_can_be_a_variable(name):
    with pytest.raises(RubricError):
        Rubric().file(name)


def test_two_files_do_not_share_a_variable():
    rubric = Rubric()
    assert rubric.file("my predictions.csv") == "MY_PREDICTIONS"
    with pytest.raises(RubricError, match="is another's"):
        rubric.file("my-predictions.txt")


def test_the_reference_hands_in_its_own(tmp_path):
    folder = handed.write(tmp_path)
    assert load(folder).solution()["PREDICTIONS"] == handed.RIGHT
    (folder / "handed_in" / "weights.pt").unlink()
    with pytest.raises(AssignmentError, match=r"asks for weights\.pt: put a right one into handed/handed_in/"):
        load(folder)
