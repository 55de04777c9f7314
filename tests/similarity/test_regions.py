"""What is said of each line of a pair."""

from __future__ import annotations

from autograder.similarity.fingerprints import fingerprints
from autograder.similarity.pairs import pairs
from autograder.similarity.regions import SHOWN, Comparison, Shared, Side, compare, usual
from autograder.similarity.work import Work
from tests.similarity.test_pairs import function

STARTER = function("load", 1, 2, 3, 4)
COMMON = function("common", 21, 22, 23, 24)
RARE = function("rare", 41, 42, 43, 44)


def compared(left: str, right: str, others: int = 8) -> Comparison:
    sources = {"ada": left, "bob": right} | {f"s{number}": COMMON for number in range(others)}
    works = [
        Work(name, frozenset([name]), {"a.py": text}, fingerprints({"a.py": text})) for name, text in sources.items()
    ]
    found = pairs(works, fingerprints({"a.py": STARTER}), 99)
    return compare(next(pair for pair in found if (pair.left.name, pair.right.name) == ("ada", "bob")))


def said(side: Side) -> list[tuple[str, int]]:
    return [(line.shared.name, line.region) for line in side.files["a.py"].lines if line.text.startswith("    ")]


def test_each_line_is_explained_by_what_explains_it_best() -> None:
    both = compared(STARTER + COMMON + RARE, RARE + "\n\n" + STARTER + COMMON)
    assert said(both.left) == [("GIVEN", 0)] * 5 + [("USUAL", 1)] * 5 + [("RARE", 2)] * 5
    assert said(both.right) == [("RARE", 2)] * 5 + [("GIVEN", 0)] * 5 + [("USUAL", 1)] * 5
    assert both.left.lines == both.right.lines == {Shared.GIVEN: 5, Shared.USUAL: 5, Shared.RARE: 5}
    assert both.left.code == 15


def test_what_is_not_shared_is_left_as_it_is() -> None:
    both = compared(RARE + function("mine", 61, 62, 63), function("yours", 81, 82, 83) + RARE)
    assert said(both.left) == [("RARE", 1)] * 5 + [("NOT", 0)] * 4
    assert said(both.right) == [("NOT", 0)] * 4 + [("RARE", 1)] * 5


def test_remarks_and_other_names_do_not_part_a_region() -> None:
    other = RARE.replace("x", "value").replace(
        "    value = torch.clamp(value * 42", "    # hier\n\n    value = torch.clamp(value * 42"
    )
    both = compared(RARE, other)
    assert {line.region for line in both.left.files["a.py"].lines if line.shared is Shared.RARE} == {1}
    assert [line.region for line in both.right.files["a.py"].lines if line.shared is Shared.RARE] == [1] * 5


def test_a_region_ends_with_its_function() -> None:
    both = compared(RARE + function("more", 45, 46, 47), function("more", 45, 46, 47) + RARE)
    assert said(both.left) == [("RARE", 1)] * 5 + [("RARE", 2)] * 4
    assert said(both.right) == [("RARE", 2)] * 4 + [("RARE", 1)] * 5


def test_all_lines_are_there_with_their_numbers() -> None:
    both = compared(RARE, "\n# first\n" + RARE)
    text = [line.text for line in both.right.files["a.py"].lines]
    assert "\n".join(text) == "\n# first\n" + RARE
    assert [line.number for line in both.right.files["a.py"].lines] == list(range(1, len(text) + 1))


def test_usual_is_a_tenth_and_four_at_least() -> None:
    assert [usual(compared) for compared in (2, 40, 41, 200)] == [4, 4, 5, 20]


def test_of_a_very_long_file_the_beginning_is_shown() -> None:
    both = compared(RARE + "\n" * 10_000 + "# end", RARE)
    assert len(both.left.files["a.py"].lines) == SHOWN
    assert both.left.files["a.py"].more == RARE.count("\n") + 10_001 - SHOWN
    assert both.right.files["a.py"].more == 0
