"""Strangers' text, made fit for pages and file names."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.config import AssignmentConfig
from autograder.feedback import formats

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=200)


@given(ANYTHING)
def test_nothing_hides_and_everything_can_be_written(words: str) -> None:
    shown = formats.visible(words)
    shown.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert formats.visible(shown) == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("a\x1b[31mb", "a␛[31mb"),
        ("\u202egnp.exe", "⟨U+202E⟩gnp.exe"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\ud800", "⟨U+D800⟩"),
        ("a\x1fb\x7fc\x80", "a␟b␡c⟨U+0080⟩"),
        ("Zoë 小明 👩‍🔬", "Zoë 小明 👩‍🔬"),
    ],
)
def test_signs_stand_for_what_cannot_be_seen(words: str, shown: str) -> None:
    assert formats.visible(words) == shown


def test_output_is_what_a_terminal_shows_at_the_end() -> None:
    assert formats.output("\x1b[31mred\x1b[0m\n 10%|#\r 50%|##\r100%|###\r\ndone\n\n") == "red\n100%|###\ndone"


def test_colours_go_and_half_drawn_lines_too() -> None:
    assert formats.output("a\x1b[0m\x1b[1;32mb\nold\rnew\n  c  \n") == "ab\nnew\n  c"


def test_of_a_long_output_both_ends_are_shown() -> None:
    shown = formats.output("a" * 20_000)
    assert shown == "a" * 20_000
    shown = formats.output("a" * 20_001)
    assert shown == "a" * 13_300 + "\n… 51 characters left out …\n" + "a" * 6_650


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "abcd…"),
        ("a" * 121, 120, "a" * 119 + "…"),
        ("a" * 121 + "z", 121, "a" * 47 + "\n… 52 characters left out …\n" + "a" * 22 + "z"),
        ("a" * 5_000, 150, "a" * 66 + "\n… 4,901 characters left out …\n" + "a" * 33),
    ],
)
def test_what_is_too_long_is_cut_in_a_line_at_the_end_and_in_a_text_in_the_middle(
    text: str, limit: int, shown: str
) -> None:
    assert formats.clip(text, limit) == shown


def test_a_message_has_no_blank_lines_around_it_and_keeps_its_indentation() -> None:
    assert formats.message("\r\n\n  first\r\n  second \n\t\n") == "  first\n  second"
    assert formats.message("X\nX") == "X\nX"
    assert formats.message("m" * 4_000) == "m" * 4_000
    assert formats.message("m" * 4_001).startswith("m" * 2_633 + "\n… 52 characters")


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (0.0, "0"), (1234.5, "1.23e+03"), (0.12345, "0.123"), (math.nan, "nan")]
)
def test_a_number_has_three_digits(value: float | None, shown: str) -> None:
    assert formats.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(3.0, "3"), (2.5, "2.5"), (1 / 3, "0.33"), (-0.001, "0"), (0.125, "0.12")]
)
def test_points_have_two_digits_and_no_minus_zero(value: float, shown: str) -> None:
    assert formats.points(value) == shown


def test_long_text_keeps_both_ends() -> None:
    shown = formats.output("begin" + "x" * 10_000_000 + "end")
    assert shown.startswith("begin") and shown.endswith("end") and len(shown) < 21_000
    assert "characters left out" in shown


@given(st.text(max_size=300), st.integers(121, 200))
def test_what_is_clipped_once_is_not_clipped_again(words: str, limit: int) -> None:
    shown = formats.clip(words, limit)
    assert len(shown) <= limit and formats.clip(shown, limit) == shown


def test_code_is_escaped_before_it_is_marked() -> None:
    assert formats.code("`<b>` & `x`") == "<code>&lt;b&gt;</code> &amp; <code>x</code>"


def test_only_what_stands_between_two_backticks_in_a_line_is_code() -> None:
    assert formats.code("`a` and `b\n`, \x1b") == "<code>a</code> and `b\n`, ␛"


def test_a_name_is_one_line() -> None:
    assert formats.name("Ada\tL.\nLopez") == "Ada␉L.␊Lopez"
    assert formats.name("a" * 120) == "a" * 120
    assert formats.name("a" * 121) == "a" * 119 + "…"


def test_an_empty_name_is_still_a_link() -> None:
    assert formats.name(" ") == "(no name)"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        (UTC, "2027-03-01 23:59 UTC"),
        (ZoneInfo("Europe/Berlin"), "2027-03-01 23:59 CET"),
        (timezone(timedelta(hours=1)), "2027-03-01 23:59 UTC+01:00"),
        (ZoneInfo("America/Sao_Paulo"), "2027-03-01 23:59 UTC-03"),
        (None, "2027-03-01 23:59"),
    ],
)
def test_a_time_has_its_zone(zone: tzinfo | None, shown: str) -> None:
    assert formats.moment(datetime(2027, 3, 1, 23, 59, tzinfo=zone)) == shown


def test_a_due_time_of_the_configuration_has_its_zone() -> None:
    """Its zone is pydantic's own, which is called `+01:00`."""
    due = AssignmentConfig(title="Homework", due="2027-03-01T23:59:00+01:00").due
    assert due is not None and formats.moment(due) == "2027-03-01 23:59 UTC+01:00"
