"""Bytes to text: encodings, limits, and what may be shown of a name."""

from __future__ import annotations

import codecs

import pytest

from autograder.errors import RejectedError
from autograder.intake.text import MAX_SOURCE, decoded, is_readable, printable, source_text, tidy


def refused(data: bytes) -> str:
    with pytest.raises(RejectedError) as rejected:
        source_text(data, "a.py")
    return rejected.value.reason


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("é = 1".encode(), "é = 1"),
        (codecs.BOM_UTF8 + b"x", "x"),
        ("x é".encode("utf-16"), "x é"),
        ("x é".encode("utf-32"), "x é"),
        (codecs.BOM_UTF16_LE + "日本語".encode("utf-16-le"), "日本語"),
        ("x = 1".encode("utf-16-le"), "x = 1"),
        ("x = 1".encode("utf-16-be"), "x = 1"),
        ("x = 1".encode("utf-32-le"), "x = 1"),
        (b"\xe9", "é"),
        (b"# coding: cp1251\n\xef", "# coding: cp1251\nп"),
        (b"#!python\n# vim: set fileencoding=koi8-r :\n\xc1", "#!python\n# vim: set fileencoding=koi8-r :\nа"),
        (b"\n\n# coding: cp1251\n\xef", "\n\n# coding: cp1251\nï"),
        (b"x = 1 # coding: cp1251\n\xef", "x = 1 # coding: cp1251\nï"),
        (b"  # coding=cp1251\n\xef", "  # coding=cp1251\nп"),
        (b"# coding: utf-7\n+AOk-\xe9", "# coding: utf-7\n+AOk-é"),
        (b"# coding: no-such\n\xe9", "# coding: no-such\né"),
        (b"# coding: rot13\n\xe9", "# coding: rot13\né"),
        (b"# coding: no-such\n# coding: cp1251\n\xef", "# coding: no-such\n# coding: cp1251\nï"),
        (b"# coding: shift_jis\n\x81\xff", "# coding: shift_jis\n\x81ÿ"),
    ],
)
def test_a_text_is_read_in_the_encoding_it_has(data: bytes, text: str) -> None:
    assert decoded(data, "a.py") == text


def test_a_text_with_nul_bytes_that_is_no_utf_16_is_no_text() -> None:
    assert refused(b"x\0" * 3 + b"\xd8\xd8" * 9) == (
        "a.py is not a text file: it was damaged on its way, or it is another kind of file under this name. "
        "Hand in the .py or .ipynb file itself."
    )


def test_one_control_character_in_a_hundred_is_survived() -> None:
    assert decoded(b"\x01" + b"x" * 99, "a.py") == "\x01" + "x" * 99
    for data in (b"\x01" + b"x" * 98, b"\x1f" + b"x" * 98, b"x" * 1_000 + b"\0"):
        with pytest.raises(RejectedError, match="not a text file"):
            decoded(data, "a.py")
    assert decoded(b"\t\n\f\v\x1b", "a.py") == "\t\n\f\v\x1b"
    assert decoded(b"\x1a\r", "a.py") == "\n"


def test_newlines_are_plain_and_marks_are_gone() -> None:
    assert tidy("a\r\nb\rc\n\x1a\ufeffd\ud800") == "a\nb\nc\nd?"


def test_a_source_has_so_many_characters_at_most() -> None:
    assert len(source_text(b"#" * MAX_SOURCE, "a.py")) == 300_000
    assert refused(b"#" * (MAX_SOURCE + 1)) == (
        "a.py holds more than 300,000 characters of code. Hand in only what you wrote."
    )


@pytest.mark.parametrize("data", [b"", b" \n\t\n"])
def test_an_empty_source_says_so(data: bytes) -> None:
    assert refused(data) == "a.py is empty. Save your work, open the file once more to check, and hand it in again."


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<!DOCTYPE html>", "a web page"),
        (" \n<HTML lang='en'>", "a web page"),
        ("{\\rtf1", "a word processor's file"),
    ],
)
def test_another_kind_of_file_is_named(text: str, what: str) -> None:
    assert refused(text.encode()) == (
        f"a.py is {what}, not Python source. Save your code as plain text and hand that in."
    )
    assert source_text(b"#" * 100 + text.encode(), "a.py")
    assert source_text(b"x = 1\n" + text.encode(), "a.py")


@pytest.mark.parametrize(
    ("name", "longest", "shown"),
    [
        ("a b.py", 80, "a b.py"),
        ("a\nb\x1bc\u202ed\xad", 80, "a?b?c?d?"),
        ("می\u200cخواهم\u200d", 80, "می\u200cخواهم\u200d"),
        ("x" * 80, 80, "x" * 80),
        ("x" * 81, 80, "x" * 77 + "..."),
        ("abcdef", 5, "ab..."),
    ],
)
def test_a_name_is_shown_without_what_cannot_be_seen(name: str, longest: int, shown: str) -> None:
    assert printable(name, longest) == shown
    assert is_readable(shown)


def test_a_name_of_eighty_characters_is_shown_whole() -> None:
    assert printable("x" * 80) == "x" * 80 and printable("x" * 81) == "x" * 77 + "..."


def test_only_a_name_that_can_be_shown_is_readable() -> None:
    assert is_readable("") and is_readable("ä 日\u200c\u200d")
    assert not is_readable("a\n") and not is_readable("\u200b")


@pytest.mark.parametrize(
    ("encoding", "word"),
    [("big5", "功許蓋"), ("cp932", "表ソ能"), ("cp932", "予定表"), ("big5", "成功")],
)
@pytest.mark.parametrize(
    "source", ['print("{}")\nx = 1\n', '{{"cells": [{{"cell_type": "code", "source": "x = \'{}\'"}}]}}']
)
def test_an_encoding_whose_characters_end_in_a_backslash(encoding: str, word: str, source: str) -> None:
    assert decoded(source.format(word).encode(encoding), "a.py") == source.format(word)
