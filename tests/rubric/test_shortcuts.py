"""Library shortcuts: found in the source, stopped while a check runs, and honest code left alone."""

from __future__ import annotations

import pytest
import torch

from autograder.grading.alarm import cpu_limit
from autograder.grading.local import LocalConversation
from autograder.rubric import AUTOGRAD, Reference, Rubric, Student, StudentError
from autograder.rubric.shortcuts import find_shortcuts

BANS = (
    "torch.softmax",
    "torch.nn.functional.softmax",
    "torch.Tensor.softmax",
    "torch.nn.Softmax",
    "torch.nn.functional.scaled_dot_product_attention",
    *AUTOGRAD,
)

CERTAIN = {
    "plain": "import torch\ndef f(x):\n    return torch.softmax(x, 1)\n",
    "module alias": "import torch.nn.functional as F\ndef f(x):\n    return F.softmax(x, 1)\n",
    "imported alias": "from torch.nn.functional import softmax as s\ndef f(x):\n    return s(x, 1)\n",
    "assigned alias": "import torch\ng = torch.softmax\ndef f(x):\n    return g(x, 1)\n",
    "local alias": "import torch\ndef f(x):\n    g = torch.nn.functional\n    return g.softmax(x, 1)\n",
    "helper": "import torch\ndef f(x):\n    return help(x)\ndef help(x):\n    return torch.softmax(x, 1)\n",
    "star": "from torch import *\ndef f(x):\n    return softmax(x, 1)\n",
    "getattr": "import torch\ndef f(x):\n    return getattr(torch, 'soft' + 'max')(x, 1)\n",
    "import_module": "import importlib\ndef f(x):\n    return importlib.import_module('torch').softmax(x, 1)\n",
    "class": "import torch\ndef f(x):\n    return torch.nn.Softmax(1)(x)\n",
    "import inside": "def f(x):\n    from torch import softmax\n    return softmax(x, 1)\n",
    "unbound method": "import torch\ndef f(x):\n    return torch.Tensor.softmax(x, 1)\n",
    "autograd": "import torch\ndef f(x):\n    x = x.clone().requires_grad_()\n"
    "    return torch.autograd.grad((x * x).sum(), x)[0]\n",
    "operators": "import torch\ndef f(x):\n    return torch.ops.aten.softmax(x, 1)\n",
    "func": "from torch.func import grad\ndef f(x):\n    return grad(lambda z: (z * z).sum())(x)\n",
}

MAYBE = {
    "method": "def f(x):\n    return x.softmax(1)\n",
    "method by name": "def f(x):\n    return getattr(x, 'softmax')(1)\n",
    "computed name": "def f(x):\n    return getattr(x, 'xamtfos'[::-1])(1)\n",
    "backward": "def f(x):\n    x = x.clone().requires_grad_()\n    (x * x).sum().backward()\n    return x.grad\n",
    "eval": "import torch\ndef f(x):\n    return eval('torch.soft' + 'max(x, 1)')\n",
}

HONEST = {
    "by hand": "import torch\ndef f(x):\n    e = torch.exp(x - x.max(1, keepdim=True).values)\n"
    "    return e / e.sum(1, keepdim=True)\n",
    "own function of that name": "def softmax(x):\n    e = x.exp()\n    return e / e.sum(1, keepdim=True)\n"
    "def f(x):\n    return softmax(x)\n",
    "elsewhere": "import torch\ndef f(x):\n    return x\ndef plot(x):\n    return torch.softmax(x, 1)\n",
    "a dictionary's get": "def f(x):\n    return {'softmax': x}.get('softmax')\n",
}


def rubric_with(bans: tuple[str, ...] = BANS) -> Rubric:
    rubric = Rubric()
    rubric.exercise("1", "Softmax", owns=("f",), points=0, bans=bans)
    return rubric


def call(source: str) -> torch.Tensor:
    namespace: dict[str, object] = {}
    exec(source, namespace)
    student = Student(LocalConversation(namespace), Reference({}))
    student.ban(BANS)
    return student.f(torch.randn(3, 4))


@pytest.mark.parametrize("name", CERTAIN)
def test_a_shortcut_is_found_in_the_source(name):
    found = find_shortcuts({"a.py": CERTAIN[name]}, rubric_with())
    assert [one for one in found if one.certain and (one.what in BANS or one.what.startswith("torch."))]


@pytest.mark.parametrize("name", MAYBE)
def test_what_might_be_one_is_only_flagged(name):
    found = find_shortcuts({"a.py": MAYBE[name]}, rubric_with())
    assert found and not any(one.certain for one in found)


@pytest.mark.parametrize("name", [*CERTAIN, *MAYBE])
def test_it_is_stopped_at_run_time_and_named(name):
    with pytest.raises(StudentError, match="this exercise asks you to write that"):
        call({**CERTAIN, **MAYBE}[name])


@pytest.mark.parametrize("name", HONEST)
def test_honest_code_is_left_alone(name):
    assert find_shortcuts({"a.py": HONEST[name]}, rubric_with()) == []
    call(HONEST[name])


def test_a_helper_file_is_looked_into():
    files = {"a.py": "from b import g\ndef f(x):\n    return g(x)\n", "b.py": "import torch\ng = torch.softmax\n"}
    assert [(one.file, one.line) for one in find_shortcuts(files, rubric_with()) if one.certain] == [("b.py", 2)]


def test_after_the_call_everything_works_again():
    with pytest.raises(StudentError):
        call(CERTAIN["plain"])
    x = torch.randn(3, 4, requires_grad=True)
    torch.nn.Softmax(1)(x).sum().backward()
    assert torch.func.grad(lambda z: (z * z).sum())(torch.ones(2)).tolist() == [2, 2]
    assert torch.ops.aten.softmax(x, 1).shape == (3, 4)


def test_a_ban_on_what_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"there is no torch\.softmaxx"):
        rubric_with(("torch.softmaxx",)).verify()


@pytest.mark.parametrize(
    "source",
    [
        f"import torch\ndef f(x):\n    torch{'.a' * 400}\n" + f"    torch{'.b' * 400}\n" * 200,
        "import torch\n" + "".join(f"x{n} = x{n - 1}.y\n" if n else "x0 = torch\n" for n in range(4_000)) + "f = x99",
        "import torch\ndef f(x):\n" + "".join(f"    y{n} = torch.exp\n" for n in range(4_000)),
        "import torch\n" + "".join(f"def f{n}(x): return f{n + 1}(x)\n" for n in range(4_000)) + "f = f0",
    ],
    ids=["long names", "names of names", "many names", "many functions"],
)
def test_the_search_takes_time_in_proportion_to_the_source(source):
    with cpu_limit(10):
        find_shortcuts({"a.py": source}, rubric_with())
