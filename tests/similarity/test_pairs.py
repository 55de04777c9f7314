"""Which pairs come first: those that share what few others have."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.intake import find_class
from autograder.similarity.fingerprints import LENGTH, fingerprints, prints
from autograder.similarity.pairs import pairs
from autograder.similarity.reading import Place, read_given, read_work
from autograder.similarity.tokens import Token
from autograder.similarity.work import Pair, Work
from tests.similarity import planted

ROOT = Path(__file__).parents[2]


def work(name: str, source: str, origin: str = "", people: frozenset[str] = frozenset()) -> Work:
    files = {"a.py": source}
    return Work(name, people or frozenset([name]), files, fingerprints(files), origin)


def function(name: str, *numbers: int) -> str:
    """A function that nobody else writes who has other numbers."""
    lines = "".join(f"    x = torch.clamp(x * {number}, {number}) - {number + 1}\n" for number in numbers)
    return f"def {name}(x):\n{lines}    return x\n"


def named(found: list[Pair]) -> list[tuple[str, str]]:
    return [(pair.left.name, pair.right.name) for pair in found]


COMMON = function("usual", 1, 2, 3, 4, 5, 6)
RARE = function("rare", 11, 12, 13)


def test_what_few_have_counts_more_than_what_all_have() -> None:
    works = [work(f"s{number}", COMMON + function("own", number * 50)) for number in range(2, 12)]
    works += [work("ada", COMMON[:60] + "\n" + RARE), work("bob", "y = 1\n" + RARE)]
    assert named(pairs(works, frozenset(), 1)) == [("ada", "bob")]


def test_a_copy_of_everything_comes_before_one_long_function_alike() -> None:
    own = [function(f"f{number}", *range(number * 100, number * 100 + 6)) for number in range(1, 9)]
    works = [
        work("ada", "".join(own)), work("bob", "".join(reversed(own))),
        work("cy", own[7] + function("c", *range(2000, 2060)) + function("d", *range(3000, 3030))),
        work("di", own[7] + function("c", *range(2000, 2060)) + function("e", *range(4000, 4090))),
        *(work(f"s{number}", function("f", *range(number, number + 20))) for number in range(5000, 5400, 20)),
    ]  # fmt: skip
    assert named(pairs(works, frozenset(), 2)) == [("ada", "bob"), ("cy", "di")]


def test_a_short_function_that_all_write_alike_explains_itself() -> None:
    """Two who wrote nothing but what everybody writes do not come before two who share what is theirs alone."""
    short = "def mse(a, b):\n    return ((a - b) ** 2).mean()\n"
    works = [work(f"s{number}", short + function("own", number * 50)) for number in range(1, 30)]
    works += [work("ada", short), work("bob", short), work("cy", short + RARE), work("di", RARE + short)]
    assert named(pairs(works, frozenset(), 1)) == [("cy", "di")]


def test_what_was_given_does_not_count() -> None:
    works = [work("ada", RARE), work("bob", RARE), work("cy", COMMON)]
    assert named(pairs(works, frozenset(), 9)) == [("ada", "bob")]
    assert pairs(works, fingerprints({"starter.py": RARE}), 9) == []


def test_attempts_of_one_student_and_members_of_a_group_are_no_pair() -> None:
    group = frozenset(["ada", "bob"])
    works = [work("one", RARE, people=group), work("two", RARE, people=frozenset(["ada"])), work("cy", RARE)]
    assert set(named(pairs(works, frozenset(), 9))) == {("one", "cy"), ("two", "cy")}


def test_others_are_compared_with_the_class_and_not_with_one_another() -> None:
    works = [work("last/ada", RARE, "last"), work("last/bob", RARE, "last"), work("cy", RARE), work("di", COMMON)]
    assert set(named(pairs(works, frozenset(), 9))) == {("cy", "last/ada"), ("cy", "last/bob")}


def test_two_hand_ins_are_a_class_too() -> None:
    (pair,) = pairs([work("ada", RARE), work("bob", RARE)], frozenset(), 9)
    assert pair.of == 2 and set(pair.counts.values()) == {2} and not pair.given


@pytest.mark.parametrize("works", [[], [work("ada", RARE)], [work("ada", ""), work("bob", "")]], ids=len)
def test_where_nothing_is_shared_there_is_no_pair(works: list[Work]) -> None:
    assert pairs(works, frozenset(), 9) == []


def test_a_pair_says_how_many_have_what_it_shares() -> None:
    given = fingerprints({"a": COMMON})
    works = [work("ada", RARE + COMMON), work("bob", RARE + COMMON), work("cy", RARE)]
    (pair, *_) = pairs(works, given, 9)
    assert set(pair.counts.values()) == {3} and pair.given == given and pair.of == 3


def test_a_function_shorter_than_a_fingerprint_has_one() -> None:
    def spans(count: int) -> list[tuple[int, int]]:
        return [(one.start, one.end) for one in prints([Token(str(at), "a", at) for at in range(count)])]

    assert spans(3) == [] and spans(7) == [(0, 7)]
    assert spans(LENGTH) == [(0, LENGTH)] and spans(LENGTH + 1) == [(0, LENGTH), (1, LENGTH + 1)]


def first(folder: Path, name: str, most: int) -> list[frozenset[str]]:
    given = read_given((ROOT / "assignments" / name,))
    works = []
    for entry in find_class(folder).entries:
        read = read_work(Place(entry.path, folder), given, 1 << 20)
        works.append(Work(entry.student, frozenset([entry.student]), read.files, read.fingerprints))
    return [frozenset((pair.left.name, pair.right.name)) for pair in pairs(works, given.fingerprints, most)]


def test_disguised_copies_are_found_among_honest_solutions(tmp_path: Path) -> None:
    copied = planted.write_class(tmp_path, "regression", size=24, copies=3)
    assert len(set(first(tmp_path, "regression", 5)) & copied) == 3


@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "seed"), [("regression", 1), ("regression", 2), ("cnn", 3), ("transformer", 4)])
def test_of_20_disguised_copies_in_a_class_of_200_18_are_in_the_first_30_pairs(
    tmp_path: Path, name: str, seed: int
) -> None:
    copied = planted.write_class(tmp_path, name, size=180, copies=20, seed=seed)
    assert len(set(first(tmp_path, name, 30)) & copied) >= 18
