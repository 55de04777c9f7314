"""2.4 Forward pass, backward pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    Reference,
    Student,
    agrees_with_numerical,
    compare,
    matches,
)

from .common import constant, listed

exercise = Exercise(
    "2.4",
    "Forward pass, backward pass",
    owns=("forward_pass", "backward_pass", "loss_and_gradients"),
    points=14,
    bans=AUTOGRAD,
)


ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
}


SIZES = ((3, 2, 4), (6, 3, 5, 4), (2, 5, 3, 4, 6), (4, 3))


Layers = list[tuple[torch.Tensor, torch.Tensor]]


def network(draw: Draw, sizes: Sequence[int]) -> Layers:
    """Layers with no two sizes alike and no bias zero."""
    return [
        (draw.normal(o, i, scale=1.5 / math.sqrt(i)), draw.normal(o, scale=0.5) + 0.2)
        for i, o in zip(sizes, sizes[1:], strict=False)
    ]


def true_gradients(
    x: torch.Tensor, layers: Layers, activation: str, cost: Callable[[torch.Tensor], torch.Tensor]
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The gradients of cost(logits) by autograd, written apart from the reference."""
    leaves = [part.clone().requires_grad_(True) for layer in layers for part in layer]
    a = x
    for index in range(0, len(leaves), 2):
        a = torch.nn.functional.linear(
            a if index == 0 else ACTIVATIONS[activation](a), leaves[index], leaves[index + 1]
        )
    found = torch.autograd.grad(cost(a), leaves)
    return list(zip(found[::2], found[1::2], strict=True))


@exercise.check("forward_pass", 1, public=True)
def two_layers(student: Student, reference: Reference, draw: Draw) -> None:
    """x = [[1, 2]], ReLU, W = [[1, 1], [1, -1], [2, 0]], b = [1, 0, -1], then W = [[1, 5, 10]], b = [100]: z is 114."""
    x, W, b, V, c = constant(
        draw, [[1.0, 2.0]], [[1.0, 1.0], [1.0, -1.0], [2.0, 0.0]], [1.0, 0.0, -1.0], [[1.0, 5.0, 10.0]], [100.0]
    )
    matches(student, reference, "forward_pass", x, [(W, b), (V, c)], "relu")


@exercise.check("forward_pass", 3)
def forward(student: Student, reference: Reference, draw: Draw) -> None:
    """forward_pass keeps each layer's z and input, for sigmoid, tanh and ReLU; no activation after the last layer."""
    for sizes in SIZES:
        for activation in ACTIVATIONS:
            layers = network(draw, sizes)
            matches(student, reference, "forward_pass", draw.normal(draw.integer(3, 8), sizes[0]), layers, activation)


def backward(student: Student, reference: Reference, draw: Draw, activation: str) -> Iterator[tuple[Any, Any]]:
    """For each layer of a few networks the student's (dW, db), from the reference's forward pass, and autograd's."""
    for rows, sizes in zip((2, 5, 7, 3, 6), (*SIZES, (3, 5, 2)), strict=True):
        layers, x, upstream = network(draw, sizes), draw.normal(rows, sizes[0]), draw.normal(rows, sizes[-1])
        if rows == 6:  # the last network has units at exactly 0
            layers[0] = (layers[0][0] * torch.tensor([[0.0], [1], [0], [1], [1]]), layers[0][1])
            layers[0][1][::2] = 0.0
        if rows == 7 and activation != "relu":  # and one has units that are saturated
            layers[0][1][:2] = torch.tensor([-1000.0, 1000.0])
        zs, inputs = reference.forward_pass(x, layers, activation)
        got = student.backward_pass(upstream, layers, zs, inputs, activation)
        truth = true_gradients(x, layers, activation, lambda z: (z * upstream).sum())
        for one, other in zip(listed(got, "(dW, db) for each layer", len(layers)), truth, strict=True):
            yield listed(one, "(dW, db)", 2), other


def weights_match(student: Student, reference: Reference, draw: Draw, activation: str) -> None:
    """The gradient of every weight equals autograd's."""
    for got, truth in backward(student, reference, draw, activation):
        compare(got[0], truth[0], f"dW of shape {tuple(truth[0].shape)}")


