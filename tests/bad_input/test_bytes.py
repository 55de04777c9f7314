"""Files that are not the text they should be: encodings, marks, line ends, damage, other formats."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path

import pytest

from autograder.intake import read_submission
from tests.bad_input.corpus import FINE, Case, as_bytes, module, namespace_of, notebook, rejected, verify, zip_of

ACCENTS = f"# größer, naïve, 漢字\nNAME = 'größer'\n{FINE}"
LATIN = f"# größer, naïve\nNAME = 'größer'\n{FINE}"
NOTEBOOK = as_bytes(notebook(FINE))

READ = [
    module("utf-8 with a mark", codecs.BOM_UTF8 + ACCENTS.encode(), silent=True),
    module("utf-8 with two marks", codecs.BOM_UTF8 * 2 + ACCENTS.encode(), silent=True),
    module("utf-16 little-endian with a mark", ACCENTS.encode("utf-16"), silent=True),
    module("utf-16 big-endian with a mark", codecs.BOM_UTF16_BE + ACCENTS.encode("utf-16-be"), silent=True),
    module("utf-16 little-endian without a mark", FINE.encode("utf-16-le"), silent=True),
    module("utf-16 big-endian without a mark", FINE.encode("utf-16-be"), silent=True),
    module("utf-32 with a mark", ACCENTS.encode("utf-32"), silent=True),
    module("latin-1", LATIN.encode("latin-1"), silent=True),
    module("latin-1, declared", b"# -*- coding: latin-1 -*-\n" + LATIN.encode("latin-1"), silent=True),
    module("latin-1, declared as utf-8", b"# -*- coding: utf-8 -*-\n" + LATIN.encode("latin-1"), silent=True),
    module("windows-1252 quotes in a comment", b"# it\x92s done\n" + FINE.encode(), silent=True),
    module("shift-jis, declared", "# coding: shift_jis\n# 二倍\n".encode("shift_jis") + FINE.encode(), silent=True),
    module("shift-jis, not declared", "# 二倍にする表\n".encode("shift_jis") + FINE.encode(), silent=True),
    module("gbk, declared", "# coding: gbk\n# 两倍\n".encode("gbk") + FINE.encode(), silent=True),
    module("an encoding that does not exist", b"# coding: klingon\n" + FINE.encode(), silent=True),
    module("an encoding that is no text encoding", b"# coding: base64\n" + FINE.encode(), silent=True),
    module("CRLF", FINE.replace("\n", "\r\n").encode(), silent=True),
    module("CR", FINE.replace("\n", "\r").encode(), silent=True),
    module("CRLF and LF mixed", b"x = 1\r\ny = 2\n\r\n" + FINE.encode(), silent=True),
    module("no newline at the end", FINE.rstrip().encode(), silent=True),
    module("the end-of-file mark of old systems", FINE.encode() + b"\x1a", silent=True),
    module("form feeds", b"x = 1\n\f\n" + FINE.encode(), silent=True),
    module("unicode line separators in a string", "s = 'a\u2028b\u2029c'\n" + FINE, silent=True),
    module("half a character at the end", FINE.encode() + "# größ".encode()[:-1], silent=True),
    module("lone surrogates", FINE.encode() + b"s = '\xed\xa0\x80'\n", silent=True),
    module("an escape sequence for colours", b"# \x1b[31mred\x1b[0m\n" + FINE.encode(), silent=True),
    module("a comment of one million characters", "# " + "x" * 250_000 + "\n" + FINE, silent=True),
]

HEADERS = {
    "a PNG": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00\x08\x06\x00\x00\x00",
    "a PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nstream\n" + zlib.compress(bytes(500)),
    "a Word document": zip_of({"[Content_Types].xml": "<x/>", "word/document.xml": "<w/>"}),
    "compiled Python": b"\xcb\r\r\n\0\0\0\0" + b"\xe3" + bytes(60),
    "a tar.gz": gzip.compress(FINE.encode()),
    "a rar": b"Rar!\x1a\x07\x01\x00" + bytes(20),
    "a 7z": b"7z\xbc\xaf'\x1c\x00\x04" + bytes(20),
    "an executable": b"\x7fELF\x02\x01\x01" + bytes(40),
    "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01a\x94K\x01s.",
    "nothing but zeros": bytes(5_000),
    "every byte there is": bytes(range(256)) * 20,
}
REJECTED = [
    *(
        rejected(f"{what} called {suffix}", f"homework{suffix}", data, reason)
        for what, data in HEADERS.items()
        for suffix, reason in ((".py", "not a text file"), (".ipynb", "not a text file"))
    ),
    *(
        rejected(f"{what} called .zip", "homework.zip", data, "not a zip that can be opened")
        for what, data in HEADERS.items()
        if what != "a Word document"
    ),
    rejected(
        "a Word document called .zip", "homework.zip", HEADERS["a Word document"], "no .py or .ipynb file in this zip"
    ),
    rejected("an empty module", "homework.py", "", "is empty"),
    rejected("a module of blank lines", "homework.py", " \n\t\n\n", "is empty"),
    rejected("a module that is only a mark", "homework.py", codecs.BOM_UTF8, "is empty"),
    rejected("an empty notebook file", "homework.ipynb", b"", "is empty"),
    rejected("an empty zip file", "homework.zip", b"", "not a zip that can be opened"),
    rejected("a zip of nothing", "homework.zip", zip_of({}), "no .py or .ipynb file in this zip"),
    rejected("a module with a NUL", "homework.py", FINE.encode() + b"\0", "not a text file"),
    rejected("half a zip", "homework.zip", zip_of({"homework.py": FINE * 50})[:60], "not a zip that can be opened"),
    rejected("a module called .zip", "homework.zip", FINE, "not a zip that can be opened"),
    rejected("a notebook called .zip", "homework.zip", NOTEBOOK, "not a zip that can be opened"),
    rejected(
        "a web page called .py",
        "homework.py",
        "<!DOCTYPE html><html><body>Log in</body></html>",
        "is a web page, not Python source",
    ),
    rejected(
        "rich text called .py",
        "homework.py",
        r"{\rtf1\ansi\deff0 {\fonttbl} def double(x):}",
        "is a word processor's file",
    ),
]


@pytest.mark.parametrize("encoding", ["shift_jis", "cp932", "euc_jp", "gb18030", "latin-1", "cp1252", "koi8-r"])
def test_a_declared_encoding_is_believed(encoding: str, tmp_path: Path) -> None:
    word = {"latin-1": "größer", "cp1252": "œuvre", "koi8-r": "больше"}.get(
        encoding, "日本語の表"
    )  # ends in a backslash
    source = f"#!/usr/bin/env python\n# -*- coding: {encoding} -*-\nWORD = '{word}'\n{FINE}"
    (tmp_path / "homework.py").write_bytes(source.encode(encoding))
    submission = read_submission(tmp_path / "homework.py", "ada")
    assert namespace_of(submission)["WORD"] == word


@pytest.mark.parametrize("case", READ, ids=lambda case: case.id)
def test_odd_text_is_read(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@pytest.mark.parametrize("case", REJECTED, ids=lambda case: case.id)
def test_what_is_no_text_is_rejected_with_the_next_step(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)
