"""Several files: the one that has by far the most of what is asked for is graded, and the student is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.intake import read_submission

ASKED = frozenset("abcdefgh")


def functions(names: str) -> str:
    return "".join(f"def {name}(): return 1\n" for name in names)


@pytest.mark.parametrize(
    ("named", "other", "graded", "note"),
    [
        ("a", "abcd", "final.py", "final.py is graded: it has 4 of the functions asked for, and regression.py has 1. "
         "Hand in only the file that counts."),
        ("ab", "cdef", "final.py", "final.py is graded: it has 4 of the functions asked for, and regression.py has 2. "
         "Hand in only the file that counts."),
        ("abc", "abcd", "regression.py", "regression.py is graded, for its name; what you wrote in final.py is not. "
         "Put it all into regression.py."),
        ("ab", "cd", "regression.py", "regression.py is graded, for its name; what you wrote in final.py is not. "
         "Put it all into regression.py."),
    ],
)  # fmt: skip
def test_the_fullest_file_or_the_named_one(tmp_path: Path, named: str, other: str, graded: str, note: str) -> None:
    (tmp_path / "regression.py").write_text(functions(named))
    (tmp_path / "final.py").write_text(functions(other))
    submission = read_submission(tmp_path, "ada", expected=ASKED)
    assert submission.main == graded and submission.notes == (note,)


@pytest.mark.parametrize("how", ["from final import *", "from final import b, c", "import final", "import more"])
def test_what_the_named_file_imports_counts_as_its_own(tmp_path: Path, how: str) -> None:
    (tmp_path / "regression.py").write_text(f"{how}\n{functions('a')}")
    (tmp_path / "more.py").write_text("from final import *\n")
    (tmp_path / "final.py").write_text(functions("bcdefgh"))
    submission = read_submission(tmp_path, "ada", expected=ASKED)
    assert submission.main == "regression.py" and submission.notes == ()


def test_files_without_any_of_it_are_not_worth_a_note(tmp_path: Path) -> None:
    (tmp_path / "regression.py").write_text(functions("a"))
    (tmp_path / "plots.py").write_text(functions("xyz"))
    assert read_submission(tmp_path, "ada", expected=ASKED).notes == ()
