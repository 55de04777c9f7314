"""One door for identity: what a student is called, whatever a folder, a file or a platform's metadata calls him."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.feedback import formats
from autograder.identity import LONGEST, clean_name, clean_names, file_name

KEPT = {
    "accents": "José Núñez",
    "Chinese": "林怡君",
    "Arabic": "محمد علي",
    "Persian, with a joiner": "می\u200cخواهم",
    "Hindi, with joiners": "क्षितिज",
    "emoji": "🦊",
    "a family emoji, with joiners": "👩‍👩‍👧",
    "an emoji with its style": "❤\ufe0f‍🔥",
    "an apostrophe and a comma": "O'Brien, Conan",
    "quotes and angle brackets": "<b>\"Bobby\"<b> & 'Tables'",
    "dots": "J. R. R. Tolkien",
    "signs inside": "a=b+c-d@example.edu",
    "percent and braces": "%s {0} ${HOME} `id`",
    "an emoji's name": ":skull:",
    "rich's markup": "[red]r",
    "SQL": "Robert'); DROP TABLE reports;--",
    "as Canvas writes it": "lopezada_LATE_12345_678910_homework-1",
}
CHANGED = {
    "bytes that are no UTF-8": (b"caf\xe9".decode("utf-8", "surrogateescape"), "caf_"),
    "a lone surrogate": ("a\ud800", "a_"),
    "a control character": ("ada\x07", "ada_"),
    "a line break": ("ada\nlopez", "ada_lopez"),
    "a tab": ("ada\tlopez", "ada_lopez"),
    "an escape sequence": ("\x1b[31mada", "_[31mada"),
    "a mark that turns the line round": ("a\u202egnp", "a_gnp"),
    "a zero-width space": ("ada\u200b", "ada_"),
    "a joiner between Latin letters": ("ali\u200dce", "ali_ce"),
    "a joiner at the end": ("می\u200c", "می_"),
    "a style for no emoji": ("alice\ufe0f", "alice_"),
    "a filler": ("alice\u3164", "alice_"),
    "an empty Braille sign": ("alice\u2800", "alice_"),
    "a joiner of graphemes": ("al\u034fice", "al_ice"),
    "a tag": ("a\U000e0100b", "a_b"),
    "nothing": ("", "no name"),
    "only spaces": (" \u00a0", "no name"),
    "one dot": (".", "."),
    "two dots": ("..", ".."),
    "a path": ("../../etc/passwd", ".._.._etc_passwd"),
    "a Windows path": ("a\\b", "a_b"),
    "a formula": ("=cmd()", "_cmd()"),
    "a wide formula": ("\uff1dcmd()", "_cmd()"),
    "an option": ("-rf", "_rf"),
    "a mention": ("@all", "_all"),
    "a sum": ("+1", "_1"),
    "an accent on nothing": ("\u0301a", "_a"),
    "the longest name a file may have": ("a" * 255, "a" * (LONGEST - 12) + "…"),
}


@pytest.mark.parametrize("name", KEPT.values(), ids=KEPT)
def test_a_name_that_can_be_read_stays_as_it_is(name: str) -> None:
    assert clean_name(name) == name
    assert clean_names([name]).remarks == ()


@pytest.mark.parametrize(("original", "shown"), CHANGED.values(), ids=CHANGED)
def test_what_cannot_be_shown_leaves_a_mark_that_is_this_name_s_alone(original: str, shown: str) -> None:
    name = clean_name(original)
    assert name.startswith(f"{shown} (")
    assert name.isprintable() or any(joiner in name for joiner in "\u200c\u200d")
    assert clean_name(original + "x") != name
    (remark,) = clean_names([original]).remarks
    assert remark == f"{name} stands for an entry whose own name cannot be shown"


@pytest.mark.parametrize("other", [unicodedata.normalize("NFD", "José Li"), " José Li", "José  Li ", "José\u00a0Li"])
def test_another_spelling_of_a_name_is_the_same_name(other: str) -> None:
    assert clean_name(other) == "José Li"
    assert clean_names([other]).remarks == ()


def test_of_two_spellings_in_one_class_the_usual_one_keeps_the_name_and_a_remark_says_so() -> None:
    usual, other = "josé", unicodedata.normalize("NFD", "josé")
    names = clean_names([other, usual])
    assert names.names[usual] == "josé"
    assert names.names[other].startswith("josé (")
    assert names.remarks == (f"josé stands there in 2 spellings: {names.names[other]} is taken for somebody else",)


def test_where_no_spelling_is_the_usual_one_none_keeps_the_name() -> None:
    names = clean_names(["ada ", " ada"]).names
    assert all(name.startswith("ada (") for name in names.values())
    assert len(set(names.values())) == 2


def test_names_that_differ_in_case_or_look_alike_are_two_people_and_a_remark_says_so() -> None:
    names = clean_names(["alice", "Alice", "bo", "ﬁn", "fin"])
    assert set(names.names.values()) == {"alice", "Alice", "bo", "ﬁn", "fin"}
    assert names.remarks == (
        "Alice and alice look alike: they are taken for different people",
        "fin and ﬁn look alike: they are taken for different people",
    )


def test_nobody_takes_another_s_name_by_being_called_like_its_mark() -> None:
    victim = b"jos\xe9".decode("utf-8", "surrogateescape")
    thief = clean_name(victim)
    names = clean_names([thief, victim]).names
    assert names[victim] == thief
    assert names[thief] != thief
    chain = [victim, thief]
    for _ in range(6):  # and by being called like the name that the thief then gets
        chain.append(clean_names(chain).names[thief])
        assert len(set(clean_names(chain).names.values())) == len(chain)


def test_pages_of_names_that_differ_in_case_have_different_files_on_every_system() -> None:
    assert file_name("alice").casefold() != file_name("Alice").casefold()
    assert file_name("alice") == "alice.html"


_NAMES = st.text(st.characters(codec=None), max_size=12) | st.binary(max_size=12).map(
    lambda data: data.decode("utf-8", "surrogateescape")
) | st.text("aA .\u0301é\u200d\u3164=(0)\ud83d", max_size=5)  # fmt: skip


@given(st.lists(_NAMES, max_size=8))
@example(["a" * 300, "a" * 301])
def test_names_of_a_class_are_different_printable_and_stay_when_cleaned_again(originals: list[str]) -> None:
    names = clean_names(originals).names
    assert set(names) == set(originals)
    assert len(set(names.values())) == len(names)
    for name in names.values():
        assert 0 < len(name) <= LONGEST
        assert not set(name) & set("/\\\n\0") and name.strip(".")
        assert name.replace("\u200c", "").replace("\u200d", "").isprintable()
        assert clean_name(name) == name
        assert formats.name(name) == name, "a page shows what is stored"
        assert msgspec.json.decode(msgspec.json.encode(name)) == name
    again = clean_names(names.values()).names
    assert all(again[name] == name for name in again)


@given(st.lists(_NAMES, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_a_class_changes_nobody_s_name(originals: list[str], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(originals)
    random.shuffle(shuffled)
    assert clean_names(shuffled) == clean_names(originals)


@given(_NAMES)
def test_a_name_alone_is_what_it_is_in_a_class(original: str) -> None:
    assert clean_names([original]).names[original] == clean_name(original)


# --- the file of a student's page --------------------------------------------------------------------------------

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=200)


@given(ANYTHING)
def test_file_names_are_safe_everywhere(student: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*(\.[0-9a-f]{12})?\.html", file_name(student))
    assert len(file_name(student)) <= 80


@given(ANYTHING, ANYTHING)
def test_file_names_are_unique(one: str, other: str) -> None:
    assert one == other or file_name(one) != file_name(other)


@pytest.mark.parametrize(
    "students",
    [("anna", "Anna"), ("a/b", "a b"), ("..", "."), ("", " "), ("con", "CON"), ("é", "è"), ("x" * 80, "x" * 81)],
)
def test_near_names_do_not_meet(students: tuple[str, str]) -> None:
    assert file_name(students[0]) != file_name(students[1])


def test_plain_names_stay_and_device_names_do_not() -> None:
    assert file_name("ada_lovelace-7") == "ada_lovelace-7.html"
    assert file_name("nul").startswith("nul-student.")
    assert file_name("../../etc/passwd").startswith("etc-passwd.")


@pytest.mark.parametrize(
    ("student", "beginning"),
    [
        ("Zoë Ünal", "zoe-unal"),
        ("--_a b//c_-", "a-b-c"),
        ("小明", "student"),
        ("COM7", "com7-student"),
        ("lpt10", "lpt10.html"),
        ("x" * 60, "x" * 60 + ".html"),
        ("x" * 61, "x" * 40 + "."),
        ("_ada", "ada."),
        ("\ud800", "student."),
    ],
)
def test_a_file_name_begins_like_the_student(student: str, beginning: str) -> None:
    assert file_name(student).startswith(beginning)


def test_a_file_name_stays_the_same_from_one_grading_to_the_next() -> None:
    """Links to it are in mails and bookmarks."""
    assert file_name("Zoë Ünal") == f"zoe-unal.{hashlib.sha256('Zoë Ünal'.encode()).hexdigest()[:12]}.html"
