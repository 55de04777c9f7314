"""1.10 Deep or fat?."""

from __future__ import annotations

import math

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

exercise = Exercise("1.10", "Deep or fat?", owns=("deep_forward", "count_params", "fat_width"), points=6)


@exercise.cases("count_params", 0.5, public=True)
def small_network(draw: Draw) -> list[int]:
    """count_params([2, 3, 3, 1]) is 25."""
    return [2, 3, 3, 1]


@exercise.cases("fat_width", 0.5, public=True)
def as_fat(draw: Draw) -> list[int]:
    """[2, 6, 1] has 25 parameters, as [2, 3, 3, 1] has: fat_width([2, 3, 3, 1]) is 6."""
    return [2, 3, 3, 1]


@exercise.check("deep_forward", 2)
def layers(student: Student, reference: Reference, draw: Draw) -> None:
    """deep_forward puts ReLU between the layers and none after the last."""
    for sizes in ((3, 2), (4, 3, 2), (5, 7, 3, 2), (2, 6, 4, 3, 1)):
        stack = [(draw.normal(o, i), draw.normal(o)) for i, o in zip(sizes, sizes[1:], strict=False)]
        matches(student, reference, "deep_forward", draw.normal(6, sizes[0]), stack)


@exercise.check("count_params", 2)
def parameters(student: Student, reference: Reference, draw: Draw) -> None:
    """count_params counts every weight and every bias."""
    for depth in (2, 3, 5):
        matches(student, reference, "count_params", draw.distinct(depth, 2, 60))
    matches(student, reference, "count_params", [3000, 7001, 2])


@exercise.check("fat_width", 1)
def equally_fat(student: Student, reference: Reference, draw: Draw) -> None:
    """fat_width is the widest hidden layer that needs no more parameters than the deep network."""
    for depth in (4, 5):
        matches(student, reference, "fat_width", draw.distinct(depth, 5, 60))
    for sizes in (
        [56, 100, 100, 100, 1],
        [2, 100, 100, 1],
        [5, 1, 3],
        [3, 9, 4],
        [9, 2, 1, 6],
        [4, 3, 3, 4],
    ):  # exactly as many, and hardly any
        matches(student, reference, "fat_width", sizes)


# --- mistakes ---


@exercise.mistake(
    "deep_forward", "There is no ReLU after the last layer: views would never be negative, but residuals are."
)
def relu_at_the_end(x, layers):
    for W, b in layers:
        x = torch.relu(x @ W.T + b)
    return x


@exercise.mistake("deep_forward", "Without ReLU between the layers the network is linear, however deep.")
def no_relu(x, layers):
    for W, b in layers:
        x = x @ W.T + b
    return x


@exercise.mistake("deep_forward", "The biases are missing.")
def deep_no_bias(x, layers):
    for index, (W, _) in enumerate(layers):
        x = x @ W.T
        if index < len(layers) - 1:
            x = torch.relu(x)
    return x


@exercise.mistake("count_params", "The biases are parameters too: one for each output of a layer.")
def no_biases(sizes):
    return sum(inside * outside for inside, outside in zip(sizes, sizes[1:]))


@exercise.mistake("count_params", "You count neurons; count weights and biases.")
def counts_neurons(sizes):
    return sum(sizes)


@exercise.mistake("count_params", "The inputs have no biases: only what a layer puts out has one each.")
def input_biases(sizes):
    return sum((inside + 1) * outside for inside, outside in zip(sizes, sizes[1:])) + sizes[0]


@exercise.mistake("count_params", "A layer has one bias for each of its outputs, not one altogether.")
def one_bias_a_layer(sizes):
    return sum(inside * outside + 1 for inside, outside in zip(sizes, sizes[1:]))


@exercise.mistake("fat_width", "Equal neurons are not equal parameters: count weights and biases of both networks.")
def as_many_neurons(sizes):
    return sum(sizes[1:-1])


@exercise.mistake("fat_width", "Round down: one unit more would need too many parameters.")
def rounds_up(sizes):
    inputs, outputs = sizes[0], sizes[-1]
    return math.ceil((count_params(sizes) - outputs) / (inputs + 1 + outputs)) + 1


@exercise.mistake(
    "fat_width", "A hidden unit also has a bias and weights to the outputs, not only weights from the inputs."
)
def only_inputs(sizes):
    return count_params(sizes) // sizes[0]


@exercise.mistake("count_params", "Floats round large counts: stay with ints.")
def counts_in_floats(sizes):
    wide = torch.tensor(sizes, dtype=torch.float32)
    return int(((wide[:-1] + 1) * wide[1:]).sum())


@exercise.mistake("fat_width", "Your search ends too early: a fat network may have thousands of units.")
def gives_up(sizes):
    fits = [u for u in range(1000) if count_params([sizes[0], u, sizes[-1]]) <= count_params(sizes)]
    return fits[-1]
