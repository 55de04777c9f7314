"""Written answers are found wherever students write them, and what the course wrote is never taken for one."""

from __future__ import annotations

import jupytext
import pytest

from autograder.intake import read_submission
from autograder.intake.written import MAX_ANSWER, answers_in
from autograder.model import Questions
from autograder.rubric.written import prose_of, with_answer_cells
from tests import tiny
from tests.asked import QUESTIONS, RIGHT, WHY, notebook

NUMBERS = ("3", "4")
SOURCE = tiny.SOLUTION + QUESTIONS
ASKED = Questions(NUMBERS, prose_of(SOURCE))
STARTER = with_answer_cells(SOURCE, NUMBERS)
HEADING = f"## Exercise 3 · {WHY} (3 points)\nAnswer in three sentences."
NEXT = "## Exercise 4 · What if you square the sum? (2 points)"
END = "That was all. Look at your pictures again."
HEADER = "**Your answer to 3:**"
TEXT = "It is convex, so $\\nabla f = 0$ once.\n\nThat is all."


def found(data: bytes | str, name: str = "tiny.ipynb") -> dict[str, str]:
    return answers_in(data.encode() if isinstance(data, str) else data, name, ASKED)


def in_module(text: str) -> str:
    return STARTER.replace(f"{HEADER}\n", f"{HEADER}\n{text}\n")


# --- a notebook ---------------------------------------------------------------------------------------------------


def test_the_cell_of_the_starter_is_known_by_its_metadata():
    data = notebook(("markdown", HEADING), ("markdown", f"{HEADER}\n{TEXT}", "3"), ("markdown", NEXT))
    assert found(data) == {"3": TEXT}


@pytest.mark.parametrize("first", ["", "Мой ответ:\n", "# Answer\n", "**your answer to 3**\n", "Answer: 3\n"])
def test_whatever_becomes_of_its_first_line(first):
    data = notebook(("markdown", HEADING), ("markdown", first + TEXT, "3"))
    assert found(data)["3"].endswith(TEXT)


@pytest.mark.parametrize(
    "first",
    [
        "**Your answer to 3:**\n", "**Your answer to 3:** ", "Your answer to 3.\n", "### My answer for question 3\n",
        "answer to exercise 3: ", "Answer 3\n", "*Our answer to no. 3* ", "**Your answer to 3:** - ",
    ],
)  # fmt: skip
def test_a_cell_without_metadata_is_known_by_its_first_words(first):
    data = notebook(("markdown", "Somewhere else"), ("code", "x = 1"), ("markdown", f"\n{first}{TEXT}"))
    assert found(data)["3"].lstrip(". ") == TEXT


@pytest.mark.parametrize("first", ["Your answer to 3.1:", "Your answer to 13:", "Your answer to 4:", "An answer to 3:"])
def test_other_first_words_are_another_matter(first):
    assert "3" not in found(notebook(("code", "x = 1"), ("markdown", f"{first}\n{TEXT}")))


def test_a_cell_of_ones_own_below_the_question_is_the_answer():
    data = notebook(("markdown", HEADING), ("markdown", TEXT), ("raw", "And more."), ("markdown", NEXT))
    assert found(data) == {"3": f"{TEXT}\n\nAnd more."}


def test_so_is_what_was_written_into_the_questions_own_cell():
    assert found(notebook(("markdown", f"{HEADING}\n\n{TEXT}"), ("markdown", NEXT))) == {"3": TEXT}


def test_a_cell_that_was_pasted_twice_is_read_twice_where_it_says_something():
    data = notebook(
        ("markdown", f"{HEADER}\nOne.", "3"), ("markdown", f"{HEADER}\nTwo.", "3"), ("markdown", HEADER, "3")
    )
    assert found(data) == {"3": "One.\n\nTwo."}


