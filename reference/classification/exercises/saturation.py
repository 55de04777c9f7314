"""2.3 Why not the quadratic cost?."""

from __future__ import annotations

import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    Reference,
    Student,
    answer,
    matches,
)

from .common import constant

exercise = Exercise(
    "2.3",
    "Why not the quadratic cost?",
    owns=("quadratic_cost", "neuron_slopes", "ANSWERS"),
    points=4,
    bans=AUTOGRAD,
)


@exercise.check("quadratic_cost", 0.5, public=True)
def half_a_square(student: Student, reference: Reference, draw: Draw) -> None:
    """Outputs [[1, 0], [0, 1]] for targets [[1, 2], [0, 4]] have the quadratic cost (4 + 9) / (2 * 2) = 3.25."""
    matches(student, reference, "quadratic_cost", *constant(draw, [[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [0.0, 4.0]]))


@exercise.check("quadratic_cost", 1)
def quadratic(student: Student, reference: Reference, draw: Draw) -> None:
    """quadratic_cost is the squared length of y - a, averaged over the examples, with the factor 1/2."""
    for rows, outputs_ in ((3, 2), (5, 4)):
        matches(student, reference, "quadratic_cost", draw.normal(rows, outputs_), draw.normal(rows, outputs_))


@exercise.check("neuron_slopes", 1.5)
def slopes(student: Student, reference: Reference, draw: Draw) -> None:
    """neuron_slopes gives dC/dz for the quadratic cost and for cross-entropy, of saturated neurons, too (z = 800)."""
    for count in (3, 8):
        z, y = draw.normal(count, scale=3), draw.integers(0, 2, count).to(draw.dtype)
        y[:2] = torch.tensor([0.0, 1.0])
        matches(student, reference, "neuron_slopes", z, y)
    (z, y) = constant(draw, [0.0, 60.0, -60.0, 800.0, -800.0, 800.0], [1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    matches(student, reference, "neuron_slopes", z, y)


@exercise.check("ANSWERS", 0.5)
def how_much_steeper(student: Student, reference: Reference, draw: Draw) -> None:
    """How many times as steep as the quadratic cost is cross-entropy at z = 5, y = 0, to the nearest whole number."""
    answer(student, "ANSWERS", "times as steep at z = 5, y = 0", 150, 0.5)


@exercise.check("ANSWERS", 0.5)
def undecided_neuron(student: Student, reference: Reference, draw: Draw) -> None:
    """How many times as steep it is at z = 0 and y = 0."""
    answer(student, "ANSWERS", "times as steep at z = 0, y = 0", 4, 0.01)


# --- mistakes ---


@exercise.mistake("quadratic_cost", "The quadratic cost of the note has a factor in front of the sum: which?")
def no_half(a, y):
    return (y - a).square().sum() / len(a)


@exercise.mistake("quadratic_cost", "How many examples are there? You divide by the number of all entries.")
def mean_of_entries(a, y):
    return (y - a).square().mean() / 2


@exercise.mistake("quadratic_cost", "The length of y - a is squared: is yours?")
def unsquared(a, y):
    return (y - a).norm(dim=1).sum() / (2 * len(a))


@exercise.mistake("neuron_slopes", "dC/da is not dC/dz yet: what does a do when z moves?")
def slope_of_a(z, y):
    a = torch.sigmoid(z)
    return a - y, a - y


@exercise.mistake(
    "neuron_slopes", "For cross-entropy, something cancels against the slope of the sigmoid: work it out once more."
)
def nothing_cancels(z, y):
    a = torch.sigmoid(z)
    return (a - y) * a * (1 - a), (a - y) * a * (1 - a)


@exercise.mistake("neuron_slopes", "Both signs are wrong: with y = 0, does the cost rise or fall when z rises?")
def slopes_y_minus_a(z, y):
    a = torch.sigmoid(z)
    return (y - a) * a * (1 - a), y - a


@exercise.mistake("neuron_slopes", "Which one is asked for first?")
def slopes_swapped(z, y):
    a = torch.sigmoid(z)
    return a - y, (a - y) * a * (1 - a)


@exercise.mistake("neuron_slopes", "These are slopes of each example's own cost: nothing is averaged.")
def slopes_averaged(z, y):
    a = torch.sigmoid(z)
    return (a - y) * a * (1 - a) / len(z), (a - y) / len(z)


exercise.wrong_value(
    "inverted_ratio",
    "ANSWERS",
    "Which of the two is steeper, and which did you divide by which?",
    {"times as steep at z = 5, y = 0": 1 / 150, "times as steep at z = 0, y = 0": 0.25},
)


exercise.wrong_value(
    "ratio_of_z",
    "ANSWERS",
    "The ratio is 1 / (slope of the sigmoid). Is your slope taken at z, with a = sigmoid(z)?",
    {"times as steep at z = 5, y = 0": 1, "times as steep at z = 0, y = 0": 1},
)


@exercise.mistake("neuron_slopes", "A saturated neuron has 1 - a = 0: simplify before you divide by it.")
def divides_by_saturation(z, y):
    a = torch.sigmoid(z)
    return (a - y) * a * (1 - a), (-y / a + (1 - y) / (1 - a)) * a * (1 - a)
