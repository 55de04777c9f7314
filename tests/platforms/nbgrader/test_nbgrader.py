"""With nbgrader itself: its commands make the course, release it, collect it, and read what we wrote."""

from __future__ import annotations

import csv
import json
import os
import shutil

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from autograder.errors import RejectedError
from autograder.identity import clean_name
from autograder.intake import read_submission
from autograder.platforms.nbgrader.course import open_nbgrader
from autograder.release import starter_source
from tests import tiny
from tests.platforms.nbgrader.mangled import PNG, id_of, solved

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nbgrader")]


def cells(notebook):
    return [("".join(cell["source"]), cell["metadata"].get("nbgrader")) for cell in notebook["cells"]]


def test_the_released_notebook_is_the_starter_with_a_grade_cell_an_exercise(released_course):
    grades = {meta["grade_id"]: meta for _, meta in cells(released_course.released) if meta and meta["grade"]}
    assert {name: meta["points"] for name, meta in grades.items()} == {"exercise-1": 4, "exercise-2": 6}
    assert all(meta["locked"] and meta["schema_version"] == 3 for meta in grades.values())
    kept = "\n".join(source for source, meta in cells(released_course.released) if not (meta and meta["grade"]))
    for line in starter_source(tiny.SOLUTION).splitlines():
        assert line.startswith("# ") or line in kept, line
    for secret in ("x * x", "square(x).sum()", "x.grad", "SOLUTION", "STARTER"):
        assert secret not in kept
    assert (released_course.folder / "release/tiny/public.json").is_file()


def test_nbgrader_validates_the_source_and_tells_a_student_what_is_missing(released_course):
    assert "Success!" in released_course.nbgrader("validate", "source/tiny/tiny.ipynb")
    assert "not attempted, 4 points" in released_course.nbgrader("validate", "release/tiny/tiny.ipynb")


def test_the_source_stays_the_same(released_course):
    source = released_course.folder / "source/tiny/tiny.ipynb"
    before = source.read_bytes()
    released_course.autograder("nbgrader", "source", "tiny", "course")
    assert source.read_bytes() == before


def test_a_config_without_our_lines_is_left_alone_and_asks_for_them(released_course, tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    said = released_course.autograder("nbgrader", "source", "tiny", str(tmp_path), code=1)
    assert "use_starters(get_config())" in said
    assert (tmp_path / "nbgrader_config.py").read_text() == "c = get_config()\n"


def test_every_student_gets_the_points_for_what_is_right(graded_course):
    with graded_course.gradebook() as book:
        scores = {one.student.id: one.score for one in book.find_assignment("tiny").submissions}
    assert scores == graded_course.expected


def test_only_what_could_not_be_read_asks_for_a_person(graded_course):
    with graded_course.gradebook() as book:
        waiting = {one.student.id for one in book.find_assignment("tiny").submissions if one.needs_manual_grade}
    assert waiting == {"cut_off", "nothing"}


def test_comments_say_what_is_wrong_and_nothing_where_all_is_well(graded_course):
    def comment(student, cell="solution-1"):
        return book.find_comment(cell, "tiny", "tiny", student).comment

    with graded_course.gradebook() as book:
        assert comment("ada") is None
        assert comment("starter") == "○ Exercise 1. Not attempted: 4 points wait for you here."
        assert "ValueError" in comment("raises_a_script") and "\n    ✗ Squares" in comment("raises_a_script")
        assert "damaged" in comment("cut_off")


def test_who_is_late_is_late_in_the_gradebook_and_pays_by_the_course_s_own_rule(graded_course):
    with graded_course.gradebook() as book:
        late = book.find_submission("tiny", "late")
        assert late.total_seconds_late == 3600
        assert (late.score, late.late_submission_penalty) == (10, 10)
        assert book.find_submission("tiny", "renamed").late_submission_penalty == 0


def test_autograded_notebooks_are_whole_whatever_was_handed_in(graded_course):
    for student in graded_course.expected:
        text = json.dumps(graded_course.autograded(student))
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)
        ids = [id_of(cell) for cell in notebook.cells if id_of(cell)]
        assert sorted(ids) == ["exercise-1", "exercise-2", "solution-1", "solution-2"], student
        assert len(text) < 100_000


def test_a_picture_stays_and_what_a_browser_would_run_does_not(graded_course):
    text = json.dumps(graded_course.autograded("colab_furniture_and_huge_outputs"))
    assert PNG in text and "owned" not in text and "widget-view" not in text
    for source, _ in cells(graded_course.autograded("with_a_script")):
        assert "owned" not in source or source.startswith(("`", "```\n<script>"))


def test_what_was_written_into_a_grade_cell_is_still_there_to_read(graded_course):
    sources = [source for source, _ in cells(graded_course.autograded("written_into_the_grade_cell"))]
    assert any("return x * x" in source for source in sources)


