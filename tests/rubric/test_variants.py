"""Mutants and equivalents: written as plain functions, put into a solution as if they had been written there."""

from __future__ import annotations

from typing import Any

from autograder.rubric import Variants
from autograder.rubric.variants import Equivalent, Mutant, apply


def module(source: str) -> dict[str, Any]:
    """The globals of a module with this source."""
    namespace: dict[str, Any] = {"__name__": "module"}
    exec(source, namespace)
    return namespace


SOLUTION = "SCALE = 2\ndef helper(x): return x + 1\ndef f(x): return helper(x) * SCALE\n"


def test_variants_are_collected_with_what_they_change_and_why() -> None:
    variants = Variants()

    @variants.mutant(of="f", hint="Why?")
    def wrong(x: int) -> int:
        return 0

    variants.mutant_value("blank", "ANSWERS", "Fill it in.", {})

    class Loop:
        """A loop
        is right too."""

        SCALE = 3
        _private = 4

        def f(x: int) -> int:  # type: ignore[misc]
            return 6 * x

    assert variants.equivalent(Loop) is Loop
    assert wrong(1) == 0, "the decorator gives the function back"
    assert variants.mutants == [Mutant("wrong", "f", "Why?", wrong), Mutant("blank", "ANSWERS", "Fill it in.", {})]
    (equivalent,) = variants.equivalents
    assert equivalent.name == "Loop" and equivalent.why.startswith("A loop") and equivalent.why.endswith("too.")
    assert equivalent.changes == {"SCALE": 3, "f": vars(Loop)["f"]}


def test_an_equivalent_without_a_reason_has_none() -> None:
    variants = Variants()
    variants.equivalent(type("Silent", (), {"f": 1}))
    assert variants.equivalents == [Equivalent("Silent", "", {"f": 1})]


def test_parts_come_first_and_in_order() -> None:
    parts = [Variants(), Variants()]
    for name, part in zip("ab", parts, strict=True):
        part.mutant_value(name, "f", "", 0)
        part.equivalent(type(name.upper(), (), {}))
    whole = Variants(*parts)
    whole.mutant_value("c", "f", "", 0)
    assert [mutant.name for mutant in whole.mutants] == ["a", "b", "c"]
    assert [equivalent.name for equivalent in whole.equivalents] == ["A", "B"]
    assert len(parts[0].mutants) == 1


def test_a_mutant_sees_the_solutions_names() -> None:
    solution = module(SOLUTION)
    wrong = module("def wrong(x): return helper(x) - SCALE")["wrong"]
    assert apply(solution, {"f": wrong}) is solution
    assert solution["f"](5) == 4
    assert solution["f"].__name__ == "f"


def test_the_solutions_own_functions_see_the_mutant() -> None:
    solution = module(SOLUTION)
    apply(solution, {"helper": module("def wrong(x): return 10 * x")["wrong"], "SCALE": 3})
    assert solution["f"](5) == 150


def test_defaults_and_the_docstring_come_along() -> None:
    source = 'def f(x, y=2, *, k=3):\n    """Doc."""\n    return x + y * k * SCALE\n'
    solution = apply(module(SOLUTION), {"f": module(source)["f"]})
    assert solution["f"](1) == 13 and solution["f"](1, 1, k=1) == 3
    assert solution["f"].__doc__ == "Doc."


def test_a_closure_keeps_what_it_closed_over() -> None:
    made = module("def make(n):\n    def f(x): return x + n\n    return f\nf = make(7)")["f"]
    assert apply(module(SOLUTION), {"f": made})["f"](1) == 8


def test_helpers_beside_a_mutant_come_along_where_the_solution_has_none() -> None:
    source = "import math\ndef helper(x): return 1000\ndef extra(x): return helper(x) + math.floor(0.5)\n"
    solution = apply(module(SOLUTION), {"f": module(source + "more = extra\ndef f(x): return more(x)\n")["f"]})
    assert solution["f"](5) == 6, "`extra` is the mutant's, `helper` the solution's"
    assert (solution["extra"].__name__, solution["more"].__name__) == ("extra", "more")
    assert solution["math"].pi > 3


def test_a_function_that_a_helper_was_imported_from_elsewhere_stays_as_it_is() -> None:
    elsewhere = module("K = 5\ndef borrowed(): return K")["borrowed"]
    mine = module("def f(x): return borrowed()")
    mine["borrowed"] = elsewhere
    solution = apply(module(SOLUTION), {"f": mine["f"]})
    assert solution["borrowed"] is elsewhere and solution["f"](1) == 5


def test_a_static_method_and_a_value_take_their_places() -> None:
    class Group:
        @staticmethod
        def f(x: int) -> int:
            return SCALE + x  # type: ignore[name-defined]  # noqa: F821

    solution = apply(module(SOLUTION), {"f": vars(Group)["f"], "SCALE": [1]})
    assert solution["SCALE"] == [1]
    solution["SCALE"] = 10
    assert solution["f"](1) == 11
