"""Drivers: code of the rubric's own beside the student's, that the student's code does not get hold of."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import torch

from autograder.errors import AssignmentError, StudentError
from autograder.grading.local import LocalConversation
from autograder.model import Outcome
from autograder.protocol.drivers import define
from autograder.rubric import Driver, MismatchError, Reference, Student, matches
from autograder.rubric.assignment import load
from autograder.rubric.variants import Variants, apply
from tests import tiny, trial

SCALAR = """
class Scalar:
    def __init__(self, data): self.data = data
    def __add__(self, other): return Scalar(self.data + other.data)
"""


@pytest.fixture
def drivers(tmp_path: Path) -> Callable[..., list[Driver]]:
    """Drivers that are written in an author's module."""

    def written(source: str) -> list[Driver]:
        path = tmp_path / "checks.py"
        path.write_text(source, encoding="utf-8")
        namespace: dict[str, Any] = {"__name__": "checks"}
        exec(compile(source, str(path), "exec"), namespace)
        return [Driver(value) for value in namespace.values() if isinstance(value, FunctionType)]

    return written


def student(source: str, right: str = SCALAR, about: str = "Scalar") -> tuple[Student, Reference]:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    ours: dict[str, Any] = {}
    exec(right, ours)
    reference = Reference(ours)
    return Student(LocalConversation(namespace), reference, about=about), reference


SUM = "def summed(student, *numbers):\n    a, b = map(student.Scalar, numbers)\n    return (a + b).data\n"


def test_a_driver_uses_classes_and_operators_of_either_side(drivers):
    (summed,) = drivers(SUM)
    one, reference = student(SCALAR)
    assert one.drive(summed, 1.0, 2.0) == reference.drive(summed, 1.0, 2.0) == 3.0
    assert matches(one, reference, summed, 1.0, 2.0) == 3.0


def test_what_differs_and_what_fails_is_told_of_what_the_check_is_about(drivers):
    (summed,) = drivers(SUM)
    wrong, reference = student(SCALAR.replace("+", "-"))
    with pytest.raises(MismatchError, match=r"^`Scalar` differs \(you return -1, off by 4\)\.$"):
        matches(wrong, reference, summed, 1.0, 2.0)
    bare, _ = student("class Scalar:\n    def __init__(self, data): pass\n")
    with pytest.raises(StudentError) as caught:
        bare.drive(summed, 1.0, 2.0)
    said = (
        "`Scalar` raised TypeError: unsupported operand type(s) for +: 'Scalar' and 'Scalar' (the check's driver, line "
    )
    assert caught.value.message.startswith(said) and caught.value.message.endswith(": return (a + b).data)")
    missing, _ = student("class Skalar: pass")
    with pytest.raises(StudentError, match=r"^`Scalar` is not defined in your submission\. You have `Skalar`"):
        missing.drive(summed, 1.0, 2.0)
    unwritten = 'raise NotImplementedError("Exercise 1: __add__")'
    starter, _ = student(SCALAR.replace("return Scalar(self.data + other.data)", unwritten))
    with pytest.raises(StudentError, match=r"^`Scalar` calls `__add__`, which is still to be written\.$") as caught:
        starter.drive(summed, 1.0, 2.0)
    assert caught.value.outcome is Outcome.NOT_ATTEMPTED


def test_a_key_that_a_driver_misses_is_no_missing_function(drivers):
    (asks,) = drivers("def asks(student):\n    return {}['x']\n")
    one, _ = student(SCALAR)
    with pytest.raises(StudentError, match="KeyError"):
        one.drive(asks)


def test_a_model_stays_where_it_is_and_is_handed_back(drivers):
    fit, predict = drivers(
        "def fit(student, x):\n    return student.Scalar(x)\n\n"
        "def predict(student, model, x):\n    return model.data + x\n"
    )
    one, reference = student(SCALAR)
    model, ours = one.drive(fit, 2.0), reference.drive(fit, 2.0)
    assert one.drive(predict, model, 0.5) == reference.drive(predict, ours, 0.5) == 2.5


