"""Modules with errors in them, and with code around the exercises that must not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.intake import read_submission
from tests.bad_input.corpus import EXPECTED, FINE, Case, module, namespace_of, verify

pytestmark = pytest.mark.filterwarnings("ignore:invalid escape:DeprecationWarning")

BROKEN = {
    "no colon": "def halve(x)\n    return x / 2\n",
    "a missing bracket": "def halve(x):\n    return (x / 2\n",
    "a bracket too many": "def halve(x):\n    return x / 2)\n",
    "the wrong bracket": "def halve(x):\n    return (x / 2]\n",
    "no body": "def halve(x):\n\n",
    "tabs and spaces mixed": "def halve(x):\n    y = x\n\treturn y / 2\n",
    "indented too far": "def halve(x):\n    y = x\n      return y / 2\n",
    "a non-breaking space": "def halve(x):\n\u00a0\u00a0\u00a0\u00a0return x / 2\n",
    "a non-breaking space in a line": "def halve(x):\n    return\u00a0x / 2\n",
    "a zero-width space": "def halve(x):\n    return x\u200b / 2\n",
    "smart quotes": "def halve(x):\n    return {“half”: x / 2}\n",
    "a long dash for a minus": "def halve(x):\n    return x – x / 2\n",
    "a full-width bracket": "def halve(x):\n    return （x / 2）\n",
    "a print statement of Python 2": "def halve(x):\n    print x\n    return x / 2\n",
    "an except of Python 2": "def halve(x):\n    try:\n        return x / 2\n    except Exception, e:\n        pass\n",
    "an octal of Python 2": "def halve(x):\n    return x / 0002\n",
    "a merge conflict": "def halve(x):\n<<<<<<< HEAD\n    return x / 2\n=======\n    return x * 0.5\n>>>>>>> mine\n",
    "a patch": "def halve(x):\n-    return x\n+    return x / 2\n",
    "line numbers": "12: def halve(x):\n13:     return x / 2\n",
    "prompts": ">>> def halve(x):\n...     return x / 2\n",
    "break outside a loop": "def halve(x):\n    break\n",
    "await in a plain function": "def halve(x):\n    return await x\n",
    "global after use": "def halve(x):\n    print(y)\n    global y\n    return x / 2\n",
    "an argument twice": "def halve(x, x):\n    return x / 2\n",
    "no default after a default": "def halve(x=1, y):\n    return x / 2\n",
    "assignment to a keyword": "None = 3\n",
    "assignment to a call": "halve(x) = x / 2\n",
    "an f-string that never ends": "def halve(x):\n    return f'{x\n",
    "a string that never ends": "def halve(x):\n    return 'x / 2\n",
    "a continuation at the end": "def halve(x):\n    return x / \\\n",
    "walrus at the top": "y := 3\n",
    "javascript": "function halve(x) {\n  return x / 2;\n}\n",
    "R": "halve <- function(x) {\n  x %/% 2\n}\n",
    "prose": "Dear grader, exercise 1 took me too long.\n",
    "an answer in LaTeX": "$$\\frac{x}{2}$$\n",
    "brackets nested too deeply": "y = " + "(" * 300 + "1" + ")" * 300 + "\n",
    "a number with too many digits": "y = " + "9" * 5_000 + "\n",
}

LEFT_OUT = {
    "a training loop": "for step in range(10**9):\n    double(step)\n",
    "an endless loop": "while True:\n    pass\n",
    "a question": "name = input('Your name? ')\n",
    "an exit": "exit()\n",
    "an exit by sys": "import sys\nsys.exit(3)\n",
    "an exception": "raise SystemExit('done')\n",
    "a command line": "import argparse\nparser = argparse.ArgumentParser()\nargs = parser.parse_args()\n",
    "a data file": "import pandas as pd\nframe = pd.read_csv('/content/views.csv')\n",
    "a file": "with open('out.txt', 'w') as file:\n    file.write('hi')\n",
    "a subprocess": "import subprocess\nsubprocess.run(['ls'])\n",
    "a plot": "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\n",
    "a download": "from urllib.request import urlretrieve\nurlretrieve('http://localhost/x', 'x')\n",
    "a failing assertion": "assert double(2) == 5\n",
    "a division by zero": "print(1 / 0)\n",
    "a shell line of a notebook saved as a script": "get_ipython().system('ls')\n",
    "enormous output": "print('x' * 10**9)\n",
    "a fork bomb": "import os\nwhile True:\n    os.fork()\n",
    "deletion": "del double\n",
    "a loop over definitions": "for name in list(globals()):\n    del globals()[name]\n",
    "return outside": "return 3\n",
    "yield outside": "yield 3\n",
    "nonlocal at the top": "nonlocal x\n",
    "adding to nothing": "total += 1\nif total:\n    LEVEL = 3\n",
    "a match": "match double(1):\n    case 2:\n        pass\n",
    "seeds and threads from a call": "torch.set_num_threads(double(4))\n",
}

LATE = "from __future__ import annotations\ndef f(a: Nowhere):\n    return a\n"

NOTED = [
    module(
        "no such package",
        "import tensorflow as tf\nfrom keras import *\n" + FINE,
        "`tensorflow` is not among",
        "`keras` is",
    ),
    module(
        "no such package in the exercise",
        "import seaborn\n" + FINE + "def halve(x):\n    return seaborn.x\n",
        "`seaborn`",
    ),
    module("no such package, deep", "import jax.numpy as jnp\n" + FINE, "`jax` is not among"),
    module(
        "a default that is left out",
        "w = open('w').read()\n" + FINE + "def halve(x, w=w):\n    return x\n",
        "`halve` needs `w`",
    ),
    module(
        "a global that is left out",
        "w = unknown('w').read()\n" + FINE + "def halve(x):\n    return w\n",
        "`halve` uses `w`",
    ),
    module("a decorator that is not defined", FINE + "@timed\ndef halve(x):\n    return x\n", "`halve` needs `timed`"),
    module("a base that is not defined", FINE + "class Net(Base):\n    pass\n", "`Net` needs `Base`"),
    module("a number, then a future import", "3\nfrom __future__ import annotations\n" + FINE + "X = 3\n"),
    module("a future import too late, no room before it", FINE + LATE, "`f` needs `Nowhere`"),
    module("a future that never came", "from __future__ import braces\n" + FINE, "line 1: syntax error (not a chance)"),
    module("a future with a typing error", "from __future__ import anotations\n" + FINE, "future feature anotations"),
    module("three definitions", FINE * 3, "`double` is defined 3 times"),
    module("a hundred remarks", "".join(f"def f{n}(:\n    pass\n" for n in range(100)) + FINE, "syntax error"),
]

SILENT = [
    module("a relative import of nothing", "from . import gone\nfrom .gone import (\n    one,\n    two,\n)\n" + FINE),
    module(
        "a relative import behind a semicolon",
        "try:\n    x = 1; from .gone import y\nexcept ImportError: pass\n" + FINE,
    ),
    Case(
        "a relative import that works, behind a semicolon",
        {"homework.py": "x = 1; from .own import y\n" + FINE, "own.py": "y = 1\n"},
    ),
    module("an annotation is no value", "DEBUG: bool\nif DEBUG:\n    LEVEL = 3\n" + FINE),
    module("only comments before it", "# Ada Lopez\n# homework 1\n\n" + FINE, silent=True),
    module(
        "a main block", FINE + "if __name__ == '__main__':\n    while True:\n        print(double(2))\n", silent=True
    ),
    module("a main block the other way round", FINE + "if '__main__' == __name__: exit()\n", silent=True),
    module(
        "submodules of packages",
        "import torch.nn.functional as F\nimport os.path\nfrom scipy import stats\n" + FINE,
        silent=True,
    ),
    module("star imports", "from torch.nn import *\nfrom math import *\n" + FINE, silent=True),
    module("a submodule that is not there", "import torch.nope\nfrom numpy import nope\n" + FINE, silent=True),
    module("tabs all through", FINE.replace("    ", "\t"), silent=True),
    module("spaces at the ends", FINE.replace("\n", "   \n"), silent=True),
    module("everything on one line", "def double(x): return 2 * x; y = 3", silent=True),
    module("a name in Greek", "def double(ξ):\n    λ = 2\n    return λ * ξ\n", silent=True),
    module("identifiers that only look alike", "def ｄouble(x):\n    return 2 * x\n", silent=True),
    module("emoji in strings", "MOOD = '🙂'\n" + FINE, silent=True),
    module("an odd escape", "PATH = 'C:\\data\\homework'\n" + FINE, silent=True),
    module("a lambda", "double = lambda x: 2 * x\n", silent=True),
    module(
        "partial", "import operator\nfrom functools import partial\ndouble = partial(operator.mul, 2)\n", silent=True
    ),
    module(
        "under a condition",
        "import torch\nif torch.cuda.is_available():\n    D = 'cuda'\nelse:\n    D = 'cpu'\n" + FINE,
        silent=True,
    ),
    module("a future import too late", "# Homework\n" + FINE + LATE, silent=True),
    module(
        "a class around it, and the name outside",
        "class C:\n    def double(self, x):\n        return 2 * x\ndouble = C().double\n",
        silent=True,
    ),
    module("5,000 small functions", "".join(f"def f{n}(): return {n}\n" for n in range(5_000)) + FINE, silent=True),
    module("a type alias", "from typing import TypeAlias\nVector: TypeAlias = 'list[float]'\n" + FINE, silent=True),
]


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_an_error_costs_only_what_it_stands_in(name: str, before: bool, tmp_path: Path) -> None:
    source = BROKEN[name] + FINE if before else FINE + BROKEN[name]
    verify(module(name, source, "was left out; everything else is graded"), tmp_path)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_top_level_code_does_not_run(name: str, tmp_path: Path) -> None:
    verify(module(name, LEFT_OUT[name] + FINE, "other top-level code was left out"), tmp_path)


@pytest.mark.parametrize("source", [*BROKEN.values(), *LEFT_OUT.values()], ids=[*BROKEN, *LEFT_OUT])
def test_where_all_code_runs_the_sources_compile_too(source: str, tmp_path: Path) -> None:
    (tmp_path / "homework.py").write_text(f"{source}{FINE}", encoding="utf-8")
    submission = read_submission(tmp_path / "homework.py", "ada", run_top_level=True)
    for name, cleaned in submission.files.items():
        compile(cleaned, name, "exec", dont_inherit=True)
    assert "def double" in submission.files["homework.py"]


def test_only_comments_are_read_and_define_nothing(tmp_path: Path) -> None:
    (tmp_path / "homework.py").write_text("# Ada Lopez\n# I will do this later.\n")
    submission = read_submission(tmp_path / "homework.py", "ada", main="homework", expected=EXPECTED)
    assert not EXPECTED & set(namespace_of(submission)) and submission.notes == ()


@pytest.mark.parametrize("case", [*NOTED, *SILENT], ids=lambda case: case.id)
def test_the_rest_is_untouched(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)
