"""A rubric: what an exercise and its checks are worth, and what contradicts itself in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograder.rubric import Ladder, Rubric, Rung
from autograder.rubric.assignment import load
from autograder.rubric.exercise import Check, Practice
from tests import tiny


def asked(student: Any, reference: Any, draw: Any) -> None:
    """What is asked,
    on two lines."""


def rubric(*, points: float = 3, about: str = "h", bans: tuple[str, ...] = ()) -> Rubric:
    """Two exercises; the second has one check."""
    whole = Rubric()
    whole.exercise("1", "One", owns=("f", "g"), points=0)
    whole.exercise("2", "Two", owns=("h",), points=points, bans=bans).check(about, 3)(asked)
    return whole


def test_a_check_is_what_its_function_says() -> None:
    exercise = Rubric().exercise("1.2", "One", owns=("f",), points=1)
    assert exercise.check("f", 1)(asked) is asked
    exercise.check("f", 2, public=True, trains=True, seconds=9, lends=("g",))(asked)
    words = "What is asked, on two lines."
    assert exercise.checks == [
        Check("1.2 asked", "1.2", "f", words, 1, False, False, None, None, asked),
        Check("1.2 asked", "1.2", "f", words, 2, True, True, 9, ("g",), asked),
    ]


@pytest.mark.parametrize("trains", [(), (True,), (True, True)])
def test_an_exercise_trains_where_all_its_checks_do(trains: tuple[bool, ...]) -> None:
    exercise = Rubric().exercise("1", "One", owns=("f",), points=1)
    for each in trains:
        exercise.check("f", 1, trains=each)(asked)
    assert exercise.trains
    exercise.check("f", 1)(asked)
    assert not exercise.trains


def test_practice_is_kept_with_its_ladder() -> None:
    def train(student: Any, data: Path, seed: int) -> tuple[float, list[float]]:
        return 0.0, []

    ladder = Ladder("error", (Rung("simple", 1.0, 1.0, ""),))
    exercise = Rubric().exercise("1", "One", owns=("f",), points=1)
    assert exercise.practice(ladder)(train) is train
    assert exercise.practices == [Practice(ladder, train)]


def test_an_exercise_is_known_by_what_it_owns_and_by_its_checks() -> None:
    whole = rubric(bans=("torch.relu",))
    one, two = whole.exercises
    assert (one.number, one.title, one.owns, one.bonus) == ("1", "One", ("f", "g"), False)
    assert two.bans == ("torch.relu",)
    assert whole.functions == {"f", "g", "h"}
    assert [whole.owner(name) for name in "fgh"] == [one, one, two]
    with pytest.raises(KeyError, match="'x'"):
        whole.owner("x")
    assert whole.checks == two.checks and whole.owner_of(two.checks[0]) is two


def test_a_bonus_comes_on_top() -> None:
    whole = rubric()
    whole.exercise("3", "More", owns=("k",), points=5, bonus=True)
    assert whole.points == 3 and whole.exercises[2].bonus


def test_a_rubric_whose_parts_agree_is_taken() -> None:
    rubric(bans=("torch.relu", "torch.Tensor.backward")).verify()
    rubric(points=3 + 1e-12).verify()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"points": 4}, "exercise 2 is worth 4, its checks add up to 3"),
        ({"points": 2}, "exercise 2 is worth 2, its checks add up to 3"),
        ({"about": "f"}, "check '2 asked' is about f, which its exercise does not own"),
    ],
)
def test_a_contradiction_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        rubric(**wrong).verify()
    assert str(caught.value) == message


def test_a_ban_of_something_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"^exercise 2 bans torch\.no_such_thing: "):
        rubric(bans=("torch.no_such_thing",)).verify()


def test_a_function_has_one_owner() -> None:
    whole = rubric()
    whole.exercise("3", "Three", owns=("k", "g"), points=0)
    with pytest.raises(ValueError) as caught:
        whole.verify()
    assert str(caught.value) == "exercise 3 owns g, which an earlier exercise owns"


def test_what_comes_before_a_function_is_what_may_be_lent_to_it() -> None:
    whole = rubric()
    assert [whole.before(name) for name in "fgh"] == [(), ("f",), ("f", "g")]


def test_checks_are_run_in_the_order_of_their_functions() -> None:
    exercise = (whole := Rubric()).exercise("1", "One", owns=("f", "g"), points=3)
    for about in ("g", "f", "g"):
        exercise.check(about, 1)(asked)
    assert [check.function for check in whole.checks] == ["f", "g", "g"]


def test_two_checks_of_one_name_are_refused() -> None:
    whole = rubric(points=6)
    whole.exercises[1].check("h", 3)(asked)
    with pytest.raises(ValueError) as caught:
        whole.verify()
    assert str(caught.value) == "two checks are called '2 asked'"


def test_a_check_without_a_docstring_is_named() -> None:
    exercise = Rubric().exercise("1", "One", owns=("f",), points=1)

    def silent(student: Any, reference: Any, draw: Any) -> None: ...

    with pytest.raises(ValueError) as caught:
        exercise.check("f", 1)(silent)
    assert str(caught.value) == "check silent: give it a docstring that says what is asked"


def test_mistakes_stand_beside_the_checks(tmp_path: Path) -> None:
    """In `exercises/TOPIC.py`, or in `mutants.py`, or both: the exercises' own come first."""
    folder = tiny.write(tmp_path)
    first, rest = tiny.CHECKS.split("two = ")
    mistakes = """
@one.mistake("square", "Is there a 2 too many?")
def four_times(x):
    return total(2 * x)

one.wrong_value("nothing", "square", "Write it.", None)
"""
    (folder / "exercises").mkdir()
    (folder / "exercises/squares.py").write_text(
        first.replace("Rubric, matches", "Exercise, matches").replace("rubric = Rubric()", "").replace(
            "rubric.exercise(", "Exercise(") + mistakes
    )  # fmt: skip
    (folder / "checks.py").write_text(
        "from autograder.rubric import Rubric, matches, agrees_with_numerical\nfrom .exercises import squares\n"
        f"rubric = Rubric(squares.one)\ntwo = {rest}"
    )
    assignment = load(folder)
    assert [one.number for one in assignment.rubric.exercises] == ["1", "2"]
    assert [one.name for one in assignment.mutants] == ["four_times", "nothing", "doubles", "keeps_sign", "mean"]
    assert assignment.owner(assignment.mutants[0]).number == "1"
