"""What counts of a source, and what anybody may change without a difference."""

from __future__ import annotations

import pytest

from autograder.errors import RejectedError
from autograder.similarity import tokens
from autograder.similarity.tokens import definitions, tokenize

WRITTEN = '''
import numpy as np
import torch.nn.functional as F

def mse(prediction, target):
    """The mean of the squares."""
    difference = prediction - target  # element by element
    total = 0
    total += (difference ** 2).mean(dim=0)
    return F.relu(total) + np.linalg.norm(difference, 3)
'''
LONG = "total = total + (difference ** 2).mean(dim=0)"


def changed(*pairs: tuple[str, str]) -> str:
    source = WRITTEN
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return source


FUNCTIONAL = "import torch.nn.functional as F"
SAME = {
    "other names": changed(("difference", "d"), ("total", "summe"), ("prediction", "a")),
    "other words": changed(("The mean of the squares.", "Das Mittel."), ("element by element", "einzeln")),
    "no words": changed(('    """The mean of the squares."""\n', ""), ("  # element by element", "")),
    "another layout": changed(("prediction - target", "(\n        (prediction)\n        - target)")),
    "types": changed(
        ("mse(prediction, target)", "mse(prediction: Tensor, target: Tensor) -> Tensor"),
        ("total = 0", "total: int = 0"),
    ),
    "written out": changed(("total += (difference ** 2).mean(dim=0)", LONG)),
    "another import": changed((FUNCTIONAL, "import torch"), ("F.relu", "torch.nn.functional.relu")),
    "a name's import": changed((FUNCTIONAL, "from torch.nn.functional import relu as r"), ("F.relu", "r")),
    "pass, and a text": changed(("    total = 0\n", "    total = 0\n    pass\n    'here'\n")),
}
OTHER = {
    "another number": changed(("difference, 3", "difference, 4")),
    "another function of the library": changed(("F.relu", "F.gelu")),
    "another method": changed((".mean(dim", ".sum(dim")),
    "another argument": changed(("dim=0", "axis=0")),
    "another operator": changed(("prediction - target", "prediction + target")),
    "another value": changed(("prediction - target", "2 - target")),
}


def texts(source: str) -> list[list[str]]:
    return [[token.text for token in unit] for unit in tokenize({"a.py": source})]


@pytest.mark.parametrize("source", SAME.values(), ids=list(SAME))
def test_disguises_change_nothing(source: str) -> None:
    assert source != WRITTEN and texts(source) == texts(WRITTEN)


@pytest.mark.parametrize("source", OTHER.values(), ids=list(OTHER))
def test_other_work_is_other_work(source: str) -> None:
    assert source != WRITTEN and texts(source) != texts(WRITTEN)


def test_each_function_is_on_its_own_wherever_it_stands() -> None:
    one, two = "def f(x):\n    return x + 1\n", "def g(x):\n    return x * 2\n"
    together = sorted(texts(one) + texts(two))
    assert sorted(texts(two + one)) == together
    inside = "class A:\n    def f(self, x):\n        return x + 1\n    def g(self, x):\n        return x * 2\n"
    assert sorted(texts(inside)) == together
    apart = tokenize({"a.py": "from b import g\n" + one, "b.py": two})
    assert sorted([token.text for token in unit] for unit in apart) == together


def test_own_modules_are_no_library() -> None:
    """A helper that moved into a file of its own is still the author's, however it is called."""
    inside = "def helper(x):\n    return x\ndef f(x):\n    return helper(x)\n"
    for call, how in (
        ("helper", "from mine import helper"),
        ("mine.helper", "import mine"),
        ("h", "from .mine import helper as h"),
    ):
        files = {"a.py": f"{how}\ndef f(x):\n    return {call}(x)\n", "mine.py": "def helper(x):\n    return x\n"}
        assert sorted([one.text for one in unit] for unit in tokenize(files)) == sorted(texts(inside)), how


def test_the_functions_asked_for_keep_their_names() -> None:
    source = {"a.py": "def mse(x):\n    return x\ndef train(x):\n    return mse(x)\n"}
    fixed = definitions(source)
    assert fixed == {"mse", "train"}
    assert ["Return", "Call", "mse", "name"] in [[one.text for one in unit] for unit in tokenize(source, fixed)]


def test_tokens_know_where_they_stand() -> None:
    (unit,) = tokenize({"a.py": "x = 1\n\ny = (2 +\n     3)\n"})
    assert [(token.text, token.line) for token in unit] == [
        ("Assign", 1), ("name", 1), ("1", 1), ("Assign", 3), ("name", 3), ("Add", 3), ("2", 3), ("3", 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "source", ["def f(:\n", "x = " + "(" * 5000 + ")" * 5000, "x = " + "-" * 100_000 + "1", "\0", "x = '\ud800'"],
    ids=["no Python", "too deep", "far too deep", "null", "half a character"],
)  # fmt: skip
def test_what_cannot_be_parsed_is_skipped(source: str) -> None:
    assert texts(source) in ([], [["Assign", "name", "text"]])
    assert len(tokenize({"a.py": source, "b.py": "x = 1\n"})) >= 1


def test_deep_trees_are_read_without_recursion() -> None:
    assert len(texts("x = " + "1 + " * 900 + "1")[0]) == 2 + 900 + 901


def test_more_than_any_homework_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 50)
    with pytest.raises(RejectedError, match="more code than can be compared"):
        texts("x = 1\n" * 20)
