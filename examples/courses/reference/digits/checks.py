"""The rubric of digits: trained for a metric, with predictions handed in, and two answers graded by a person."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from autograder.rubric import (
    Draw,
    Ladder,
    Reference,
    Rubric,
    Rung,
    Score,
    Student,
    expect,
    predictions,
    tensor_of,
)

HERE = Path(__file__).parent
ACCURACY = Ladder(
    "accuracy on unseen digits",
    (
        Rung("simple", 0.35, 0.2, "the nearest mean"),
        Rung("medium", 0.65, 0.5, "a dense network"),
        Rung("strong", 0.76, 0.8, "nearest neighbours"),
        Rung("boss", 0.86, 1.0, "a convolution, and images moved in training"),
    ),
    lower_is_better=False,
)

rubric = Rubric()

learn = rubric.exercise("1", "Learn", owns=("train_predict",), points=6)


def share(found: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of labels that are right."""
    return float((found == labels).double().mean())


@learn.check("train_predict", 1, public=True)
def a_label_each(student: Student, reference: Reference, draw: Draw) -> None:
    """For 40 images and 5 unseen ones there are 5 labels from 0 to 9."""
    images, labels = draw.uniform(45, 8, 8, high=16), draw.integers(0, 10, 40)
    found = tensor_of(student.train_predict(images[:40], labels, images[40:], 0), (5,), "the labels")
    expect(bool(((found >= 0) & (found <= 9) & (found == found.round())).all()), "labels are whole numbers from 0 to 9")


@learn.check("train_predict", 5, trains=True, seconds=60)
def reads_others(student: Student, reference: Reference, draw: Draw) -> Score:
    """Trained on part of the labelled images, under labels of another order, it reads the rest of them."""
    with np.load(HERE / "public" / "train.npz") as data:
        images, labels = torch.tensor(data["images"]).float(), torch.tensor(data["labels"]).long()
    renamed = draw.permutation(10)  # labels that were learnt at home are of no use
    order = draw.permutation(len(labels))
    images, labels = images[order], renamed[labels[order]]
    found = student.train_predict(images[:900], labels[:900], images[900:], draw.integer(0, 2**31))
    return ACCURACY.score(share(tensor_of(found, (300,), "the labels"), labels[900:]))


unseen = rubric.exercise("2", "The unseen digits", owns=(rubric.file("predictions.csv"),), points=4)


@unseen.check("PREDICTIONS", 4, trains=True)
def accurate(student: Student, reference: Reference, draw: Draw) -> Score:
    """Labels of the unseen digits."""
    labels = json.loads((HERE / "hidden" / "labels.json").read_text(encoding="utf-8"))
    found = predictions(student, "predictions.csv", range(len(labels)))
    return ACCURACY.score(sum(one == other for one, other in zip(found, labels, strict=True)) / len(labels))


rubric.written(
    "3",
    "What moved, what did not",
    points=3,
    elements=("the same filter at every place", "pooling forgets the place", "moved copies in training, for a dense net"),
)
rubric.written(
    "4", "A look at the mistakes", points=3, elements=("a held-out part", "which digits are confused", "one next step")
)
