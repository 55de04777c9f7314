"""The trial assignment, from end to end: classes, a NumPy net, a fitted model and a program are validated, released,
checked at home and graded in a sandbox."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from autograder.grading.engine import Engine
from autograder.grading.validate import Validation, Validator
from autograder.home import check_file
from autograder.model import CheckResult, Outcome
from autograder.release import generate, public_release, released, starter_source
from autograder.rubric.assignment import Assignment, load
from autograder.sandbox.host.sandbox import Sandbox
from tests import trial
from tests.slots import hosted


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return load(trial.write(tmp_path_factory.mktemp("trial")))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as opened:
        yield opened


def test_it_is_sound(assignment):
    starter = starter_source(assignment.solution_source)
    validator = Validator(assignment, starter)
    found = Validation(["reference", "differently"], trial=validator.trial(0))
    found.mutants = [validator.mutant(mutant.name, 0) for mutant in assignment.mutants]
    found.left_out = [validator.left_out(function, 0) for function in sorted(assignment.rubric.functions)]
    found.breaches = [one for name in sorted(assignment.rubric.functions) for one in validator.breaches(name, 0)]
    found.failures = [one for name in found.right for seed in range(3) for one in validator.right(name, seed)]
    found.starter(assignment, starter, 0)
    assert [one for one in found.mutants if not one.blamed_rightly or one.hinted != one.name] == []
    assert [one for one in found.left_out if not one.alone] == []
    assert found.failures == [] and found.starter_oddities == []
    assert found.sound


def test_its_release_has_no_method_that_was_cut(assignment, tmp_path):
    files = released(assignment.folder, public_release(assignment, "Trial", ["numpy"]))
    starter = files["trial.py"].decode()
    classes = {node.name: node for node in ast.parse(starter).body if isinstance(node, ast.ClassDef)}
    bodies = {one.name: ast.unparse(one.body[-1]) for one in classes["Scalar"].body if isinstance(one, ast.FunctionDef)}
    assert bodies == {name: f"raise NotImplementedError('Exercise 1: {name}')"
                      for name in ("__add__", "__mul__", "backward", "total")}  # fmt: skip
    assert "self.data, self.grad = data, 0.0" in starter, "what is given stays"
    assert b"many" not in files["public.json"] and b"summed" not in files["public.json"], "a hidden driver stays hidden"


def test_it_is_checked_at_home(assignment, tmp_path):
    generate(assignment.folder, tmp_path / "assignments", public_release(assignment, "Trial", ["numpy"]))
    place = tmp_path / "assignments" / "trial"
    checked = check_file(place / "trial.py")
    assert {result.outcome for result in checked.results} == {Outcome.NOT_ATTEMPTED}
    (place / "trial.py").write_text(assignment.solution_source, encoding="utf-8")
    checked = check_file(place / "trial.py")
    assert [result.outcome for result in checked.results] == [Outcome.PASSED] * 2
    wrong = assignment.solution_source.replace("self.grad += upstream", "self.grad = upstream")
    (place / "trial.py").write_text(wrong, encoding="utf-8")
    first, second = check_file(place / "trial.py").results
    assert second.outcome is Outcome.PASSED, "who uses a class is not known: nothing is said of it elsewhere"
    assert first.message.startswith("`Scalar`['slopes'][0] differs") and first.hint == "Is a node used only once?"


def graded(sandbox: Sandbox, assignment: Assignment, source: str) -> dict[str, CheckResult]:
    with hosted(sandbox, source) as host:
        results = Engine(assignment, b"secret").run(host, "digest")
    return {result.name: result for result in results}


def test_right_work_gets_every_point_in_a_sandbox(assignment, sandbox):
    results = graded(sandbox, assignment, assignment.solution_source)
    assert [result.message for result in results.values() if result.outcome is not Outcome.PASSED] == []
    assert sum(result.earned for result in results.values()) == 20


def test_the_starter_is_not_attempted_in_a_sandbox(assignment, sandbox):
    results = graded(sandbox, assignment, starter_source(assignment.solution_source))
    assert {result.outcome for result in results.values()} == {Outcome.NOT_ATTEMPTED}


def test_each_mistake_costs_once_and_is_named_in_a_sandbox(assignment, sandbox):
    wrong = assignment.solution_source.replace("np.maximum(x", "np.minimum(x").replace("count = 0", "count = 1")
    results = graded(sandbox, assignment, wrong)
    lost = {name: result for name, result in results.items() if result.outcome is not Outcome.PASSED}
    assert lost.keys() == {"2 scores", "4 names"}
    assert results["2 gradients"].stand_ins == ("forward",)
    assert lost["4 names"].hint == "Is the empty line a name?"


CHEATS = {
    "another builtin": "import builtins\nbuiltins.map = lambda *args: (Scalar(), Scalar())\n",
    "another input": "import sys, io\nsys.stdout = io.StringIO()\nio.StringIO = None\n",
    "another driver": "import sys\nfor one in list(sys.modules):\n    if one.endswith('drivers'):\n"
                      "        sys.modules[one].define = lambda *args: (lambda *args: {'value': 1.0})\n",
}  # fmt: skip
STUBS = (
    "class Scalar:\n    def __init__(self, *args): self.data = self.grad = 1.0\n"
    "    def __add__(self, other): return self\n    def __mul__(self, other): return self\n"
    "    def backward(self, *args): pass\n    total = classmethod(lambda cls, numbers: cls())\n"
)


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS)
def test_what_is_patched_earns_nothing(assignment, sandbox, cheat):
    """The verdict is made outside: whoever replaces a driver still has to know the answer."""
    results = graded(sandbox, assignment, STUBS + cheat)
    assert sum(result.earned for result in results.values()) == 0
    assert not any(result.outcome is Outcome.GRADER_ERROR for result in results.values())
