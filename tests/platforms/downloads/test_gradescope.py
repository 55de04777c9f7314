"""Gradescope's "Export Submissions"."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.errors import InputError
from autograder.model import Person
from autograder.platforms.download import Download, Place
from autograder.platforms.gradescope.download import moment, read
from tests.platforms.downloads.layouts import WORK, put, submission


def export(tmp_path: Path, lines: list[str], *folders: int) -> Download:
    put(tmp_path, {"submission_metadata.yml": "\n".join(["---", *lines, ""])})
    put(tmp_path, {f"submission_{number}/hw1.py": WORK for number in folders})
    found = read(Place(tmp_path), "hw1")
    assert found is not None
    return found


def test_a_group_is_one_hand_in_of_several_people(tmp_path: Path) -> None:
    two = [("Ada Lovelace", "'001'", "Ada@example.edu"), ("Bo Li", "", "bo@example.edu")]
    (one,) = export(tmp_path, submission(7, two), 7).hand_ins
    assert [(person.name, person.id, person.number) for person in one.people] == [
        ("Ada Lovelace", "ada@example.edu", "001"), ("Bo Li", "bo@example.edu", ""),
    ]  # fmt: skip
    assert one.received == datetime(2026, 4, 26, 17, 34, 0, 861687, tzinfo=UTC)


def test_numbers_are_text_whatever_they_look_like(tmp_path: Path) -> None:
    lines = [
        line for number, sid in ((1, "0123"), (2, "1e3"), (3, "0x1F")) for line in submission(number, [("A", sid, "")])
    ]
    found = export(tmp_path, lines, 1, 2, 3)
    assert [one.people[0].number for one in found.hand_ins] == ["0123", "1e3", "0x1F"]


def test_nobody_is_lost_who_has_no_name_no_folder_or_no_metadata(tmp_path: Path) -> None:
    lines = [*submission(1, []), *submission(2, [("Ada", "'1'", "ada@example.edu")])]
    found = export(tmp_path, lines, 1, 3)
    assert [one.people for one in found.hand_ins] == [
        (Person("gradescope", "submission_1"),), (Person("gradescope", "submission_3"),),
    ]  # fmt: skip
    assert found.remarks == (
        "submission_metadata.yml does not say who handed in submission_1",
        "submission_3 does not stand in submission_metadata.yml: nobody knows whose it is",
    )
    (missing,) = [one for one in found.passed_over if one.lost]
    assert missing.name == "submission_2" and "its folder is not there" in missing.why


def test_documents_that_a_bare_line_ends_are_one_export(tmp_path: Path) -> None:
    one, two = (submission(number, [(f"N{number}", f"'{number}'", f"{number}@x.edu")]) for number in (1, 2))
    assert len(export(tmp_path, [*one, "...", *two], 1, 2).hand_ins) == 2


def test_an_output_that_ends_its_quote_at_the_margin_is_read(tmp_path: Path) -> None:
    lines = [*submission(1, [("Ada", "'1'", "a@x.edu")]), "  :results:", '    output: "line', '"', *submission(2, [])]
    assert len(export(tmp_path, lines, 1, 2).hand_ins) == 2


def test_earlier_attempts_are_counted(tmp_path: Path) -> None:
    lines = [*submission(1, [("Ada", "'1'", "a@x.edu")]), "  :history:", "  - :id: 0", "    :score: 1.0"]
    assert export(tmp_path, lines, 1).hand_ins[0].attempt == 2


def test_who_types_anothers_number_is_not_taken_for_them(tmp_path: Path) -> None:
    lines = [*submission(1, [("Ada", "'1'", "a@x.edu")]), *submission(2, [("Eve", "'1'", "")])]
    first, second = export(tmp_path, lines, 1, 2).hand_ins
    assert (first.people[0].id, second.people[0].id) == ("a@x.edu", "1")


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2", "a: 'x"])
def test_metadata_that_cannot_be_read_is_an_error(text: str, tmp_path: Path) -> None:
    put(tmp_path, {"submission_metadata.yml": text})
    with pytest.raises(InputError, match=r"submission_metadata.yml.* cannot be read: .* Download the export again"):
        read(Place(tmp_path), "hw1")


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2026-04-26 17:34:00.861687000 Z", 17), ("2026-04-26 17:34:00 -0500", 22), ("2026-04-26T17:34:00+02:00", 15),
     ("2026-04-26 17:34:00", 17), ("2026-13-26 17:34:00 Z", None), ("", None), ("soon", None)],
)  # fmt: skip
def test_times(text: str, hour: int | None) -> None:
    found = moment(text)
    assert (found.hour if found else None) == hour


def test_a_thousand_submissions(tmp_path: Path) -> None:
    lines = [
        line
        for number in range(1000)
        for line in submission(number, [(f"N {number}", f"'{number}'", f"{number}@x.edu")])
    ]
    assert len(export(tmp_path, lines, *range(1000)).hand_ins) == 1000
