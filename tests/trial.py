"""A trial assignment for tests: a class with operators, a NumPy net with caches, a model, a program that talks."""

from __future__ import annotations

from pathlib import Path

SOLUTION = '''\
# %% [markdown]
# # Trial
# %%
import numpy as np


class Node:
    """A number in a computation, with what it was computed from."""

    def __init__(self, data, parents=()):
        self.data, self.grad = data, 0.0
        self.parents = parents  # pairs of a node and the derivative by it


# %% [markdown]
# ## Exercise 1 · Scalars (6 points)
# %%
class Scalar(Node):
    """Numbers that know their derivatives."""

    def __add__(self, other):
        """self + other"""
        # SOLUTION
        return type(self)(self.data + other.data, ((self, 1.0), (other, 1.0)))
        # END

    def __mul__(self, other):
        """self * other"""
        # SOLUTION
        return type(self)(self.data * other.data, ((self, other.data), (other, self.data)))
        # END

    def backward(self, upstream=1.0):
        """Add the derivative of the last node by every node before it to that node's grad."""
        # SOLUTION
        self.grad += upstream
        for node, slope in self.parents:
            node.backward(upstream * slope)
        # END

    @classmethod
    def total(cls, numbers):
        """The sum of scalars."""
        # SOLUTION
        result = cls(0.0)
        for number in numbers:
            result = result + number
        return result
        # END


# %% [markdown]
# ## Exercise 2 · A net of two layers (8 points)
# %%
def forward(x, weights):
    """x (N, D), weights a dictionary of w1 (D, H) and w2 (H, C) -> scores (N, C), cache (x, hidden, w2)."""
    # SOLUTION
    hidden = np.maximum(x @ weights["w1"], 0)
    return hidden @ weights["w2"], (x, hidden, weights["w2"])
    # END


def backward(upstream, cache):
    """upstream (N, C) -> a dictionary of the gradients by w1 and w2."""
    # SOLUTION
    x, hidden, w2 = cache
    return {"w1": x.T @ (upstream @ w2.T * (hidden > 0)), "w2": hidden.T @ upstream}
    # END


def update(weights, gradients, rate):
    """A step down the gradients, in place."""
    # SOLUTION
    for name in weights:
        weights[name] -= rate * gradients[name]
    # END


# %% [markdown]
# ## Exercise 3 · A model (4 points)
# %%
class Line:
    """Least squares."""

    def fit(self, x, y):
        """x (N,), y (N,) -> self"""
        # SOLUTION
        self.slope, self.offset = np.polyfit(x, y, 1)
        return self
        # END

    def predict(self, x):
        """x (M,) -> (M,)"""
        # SOLUTION
        return self.slope * x + self.offset
        # END


# %% [markdown]
# ## Exercise 4 · A program (2 points)
# %%
def converse():
    """Asks for names until a line is empty, greets each, and writes how many there were to count.txt."""
    # SOLUTION
    count = 0
    while name := input("Name? "):
        print(f"Hello {name}!")
        count += 1
    with open("count.txt", "w") as file:
        file.write(f"{count}\\n")
    # END
'''

CHECKS = '''\
import io
import sys
from pathlib import Path

import numpy as np

from autograder.rubric import Draw, Reference, Rubric, Student, compare, expect, matches

rubric = Rubric(numpy=True)
scalars = rubric.exercise("1", "Scalars", owns=("Scalar",), points=6)
net = rubric.exercise("2", "A net of two layers", owns=("forward", "backward", "update"), points=8)
models = rubric.exercise("3", "A model", owns=("Line",), points=4)
programs = rubric.exercise("4", "A program", owns=("converse",), points=2)


@scalars.driver
def expression(student, *numbers: float):
    """The value of a b + a and its derivatives."""
    a, b = map(student.Scalar, numbers)
    value = a * b + a
    value.backward()
    return {"value": value.data, "slopes": [a.grad, b.grad], "kind": type(value) is student.Scalar}


@scalars.cases("Scalar", 2, driver=expression, public=True)
def a_product_and_a_sum(draw):
    """a b + a has its value and its derivatives."""
    return draw.number(1, 2), draw.number(2, 3)


@scalars.driver
def summed(student, numbers):
    class Own(student.Scalar):
        """A class of the check's own, of the student's."""

    leaves = [Own(float(number)) for number in numbers]
    total = Own.total(leaves)
    total.backward(2.0)
    return total.data, [leaf.grad for leaf in leaves], isinstance(total, Own)


@scalars.check("Scalar", 4)
def many(student: Student, reference: Reference, draw: Draw) -> None:
    """Any number of scalars add up, and each has its part of the derivative."""
    for size in (1, 2, 5):
        matches(student, reference, summed, draw.normal(size))


def weights(draw: Draw, inputs: int, hidden: int, outputs: int) -> dict:
    return {"w1": draw.normal(inputs, hidden), "w2": draw.normal(hidden, outputs)}


@net.check("forward", 2, public=True)
def scores(student: Student, reference: Reference, draw: Draw) -> None:
    """The scores of a batch."""
    for n in (1, 4):
        x, w = draw.normal(n, 3), weights(draw, 3, 5, 2)
        compare(student.forward(x, w)[0], reference.forward(x, w)[0], "the scores")


@net.check("backward", 4)
def gradients(student: Student, reference: Reference, draw: Draw) -> None:
    """The gradients, from what your own forward pass keeps."""
    x, w, upstream = draw.normal(4, 3), weights(draw, 3, 5, 2), draw.normal(4, 2)
    _, cache = student.forward(x, w)
    _, ours = reference.forward(x, w)
    compare(student.backward(upstream, cache), reference.backward(upstream, ours), "the gradients")


@net.driver
def updated(student, weights, gradients, rate):
    student.update(weights, gradients, rate)
    return weights


@net.cases("update", 2, driver=updated)
def a_step(draw):
    """The weights themselves are changed."""
    return weights(draw, 2, 3, 4), weights(draw, 2, 3, 4), 0.1


@models.driver
def fitted(student, x, y):
    return student.Line().fit(x, y)


@models.driver
def predicted(student, line, x):
    return line.predict(x)


@models.check("Line", 4)
def unseen(student: Student, reference: Reference, draw: Draw) -> None:
    """What is predicted on points that come after the fit."""
    x, y, new = draw.normal(9), draw.normal(9), draw.normal(4)
    line, ours = student.drive(fitted, x, y), reference.drive(fitted, x, y)
    compare(student.drive(predicted, line, new), reference.drive(predicted, ours, new), "the predictions")


@programs.driver
def dialogue(student, typed: str):
    sys.stdin, sys.stdout = io.StringIO(typed), io.StringIO()
    student.converse()
    return {"printed": sys.stdout.getvalue(), "files": {path.name: path.read_text() for path in Path().iterdir()}}


@programs.check("converse", 2)
def names(student: Student, reference: Reference, draw: Draw) -> None:
    """Each name is greeted, and the file has their number."""
    typed = "".join(f"{name}\\n" for name in draw.choice((["Ada"], ["Bo", "Cy"]))) + "\\n"
    got, right = student.drive(dialogue, typed), reference.drive(dialogue, typed)
    expect(got["files"].keys() == right["files"].keys(), "there is a file count.txt, and no other one")
    compare(got, right, "the dialogue")
'''

