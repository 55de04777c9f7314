"""Each outcome has one sign, and every medium shows that one."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.text import Text

from autograder.cli import show
from autograder.feedback import signs
from autograder.feedback.signs import SIGNS, Sign, Tone
from autograder.feedback.terminal import styled
from autograder.home.show import COLOURS
from autograder.model import Outcome, Report
from tests.feedback import media
from tests.reports import sample

ALL = (*SIGNS.values(), signs.NO_RESULT, signs.REJECTED, signs.NOT_LOADED, signs.TO_READ)


def one_exercise(*outcomes: Outcome) -> Report:
    """A report on the first exercise alone."""
    results = tuple(sample.check("1.1", outcome, part) for part, outcome in enumerate(outcomes))
    return sample.report("ada", results, exercises=sample.EXERCISES[:1])


def test_every_outcome_has_a_sign() -> None:
    assert set(SIGNS) == set(Outcome)
    assert all(sign.word == outcome for outcome, sign in SIGNS.items())


def test_no_two_signs_look_alike() -> None:
    assert len({sign.symbol for sign in ALL}) == len({sign.word for sign in ALL}) == len(ALL)


def test_a_symbol_takes_one_column_of_a_terminal() -> None:
    assert {cell_len(sign.symbol) for sign in ALL} == {1}


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        SIGNS[Outcome.PASSED] = SIGNS[Outcome.FAILED]  # type: ignore[index]


def test_the_legend_says_them_all() -> None:
    assert signs.legend().split("  ")[0] == "✓ passed"
    assert all(f"{sign.symbol} {sign.word}" in signs.legend() for sign in SIGNS.values())


def test_what_stopped_a_process_is_told_apart_from_a_wrong_answer() -> None:
    stopped = (Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY, Outcome.CRASHED)
    assert {SIGNS[outcome].tone for outcome in stopped} == {Tone.STOPPED}
    assert [outcome for outcome, sign in SIGNS.items() if sign.tone is Tone.BAD] == [Outcome.FAILED]
    assert [outcome for outcome, sign in SIGNS.items() if sign.tone is Tone.OURS] == [Outcome.GRADER_ERROR]


@pytest.mark.parametrize("tone", Tone)
def test_every_medium_has_a_colour_for_each_tone(tone: Tone) -> None:
    style = (Path(sample.__file__).parents[2] / "autograder/reports/templates/style.css.j2").read_text()
    assert f".{tone} {{ color:" in style
    assert Text.from_markup(styled(Sign("x", "word", tone))).spans
    assert COLOURS[tone].startswith("#")


@pytest.mark.parametrize("outcome", Outcome)
def test_every_medium_shows_the_same_sign(outcome: Outcome, tmp_path: Path) -> None:
    shown = media.signs(one_exercise(outcome, outcome), tmp_path)
    assert shown == dict.fromkeys(shown, SIGNS[outcome].symbol)


@pytest.mark.parametrize(
    ("outcomes", "outcome"),
    [
        ((Outcome.PASSED, Outcome.FAILED), Outcome.PARTLY),
        ((Outcome.PASSED, Outcome.CRASHED), Outcome.CRASHED),
        ((Outcome.NOT_ATTEMPTED, Outcome.FAILED), Outcome.FAILED),
        ((Outcome.FAILED, Outcome.GRADER_ERROR), Outcome.GRADER_ERROR),
    ],
)
def test_an_exercise_of_two_ends_has_one_sign_too(outcomes: tuple[Outcome, ...], outcome: Outcome, tmp_path) -> None:
    shown = media.signs(one_exercise(*outcomes), tmp_path)
    whole = ("terminal table", "class page", "student page, tile", "home, terminal", "home, notebook")
    assert {shown[medium] for medium in whole} == {SIGNS[outcome].symbol}


@pytest.mark.parametrize(
    ("status", "sign"), [("rejected", signs.REJECTED), ("grader error", SIGNS[Outcome.GRADER_ERROR])]
)
def test_a_submission_that_has_no_score_has_a_sign_instead(
    status: str, sign: Sign, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = sample.report("ada", status=status, problem="why", exercises=sample.EXERCISES[:1])
    show.table("hw1", [report])
    assert f"{sign.symbol} {sign.word}" in capsys.readouterr().out
    assert f"{sign.symbol} {sign.word}" in media.plain(media.pages(report, tmp_path)[0])
    assert f"{sign.symbol} " in media.gradescope(report, tmp_path)
    assert media.nbgrader(report, tmp_path).startswith(f"{sign.symbol} ")


def test_the_table_for_the_terminal_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    show.table("hw1", [one_exercise(Outcome.PASSED, Outcome.FAILED)])
    shown = capsys.readouterr().out
    assert "1.5 ◐" in shown and signs.legend() in " ".join(shown.split("\n"))
    assert "/ 3" in shown, "what the exercise is worth"
