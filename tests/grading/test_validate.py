"""Grading the grader."""

from autograder.grading.engine import Engine
from autograder.grading.validate import Death, MutantVerdict, Validation, Validator
from autograder.release import starter_source
from autograder.rubric.assignment import load
from tests import tiny


def test_every_mutant_of_the_tiny_assignment_is_killed_and_hinted(tiny_assignment):
    validator = Validator(tiny_assignment)
    for mutant in tiny_assignment.mutants:
        verdict = validator.mutant(mutant.name, 0)
        assert verdict.blamed_rightly, verdict
        assert verdict.hinted == mutant.name


def test_right_solutions_lose_nothing(tiny_assignment):
    validator = Validator(tiny_assignment)
    assert [f for name in ("reference", "power") for seed in range(5) for f in validator.right(name, seed)] == []


def test_a_rubric_that_misses_a_mutant_is_found_out(tmp_path):
    blind = tiny.CHECKS.replace('matches(student, reference, "square", draw.normal(size, 2))', "pass")
    assignment = load(tiny.write(tmp_path, blind))
    verdict = Validator(assignment).mutant("keeps_sign", 0)
    assert not verdict.killed
    assert not Validation(["reference"], [verdict]).sound


def test_a_rubric_that_is_too_strict_is_found_out(tmp_path):
    strict = tiny.CHECKS.replace(
        "from autograder.rubric import", "import torch\nfrom autograder.rubric import"
    ).replace(
        '"""Adds the squares."""', '"""Adds."""\n    from autograder.rubric import expect\n    expect(False, "never")'
    )
    assignment = load(tiny.write(tmp_path, strict))
    assert [failure.check for failure in Validator(assignment).right("reference", 0)] == ["2 adds"]


def test_a_check_that_one_way_of_writing_it_does_not_meet_is_found_out(tmp_path):
    lenient = 'matches(student, reference, "total", draw.normal(4))'
    exact = 'compare(student.call("total", x := draw.normal(4)), reference.total(x), "total", 1e-15, 0)'
    strict = tiny.CHECKS.replace(lenient, exact).replace("import Rubric", "import Rubric, compare")
    equivalents = tiny.EQUIVALENTS.replace("return x**2", "return x**2 * (1 + 1e-9)")
    folder = tiny.write(tmp_path, strict)
    (folder / "equivalents.py").write_text(equivalents, encoding="utf-8")
    assert {failure.check for failure in Validator(load(folder)).right("power", 0)} == {"2 adds"}


def test_only_the_checks_that_come_to_a_changed_function_are_run_for_it(tiny_assignment, monkeypatch):
    run = []
    engine_run = Engine._checked

    def noting(self, host, question, *rest, **more):
        run.append(question.check.name)
        return engine_run(self, host, question, *rest, **more)

    validator = Validator(tiny_assignment, starter_source(tiny_assignment.solution_source))
    validator.right("power", 0)  # what the reference calls is found out once
    monkeypatch.setattr(Engine, "_checked", noting)
    validator.right("reference", 0)
    assert run == ["1 small", "1 random", "2 adds", "2 gradient"]
    run.clear()
    validator.left_out("total", 0)
    assert run == ["2 adds", "2 gradient"], "the reference's slope calls total"


def test_a_mutant_that_never_ends_dies_of_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.grading.validate.UNIT_SECONDS", 0.5)
    monkeypatch.setattr("autograder.grading.hints.TRY_SECONDS", 0.5)
    folder = tiny.write(tmp_path)
    loop = "def endless(x):\n    while (x > 0).any(): pass\n    return x * x\n"
    endless = f"\n@variants.mutant('square', hint='Does it end?')\n{loop}"
    (folder / "mutants.py").write_text(tiny.MUTANTS + endless, encoding="utf-8")
    validator = Validator(load(folder))
    verdict = validator.mutant("endless", 0)
    assert verdict.lost == ("square",) and verdict.death is Death.LIMIT
    for name in ("doubles", "keeps_sign"):
        assert validator.mutant(name, 0).hinted == name, "what never ends is no reason to name no other mistake"


def test_a_mutant_that_does_not_run_proves_nothing(tmp_path):
    folder = tiny.write(tmp_path)
    slip = '\n@variants.mutant("square", hint="No.")\ndef slip(x):\n    return cube(x)\n'
    (folder / "mutants.py").write_text(tiny.MUTANTS + slip, encoding="utf-8")
    verdict = Validator(load(folder)).mutant("slip", 0)
    assert verdict.lost == ("square",) and not verdict.killed
    assert verdict.unrun == "`square` raised NameError: name 'cube' is not defined"
    assert not Validation(["reference"], mutants=[verdict]).sound


def test_the_starter_must_earn_nothing(tiny_assignment):
    found = Validation(["reference"])
    found.starter(tiny_assignment, "def square(x):\n    return x * x\n", 0)
    assert found.starter_points == 4
    assert found.starter_oddities


def test_a_function_left_out_costs_only_itself(tiny_assignment):
    validator = Validator(tiny_assignment, starter_source(tiny_assignment.solution_source))
    assert [validator.left_out(name, 0).lost for name in ("square", "total", "slope")] == [
        ("square",), ("total",), ("slope",)
    ]  # fmt: skip


def test_a_check_that_lends_nothing_is_found_out(tmp_path):
    alone = tiny.CHECKS.replace('@two.check("total", 2)', '@two.check("total", 2, lends=())')
    assignment = load(tiny.write(tmp_path, alone))
    validator = Validator(assignment, starter_source(assignment.solution_source))
    left_out = validator.left_out("square", 0)
    assert left_out.lost == ("square", "total")
    assert not Validation(["reference"], left_out=[left_out]).sound


def test_a_hint_of_another_mistake_is_found_out():
    verdict = MutantVerdict("doubles", "square", "1", ("square",), "keeps_sign")
    assert not Validation(["reference"], [verdict]).sound
