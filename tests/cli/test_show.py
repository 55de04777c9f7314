"""The table of results: what fits, and what gives way where it does not."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from rich.cells import cell_len

from autograder.cli import show
from autograder.feedback.signs import SIGNS
from autograder.model import Outcome, Report
from tests.reports import sample

CLASS = list(sample.a_class(24))
LONG = "Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine (hubert.blaine@students.example.edu)"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """The lines of a table on a terminal of so many columns."""

    def shown(reports: list[Report], width: int) -> list[str]:
        monkeypatch.setattr(show, "PIPE_WIDTH", width)
        show.table("hw1", reports)
        lines = capsys.readouterr().out.splitlines()
        assert max(map(cell_len, lines)) <= width
        return lines

    return shown


def line_of(lines: list[str], student: str) -> str:
    (line,) = [line for line in lines if line.startswith(student)]
    return line


def test_at_80_columns_a_student_is_a_line_with_name_score_and_a_sign_for_each_exercise(shown):
    lines = shown(CLASS, 80)
    for report in CLASS:
        line = line_of(lines, report.student)
        if report.status == "graded":
            assert f"{report.score:.1f}" in line
            signs = "".join(line.removeprefix(report.student).split()[1:4])
            assert len(signs) == 12 and set(signs) <= {sign.symbol for sign in SIGNS.values()}
        else:
            assert report.status in line
    assert len(lines) <= len(CLASS) + 8


def test_the_signs_stand_in_the_order_of_the_exercises_in_groups_that_one_can_count(shown):
    results = tuple(
        sample.check(info.number, Outcome.PASSED if place != 6 else Outcome.FAILED, part)
        for place, info in enumerate(sample.EXERCISES)
        for part in (0, 1)
    )
    lines = shown([sample.report("ada", results)], 50)
    assert "✓✓✓✓✓ ✓✗✓✓✓ ✓✓" in line_of(lines, "ada") and "1.1–3.2" in lines[2]


def test_at_200_columns_there_is_everything(shown):
    reports = [msgspec.structs.replace(report, late=report is CLASS[0], flags=("a", "b")) for report in CLASS]
    lines = shown(reports, 200)
    assert lines[1].split()[:3] == ["student", "score", "1.1"] and lines[1].split()[-5:] == [
        "late", "read", "own", "s", "over", "s",
    ][-5:]  # fmt: skip
    half = next(report for report in CLASS if report.of_exercise("1.1") and 0 < earned_first(report) < 3)
    assert "1.5 " in line_of(lines, half.student)
    assert "late" in line_of(lines, CLASS[0].student) and "? 2" in line_of(lines, CLASS[0].student)


def earned_first(report: Report) -> float:
    return sum(result.earned for result in report.of_exercise("1.1"))


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 100, 140, 200])
def test_no_line_is_wider_than_the_terminal_and_no_name_loses_a_letter(shown, width):
    lines = shown([sample.report(LONG, sample.all_of(Outcome.PASSED)), sample.report("李小龙" * 12)], width)
    text = "".join(lines)
    letters = iter(text)
    assert all(letter in letters for letter in LONG.replace(" ", "")), "in this order"
    assert text.count("李") == 12


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_score_is_whole_or_not_there(shown, width):
    """It once stood there as `9…`."""
    assert "37.0" in line_of(shown([sample.report("ada", sample.all_of(Outcome.PASSED))], width), "ada")


def test_a_name_that_means_harm_is_a_line_of_text(shown):
    lines = shown([sample.report("[red]a\nb\x1b[2J", sample.all_of(Outcome.PASSED))], 80)
    assert line_of(lines, "[red]a␊b␛[2J")


def test_forty_exercises_are_counted_where_their_signs_do_not_fit(shown):
    infos = tuple(msgspec.structs.replace(sample.EXERCISES[0], number=f"1.{i}") for i in range(40))
    results = tuple(
        msgspec.structs.replace(sample.check("1.1", Outcome.PASSED), exercise=info.number, points=3.0, earned=3.0)
        for info in infos[:31]
    )
    lines = shown([sample.report("ada", results, exercises=infos)], 50)
    assert line_of(lines, "ada").split()[-1] == "31" and "of 40" in lines[2]
