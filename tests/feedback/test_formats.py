"""Strangers' text, made fit for pages and file names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("Zoë 小明 👩‍🔬", "Zoë 小明 👩‍🔬"),
    ],
)
def test_signs_stand_for_what_cannot_be_seen(words: str, shown: str) -> None:
    assert formats.visible(words) == shown


@given(ANYTHING)
def test_file_names_are_safe_everywhere(student: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*(\.[0-9a-f]{12})?\.html", formats.file_name(student))
    assert len(formats.file_name(student)) <= 80


@given(ANYTHING, ANYTHING)
def test_file_names_are_unique(one: str, other: str) -> None:
    assert one == other or formats.file_name(one) != formats.file_name(other)


@pytest.mark.parametrize(
    "students",
    [("anna", "Anna"), ("a/b", "a b"), ("..", "."), ("", " "), ("con", "CON"), ("é", "è"), ("x" * 80, "x" * 81)],
)
def test_near_names_do_not_meet(students: tuple[str, str]) -> None:
    assert formats.file_name(students[0]) != formats.file_name(students[1])


def test_plain_names_stay_and_device_names_do_not() -> None:
    assert formats.file_name("ada_lovelace-7") == "ada_lovelace-7.html"
    assert formats.file_name("nul").startswith("nul-student.")
    assert formats.file_name("../../etc/passwd").startswith("etc-passwd.")


def test_output_is_what_a_terminal_shows_at_the_end() -> None:
    assert formats.output("\x1b[31mred\x1b[0m\n 10%|#\r 50%|##\r100%|###\r\ndone\n\n") == "red\n100%|###\ndone"


def test_long_text_keeps_both_ends() -> None:
    shown = formats.output("begin" + "x" * 10_000_000 + "end")
    assert shown.startswith("begin") and shown.endswith("end") and len(shown) < 21_000
    assert "characters left out" in shown


def test_code_is_escaped_before_it_is_marked() -> None:
    assert formats.code("`<b>` & `x`") == "<code>&lt;b&gt;</code> &amp; <code>x</code>"


def test_an_empty_name_is_still_a_link() -> None:
    assert formats.name(" ") == "(no name)"
