"""The rubric of layers: NumPy arrays, caches that are the student's own, and a state that changes in place."""

from __future__ import annotations

import numpy as np
import torch

from autograder.rubric import (
    Draw,
    Reference,
    Rubric,
    Student,
    agrees_with_numerical,
    compare,
    matches,
)

rubric = Rubric(numpy=True)

# --- 1 ---------------------------------------------------------------------------------------------------------------

affine = rubric.exercise(
    "1", "Affine and ReLU", owns=("affine_forward", "affine_backward", "relu_backward"), points=6
)


@affine.check("affine_forward", 1, public=True)
def one_row(student: Student, reference: Reference, draw: Draw) -> None:
    """[[1, 2]] with w = [[1, 0, 2], [0, 1, 1]] and b = [10, 20, 30] gives [[11, 22, 34]]."""
    x, w, b = np.array([[1.0, 2]]), np.array([[1.0, 0, 2], [0, 1, 1]]), np.array([10.0, 20, 30])
    out, _ = student.affine_forward(x, w, b)
    compare(out, np.array([[11.0, 22, 34]]), "out")


@affine.check("affine_forward", 1)
def any_batch(student: Student, reference: Reference, draw: Draw) -> None:
    """The output is x w + b."""
    for n, d, m in (draw.distinct(3, 2, 7), (1, 3, 2)):
        arguments = draw.normal(n, d), draw.normal(d, m), draw.normal(m)
        out, _ = student.affine_forward(*arguments)  # what the cache holds is the student's own affair
        compare(out, reference.affine_forward(*arguments)[0], "out")


@affine.check("affine_backward", 2)
def three_gradients(student: Student, reference: Reference, draw: Draw) -> None:
    """dx, dw and db, from what your forward pass keeps."""
    for n, d, m in (draw.distinct(3, 2, 7), (1, 3, 2)):
        x, w, b, dout = draw.normal(n, d), draw.normal(d, m), draw.normal(m), draw.normal(n, m)
        _, cache = student.affine_forward(x, w, b)
        _, ours = reference.affine_forward(x, w, b)
        compare(student.affine_backward(dout, cache), reference.affine_backward(dout, ours), "(dx, dw, db)")


@affine.check("relu_backward", 2)
def slopes(student: Student, reference: Reference, draw: Draw) -> None:
    """The gradient passes where x is above 0, and nowhere else."""
    for shape in ((4, 5), (7,)):
        x = draw.normal(*shape)
        x[::3] = 0.0
        matches(student, reference, "relu_backward", draw.normal(*shape), x)


# --- 2 ---------------------------------------------------------------------------------------------------------------

softmax = rubric.exercise("2", "Softmax loss", owns=("softmax_loss",), points=5)


@softmax.check("softmax_loss", 1, public=True)
def all_alike(student: Student, reference: Reference, draw: Draw) -> None:
    """Where all of four scores are alike, the loss is log 4."""
    loss, _ = student.softmax_loss(np.zeros((2, 4)), np.array([1, 3]))
    compare(loss, np.float64(np.log(4)), "the loss")


@softmax.cases("softmax_loss", 2)
def any_scores(draw: Draw) -> tuple[object, ...]:
    """The loss is a mean over the examples, and its gradient belongs to it."""
    return draw.normal(6, 4), draw.integers(0, 4, 6)


@softmax.cases("softmax_loss", 2)
def large_scores(draw: Draw) -> tuple[object, ...]:
    """Scores of a thousand do not overflow."""
    return 1000 * draw.normal(5, 3), draw.integers(0, 3, 5)


# --- 3 ---------------------------------------------------------------------------------------------------------------

net = rubric.exercise("3", "A two-layer net", owns=("two_layer_loss",), points=5)


def parameters(draw: Draw, d: int, h: int, c: int) -> dict[str, object]:
    return {"W1": draw.normal(d, h), "b1": draw.normal(h), "W2": draw.normal(h, c), "b2": draw.normal(c)}


