"""Two notebooks of the size of a week's homework: a source notebook of nbgrader's, and a master notebook of otter's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

Cell = dict[str, Any]


def text(source: str, **settings: Any) -> Cell:
    return _cell("markdown", source, settings)


def raw(source: str) -> Cell:
    return _cell("raw", source, {})


def code(source: str, output: str = "", **settings: Any) -> Cell:
    made = _cell("code", source, settings)
    outputs = [{"output_type": "execute_result", "data": {"text/plain": [output]}}] if output else []
    return made | {"outputs": outputs, "execution_count": None}


def solution(name: str, source: str) -> Cell:
    """A solution cell of nbgrader's."""
    return code(source, grade=False, grade_id=name, locked=False, schema_version=3, solution=True, task=False)


def tests(name: str, points: float, source: str) -> Cell:
    """A grade cell of nbgrader's."""
    return code(
        source, grade=True, grade_id=name, locked=True, points=points, schema_version=3, solution=False, task=False
    )


def question(settings: str, words: str, solved: Sequence[Cell], *tested: Cell) -> list[Cell]:
    """A question of otter's."""
    block = [raw(f"# BEGIN QUESTION\n{settings}"), text(words), raw("# BEGIN SOLUTION"), *solved, raw("# END SOLUTION")]
    block += [raw("# BEGIN TESTS"), *tested, raw("# END TESTS")] if tested else []
    return [*block, raw("# END QUESTION")]


def write(folder: Path, name: str, cells: Sequence[Cell]) -> Path:
    """Write a notebook; return its path."""
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": list(cells), "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    path = folder / name
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def _cell(kind: str, source: str, settings: dict[str, Any]) -> Cell:
    return {"cell_type": kind, "metadata": {"nbgrader": settings} if settings else {}, "source": dedent(source).strip()}


NBGRADER = [
    text("# Softmax regression\n\nFill in the cells. Numpy first, then torch."),
    code("""
        %matplotlib inline
        import math

        import numpy as np
        import torch

        CLASSES = 3
        """),
    text("## Question 1: Scale the features\n\nEach column gets mean 0 and standard deviation 1."),
    solution("standardize", '''
        def standardize(x):
            """x (N, d), numpy -> (N, d), numpy."""
            ### BEGIN SOLUTION
            centred = x - x.mean(axis=0)
            return centred / x.std(axis=0)
            ### END SOLUTION
        '''),
    tests("standardize-test", 2, """
        data = np.array([[1.0, 10.0], [3.0, 30.0]])
        scaled = standardize(data)
        assert scaled.shape == data.shape, "keep the shape"
        np.testing.assert_allclose(scaled, [[-1.0, -1.0], [1.0, 1.0]])
        ### BEGIN HIDDEN TESTS
        rng = np.random.RandomState(3)
        random = rng.normal(5, 2, size=(40, 3))
        np.testing.assert_array_almost_equal(standardize(random).mean(axis=0), np.zeros(3), decimal=5)
        np.testing.assert_array_almost_equal(standardize(random).std(axis=0), np.ones(3), decimal=5)
        ### END HIDDEN TESTS
        """),
    text("## Question 2: Softmax"),
    solution("softmax", '''
        def softmax(z):
            """z (N, K), torch -> (N, K)."""
            ### BEGIN SOLUTION
            e = torch.exp(z - z.max(dim=1, keepdim=True).values)
            ### END SOLUTION
            return e / e.sum(dim=1, keepdim=True)
        '''),
    tests("softmax-rows", 1, """
        z = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
        p = softmax(z)
        assert torch.allclose(p.sum(dim=1), torch.ones(2)), "each row adds up to 1"
        assert p.shape == (2, CLASSES)
        """),
    tests("softmax-large", 2, """
        # large scores do not overflow
        ### BEGIN HIDDEN TESTS
        assert torch.isfinite(softmax(torch.tensor([[1000.0, -1000.0]]))).all()
        assert torch.equal(softmax(torch.tensor([[1000.0, -1000.0]])), torch.tensor([[1.0, 0.0]]))
        ### END HIDDEN TESTS
        """),
    text("## Question 3: The loss"),
    code("""
        def picked(p, labels):
            return p[range(len(labels)), labels]
        """),
    solution("cross-entropy", '''
        def cross_entropy(z, labels):
            """z (N, K), labels (N,) -> a scalar."""
            ### BEGIN SOLUTION
            return -picked(softmax(z), labels).log().mean()
            ### END SOLUTION
        '''),
    code('print("loss of equal scores:", cross_entropy(torch.zeros(4, CLASSES), torch.tensor([0, 1, 2, 0])))'),
    tests("cross-entropy-test", 3, """
        equal = cross_entropy(torch.zeros(4, CLASSES), torch.tensor([0, 1, 2, 0]))
        assert abs(float(equal) - math.log(CLASSES)) < 1e-5
        for k in range(CLASSES):
            sure = torch.eye(CLASSES)[[k]] * 50
            assert math.isclose(cross_entropy(sure, torch.tensor([k])), 0, abs_tol=1e-6)
        ### BEGIN HIDDEN TESTS
        ### HASHED AUTOTEST cross_entropy(torch.tensor([[0.5, -1.0, 2.0]]), torch.tensor([1]))
        ### END HIDDEN TESTS
        """),
    text("## Question 4: How many numbers?\n\n784 inputs, 3 outputs, with biases: how many parameters?"),
    solution("count", """
        ### BEGIN SOLUTION
        parameters = 784 * CLASSES + CLASSES
        ### END SOLUTION
        """),
    tests("count-test", 1, """
        from nose.tools import assert_equal
        assert isinstance(parameters, int)
        assert_equal(parameters, 2355)
        """),
    text("## Question 5: Bad input"),
    solution("one-hot", """
        def one_hot(labels, classes):
            if classes < 1:
                raise ValueError("at least one class")
            return torch.eye(classes)[labels]
        """),
    tests("one-hot-test", 2, """
        assert one_hot(torch.tensor([0, 2]), 3).tolist() == [[1, 0, 0], [0, 0, 1]]
        try:
            one_hot(torch.tensor([0]), 0)
        except ValueError:
            pass
        else:
            raise AssertionError("no classes: raise a ValueError")
        """),
    text(
        "It is convex in the weights, so every minimum is a global one.",
        grade=True, grade_id="why", locked=False, points=3, schema_version=3, solution=True, task=False,
    ),
]  # fmt: skip
"""nbgrader: 5 questions in numpy and torch, 11 points by tests, one answer in words."""

