"""What a source becomes: source_cases.txt, case by case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.intake.helper import HELPER
from autograder.intake.imports import allowed_modules
from autograder.intake.selection import Rules
from autograder.intake.source import LEFT_OUT, clean


def rules(*, own: frozenset[str] = frozenset(), **more: Any) -> Rules:
    return Rules(allowed_modules({"torch", "numpy"}, own), own, **more)


def spelled_out(text: str) -> str:
    helper = f'__import__("{HELPER}")'
    text = re.sub(r"<(\d+)> ", rf"with {helper}.attempt('line \1'): ", text)
    text = re.sub(r"<(\d+) (\w+)> ", rf"with {helper}.attempt('line \1', ('\2',), globals()): ", text)
    text = text.replace("<nothing>", f"{helper}.nothing()")
    return re.sub(r"<(\w+)>", rf"{helper}.missing('\1')", text)


@dataclass(frozen=True)
class Case:
    """One case of source_cases.txt."""

    title: str
    rules: Rules
    source: str
    loaded: str
    remarks: list[str]


def cases() -> list[Case]:
    """All of them, in order."""
    found = []
    for block in (Path(__file__).parent / "source_cases.txt").read_text(encoding="utf-8").split("=== ")[1:]:
        head, _, body = block.partition("\n")
        title, _, options = head.partition(" | ")
        source, loaded, remarks = re.split("--- (?:loaded|remarks)\n", body)
        given: dict[str, Any] = {}
        for option in filter(None, options.split(", ")):
            name, *values = option.split()
            given |= {"run_top_level": True} if name == "all" else {name: frozenset(values)}
        said = [line.replace("LEFT OUT", f"{LEFT_OUT}; other top-level code was left out")
                for line in remarks.splitlines() if line]  # fmt: skip
        found.append(Case(title, rules(**given), source, spelled_out(loaded), said))
    return found


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title)
def test_a_source_is_loaded_so_and_no_other_way(case: Case) -> None:
    cleaned = clean(case.source, lambda line: f"line {line}", case.rules)
    assert cleaned.source == case.loaded
    assert list(cleaned.notes) == case.remarks
    assert cleaned.source.count("\n") == case.source.count("\n")
    assert cleaned.needs_helper is (HELPER in cleaned.source)


@pytest.mark.parametrize(
    ("source", "defined", "written", "imported"),
    [
        ("def f(): return 1\nx = 1\nclass A: pass\nimport torch.nn, numpy\n",
         {"f", "x", "A"}, {"f", "x", "A"}, {"torch", "numpy"}),
        ("def f(): raise NotImplementedError\ndef g():\n    break\n", {"f", "g"}, set(), set()),
        ("def f(): return 1\ndef f(): raise NotImplementedError\n", {"f"}, {"f"}, set()),
        ("from torch.nn import x\nimport keras\nx = open('f')\n", set(), set(), {"torch"}),
        ("def f(a=b): return 1\n", {"f"}, {"f"}, set()),
        ("from . import a\nfrom .b import c\n", set(), set(), {"", "b"}),
    ],
)  # fmt: skip
def test_what_is_defined_written_and_imported_is_known(
    source: str, defined: set[str], written: set[str], imported: set[str]
) -> None:
    cleaned = clean(source, str, rules())
    assert (cleaned.defined, cleaned.written, cleaned.imported) == (defined, written, imported)


def test_what_was_mended_before_is_not_mended_again() -> None:
    broken = "x = 1\ny = = 2\n"
    assert clean(broken, str, rules()).source == "x = 1\n# y = = 2\n"
    again = clean(broken, str, rules(), already_recovered=True)
    assert again.source == "\n\n" and len(again.notes) == 1
    whole = clean("x = 1\nreturn 2\n", str, rules(run_top_level=True), already_recovered=True)
    assert whole.source == "x = 1\n# return 2\n"


def test_an_empty_first_line_has_room_for_a_future_too() -> None:
    found = clean("\nx = 1\nfrom __future__ import division\n", str, rules())
    assert found.source == "from __future__ import division  \nx = 1\n# from __future__ import division\n"


def test_what_is_too_deep_to_be_walked_is_left_out() -> None:
    found = clean("x = 1\ny = a" + ".b" * 3_000 + "\nz = 2\n", lambda line: f"line {line}", rules())
    assert found.source.split("\n")[0] == "x = 1" and found.source.split("\n")[2] == "z = 2"