def test_a_driver_brings_what_it_needs_of_its_module_and_nothing_else(drivers):
    code = (
        "import math\nimport os\nfrom autograder.rubric import Student, compare\n\nSECRET = 7\nHALF = 0.5\n\n"
        "class Walk:\n    def step(self): return math.pi\n\n"
        "def helper(x):\n    return x * HALF\n\n"
        "def several(student: Student, compare, *, scale: float = 2.0):\n"
        "    os = compare\n    return helper(Walk().step()) + os * scale\n"
    )
    several = next(one for one in drivers(code) if one.name == "several")
    assert "class Walk" in several.code and "HALF" in several.code and "import math" in several.code
    assert not any(word in several.code for word in ("SECRET", "autograder", "import os", "float"))
    several.verify()
    one, reference = student(SCALAR)
    assert one.drive(several, 1.0) == reference.drive(several, 1.0)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("compare(1, 1)", "driver odd uses compare, and runs where nothing of the rubric's is: return the values, and"),
        ("return hidden", "driver odd: drivers need hidden, of a hidden module"),
    ],
)
def test_a_driver_that_cannot_run_beside_a_students_code_is_refused_with_its_line(tmp_path, body, said):
    checks = tiny.CHECKS.replace("import Rubric", "import compare, Rubric").replace(
        "two = rubric", f"from .views import hidden\n\n@one.driver\ndef odd(student):\n    {body}\n\ntwo = rubric"
    )
    folder = tiny.write(tmp_path, checks)
    (folder / "views.py").write_text("hidden = 1\n", encoding="utf-8")
    with pytest.raises(AssignmentError, match=rf"^reference/tiny/checks\.py, line \d+: {said}"):
        load(folder)


def test_streams_folder_and_files_are_a_drivers_own_and_given_back(drivers, tmp_path, monkeypatch):
    (talks,) = drivers(
        "import io, os, sys\n\ndef talks(student):\n    sys.stdin, sys.stdout = io.StringIO('Ada\\n'), io.StringIO()\n"
        "    before = os.listdir()\n    student.greet()\n    return sys.stdout.getvalue(), before, os.listdir()\n"
    )
    monkeypatch.chdir(tmp_path)
    there = sorted(tmp_path.iterdir())
    greet = "def greet():\n    print('Hello', input())\n    open('a.txt', 'w').close()\n"
    one, reference = student(greet, greet)
    streams = sys.stdin, sys.stdout
    for side in (one, reference):
        assert side.drive(talks) == ("Hello Ada\n", [], ["a.txt"])
        assert (sys.stdin, sys.stdout) == streams and Path.cwd() == tmp_path
    assert sorted(tmp_path.iterdir()) == there


CODE = "def f(student, numbers):\n    return sum(map(abs, numbers)), len(numbers), isinstance(numbers, list)\n"
TRAINING = """
import torch

def trained(student, x, y, steps):
    model = student.make_model(x.shape[1])
    return [student.step(model, student.loss(model(x)[:, 0], y)) for _ in range(steps)], model(x)[:, 0]
"""
LEARNER = """
import torch

def make_model(inputs):
    torch.manual_seed(0)
    return torch.nn.Linear(inputs, 1)

def loss(prediction, target):
    return ((prediction - target) ** 2).mean()

def step(model, loss):
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.1 * parameter.grad
    return loss.item()
"""


def test_a_loop_of_the_courses_own_trains_a_students_model(drivers):
    trained = next(one for one in drivers(TRAINING) if one.name == "trained")
    one, reference = student(LEARNER, LEARNER, "step")
    x, y = torch.arange(12.0).reshape(6, 2) / 12, torch.arange(6.0)
    losses, predictions = matches(one, reference, trained, x, y, 20)
    assert losses[-1] < losses[0] / 2 and predictions.shape == (6,)
    wrong, _ = student(LEARNER.replace("-= 0.1", "+= 0.1"), LEARNER, "step")
    with pytest.raises(MismatchError, match=r"^`step`, result 1 of 2\[1\] differs"):
        matches(wrong, reference, trained, x, y, 5)


WALKING = """
class Walk:
    def __init__(self, place):
        self.place = place

    def step(self, action):
        self.place += 1 if action == "right" else -1
        return self.place, self.place == 0

def episode(student, start, most):
    walk, done, actions = Walk(start), False, []
    while not done and len(actions) < most:
        actions.append(student.policy(walk.place))
        _, done = walk.step(actions[-1])
    return actions
"""
HOME = "def policy(place):\n    return 'left' if place > 0 else 'right'\n"


def test_a_policy_acts_in_an_environment_of_the_rubrics(drivers):
    episode = next(one for one in drivers(WALKING) if one.name == "episode")
    one, reference = student(HOME, HOME, "policy")
    assert matches(one, reference, episode, 3, 10) == ["left"] * 3
    lost, _ = student(HOME.replace(">", "<"), HOME, "policy")
    assert lost.drive(episode, 3, 4) == ["right"] * 4, "it ends when the check says so"


PATCHES = {
    "another builtin": "import builtins\nbuiltins.sum = builtins.len = builtins.abs = lambda *a: 99\n",
    "another isinstance": "import builtins\nbuiltins.isinstance = lambda *a: False\n",
    "its own name": "def f(*args):\n    return 99\n",
    "a module of the driver's name": "import sys, types\nsys.modules['driver'] = types.ModuleType('driver')\n",
    "names in the main module": "sum = len = abs = isinstance = lambda *a: 99\n",
}


@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES)
def test_what_a_student_replaces_does_not_replace_a_driver(patch):
    import builtins

    before = dict(vars(builtins))
    try:
        namespace: dict[str, Any] = {}
        exec(patch, namespace)
        answer = define("f", CODE)(namespace, [1, -2])
    finally:
        vars(builtins).update(before)
        sys.modules.pop("driver", None)
    assert answer == (3, 2, True)


def solution() -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(
        "class Base:\n    def kind(self): return 'base'\n\n"
        "class Thing(Base):\n    def __init__(self, n=1): self.n = n\n    def kind(self): return 'thing'\n"
        "    @staticmethod\n    def twice(x): return 2 * x\n    @classmethod\n    def make(cls): return cls(5)\n"
        "    @property\n    def size(self): return helper(self.n)\n\ndef helper(n): return n\n",
        namespace,
    )
    return namespace


def test_a_mutant_of_a_method_is_the_kind_of_method_that_there_was():
    def thrice(x):
        return helper(3 * x)  # noqa: F821

    def larger(self):
        return self.n + 100

    def made(cls):
        return cls(7)

    things = apply(solution(), {"Thing.twice": thrice, "Thing.size": larger, "Thing.make": made})
    thing = things["Thing"].make()
    assert (thing.n, thing.size, thing.twice(2), things["Thing"].twice(2)) == (7, 107, 6, 6)
    assert solution()["Thing"].twice(2) == 4, "another solution is as it was"


def test_a_mutant_of_a_class_replaces_what_it_defines_and_knows_its_super():
    class Other:
        extra = 3

        def kind(self):
            return super().kind() + " of another kind"

    thing = apply(solution(), {"Thing": Other})["Thing"](2)
    assert (thing.kind(), thing.size, thing.extra, type(thing).__name__) == ("base of another kind", 2, 3, "Thing")


def test_a_mutant_of_a_method_that_is_not_there_is_refused(tmp_path):
    folder = trial.write(tmp_path)
    (folder / "mutants.py").write_text(trial.MUTANTS.replace("Scalar.__mul__", "Scalar.__matmul__"), encoding="utf-8")
    with pytest.raises(AssignmentError, match=r"mutants\.py, line \d+: mutant swapped is of Scalar\.__matmul__"):
        _ = load(folder).mutants


def test_a_mutant_belongs_to_the_class_that_its_method_is_of():
    variants = Variants()
    variants.mutant(of="Thing.size", hint="?")(lambda self: 0)
    assert variants.mutants[0].owned == "Thing"
