"""A tiny assignment for tests: two exercises, one of which builds on the other."""

from __future__ import annotations

from pathlib import Path

SOLUTION = '''\
# %% [markdown]
# # Tiny
# %%
import torch
# %% [markdown]
# ## Exercise 1 · Square (4 points)
# %%
def square(x):
    """x squared, element by element."""
    # SOLUTION
    return x * x
    # END
# %% [markdown]
# ## Exercise 2 · Sum of squares (6 points)
# %%
def total(x):
    """The sum of square(x); and its gradient by autograd."""
    # SOLUTION
    return square(x).sum()
    # END

def slope(x):
    """The gradient of total at x."""
    # SOLUTION
    x = x.clone().requires_grad_(True)
    total(x).backward()
    return x.grad
    # END
'''

CHECKS = '''\
from autograder.rubric import Rubric, matches, agrees_with_numerical

rubric = Rubric()
one = rubric.exercise("1", "Square", owns=("square",), points=4)

@one.check("square", 1, public=True)
def small(student, reference, draw):
    """Squares 1, 2 and 3."""
    matches(student, reference, "square", draw.uniform(3, low=1, high=2))

@one.check("square", 3)
def random(student, reference, draw):
    """Squares numbers of both signs."""
    for size in (1, 3, 7):
        matches(student, reference, "square", draw.normal(size, 2))

two = rubric.exercise("2", "Sum of squares", owns=("total", "slope"), points=6)

@two.check("total", 2)
def adds(student, reference, draw):
    """Adds the squares."""
    matches(student, reference, "total", draw.normal(4))

@two.check("slope", 4)
def gradient(student, reference, draw):
    """The gradient is right."""
    x = draw.normal(4)
    agrees_with_numerical(student.slope(x), reference.total, x, "the gradient")
'''

MUTANTS = """\
from autograder.rubric import Variants

variants = Variants()

@variants.mutant(of="square", hint="You double instead of squaring.")
def doubles(x):
    return 2 * x

@variants.mutant(of="square", hint="Squares are never negative: where does the sign come from?")
def keeps_sign(x):
    return x * x.abs()

@variants.mutant(of="total", hint="Sum, do not average.")
def mean(x):
    return square(x).mean()
"""

EQUIVALENTS = '''\
from autograder.rubric import Variants

variants = Variants()

@variants.equivalent
class power:
    """A power instead of a product, a loop instead of a sum."""
    def square(x):
        return x**2
    def total(x):
        return sum(value for value in square(x))
'''


def write(root: Path, checks: str = CHECKS) -> Path:
    """Write the assignment to root/reference/tiny and return that folder."""
    folder = root / "reference" / "tiny"
    folder.mkdir(parents=True)
    for name, text in (
        ("solution.py", SOLUTION),
        ("checks.py", checks),
        ("mutants.py", MUTANTS),
        ("equivalents.py", EQUIVALENTS),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_training(root: Path, checks: str, points: int, head: str, body: str) -> Path:
    """The same with an exercise 3 that trains: its checks, and the head and the body of its `train`."""
    folder = write(root, CHECKS + checks)
    exercise = f"# %% [markdown]\n# ## Exercise 3 · Training ({points} points)\n# %%\n"
    train = f"def train({head}):\n    # SOLUTION\n    {body}\n    # END\n"
    (folder / "solution.py").write_text(SOLUTION + exercise + train, encoding="utf-8")
    return folder


def config(root: Path) -> Path:
    """Write a course with the tiny assignment and return its configuration."""
    path = root / "grader_config.yml"
    path.write_text("course:\n  name: Tiny course\nassignments:\n  tiny:\n    title: Tiny\n", encoding="utf-8")
    return path
