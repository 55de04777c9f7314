"""A small assignment whose work is handed in as files: predictions on unseen data, and the weights of a model."""

from __future__ import annotations

import io
from pathlib import Path

import torch

from autograder.protocol.handed_in import HOW

SOLUTION = '''\
# %% [markdown]
# # Handed in
# %%
import torch
# %% [markdown]
# ## Exercise 1 · Predictions (4 points)
# Write your predictions for the ids 0 to 9 into predictions.csv, with the columns id and label.
# %% [markdown]
# ## Exercise 2 · A model (4 points)
# %%
class Line(torch.nn.Module):
    """A line."""
    # SOLUTION
    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(()))

    def forward(self, x):
        return self.slope * x
    # STARTER
    # pass
    # END

def predict(weights, x):
    """What a line with these weights predicts."""
    # SOLUTION
    model = Line()
    model.load_state_dict(weights)
    return model.to(x.dtype)(x).detach()
    # END
'''
CHECKS = '''\
from autograder.rubric import Ladder, Rubric, Rung, compare, expect, handed_in, predictions

rubric = Rubric()
RUNGS = (Rung("simple", 0.5, 0.5, "train at all"), Rung("boss", 1.0, 1.0, "longer"))
ACCURACY = Ladder("unseen accuracy", RUNGS, lower_is_better=False)
one = rubric.exercise("1", "Predictions", owns=(rubric.file("predictions.csv"),), points=4)

@one.check("PREDICTIONS", 4, trains=True)
def accurate(student, reference, draw):
    """Labels of unseen data."""
    found = predictions(student, "predictions.csv", range(10), columns=("id", "label"))
    return ACCURACY.score(sum(guess == at % 3 for at, guess in enumerate(found)) / 10)

rubric.file("weights.pt")
two = rubric.exercise("2", "A model", owns=("Line", "predict"), points=4)

@two.check("predict", 4, trains=True)
def generalises(student, reference, draw):
    """Three times what it is given, on unseen numbers."""
    x = draw.normal(20)
    compare(student.predict(handed_in(student, "weights.pt"), x), 3 * x, atol=0.1)
'''
RIGHT = "id,label\n" + "".join(f"{at},{at % 3}\n" for at in range(10))
MODEL = """\
import torch
class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(()))
    def forward(self, x):
        return self.slope * x
def predict(weights, x):
    model = Line()
    model.load_state_dict(weights)
    return model.to(x.dtype)(x).detach()
"""


def weights(slope: float = 3.0) -> bytes:
    """A state dict as `HOW` says that it is written."""
    assert HOW[".pt"].startswith("torch.save(")
    data = io.BytesIO()
    torch.save({"slope": torch.tensor(slope)}, data)
    return data.getvalue()


def write(root: Path) -> Path:
    """Write the assignment to root/reference/handed and return that folder."""
    folder = root / "reference" / "handed"
    (folder / "handed_in").mkdir(parents=True)
    (folder / "solution.py").write_text(SOLUTION, encoding="utf-8")
    (folder / "checks.py").write_text(CHECKS, encoding="utf-8")
    (folder / "handed_in" / "predictions.csv").write_text(RIGHT)
    (folder / "handed_in" / "weights.pt").write_bytes(weights())
    return folder