@exercise.check("backward_pass", 1.5)
def backward_sigmoid(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_pass with sigmoids: the gradient of every weight, for a random upstream gradient."""
    weights_match(student, reference, draw, "sigmoid")


@exercise.check("backward_pass", 1.5)
def backward_tanh(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_pass with tanh: the gradient of every weight."""
    weights_match(student, reference, draw, "tanh")


@exercise.check("backward_pass", 1.5)
def backward_relu(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_pass with ReLU: the gradient of every weight; the slope at 0 is 0."""
    weights_match(student, reference, draw, "relu")


@exercise.check("backward_pass", 1.5)
def backward_biases(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_pass: the gradient of every bias, for each activation."""
    for activation in ACTIVATIONS:
        for got, truth in backward(student, reference, draw, activation):
            compare(got[1], truth[1], f"db ({activation})")


def classified(student: Student, reference: Reference, draw: Draw) -> Iterator[tuple[Any, Any, list[Any], Layers]]:
    """For a few networks the student's loss and ours, the student's (dW, db) of each layer and autograd's."""
    for rows, sizes, activation in zip((2, 5, 7, 4), SIZES, (*ACTIVATIONS, "relu"), strict=True):
        layers, x, labels = network(draw, sizes), draw.normal(rows, sizes[0]), draw.integers(0, sizes[-1], rows)
        got = listed(student.loss_and_gradients(x, labels, layers, activation), "(loss, gradients)", 2)
        loss = reference.loss_and_gradients(x, labels, layers, activation)[0]
        truth = true_gradients(x, layers, activation, lambda z: torch.nn.functional.cross_entropy(z, labels))
        gradients = [listed(one, "(dW, db)", 2) for one in listed(got[1], "(dW, db) for each layer", len(layers))]
        yield got[0], loss, gradients, truth


@exercise.check("loss_and_gradients", 2.5)
def classifier(student: Student, reference: Reference, draw: Draw) -> None:
    """loss_and_gradients gives the mean cross-entropy of the network and the gradient of every weight."""
    for loss, our_loss, gradients, truth in classified(student, reference, draw):
        compare(loss, our_loss, "the loss")
        for index, (one, other) in enumerate(zip(gradients, truth, strict=True)):
            compare(one[0], other[0], f"dW of layer {index}")


@exercise.check("loss_and_gradients", 0.5)
def biases_of_classifier(student: Student, reference: Reference, draw: Draw) -> None:
    """loss_and_gradients gives the gradient of every bias, too."""
    for _, _, gradients, truth in classified(student, reference, draw):
        for index, (one, other) in enumerate(zip(gradients, truth, strict=True)):
            compare(one[1], other[1], f"db of layer {index}")


@exercise.check("loss_and_gradients", 1)
def weights_nudged(student: Student, reference: Reference, draw: Draw) -> None:
    """The gradient of the first layer agrees with how the loss really moves when each weight is nudged."""
    layers = [(W.double(), b.double()) for W, b in network(draw, (3, 4, 2))]
    x, labels = draw.normal(5, 3).double(), draw.integers(0, 2, 5)
    answered = listed(student.loss_and_gradients(x, labels, layers, "tanh"), "(loss, gradients)", 2)
    gradient = listed(listed(answered[1], "(dW, db) for each layer", 2)[0], "(dW, db)", 2)[0]

    def loss(W: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = reference.loss_and_gradients(x, labels, [(W, layers[0][1]), layers[1]], "tanh")[0]
        return value

    agrees_with_numerical(gradient, loss, layers[0][0], "dW of the first layer")


# --- mistakes ---


def squash(z, activation):
    return {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}[activation](z)


def slope(z, activation):
    a = squash(z, activation)
    return {"sigmoid": a * (1 - a), "tanh": 1 - a**2, "relu": (z > 0).to(z.dtype)}[activation]


@exercise.mistake("forward_pass", "The last layer's z are the logits: do they pass through the activation?")
def activation_at_the_end(x, layers, activation):
    zs, inputs = forward_plain(x, layers, activation)
    return [*zs[:-1], squash(zs[-1], activation)], inputs


@exercise.mistake("forward_pass", "The next layer is fed z: where is the activation?")
def no_activation(x, layers, activation):
    zs, inputs = [], []
    for W, b in layers:
        inputs.append(x)
        x = x @ W.T + b
        zs.append(x)
    return zs, inputs


@exercise.mistake("forward_pass", "Where are the biases?")
def no_bias(x, layers, activation):
    return forward_plain(x, [(W, 0 * b) for W, b in layers], activation)


@exercise.mistake("forward_pass", "zs holds what comes before the activation: is yours after it?")
def zs_after_activation(x, layers, activation):
    zs, inputs = forward_plain(x, layers, activation)
    return [*inputs[1:], zs[-1]], inputs


@exercise.mistake("forward_pass", "inputs[0] is what the first layer was given: your list starts one layer late.")
def inputs_without_x(x, layers, activation):
    zs, inputs = forward_plain(x, layers, activation)
    return zs, [*inputs[1:], zs[-1]]


@exercise.mistake("forward_pass", "Which activation was asked for? Yours does not depend on the argument.")
def always_sigmoid(x, layers, activation):
    return forward_plain(x, layers, "sigmoid")


def forward_plain(x, layers, activation):
    zs, inputs = [], [x]
    for W, b in layers:
        zs.append(inputs[-1] @ W.T + b)
        inputs.append(squash(zs[-1], activation))
    return zs, inputs[:-1]


def backward_plain(upstream, layers, zs, inputs, activation, slope=slope):
    gradients, delta = [], upstream
    for index in reversed(range(len(layers))):
        gradients.append((delta.T @ inputs[index], delta.sum(dim=0)))
        if index > 0:
            delta = (delta @ layers[index][0]) * slope(zs[index - 1], activation)
    return gradients[::-1]


@exercise.mistake("backward_pass", "The gradient of a bias is averaged over the batch: upstream holds the 1/N already.")
def db_mean(upstream, layers, zs, inputs, activation):
    return [(dW, db / len(upstream)) for dW, db in backward_plain(upstream, layers, zs, inputs, activation)]


@exercise.mistake("backward_pass", "All gradients are divided by N once more: upstream holds the 1/N already.")
def averaged_twice(upstream, layers, zs, inputs, activation):
    n = len(upstream)
    return [(dW / n, db / n) for dW, db in backward_plain(upstream, layers, zs, inputs, activation)]


@exercise.mistake("backward_pass", "The gradient of a bias comes from one example alone: every example uses that bias.")
def db_no_sum(upstream, layers, zs, inputs, activation):
    gradients, delta = [], upstream
    for index in reversed(range(len(layers))):
        gradients.append((delta.T @ inputs[index], delta[0]))
        if index > 0:
            delta = (delta @ layers[index][0]) * slope(zs[index - 1], activation)
    return gradients[::-1]


@exercise.mistake(
    "backward_pass", "dz/dw is what the layer was given. You multiply by a z: was that the layer's input?"
)
def dW_uses_z(upstream, layers, zs, inputs, activation):
    return backward_plain(upstream, layers, zs, [inputs[0], *zs[:-1]], activation)


@exercise.mistake("backward_pass", "Your dW has the shape of W transposed.")
def dW_T(upstream, layers, zs, inputs, activation):
    return [(dW.T, db) for dW, db in backward_plain(upstream, layers, zs, inputs, activation)]


@exercise.mistake("backward_pass", "On the way back through an activation, what factor does the chain rule ask for?")
def no_deriv(upstream, layers, zs, inputs, activation):
    return backward_plain(upstream, layers, zs, inputs, activation, lambda z, _: torch.ones_like(z))


@exercise.mistake("backward_pass", "a (1 - a) and 1 - a^2 want the activation's output a: did you put in z?")
def deriv_at_z(upstream, layers, zs, inputs, activation):
    wrong = {"sigmoid": lambda z: z * (1 - z), "tanh": lambda z: 1 - z**2, "relu": lambda z: (z > 0).to(z.dtype)}
    return backward_plain(upstream, layers, zs, inputs, activation, lambda z, name: wrong[name](z))


@exercise.mistake("backward_pass", "sigma' is taken at z. Is what you put in the activation's output already?")
def deriv_at_a(upstream, layers, zs, inputs, activation):
    return backward_plain(upstream, layers, zs, inputs, activation, lambda z, name: slope(squash(z, name), name))


@exercise.mistake("backward_pass", "Is there an activation behind the last layer? You multiply by its slope.")
def slope_at_the_end(upstream, layers, zs, inputs, activation):
    return backward_plain(upstream * slope(zs[-1], activation), layers, zs, inputs, activation)


@exercise.mistake("backward_pass", "The first layer's gradient is zero: follow the walk back to its very end.")
def detached(upstream, layers, zs, inputs, activation):
    (dW, db), *rest = backward_plain(upstream, layers, zs, inputs, activation)
    return [(torch.zeros_like(dW), torch.zeros_like(db)), *rest]


@exercise.mistake("backward_pass", "The order: you walk back, but the list begins with the first layer.")
def last_layer_first(upstream, layers, zs, inputs, activation):
    return backward_plain(upstream, layers, zs, inputs, activation)[::-1]


@exercise.mistake("backward_pass", "tanh has a slope of its own, which is not the sigmoid's.")
def sigmoid_slope_for_tanh(upstream, layers, zs, inputs, activation):
    def mixed(z, name):
        a = squash(z, name)
        return slope(z, name) if name == "relu" else a * (1 - a)

    return backward_plain(upstream, layers, zs, inputs, activation, mixed)


@exercise.mistake(
    "loss_and_gradients", "The backward pass starts from dC/dz of the logits, not from the probabilities."
)
def upstream_is_p(x, labels, layers, activation):
    zs, inputs = forward_pass(x, layers, activation)
    upstream = softmax(zs[-1]) / len(x)
    return cross_entropy(zs[-1], labels), backward_pass(upstream, layers, zs, inputs, activation)


@exercise.mistake("loss_and_gradients", "The loss is a mean: your gradients belong to the sum over the batch.")
def network_no_N(x, labels, layers, activation):
    zs, inputs = forward_pass(x, layers, activation)
    upstream = grad_cross_entropy(zs[-1], labels) * len(x)
    return cross_entropy(zs[-1], labels), backward_pass(upstream, layers, zs, inputs, activation)


@exercise.mistake("loss_and_gradients", "A step against these gradients climbs: check the sign of what you start from.")
def network_y_minus_p(x, labels, layers, activation):
    zs, inputs = forward_pass(x, layers, activation)
    upstream = -grad_cross_entropy(zs[-1], labels)
    return cross_entropy(zs[-1], labels), backward_pass(upstream, layers, zs, inputs, activation)


@exercise.mistake("loss_and_gradients", "cross_entropy takes logits: what do you hand to it?")
def network_double_softmax(x, labels, layers, activation):
    zs, inputs = forward_pass(x, layers, activation)
    upstream = grad_cross_entropy(zs[-1], labels)
    return cross_entropy(softmax(zs[-1]), labels), backward_pass(upstream, layers, zs, inputs, activation)


def _backward(upstream, layers, zs, inputs, activation, relu):
    gradients, delta = [], upstream
    for index in reversed(range(len(layers))):
        gradients.append((delta.T @ inputs[index], delta.sum(dim=0)))
        if index > 0:
            z = zs[index - 1]
            a = torch.sigmoid(z) if activation == "sigmoid" else torch.tanh(z)
            slope = {"sigmoid": a * (1 - a), "tanh": 1 - a.square(), "relu": relu(z)}[activation]
            delta = (delta @ layers[index][0]) * slope
    return gradients[::-1]


@exercise.mistake("backward_pass", "Which slope has ReLU at exactly 0 here? Not 1.")
def climbs_at_zero(upstream, layers, zs, inputs, activation):
    return _backward(upstream, layers, zs, inputs, activation, lambda z: (z >= 0).to(z.dtype))


@exercise.mistake("backward_pass", "Which slope has ReLU at exactly 0 here? Not 1/2.")
def half_at_zero(upstream, layers, zs, inputs, activation):
    return _backward(upstream, layers, zs, inputs, activation, lambda z: (torch.sign(z) + 1) / 2)


@exercise.mistake("backward_pass", "A network may have one layer only: it has a gradient, too.")
def none_for_one_layer(upstream, layers, zs, inputs, activation):
    found = _backward(upstream, layers, zs, inputs, activation, lambda z: (z > 0).to(z.dtype))
    return found if len(layers) > 1 else []


@exercise.mistake("backward_pass", "exp(-z) overflows for saturated units: say the slope with a = sigma(z).")
def slope_overflows(upstream, layers, zs, inputs, activation):
    slopes = {
        "sigmoid": lambda z: torch.exp(-z) / (1 + torch.exp(-z)).square(),
        "tanh": lambda z: 1 - torch.tanh(z).square(),
        "relu": lambda z: (z > 0).to(z.dtype),
    }
    gradients, delta = [], upstream
    for index in reversed(range(len(layers))):
        gradients.append((delta.T @ inputs[index], delta.sum(dim=0)))
        if index > 0:
            delta = (delta @ layers[index][0]) * slopes[activation](zs[index - 1])
    return gradients[::-1]
