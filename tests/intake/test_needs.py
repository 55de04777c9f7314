"""What functions need of the code at the top level runs, however it is written; what they do not need does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autograder.model import Submission

Module = Callable[..., Submission]
Load = Callable[[Submission], dict[str, Any]]


@pytest.mark.parametrize(
    "source",
    [
        "x = []\nfor i in (1, 2):\n    x.append(i)",
        "x = {}\nfor i in range(3): x[i] = 1",
        "def pair(): return 1, 2\nx, y = pair()",
        "def make(n):\n    return [n]\nx = make(3)",
        "def fill(rows): rows.append(1)\nx = []\nfill(x)",
        "import torch\nwith torch.no_grad():\n    x = torch.ones(2)",
        "def make(): return 2\nif make() > 1:\n    x = make()",
        "class Box: pass\nx = Box()\nsetattr(x, 'half', 0.5)",
        "import random\nx = [1, 2, 3]\nrandom.Random(0).shuffle(x)",
        "n = 3\nx = []\nwhile n:\n    n -= 1\n    x += [n]",
        "def make(): return 2\ny = make()\nx = make() + y",
        "try:\n    x = open('nowhere').read()\nexcept OSError:\n    x = 5",
        "x = None\ndef fill():\n    global x\n    x = 3\nfill()",
        "class Box: pass\nx = Box()\ndef fill(): x.half = 0.5\nfill()",
        "x = []\ndef fill():\n    for i in (1, 2): x.append(i)\nfill()",
        "class A:\n    def __call__(self): return self\n    def go(self): self.n = 1\nx = A()\nfor _ in 'ab': x().go()",
        "match 3:\n    case n: x = n",
    ],
)
def test_what_a_function_reads_is_there(module: Module, load: Load, source: str) -> None:
    here: dict[str, Any] = {}
    exec(source, here)
    submission = module(f"{source}\ndef f(): return x\n", expected=frozenset({"f"}))
    got = load(submission)["f"]()
    assert repr(got) == repr(here["x"]) or vars(got) == vars(here["x"])
    assert submission.notes == ()


@pytest.mark.parametrize("unneeded", ["print(x)", "y = train(x)", "for i in x: print(i)", "plt.plot(x)", "show(x[0])"])
def test_what_no_function_reads_does_not_run(module: Module, unneeded: str) -> None:
    source = f"import matplotlib.pyplot as plt\nx = [1]\ndef train(x): return x\n{unneeded}\ndef f(): return x\n"
    submission = module(source, expected=frozenset({"f"}))
    assert submission.files["regression.py"].split("\n")[3] == f"# {unneeded}"
    assert "left out (line 4)" in submission.notes[0]


def test_only_what_the_functions_asked_for_need_runs(module: Module) -> None:
    source = "history = open('log').read()\ndef plot(): return history\ndef f(): return 1\n"
    assert module(source, expected=frozenset({"f"})).files["regression.py"].startswith("# history")
    assert not module(source).files["regression.py"].startswith("# history")


def test_a_name_of_a_functions_own_is_not_the_modules(module: Module) -> None:
    source = "losses = open('log').read()\ndef f():\n    losses = []\n    return losses\n"
    assert module(source, expected=frozenset({"f"})).files["regression.py"].startswith("# losses")


def test_two_functions_made_in_one_line(module: Module, load: Load) -> None:
    source = "def make(n): return lambda x: x * n\nmae, mse = make(2), make(3)\n"
    found = load(module(source, expected=frozenset({"mae", "mse"})))
    assert (found["mae"](1), found["mse"](1)) == (2, 3)


@pytest.mark.parametrize("use", ["x[0]", "x + 1", "2 * x", "x.mean()", "x()", "len(x)", "[*x]", "3 in x", "-x"])
def test_what_failed_says_so_wherever_it_is_used(module: Module, load: Load, use: str) -> None:
    namespace = load(module(f"x = open('nowhere.csv').read()\ndef f(): return {use}\n"))
    with pytest.raises(RuntimeError, match=r"line 1 failed: FileNotFoundError: .*nowhere\.csv"):
        namespace["f"]()


@pytest.mark.parametrize(
    "after",
    [
        "mse = mse(1)",
        "mse = 300",
        "mae, mse = 1, mse(2)",
        "for mse in (1, 2): pass",
        "mse = [mse(1) for i in (1,)]",
        "mse = str(mse(1))",
        "mse: float = mse(1)",
        "if True:\n    mse = mse(1)",
        "with open('/dev/null') as mse: pass",
    ],
)
@pytest.mark.parametrize("run_top_level", [False, True])
def test_a_value_does_not_replace_a_function(module: Module, load: Load, after: str, run_top_level: bool) -> None:
    source = f"def mse(x): return x + 1\n{after}\n"
    submission = module(source, expected=frozenset({"mse"}), run_top_level=run_top_level)
    assert load(submission)["mse"](1) == 2


@pytest.mark.parametrize("value", ["mse = mse(1)", "mse = 300", "mae, mse = 1, mse(2)", "mse = mse(1).item()"])
def test_a_note_says_that_the_function_counts(module: Module, value: str) -> None:
    submission = module(f"def mse(x): return x + 1\n{value}\n", expected=frozenset({"mse"}))
    assert submission.notes == (
        "`mse` is your function (line 1): the value that this name gets later (line 2) does not replace it.",
    )


@pytest.mark.parametrize(
    "after",
    [
        "def mse(x): return 5",
        "mse = lambda x: 5",
        "def other(x): return 5\nmse = other",
        "import functools\nmse = functools.partial(lambda a, b: a, 5)",
        "def twice(f): return lambda x: 5\nmse = twice(mse)",
        "if True:\n    def mse(x): return 5",
        "mse = (lambda f: lambda x: 5 if x else f(0))(mse)",
    ],
)
def test_another_function_does(module: Module, load: Load, after: str) -> None:
    submission = module(f"def mse(x): return x + 1\n{after}\n", expected=frozenset({"mse"}))
    assert load(submission)["mse"](1) == 5


def test_an_object_does_not_replace_its_class(module: Module, load: Load) -> None:
    source = "class Net:\n    def __call__(self): return 1\nnet = Net()\nNet = Net()\n"
    found = load(module(source, expected=frozenset({"Net"})))
    assert isinstance(found["Net"], type) and isinstance(found["net"], found["Net"])


def test_a_function_under_the_main_guard_is_graded(module: Module, load: Load) -> None:
    source = (
        'if __name__ == "__main__":\n    SCALE = 2\n    def mse(x): return x * SCALE\n'
        "    print(mse(1))\n    x = open('x')\nelse:\n    y = 1\n"
    )
    submission = module(source, expected=frozenset({"mse"}))
    assert load(submission)["mse"](3) == 6
    assert submission.notes[0] == (
        "line 1: `SCALE`, `mse` stand under `if __name__`, which does not run when your file is imported. They are "
        "graded all the same; write them outside of any block."
    )


@pytest.mark.parametrize("guarded", ["print(mse(1))", "x = mse(1)", "def mse(x): return 7"])
def test_what_else_stands_there_is_not(module: Module, load: Load, guarded: str) -> None:
    submission = module(
        f"def mse(x): return x\nif __name__ == '__main__':\n    {guarded}\n", expected=frozenset({"mse"})
    )
    assert load(submission)["mse"](3) == 3 and submission.notes == ()


def test_a_static_method_is_graded(module: Module, load: Load) -> None:
    source = "class Losses:\n    @staticmethod\n    def mse(x): return x\n    def mae(self, x): return x\n"
    submission = module(source, expected=frozenset({"mse", "mae"}))
    found = load(submission)
    assert found["mse"](3) == 3 and "mae" not in found
    assert submission.notes == (
        "line 3: `mse` stands inside the class `Losses`. It is graded all the same; write it outside of any class.",
    )
