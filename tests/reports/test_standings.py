"""The baseline ladder with the class on it, and the leaderboard that a class may see."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from autograder.config import Leaderboard
from autograder.identity import page_name
from autograder.model import Curve, Outcome, Report
from autograder.reports import write_reports
from autograder.reports.board import Board
from autograder.reports.pseudonyms import pseudonym
from autograder.reports.rows import Row
from autograder.reports.standings import Standings, standings
from tests.reports import sample


def trained(student: str, metric: float | None, **more: object) -> Report:
    curve = msgspec.structs.replace(sample.curve(), metric=metric, **more)
    return sample.report(student, (sample.check("3.1", Outcome.PARTLY, curve=curve),))


def found(*reports: Report) -> Standings:
    (one,) = standings([Row.of(report, "") for report in reports])
    return one


def test_a_rung_counts_who_reaches_it() -> None:
    """simple 1.9, medium 1.6, strong 1.42, boss 1.36: less is better, and being equal is enough."""
    ladder = found(trained("a", 2.0), trained("b", 1.6), trained("c", 1.36))
    assert [(rung.name, rung.reached) for rung in ladder.rungs] == [
        ("simple", 2), ("medium", 2), ("strong", 1), ("boss", 1),
    ]  # fmt: skip
    assert ladder.of == 3 and ladder.less_is_better


def test_the_best_come_first_and_equals_share_a_place() -> None:
    ladder = found(trained("d", 1.5), trained("c", 1.4), trained("b", 1.4), trained("a", 1.9))
    assert [(place.rank, place.row.student) for place in ladder.places] == [(1, "b"), (1, "c"), (3, "d"), (4, "a")]


def test_more_is_better_where_the_ladder_goes_up() -> None:
    rungs = (("simple", 0.6), ("boss", 0.9))
    ladder = found(trained("a", 0.5, rungs=rungs), trained("b", 0.95, rungs=rungs))
    assert [place.row.student for place in ladder.places] == ["b", "a"] and not ladder.less_is_better
    assert [rung.reached for rung in ladder.rungs] == [1, 1]


@pytest.mark.parametrize(
    ("metric", "less"), [("validation loss", True), ("unseen MAE in degrees", True), ("accuracy", False)]
)
def test_a_ladder_of_one_rung_goes_by_its_metric(metric: str, less: bool) -> None:
    assert found(trained("a", 0.5, rungs=(("simple", 0.6),), metric_name=metric)).less_is_better is less


@pytest.mark.parametrize("curve", [Curve("t", "", (1.0,)), Curve("t", "", (), float("nan"), "loss", sample.RUNGS)])
def test_without_a_metric_or_a_ladder_nobody_stands(curve: Curve) -> None:
    assert standings([Row.of(sample.report("a", (sample.check("3.1", Outcome.PARTLY, curve=curve),)), "")]) == ()


CLASS = (trained("Ada Lovelace", 1.4), trained("Bob", 1.5), sample.report("Cyd"))


def pages(folder: Path, kind: Leaderboard) -> tuple[str, dict[str, str]]:
    """The leaderboard, and each student's page."""
    write_reports(CLASS, folder, course="Course", title="Homework", secret=b"s", leaderboard=kind)
    board = Board.of(kind, "hw1", b"s")
    students = folder / "students"
    text = (students / board.file).read_text() if board else ""
    return text, {one.student: (students / page_name(one.student, "hw1", b"s")).read_text() for one in CLASS}


def test_a_leaderboard_is_made_where_it_is_asked_for(tmp_path: Path) -> None:
    pages(tmp_path, Leaderboard.NONE)
    assert (
        len(list((tmp_path / "students").iterdir())) == 3
        and "leaderboard." not in (tmp_path / "index.html").read_text()
    )


def test_a_leaderboard_with_pseudonyms_names_nobody_and_each_page_says_which_is_its_own(tmp_path: Path) -> None:
    board, students = pages(tmp_path, Leaderboard.PSEUDONYMS)
    assert "Lovelace" not in board and "Bob" not in board
    own = pseudonym("Ada Lovelace", "hw1", b"s")
    assert own in board and own in students["Ada Lovelace"] and own not in students["Bob"]
    assert "eaderboard" not in students["Cyd"], "who has trained nothing is on none"


def test_a_leaderboard_with_names(tmp_path: Path) -> None:
    board, students = pages(tmp_path, Leaderboard.NAMES)
    assert board.index("Ada Lovelace") < board.index("Bob") and "leaderboard" in students["Bob"]


def test_the_leaderboards_address_cannot_be_guessed(tmp_path: Path) -> None:
    one, other = (Board.of(Leaderboard.NAMES, "hw1", secret) for secret in (b"s", b"t"))
    assert one and other and one.file != other.file and re.fullmatch(r"leaderboard\.[0-9a-f]{32}\.html", one.file)
    assert one.file != page_name("leaderboard", "hw1", b"s"), "somebody may be called so"


def test_pseudonyms_stay_within_an_assignment_and_say_nothing_beyond() -> None:
    assert pseudonym("ada", "hw1", b"s") == pseudonym("ada", "hw1", b"s")
    assert len({pseudonym("ada", *rest) for rest in (("hw1", b"s"), ("hw2", b"s"), ("hw1", b"t"))}) == 3
    assert re.fullmatch(r"[a-z]+ [a-z]+ \d{4}", pseudonym("ada", "hw1", b"s"))


def test_a_class_of_a_thousand_has_a_thousand_pseudonyms() -> None:
    assert len({pseudonym(f"student {i}", "hw1", b"s") for i in range(1_000)}) == 1_000