MUTANTS = """\
from autograder.rubric import Variants

variants = Variants()


@variants.mutant(of="Scalar.__mul__", hint="Which factor stays when you derive by the other?")
def swapped(self, other):
    return type(self)(self.data * other.data, ((self, self.data), (other, other.data)))


@variants.mutant(of="Scalar.backward", hint="Is a node used only once?")
def overwrites(self, upstream=1.0):
    self.grad = upstream
    for node, slope in self.parents:
        node.backward(upstream * slope)


@variants.mutant(of="Scalar.total", hint="Which class does a sum of your subclass have?")
def forgets_the_class(cls, numbers):
    result = Scalar(0.0)
    for number in numbers:
        result = result + number
    return result


@variants.mutant(of="Scalar", hint="What is the derivative of a node by itself?")
class halves:
    def backward(self, upstream=1.0):
        self.grad += upstream / 2
        for node, slope in self.parents:
            node.backward(upstream * slope)


@variants.mutant(of="backward", hint="Where was the hidden layer cut off?")
def without_relu(upstream, cache):
    x, hidden, w2 = cache
    return {"w1": x.T @ (upstream @ w2.T), "w2": hidden.T @ upstream}


@variants.mutant(of="update", hint="Who has the new weights?")
def a_copy(weights, gradients, rate):
    weights = {name: value - rate * gradients[name] for name, value in weights.items()}


@variants.mutant(of="Line.predict", hint="Where does the line cut the axis?")
def through_zero(self, x):
    return self.slope * x


@variants.mutant(of="converse", hint="Is the empty line a name?")
def one_too_many():
    count = 1
    while name := input("Name? "):
        print(f"Hello {name}!")
        count += 1
    with open("count.txt", "w") as file:
        file.write(f"{count}\\n")
"""

EQUIVALENTS = '''\
from autograder.rubric import Variants

variants = Variants()


@variants.equivalent
class differently:
    """Names of its own inside of a class, a loop instead of a recursion, a cache in a list, closed forms."""

    class Scalar:
        def __init__(self, data, parents=()):
            super().__init__(data, parents)
            self.more = True

        def backward(self, upstream=1.0):
            waiting = [(self, upstream)]
            while waiting:
                node, slope = waiting.pop()
                node.grad += slope
                waiting += [(parent, slope * factor) for parent, factor in node.parents]

    def forward(x, weights):
        hidden = x @ weights["w1"]
        hidden = hidden * (hidden > 0)
        return hidden @ weights["w2"], [x, hidden, weights["w2"].copy()]

    def backward(upstream, cache):
        x, hidden, w2 = cache
        return {"w2": hidden.T @ upstream, "w1": x.T @ ((upstream @ w2.T) * np.sign(hidden))}

    class Line:
        def fit(self, x, y):
            self.line = np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1), y, rcond=None)[0]
            return self

        def predict(self, x):
            return np.stack([x, np.ones_like(x)], axis=1) @ self.line
'''


def write(root: Path, checks: str = CHECKS) -> Path:
    """Write the assignment to root/reference/trial and return that folder."""
    folder = root / "reference" / "trial"
    folder.mkdir(parents=True)
    texts = {"solution": SOLUTION, "checks": checks, "mutants": MUTANTS, "equivalents": EQUIVALENTS}
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder
