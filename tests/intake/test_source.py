"""What of a student's source is loaded, what is not, and what the student is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autograder.model import Submission

Module = Callable[..., Submission]
Load = Callable[[Submission], dict[str, Any]]


def test_a_plain_module_is_left_as_it_is(module: Module) -> None:
    source = '"""Homework 1."""\n\nimport torch\n\nHIDDEN = 64\n\n\ndef mae(p, y):\n    return (p - y).abs().mean()\n'
    submission = module(source)
    assert submission.files == {"regression.py": source}
    assert submission.main == "regression.py"
    assert submission.notes == ()


@pytest.mark.parametrize(
    "line",
    [
        "DAYS = 7",
        "DAYS, WIDTH = 7, 2 * 50",
        "RATES = [10 ** -k for k in range(5)]",
        "sizes: list[int] = [1, 2]",
        "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "GENERATOR = torch.Generator().manual_seed(0)",
        "torch.manual_seed(0)",
        "np.random.seed(1)",
        "relu = torch.relu",
        "activation = nn.ReLU()",
        "model = nn.Sequential(nn.Linear(1, 1))",
        "optimizer = torch.optim.Adam(nn.Linear(1, 1).parameters(), lr=1e-3)",
        "double = lambda x: 2 * x",
        "eps = math.sqrt(1e-6)",
        "ANSWERS = {'updates': 1000}",
    ],
)
def test_simple_assignments_and_seeds_stay(module: Module, line: str) -> None:
    source = f"import math\nimport numpy as np\nimport torch\nimport torch.nn as nn\n{line}\n"
    assert line in module(source).files["regression.py"].split("\n")[4]
    assert not module(source).notes


@pytest.mark.parametrize(
    "line",
    [
        "print('hello')",
        "w, b, losses = train_gd(1, 2)",
        "for step in range(10**9): pass",
        "while True: pass",
        "with open('x') as f: text = f.read()",
        "frame = pd.read_csv('views.csv')",
        "assert train_gd(1, 2) == 3",
        "plt.plot([1, 2])",
        "exit()",
        "raise SystemExit",
        "best = min(train_gd(1, k) for k in range(9))",
        "if train_gd(1, 2): x = 1",
    ],
)
def test_other_top_level_code_does_not_run(module: Module, line: str) -> None:
    source = f"import pandas as pd\nfrom torch import nn\ndef train_gd(x, y): return x\n{line}\n"
    submission = module(source)
    assert submission.files["regression.py"].split("\n")[3] == f"# {line}"
    assert "left out (line 4)" in submission.notes[-1]


def test_the_main_guard_is_left_out_without_a_word(module: Module) -> None:
    submission = module("def f(): return 1\n\nif __name__ == '__main__':\n    print(f())\n")
    assert submission.files["regression.py"].endswith("# if __name__ == '__main__':\n#     print(f())\n")
    assert submission.notes == ()


def test_top_level_code_runs_where_the_assignment_wants_it(module: Module, load: Load) -> None:
    submission = module("total = 0\nfor k in range(4):\n    total += k\nprint(total)\n", run_top_level=True)
    assert load(submission)["total"] == 6


def test_lines_keep_their_numbers(module: Module) -> None:
    source = "import seaborn as sns\nprint(\n  1,\n)\nx = 1; print(2); y = 3\n\ndef f():\n    return x\n"
    lines = module(source).files["regression.py"].split("\n")
    assert lines[6:] == source.split("\n")[6:]


def test_objects_of_the_students_own_classes_are_made(module: Module, load: Load) -> None:
    source = (
        "class Relu:\n    def slope(self, z): return 1\n\n"
        "KINDS = {'relu': Relu()}\n\ndef f(): return KINDS['relu'].slope(0)\n"
    )
    source += "def f(): return KINDS['relu'].slope(0)\n"
    assert load(module(source))["f"]() == 1


def test_answers_may_be_filled_in_one_by_one(module: Module, load: Load) -> None:
    source = "def count(n): return n * 10\nANSWERS = {}\nANSWERS['a'] = 3\nANSWERS['b'] = count(2)\n"
    assert load(module(source))["ANSWERS"] == {"a": 3, "b": 20}


def test_an_answer_that_fails_costs_only_itself(module: Module, load: Load) -> None:
    source = (
        "ANSWERS = {}\ndef count(n): raise NotImplementedError\n"
        "ANSWERS['a'] = count(1)\nANSWERS['b'] = 2\ndef f(): return 5\n"
    )
    namespace = load(module(source))
    assert namespace["ANSWERS"] == {"b": 2}
    assert namespace["f"]() == 5


def test_answers_from_code_that_does_not_run_are_named(module: Module) -> None:
    submission = module("ANSWERS = {}\nfor k in keys():\n    ANSWERS[k] = 1\n")
    assert "line 2: this part of `ANSWERS` comes from code that does not run here. Write its value." in submission.notes


def test_what_depends_on_left_out_code_is_left_out_too(module: Module, load: Load) -> None:
    submission = module("import pandas as pd\nframe = pd.read_csv('v.csv')\nviews = frame['v']\ndef f(): return 1\n")
    assert load(submission)["f"]() == 1


def test_a_function_that_uses_left_out_code_is_named(module: Module) -> None:
    submission = module("frame = read_csv('v.csv')\ndef f(): return frame\n")
    assert submission.notes[0].startswith("`f` uses `frame`, which is set by code that does not run here (line 1)")


def test_a_default_from_left_out_code_costs_only_that_function(module: Module, load: Load) -> None:
    submission = module("w0 = start()\ndef f(w=w0): return w\ndef g(): return 2\n")
    namespace = load(submission)
    assert namespace["g"]() == 2
    with pytest.raises(NameError, match="w0"):
        namespace["f"]()


def test_a_definition_that_needs_itself_costs_only_itself(module: Module, load: Load) -> None:
    namespace = load(module("def f(x=f): return x\nclass A(A): pass\ndef g(): return 2\n"))
    assert namespace["g"]() == 2
    for name in "fA":
        with pytest.raises(NameError, match=f"{name} is not defined"):
            namespace[name]()


def test_a_choice_between_constants_stays(module: Module, load: Load) -> None:
    source = (
        "import torch\nif torch.cuda.is_available():\n    where = 'gpu'\nelse:\n    where = 'cpu'\n    print(where)\n"
    )
    assert load(module(source))["where"] in ("cpu", "gpu")


# --- syntax errors -------------------------------------------------------------------------------------------------


def test_a_syntax_error_costs_only_its_function(module: Module, load: Load) -> None:
    source = (
        "def mae(p, y):\n    return 1\n\ndef mse(p, y):\n    return (p - y\n\n"
        "@staticmethod\ndef last():\n    return 3\n\nX = 2\n"
    )
    submission = module(source)
    namespace = load(submission)
    assert (namespace["mae"](0, 0), namespace["X"]) == (1, 2)
    with pytest.raises(SyntaxError, match=r"line 5"):
        namespace["mse"](0, 0)
    assert submission.notes == (
        "line 5: syntax error ('(' was never closed). `mse` was left out; everything else is graded.",
    )


def test_errors_that_only_the_compiler_sees_cost_one_function_too(module: Module, load: Load) -> None:
    namespace = load(module("def f(x, x):\n    return x\n\ndef g():\n    return 1\n\ndef h():\n    break\n"))
    assert namespace["g"]() == 1
    for name in "fh":
        with pytest.raises(SyntaxError):
            namespace[name](1, 2)


def test_an_open_string_does_not_swallow_what_follows(module: Module, load: Load) -> None:
    namespace = load(module('def f():\n    """Open\n    return 1\n\ndef g():\n    """Closed."""\n    return 2\n'))
    assert namespace["g"]() == 2


def test_a_text_that_is_no_python_at_all_is_graded_with_remarks(module: Module, load: Load) -> None:
    submission = module("Dear teacher,\n\nmy dog ate the file.\n")
    load(submission)
    assert len(submission.notes) == 2


def test_source_that_is_too_deep_for_the_compiler_is_survived(module: Module) -> None:
    submission = module("x = " + "-" * 100_000 + "1\ny = a" + ".b" * 50_000 + "\n")
    assert "cannot be read as Python" in submission.notes[0]


# --- the same name twice -------------------------------------------------------------------------------------------


def test_of_two_definitions_the_last_counts(module: Module, load: Load) -> None:
    submission = module("def f():\n    return 1\n\ndef f():\n    return 2\n")
    assert load(submission)["f"]() == 2
    assert submission.notes == ("`f` is defined 2 times: the last one counts (line 4).",)


def test_an_untouched_starter_does_not_undo_what_was_written(module: Module, load: Load) -> None:
    submission = module('def f():\n    return 1\n\ndef f():\n    """Task 1."""\n    raise NotImplementedError("f")\n')
    assert load(submission)["f"]() == 1
    assert submission.notes == ("`f` is defined more than once: the one you wrote counts, not the starter's.",)


def test_a_broken_second_try_does_not_undo_the_first(module: Module, load: Load) -> None:
    assert load(module("def f():\n    return 1\n\ndef f():\n    return (\n"))["f"]() == 1


def test_an_alias_counts_as_written(module: Module, load: Load) -> None:
    assert load(module("import math\nf = math.sqrt\ndef f(x):\n    raise NotImplementedError\n"))["f"](4) == 2


# --- encodings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_encodings_of_all_editors_are_read(module: Module, load: Load, encoding: str) -> None:
    assert load(module("NAME = 'José'\r\ndef f():\r\n    return NAME\r\n".encode(encoding)))["f"]() == "José"


def test_the_same_work_has_the_same_digest_whatever_its_newlines(module: Module) -> None:
    assert module("x = 1\r\ny = 2\r\n").digest == module("x = 1\ny = 2\n").digest
