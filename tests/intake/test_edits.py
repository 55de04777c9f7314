"""Changes to parts of a text: every line keeps its number."""

from __future__ import annotations

import ast

import pytest

from autograder.intake.edits import Edits


def changed(text: str, *changes: tuple[int, str | None]) -> str:
    """The text with its n-th statement replaced, or taken out (None)."""
    edits, body = Edits(text), ast.parse(text).body
    for number, by in changes:
        if by is None:
            edits.remove(body[number])
        else:
            edits.replace(body[number], by)
    return edits.apply()


@pytest.mark.parametrize(
    ("text", "changes", "result"),
    [
        ("a\nb\nc\n", [], "a\nb\nc\n"),
        ("a\nb\nc\n", [(1, "x")], "a\nx\nc\n"),
        ("a; b; c", [(1, "x")], "a; x; c"),
        ("f(\n1,\n)\nb\n", [(0, "x")], "x\n\n\nb\n"),
        ("é = 'ü'; b\n", [(1, "ß")], "é = 'ü'; ß\n"),
        ("@d\n@e\ndef f():\n    pass\nb\n", [(0, "x")], "x\n\n\n\nb\n"),
        ("@d\nclass A:\n    pass\nb\n", [(1, "x")], "@d\nclass A:\n    pass\nx\n"),
        ("b; x = 1\n@ d(1)\n\x0cdef f(): pass\nb\n", [(2, "x")], "b; x = 1\nx\n\nb\n"),
        ("a\nb\n", [(1, "x"), (0, "y")], "y\nx\n"),
        ("a\nb\n", [(0, "x"), (0, "y")], "y\nb\n"),
        ("a\n", [(0, None), (0, "y")], "y\n"),
        ("a\nb\n", [(0, None)], "# a\nb\n"),
        ("a", [(0, None)], "# a"),
        ("a  # why\n", [(0, None)], "# a  # why\n"),
        ("a; b\n", [(0, None)], "(); b\n"),
        ("a; b\n", [(1, None)], "a; ()\n"),
        ("a; f(\n1)\n", [(1, None)], "a; (\n)\n"),
        ("f(\n1); b\n", [(0, None)], "(\n); b\n"),
        ("f(\n\n  1)\nb", [(0, None)], "# f(\n\n#   1)\nb"),
        ("if x:\n    y\n\n    z\n", [(0, None)], "# if x:\n#     y\n\n#     z\n"),
        ("é; b  # ü", [(1, None)], "é; ()  # ü"),
    ],
)
def test_statements_are_replaced_or_taken_out_in_their_place(
    text: str, changes: list[tuple[int, str | None]], result: str
) -> None:
    assert changed(text, *changes) == result
    assert result.count("\n") == text.count("\n")


def test_a_statement_within_another_goes_with_it() -> None:
    text = "if x:\n    a\n    b\nc\n"
    edits, body = Edits(text), ast.parse(text).body
    assert isinstance(body[0], ast.If)
    edits.remove(body[1])
    edits.remove(body[0].body[0])
    edits.remove(body[0].body[1])
    assert edits.apply() == "if x:\n    ()\n    ()\n# c\n"
    edits.replace(body[0], "y")
    assert edits.apply() == "y\n\n\n# c\n"


def test_a_prefix_goes_before_what_begins_its_line() -> None:
    text = "a; b\nif x:\n    é\n"
    edits, body = Edits(text), ast.parse(text).body
    assert isinstance(body[2], ast.If)
    assert edits.prefix(body[0], "try: ")
    assert not edits.prefix(body[1], "try: "), "it is not the first on its line"
    assert edits.prefix(body[2].body[0], "with ö: ")
    assert edits.apply() == "try: a; b\nif x:\n    with ö: é\n"


def test_a_prefix_goes_with_what_is_taken_out_and_not_with_its_neighbour() -> None:
    text = "a\nb\n"
    edits, body = Edits(text), ast.parse(text).body
    edits.prefix(body[0], "x: ")
    edits.prefix(body[1], "y: ")
    edits.remove(body[0])
    assert edits.apply() == "# a\ny: b\n"