@pytest.mark.parametrize(
    "cells",
    [
        [("markdown", HEADING), ("markdown", f"{HEADER}\n", "3"), ("markdown", END)],
        [("markdown", HEADING), ("markdown", f"{HEADER}\n\nYOUR ANSWER HERE", "3")],
        [("markdown", HEADING), ("markdown", f"{HEADER}\n\n---\n...", "3")],
        [("markdown", HEADING), ("markdown", END), ("code", "# 3: it is convex\nx = 1")],
        [("markdown", HEADING), ("code", "x = 1"), ("markdown", "A note of mine on x.")],
        [("markdown", HEADING), ("markdown", "## My own notes\nNothing about it.")],
        [("markdown", HEADING), ("markdown", f"**Your answer to 4:**\n{TEXT}")],
        [("markdown", "Exercise 31 asks for something else."), ("markdown", TEXT)],
        [],
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(cells):
    assert "3" not in found(notebook(*cells))


# --- a module -----------------------------------------------------------------------------------------------------


def test_a_module_is_answered_in_a_text():
    assert found(in_module(TEXT), "tiny.py") == {"3": TEXT}


def test_a_starter_has_no_answers():
    assert found(STARTER, "tiny.py") == {}


@pytest.mark.parametrize(
    "text",
    ['It says "convex".', "A \\ and a \\n stay.", "x = 1\ndef f(): pass", "# a heading\n- a list", "it's ''' three"],
)
def test_the_text_may_hold_anything_but_its_own_end(text):
    assert found(in_module(text), "tiny.py") == {"3": text}


def test_an_unclosed_text_ends_with_its_cell():
    broken = in_module(TEXT).replace(f'{TEXT}\n\n\n"""', TEXT)
    assert broken != in_module(TEXT)
    assert found(broken, "tiny.py") == {"3": TEXT}


def test_other_quotes_and_comments_will_do():
    quotes = STARTER.replace('r"""', "'''").replace('"""', "'''").replace(f"{HEADER}\n", f"{HEADER}\n{TEXT}\n")
    comments = f"# {HEADER}\n# It is convex.\n#\n# Twice.\n\nx = 1\n"
    assert found(quotes, "tiny.py") == {"3": TEXT}
    assert found(comments, "tiny.py") == {"3": "It is convex.\n\nTwice."}


def test_a_notebook_that_was_exported_as_a_module_keeps_its_answers():
    book = jupytext.reads(in_module(TEXT), fmt="py:percent")
    for one in book.cells:
        one.metadata.pop("cell_marker", None)
    assert found(jupytext.writes(book, fmt="py:percent"), "tiny.py") == {"3": TEXT}
    assert found(jupytext.writes(book, fmt="py:light"), "tiny.py") == {"3": TEXT}


# --- a submission -------------------------------------------------------------------------------------------------


def read(path):
    return read_submission(path, "ada", main="tiny", expected=frozenset({"square", "total", "slope"}), questions=ASKED)


def test_other_words_leave_the_codes_digest_as_it_is(tmp_path):
    """It decides what the checks draw: who mends a sentence has not handed in other code."""
    path = tmp_path / "tiny.ipynb"
    path.write_bytes(notebook(("code", RIGHT), ("markdown", f"{HEADER}\nOne.", "3")))
    one = read(path)
    path.write_bytes(notebook(("code", RIGHT), ("markdown", f"{HEADER}\nTwo.", "3")))
    two = read(path)
    assert (one.answers, two.answers) == ({"3": "One."}, {"3": "Two."})
    assert one.digest == two.digest


def test_an_answer_in_another_file_counts_and_is_told(tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "tiny.py").write_text(RIGHT)
    (tmp_path / "ada" / "words.ipynb").write_bytes(notebook(("markdown", f"{HEADER}\n{TEXT}"), ("code", "x = 1")))
    submission = read(tmp_path / "ada")
    assert submission.answers == {"3": TEXT}
    assert "Your answer to 3 was found in words.ipynb." in submission.notes


def test_a_text_in_the_way_of_the_code_does_not_harm_it(tmp_path):
    (tmp_path / "tiny.py").write_text(f'# %% [markdown] written="3"\nr"""\n{HEADER}\n{TEXT}\n"""\n{RIGHT}')
    submission = read(tmp_path / "tiny.py")
    assert submission.answers == {"3": TEXT}
    assert submission.notes == ()


def test_a_book_is_cut_and_half_characters_are_replaced():
    long = found(notebook(("markdown", f"{HEADER}\n{'a' * (MAX_ANSWER + 5)}", "3")))["3"]
    assert long.endswith("\n… 5 characters more")
    assert found(notebook(("markdown", f"{HEADER}\nhalf \ud83d", "3"))) == {"3": "half ?"}