@net.cases("two_layer_loss", 2)
def without_regularisation(draw: Draw) -> tuple[object, ...]:
    """The loss and the gradients by all four parameters."""
    n, d, h, c = draw.distinct(4, 3, 8)
    return parameters(draw, d, h, c), draw.normal(n, d), draw.integers(0, c, n), 0.0


@net.cases("two_layer_loss", 2)
def with_regularisation(draw: Draw) -> tuple[object, ...]:
    """Weights are regularised, biases are not."""
    n, d, h, c = draw.distinct(4, 3, 8)
    return parameters(draw, d, h, c), draw.normal(n, d), draw.integers(0, c, n), 0.5


@net.check("two_layer_loss", 1)
def the_derivative(student: Student, reference: Reference, draw: Draw) -> None:
    """The gradient by W1 is how the loss really moves."""
    params, x, y = parameters(draw, 3, 4, 3), draw.normal(5, 3), draw.integers(0, 3, 5)

    def loss(w1: torch.Tensor) -> torch.Tensor:
        moved = params | {"W1": w1.numpy()}
        return torch.tensor(float(reference.two_layer_loss(moved, x, y, 0.1)[0]), dtype=torch.float64)

    _, gradients = student.two_layer_loss(params, x, y, 0.1)
    agrees_with_numerical(torch.tensor(gradients["W1"]), loss, torch.tensor(params["W1"]), "gradients['W1']")


# --- 4 ---------------------------------------------------------------------------------------------------------------

norm = rubric.exercise("4", "Batch normalisation", owns=("batchnorm_forward", "batchnorm_backward"), points=6)


@norm.driver
def three_batches(student, batches, gamma, beta):
    """Train on all batches but the last, test on that one; the outputs, and the state that is left."""
    state = {"mean": 0 * gamma, "var": 0 * gamma + 1}
    outputs = [student.batchnorm_forward(x, gamma, beta, state, True)[0] for x in batches[:-1]]
    outputs.append(student.batchnorm_forward(batches[-1], gamma, beta, state, False)[0])
    return outputs, state["mean"], state["var"]


@norm.check("batchnorm_forward", 2)
def each_column(student: Student, reference: Reference, draw: Draw) -> None:
    """Columns are normalised in training by the batch, and in a test by the state."""
    for n, d in ((6, 4), (9, 3)):
        x, gamma, beta = 5 + 3 * draw.normal(n, d), draw.uniform(d, low=0.5, high=2), draw.normal(d)
        for training in (True, False):
            state = {"mean": draw.normal(d), "var": draw.uniform(d, low=0.5, high=2)}
            out, _ = student.batchnorm_forward(x, gamma, beta, state, training)
            compare(out, reference.batchnorm_forward(x, gamma, beta, state, training)[0], "out")


@norm.cases("batchnorm_forward", 1, driver=three_batches)
def the_state_remembers(draw: Draw) -> tuple[object, ...]:
    """The state is changed in place, batch after batch, and the test uses what it remembers."""
    batches = [5 + 3 * draw.normal(n, 4) for n in (6, 9, 5, 7)]
    return batches, draw.uniform(4, low=0.5, high=2), draw.normal(4)


@norm.check("batchnorm_backward", 3)
def through_mean_and_variance(student: Student, reference: Reference, draw: Draw) -> None:
    """The gradient goes through the batch's mean and variance, too."""
    for n, d in ((7, 4), (5, 2)):
        x, gamma, beta = 2 + draw.normal(n, d), draw.uniform(d, low=0.5, high=2), draw.normal(d)
        state, dout = {"mean": draw.normal(d), "var": draw.uniform(d, low=0.5, high=2)}, draw.normal(n, d)
        _, cache = student.batchnorm_forward(x, gamma, beta, state, True)
        _, ours = reference.batchnorm_forward(x, gamma, beta, state, True)
        compare(student.batchnorm_backward(dout, cache), reference.batchnorm_backward(dout, ours), "(dx, dgamma, dbeta)")