def test_feedback_and_export_are_nbgrader_s_own(graded_course):
    graded_course.nbgrader("generate_feedback", "tiny", "--force")
    pages = {path.parts[-3]: path.read_text() for path in graded_course.folder.glob("feedback/*/tiny/tiny.html")}
    assert set(pages) == set(graded_course.expected)
    assert "Squares numbers of both signs." in pages["ada"]
    for student in ("with_a_script", "raises_a_script", "colab_furniture_and_huge_outputs"):
        assert "<script>owned" not in pages[student] and 'href="javascript' not in pages[student]
    graded_course.nbgrader("release_feedback", "tiny", "--student=ada")
    graded_course.nbgrader("export")
    rows = csv.DictReader((graded_course.folder / "grades.csv").read_text().splitlines())
    assert {row["student_id"]: float(row["raw_score"]) for row in rows} == graded_course.expected


def test_what_a_person_gave_survives_and_asks_for_a_second_look_only_after_a_change(graded_course):
    course = graded_course

    def grade():
        return book.find_grade("exercise-1", "tiny", "tiny", "one_function_missing")

    with course.gradebook() as book:
        grade().manual_score, grade().extra_credit, grade().needs_manual_grade = 3, 0.5, False
        book.find_comment("solution-1", "tiny", "tiny", "one_function_missing").manual_comment = "Nearly."
        book.db.commit()
    course.autograder("nbgrader", "grade", "course", "tiny", "--only", "one_function_missing", "--fresh", "-q")
    with course.gradebook() as book:
        assert (grade().auto_score, grade().score, grade().needs_manual_grade) == (0, 3.5, False)
        assert book.find_comment("solution-1", "tiny", "tiny", "one_function_missing").comment == "Nearly."
    course.hand_in("one_function_missing", {"tiny.ipynb": json.dumps(solved(course.released))})
    course.autograder("nbgrader", "grade", "course", "tiny", "--only", "one_function_missing", "-q")
    with course.gradebook() as book:
        assert (grade().auto_score, grade().score, grade().needs_manual_grade) == (4, 3.5, True)
    course.expected["one_function_missing"] = 9.5


def test_links_and_odd_names_in_submitted_are_told_and_never_followed(released_course, tmp_path):
    """From the student's folder on, whatever is there is a student's."""
    submitted = released_course.folder / "submitted"
    place = open_nbgrader(released_course.folder)
    (tmp_path / "other/tiny").mkdir(parents=True)
    (tmp_path / "other/tiny/tiny.py").write_text("def square(x):\n    return x * x\n")
    odd = os.fsdecode(os.fsencode(submitted) + b"/caf\xe9")
    try:
        submitted.mkdir(exist_ok=True)
        (submitted / "eve_link").symlink_to(tmp_path / "other")
        (submitted / "eve_inner").mkdir()
        (submitted / "eve_inner/tiny").symlink_to(tmp_path / "other/tiny")
        (submitted / "nothing_here").mkdir()
        os.makedirs(f"{odd}/tiny")
        found = place.submissions("tiny")
        entries = {entry.student: entry for entry in found.entries}
        assert clean_name(os.path.basename(odd)) in entries and "nothing_here" not in entries
        for student in ("eve_link", "eve_inner"):
            entry = entries[student]
            with pytest.raises(RejectedError, match="link"):
                read_submission(entry.path, student, main="tiny", within=entry.within)
    finally:
        for path in (submitted / "eve_link", submitted / "eve_inner/tiny"):
            path.unlink()
        for path in (submitted / "eve_inner", submitted / "nothing_here", odd):
            shutil.rmtree(path)


def test_plain_nbgrader_autograde_works_with_the_public_checks(graded_course):
    graded_course.nbgrader("autograde", "tiny", "--student=ada", "--force")
    with graded_course.gradebook() as book:
        scores = {grade.name: grade.auto_score for grade in book.find_submission("tiny", "ada").notebooks[0].grades}
    assert scores == {"exercise-1": 4, "exercise-2": 0}  # exercise 2 has no public check
    graded_course.autograder("nbgrader", "grade", "course", "tiny", "--only", "ada", "-q")
    with graded_course.gradebook() as book:
        assert book.find_submission("tiny", "ada").score == 10


def test_what_nbgrader_released_comes_through_intake_without_a_word(graded_course, tmp_path):
    (tmp_path / "tiny.ipynb").write_text(json.dumps(graded_course.released))
    assert read_submission(tmp_path / "tiny.ipynb", "ada", main="tiny").notes == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "tiny"], "nowhere is not a folder"),
        (["reference", "tiny"], "no submission matches"),
        (["course", "tiny", "--only", "eve"], "no submission by eve"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(graded_course, words, said):
    output = graded_course.autograder("nbgrader", "grade", *words, code=2)
    assert said in output and "Traceback" not in output


def test_a_gradebook_without_the_assignment_says_what_to_run(graded_course, tmp_path):
    (tmp_path / "submitted/ada/tiny").mkdir(parents=True)
    output = graded_course.autograder("nbgrader", "grade", str(tmp_path), "tiny", code=2)
    assert "nbgrader generate_assignment tiny" in output
    assert not (tmp_path / "gradebook.db").exists()