OTTER = [
    raw("# ASSIGNMENT CONFIG\nname: lab3\ninit_cell: true\nfiles:\n  - views.csv\n"),
    text("# Lab 3: a line by gradient descent"),
    code("import otter\ngrader = otter.Notebook()"),
    code("import numpy as np\nimport torch\n\nx = torch.tensor([0.0, 1.0, 2.0])\ny = torch.tensor([1.0, 3.0, 5.0])"),
    *question(
        "name: q1\npoints: 2", "**Question 1.** The line's values.",
        [code('''
            def predict(x, w, b):
                """x (N,), w and b numbers -> (N,)."""
                return w * x + b # SOLUTION
            ''')],
        code("torch.allclose(predict(x, 2.0, 1.0), y)", "True"),
        code("# HIDDEN\npredict(torch.tensor([4.0]), 0.5, -1.0).item()", "1.0"),
    ),
    *question(
        "name: q2\npoints:\n  - 1\n  - 2", "**Question 2.** The mean squared error.",
        [code("""
            def mse(prediction, target):
                residual = prediction - target # SOLUTION
                loss = (residual ** 2).mean() # SOLUTION
                return loss
            """)],
        code("mse(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0])).item()", "2.0"),
        code('''
            """ # BEGIN TEST CONFIG
            hidden: true
            failure_message: Is it the mean of the squares?
            """ # END TEST CONFIG
            assert abs(mse(torch.zeros(5), 3 * torch.ones(5)) - 9) < 1e-6
            '''),
    ),
    *question(
        "name: q3\npoints: 3\nall_or_nothing: true", "### Question 3: Its gradient\n\nBy w first, then by b.",
        [code('''
            # BEGIN SOLUTION NO PROMPT
            def gradient(x, y, w, b):
                residual = predict(x, w, b) - y
                return 2 * (residual * x).mean(), 2 * residual.mean()
            # END SOLUTION
            """ # BEGIN PROMPT
            def gradient(x, y, w, b):
                ...
            """; # END PROMPT
            ''')],
        code("by_w, by_b = gradient(x, y, 2.0, 1.0)\nassert by_w == 0 and by_b == 0"),
        code("# HIDDEN\ntest_w, test_b = gradient(x, y, 0.0, 0.0)\nassert np.isclose(test_w, -26 / 3, atol=1e-4)"),
    ),
    *question(
        "name: q4", "**Question 4.** Train, and read off the slope.",
        [code("""
            def train(steps, rate):
                # BEGIN SOLUTION
                w = b = 0.0
                for _ in range(steps):
                    by_w, by_b = gradient(x, y, w, b)
                    w, b = w - rate * by_w, b - rate * by_b
                # END SOLUTION
                return w, b
            """),
         code("slope = round(float(train(500, 0.1)[0]), 2) # SOLUTION")],
        code("w, b = train(300, 0.1)\nassert float(w) == pytest.approx(2, abs=1e-2), 'the slope is 2'"),
        code("# HIDDEN\nslope", "2.0"),
    ),
    *question(
        "name: q5\npoints: 2", "**Question 5.** In numpy, for once: the error of every slope.",
        [code("""
            def errors(slopes, x, y):
                return ((slopes[:, None] * x - y) ** 2).mean(axis=1) # SOLUTION
            """)],
        code("np.allclose(errors(np.array([0.0, 2.0]), np.array([1.0]), np.array([2.0])), [4.0, 0.0])", "True"),
        code("# HIDDEN\nerrors(np.array([1.0]), np.array([1.0, 3.0]), np.array([0.0, 0.0]))", "array([5.])"),
    ),
    raw("# BEGIN QUESTION\nname: q6\nmanual: true\npoints: 4"),
    text("**Question 6.** What does a rate of 10 do, and why?"),
    raw("# BEGIN SOLUTION"),
    text("It overshoots: each step is longer than the distance to the minimum."),
    raw("# END SOLUTION"),
    raw("# END QUESTION"),
    code("grader.check_all()"),
]  # fmt: skip
"""otter: 5 questions in torch and numpy, 11 points by tests, one answer in words, a file."""
