"""Source that does not parse: the part with the error goes, the lines stay, and the student is told."""

from __future__ import annotations

import ast

import pytest

from autograder.intake import recovery
from autograder.intake.recovery import broken, recover


def place(line: int) -> str:
    return f"line {line}"


def test_what_parses_is_left_as_it_is() -> None:
    assert recover("x = 1\n\ndef f():\n    pass\n", place) == ("x = 1\n\ndef f():\n    pass\n", [])


def test_a_broken_function_raises_its_error_when_called() -> None:
    text = "a = 1\ndef f(x:\n    return x\n\nb = 2\n"
    recovered, notes = recover(text, place)
    assert notes == ["line 2: syntax error ('(' was never closed). `f` was left out; everything else is graded."]
    assert recovered == (
        "a = 1\ndef f(*args, **kwargs): raise SyntaxError(\"'(' was never closed (line 2)\")\n#     return x\n\nb = 2\n"
    )


def test_any_other_broken_part_becomes_a_comment() -> None:
    recovered, notes = recover("a = 1\nb = = 2\nc = 3\n", place)
    assert recovered == "a = 1\n# b = = 2\nc = 3\n"
    assert notes == ["line 2: syntax error (invalid syntax). This part was left out; everything else is graded."]


@pytest.mark.parametrize(
    "text",
    [
        "x = (1,\n2)\nb = = 1\n",
        "x = [\n1,\n\n2\n]\nb = = 1\n",
        "if x:\n    a\nelif y:\n    b\nelse:\n    c\nb = = 1\n",
        "try:\n    a\nexcept E:\n    b\nfinally:\n    c\nb = = 1\n",
        "@d\ndef f():\n    pass\nb = = 1\n",
        "'''\na b c\n(\n'''\nb = = 1\n",
        "# a comment\nx = 1\nb = = 1\n",
        "    \n\nx = 1\nb = = 1\n",
        "f(\n)\nb = = 1\n",
    ],
)
def test_parts_of_several_lines_stay_whole(text: str) -> None:
    recovered, notes = recover(text, place)
    assert recovered == text.replace("b = = 1", "# b = = 1")
    assert len(notes) == 1


def test_of_a_broken_function_with_a_decorator_nothing_stays() -> None:
    recovered, _ = recover("x = 1\n@d\nasync  def  grün2(:\n    pass\n@e\nclass B(:\n    pass\ny = 1\n", place)
    lines = recovered.split("\n")
    assert lines[0] == "x = 1" and lines[7] == "y = 1"
    assert lines[1].startswith("def grün2(*args") and lines[4].startswith("def B(*args")
    assert lines[2] == "# async  def  grün2(:" and lines[5] == "# class B(:"


def test_the_line_is_the_errors_own_within_its_part() -> None:
    _, notes = recover("x = 1\ndef f():\n    a = 1\n    b = = 2\n    return a\ny = 2\n", place)
    assert notes[0].startswith("line 4: ")


def test_the_first_error_of_a_part_is_the_one_that_is_told() -> None:
    """Joined with what follows, the part has others."""
    _, notes = recover("def f(:\n    pass\ndef g(]:\n    pass\n", place)
    assert [note.split(" (")[0] for note in notes] == ["line 1: syntax error", "line 3: syntax error"]


def test_thirty_notes_are_enough() -> None:
    recovered, notes = recover("b = = 1\n" * 40, place)
    assert len(notes) == 30 and recovered == "# b = = 1\n" * 40


def test_a_part_may_be_joined_with_many_that_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    def inside(count: int) -> str:
        return "x = '''\n" + "line\n" * count + "'''\nb = = 1\n"

    for count in (37, 38, 400):
        assert recover(inside(count), place)[0] == inside(count).replace("b = =", "# b = =")


def test_looking_for_parts_that_parse_has_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try costs its characters and one more; what is left when nothing is, is left out."""
    text = "x = 1\nb = = 1\ny = 2\n"
    parsed: list[str] = []
    whole = recovery.parse
    monkeypatch.setattr(recovery, "parse", lambda source: parsed.append(source) or whole(source))
    monkeypatch.setattr(recovery, "_BUDGET", len("x = 1") + 2)
    recovered, notes = recover(text, place)
    assert parsed == [text, "x = 1"]
    assert recovered == "x = 1\n# b = = 1\n# y = 2\n"
    assert notes[0].startswith("line 2: syntax error (it cannot be read as Python)") and len(notes) == 2
    monkeypatch.setattr(recovery, "_BUDGET", len("x = 1") + 1)
    assert recover(text, place)[0] == "# x = 1\n# b = = 1\n# y = 2\n"


def test_what_the_parser_cannot_take_is_said_in_plain_words() -> None:
    _, notes = recover("x = " + "(" * 300 + ")" * 300 + "\ndef f(: pass\n", place)
    assert "too many nested parentheses" in notes[0] and len(notes) == 2
    assert broken("", RecursionError("deep"), "line 3") == (
        "line 3: syntax error (it cannot be read as Python). This part was left out; everything else is graded.",
        "",
    )
    assert broken("f", None, "line 3") == (
        "line 3: syntax error (it cannot be read as Python). `f` was left out; everything else is graded.",
        "def f(*args, **kwargs): raise SyntaxError('it cannot be read as Python (line 3)')",
    )
    long = broken("", SyntaxError("m" * 121), "x")[0]
    assert "(" + "m" * 117 + "...)" in long


@pytest.mark.parametrize(
    "between", ["\n\f", "\n\f\n", "\n\n", "\n# why\n", "\n\f\f\n@also\n", "\n@more(\n    1,\n)\n", "\n\n  # x\n\n"]
)
@pytest.mark.parametrize("broken", [False, True])
def test_a_decorator_stays_with_its_function(between: str, broken: bool) -> None:
    """Whatever stands between them: an editor's page break, a comment."""
    body = "return = 1" if broken else "return 1"
    source = f"def before(): return 0\n@first{between}def f():\n    {body}\ndef after(): return 2\nx = = 3\n"
    text, _ = recover(source, str)
    names = {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    assert {"before", "after"} <= names
    assert text.count("\n") == source.count("\n")
    assert ("@first" in text.replace("# @first", "")) is not broken
    assert "f" in names


def test_a_page_break_before_a_broken_function_costs_only_that_one() -> None:
    text, notes = recover("def f(): return 1\n\fdef g(: pass\n\fdef h(): return 3\n", str)
    good = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert good == ["f", "g", "h"] and len(notes) == 1
    assert text.startswith("def f(): return 1\n") and "def h(): return 3" in text
