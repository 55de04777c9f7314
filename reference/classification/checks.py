"""The rubric of the classification assignment: 13 exercises, 100 points.

Inputs are random, grow from small to large, and are never square, equal or all ones. Learning rates change from step
to step, epsilons are large and batches small where it matters: that is where conventions differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Ladder,
    MismatchError,
    Reference,
    Rubric,
    Rung,
    Score,
    Student,
    agrees_with_numerical,
    answer,
    as_tensor,
    compare,
    expect,
    matches,
    same_trajectory,
    shown,
    tensor_of,
)

from .vowels import Frames

rubric = Rubric()

SOFTMAXES = ("torch.softmax", "torch.log_softmax")
CROSS_ENTROPIES = ("torch.nn.functional.cross_entropy", "torch.log_softmax")
OPTIMISERS = ("torch.optim",)
BATCH_NORMS = ("torch.nn.functional.batch_norm",)


def listed(value: Any, what: str, count: int) -> list[Any]:
    """A tuple or list of `count` values, or a MismatchError."""
    if not isinstance(value, list | tuple) or len(value) != count:
        raise MismatchError(f"expected {count} values: {what}.")
    return list(value)


def constant(draw: Draw, *values: Any) -> tuple[torch.Tensor, ...]:
    """Plain numbers as tensors of the run's dtype."""
    return tuple(torch.tensor(value, dtype=draw.dtype) for value in values)


# --- 2.1 ---------------------------------------------------------------------------------------------------------

outputs = rubric.exercise(
    "2.1",
    "One-hot and softmax",
    owns=("one_hot", "softmax"),
    points=8,
    bans=(*SOFTMAXES, "torch.nn.functional.one_hot"),
)


@outputs.cases("one_hot", 0.5, public=True)
def two_labels(draw: Draw) -> tuple[torch.Tensor, int]:
    """one_hot([2, 0], 3) is [[0, 0, 1], [1, 0, 0]]."""
    return torch.tensor([2, 0]), 3


@outputs.cases("softmax", 0.5, public=True)
def odds_of_three(draw: Draw) -> tuple[torch.Tensor, ...]:
    """softmax([[0, ln 3]]) is [[0.25, 0.75]]."""
    return tuple(constant(draw, [[0.0, math.log(3)]]))


@outputs.check("one_hot", 2)
def one_hot_rows(student: Student, reference: Reference, draw: Draw) -> None:
    """one_hot has a row for each label and a column for each class, also for classes that do not occur."""
    for count, classes in ((3, 4), (7, 5), (6, 9)):
        labels = draw.integers(0, classes - 1, count)
        labels[0] = 0
        matches(student, reference, "one_hot", labels, classes)


@outputs.check("softmax", 3)
def probabilities(student: Student, reference: Reference, draw: Draw) -> None:
    """softmax exponentiates and divides by the sum of its row."""
    for shape in ((2, 3), (5, 4), (4, 7)):
        matches(student, reference, "softmax", draw.normal(*shape, scale=2))
    wide = draw.normal(3, 4)
    wide[:, 0] += 12  # the others are small, and a part of their own size is an error
    small = reference.softmax(wide)
    compare(student.softmax(wide) / small, torch.ones_like(small), "`softmax`, as a share of what is right")


@outputs.check("softmax", 2)
def far_out(student: Student, reference: Reference, draw: Draw) -> None:
    """softmax does not overflow or underflow: rows near 1000 and rows near -1000 have probabilities, in one batch."""
    z = draw.normal(4, 3) + torch.tensor([[1000.0], [-1000.0], [0.0], [-900.0]], dtype=draw.dtype)
    z[2] = torch.tensor([-1000.0, 1000.0, 999.0], dtype=draw.dtype)
    p = tensor_of(student.softmax(z), (4, 3), "`softmax`")
    expect(p.isfinite().all(), "`softmax` of a row with large numbers gives NaN or infinity.")
    compare(p.to(draw.dtype), reference.softmax(z), "`softmax`")


# --- 2.2 ---------------------------------------------------------------------------------------------------------

entropy = rubric.exercise(
    "2.2",
    "Cross-entropy",
    owns=("cross_entropy", "grad_cross_entropy"),
    points=8,
    bans=CROSS_ENTROPIES + AUTOGRAD,
)
OUTPUTS = ("one_hot", "softmax")


def scored(draw: Draw, rows: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (rows, classes) and labels, the first of which is not the largest logit."""
    z, labels = draw.normal(rows, classes, scale=2), draw.integers(0, classes, rows)
    labels[0] = z[0].argmin()
    return z, labels


@entropy.cases("cross_entropy", 0.5, public=True)
def quarter(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    """For logits [[0, ln 3]] and label 0, cross_entropy is ln 4 = 1.386."""
    (z,) = constant(draw, [[0.0, math.log(3)]])
    return z, torch.tensor([0])


@entropy.cases("grad_cross_entropy", 0.5, public=True)
def slope_of_quarter(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    """For logits [[0, ln 3]] and label 0, the gradient is [[-0.75, 0.75]]."""
    (z,) = constant(draw, [[0.0, math.log(3)]])
    return z, torch.tensor([0])


@entropy.check("cross_entropy", 2)
def mean_of_logs(student: Student, reference: Reference, draw: Draw) -> None:
    """cross_entropy is the mean over the batch of -ln p of the true class."""
    for rows, classes in ((2, 3), (5, 4), (8, 6)):
        matches(student, reference, "cross_entropy", *scored(draw, rows, classes))


@entropy.check("cross_entropy", 1)
def far_off(student: Student, reference: Reference, draw: Draw) -> None:
    """cross_entropy stays finite and exact where the true class has logit -800 and another has 800."""
    z = draw.normal(5, 4)
    z[0, 1], z[0, 2], z[3, 0] = 800.0, -800.0, 300.0
    matches(student, reference, "cross_entropy", z, torch.tensor([2, 0, 3, 1, 2]))


@entropy.check("grad_cross_entropy", 3)
def gradient_of_logits(student: Student, reference: Reference, draw: Draw) -> None:
    """grad_cross_entropy is the gradient of the mean loss with respect to every logit, finite for logits of +-1000."""
    for rows, classes in ((2, 3), (5, 4), (8, 6)):
        z, labels = scored(draw, rows, classes)
        leaf = z.clone().requires_grad_(True)
        truth = torch.autograd.grad(torch.nn.functional.cross_entropy(leaf, labels), leaf)[0]
        compare(student.grad_cross_entropy(z, labels), truth, "`grad_cross_entropy`")
    z = draw.normal(4, 3)
    z[0, 1], z[2, 0], z[2, 2] = 1000.0, -1000.0, 900.0
    matches(student, reference, "grad_cross_entropy", z, torch.tensor([1, 0, 0, 2]))


@entropy.check("grad_cross_entropy", 1)
def logits_nudged(student: Student, reference: Reference, draw: Draw) -> None:
    """grad_cross_entropy agrees with how the loss really moves when each logit is nudged."""
    z, labels = scored(draw, 6, 3)
    z = z.double()
    analytic = student.grad_cross_entropy(z, labels)
    agrees_with_numerical(analytic, lambda v: reference.cross_entropy(v, labels), z, "`grad_cross_entropy`")


# --- 2.3 ---------------------------------------------------------------------------------------------------------

saturated = rubric.exercise(
    "2.3",
    "Why not the quadratic cost?",
    owns=("quadratic_cost", "neuron_slopes", "ANSWERS"),
    points=4,
    bans=AUTOGRAD,
)


@saturated.check("quadratic_cost", 0.5, public=True)
def half_a_square(student: Student, reference: Reference, draw: Draw) -> None:
    """Outputs [[1, 0], [0, 1]] for targets [[1, 2], [0, 4]] have the quadratic cost (4 + 9) / (2 * 2) = 3.25."""
    matches(student, reference, "quadratic_cost", *constant(draw, [[1.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [0.0, 4.0]]))


@saturated.check("quadratic_cost", 1)
def quadratic(student: Student, reference: Reference, draw: Draw) -> None:
    """quadratic_cost is the squared length of y - a, averaged over the examples, with the factor 1/2."""
    for rows, outputs_ in ((3, 2), (5, 4)):
        matches(student, reference, "quadratic_cost", draw.normal(rows, outputs_), draw.normal(rows, outputs_))


@saturated.check("neuron_slopes", 1.5)
def slopes(student: Student, reference: Reference, draw: Draw) -> None:
    """neuron_slopes gives dC/dz for the quadratic cost and for cross-entropy, of saturated neurons, too (z = 800)."""
    for count in (3, 8):
        z, y = draw.normal(count, scale=3), draw.integers(0, 2, count).to(draw.dtype)
        y[:2] = torch.tensor([0.0, 1.0])
        matches(student, reference, "neuron_slopes", z, y)
    (z, y) = constant(draw, [0.0, 60.0, -60.0, 800.0, -800.0, 800.0], [1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    matches(student, reference, "neuron_slopes", z, y)


@saturated.check("ANSWERS", 0.5)
def how_much_steeper(student: Student, reference: Reference, draw: Draw) -> None:
    """How many times as steep as the quadratic cost is cross-entropy at z = 5, y = 0, to the nearest whole number."""
    answer(student, "ANSWERS", "times as steep at z = 5, y = 0", 150, 0.5)


@saturated.check("ANSWERS", 0.5)
def undecided_neuron(student: Student, reference: Reference, draw: Draw) -> None:
    """How many times as steep it is at z = 0 and y = 0."""
    answer(student, "ANSWERS", "times as steep at z = 0, y = 0", 4, 0.01)


# --- 2.4 ---------------------------------------------------------------------------------------------------------

passes = rubric.exercise(
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


@passes.check("forward_pass", 1, public=True)
def two_layers(student: Student, reference: Reference, draw: Draw) -> None:
    """x = [[1, 2]], ReLU, W = [[1, 1], [1, -1], [2, 0]], b = [1, 0, -1], then W = [[1, 5, 10]], b = [100]: z is 114."""
    x, W, b, V, c = constant(
        draw, [[1.0, 2.0]], [[1.0, 1.0], [1.0, -1.0], [2.0, 0.0]], [1.0, 0.0, -1.0], [[1.0, 5.0, 10.0]], [100.0]
    )
    matches(student, reference, "forward_pass", x, [(W, b), (V, c)], "relu")


@passes.check("forward_pass", 3)
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
        zs, inputs = reference.forward_pass(x, layers, activation)
        got = student.backward_pass(upstream, layers, zs, inputs, activation)
        truth = true_gradients(x, layers, activation, lambda z: (z * upstream).sum())
        for one, other in zip(listed(got, "(dW, db) for each layer", len(layers)), truth, strict=True):
            yield listed(one, "(dW, db)", 2), other


def weights_match(student: Student, reference: Reference, draw: Draw, activation: str) -> None:
    """The gradient of every weight equals autograd's."""
    for got, truth in backward(student, reference, draw, activation):
        compare(got[0], truth[0], f"dW of shape {tuple(truth[0].shape)}")


@passes.check("backward_pass", 1.5)
def backward_sigmoid(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_pass with sigmoids: the gradient of every weight, for a random upstream gradient."""
    weights_match(student, reference, draw, "sigmoid")


@passes.check("backward_pass", 1.5)
def backward_tanh(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_pass with tanh: the gradient of every weight."""
    weights_match(student, reference, draw, "tanh")


@passes.check("backward_pass", 1.5)
def backward_relu(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_pass with ReLU: the gradient of every weight; the slope at 0 is 0."""
    weights_match(student, reference, draw, "relu")


@passes.check("backward_pass", 1.5)
def backward_biases(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_pass: the gradient of every bias, for each activation."""
    for activation in ACTIVATIONS:
        for got, truth in backward(student, reference, draw, activation):
            compare(got[1], truth[1], f"db ({activation})")


LOSS = (*OUTPUTS, "cross_entropy", "grad_cross_entropy")


def classified(student: Student, reference: Reference, draw: Draw) -> Iterator[tuple[Any, Any, list[Any], Layers]]:
    """For a few networks the student's loss and ours, the student's (dW, db) of each layer and autograd's."""
    for rows, sizes, activation in zip((2, 5, 7, 4), SIZES, (*ACTIVATIONS, "relu"), strict=True):
        layers, x, labels = network(draw, sizes), draw.normal(rows, sizes[0]), draw.integers(0, sizes[-1], rows)
        got = listed(student.loss_and_gradients(x, labels, layers, activation), "(loss, gradients)", 2)
        loss = reference.loss_and_gradients(x, labels, layers, activation)[0]
        truth = true_gradients(x, layers, activation, lambda z: torch.nn.functional.cross_entropy(z, labels))
        gradients = [listed(one, "(dW, db)", 2) for one in listed(got[1], "(dW, db) for each layer", len(layers))]
        yield got[0], loss, gradients, truth


@passes.check("loss_and_gradients", 2.5)
def classifier(student: Student, reference: Reference, draw: Draw) -> None:
    """loss_and_gradients gives the mean cross-entropy of the network and the gradient of every weight."""
    for loss, our_loss, gradients, truth in classified(student, reference, draw):
        compare(loss, our_loss, "the loss")
        for index, (one, other) in enumerate(zip(gradients, truth, strict=True)):
            compare(one[0], other[0], f"dW of layer {index}")


@passes.check("loss_and_gradients", 0.5)
def biases_of_classifier(student: Student, reference: Reference, draw: Draw) -> None:
    """loss_and_gradients gives the gradient of every bias, too."""
    for _, _, gradients, truth in classified(student, reference, draw):
        for index, (one, other) in enumerate(zip(gradients, truth, strict=True)):
            compare(one[1], other[1], f"db of layer {index}")


@passes.check("loss_and_gradients", 1)
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


# --- 2.5 ---------------------------------------------------------------------------------------------------------

engine = rubric.exercise(
    "2.5",
    "An engine for the chain rule",
    owns=("topological_order", "scalar_grads"),
    points=10,
    bans=AUTOGRAD,
)
Graph = dict[str, Any]


def shuffled(draw: Draw, graph: Graph) -> Graph:
    """The same graph, its nodes renamed and in another order."""
    names = dict(zip(graph, (f"n{int(i)}" for i in draw.permutation(len(graph))), strict=True))
    renamed = {
        names[name]: tuple(names.get(part, part) if isinstance(part, str) else part for part in node)
        if isinstance(node, tuple)
        else node
        for name, node in graph.items()
    }
    order = list(renamed)
    return {order[int(i)]: renamed[order[int(i)]] for i in draw.permutation(len(order))}


def output_of(graph: Graph) -> str:
    """The one node that no other uses and that is no number."""
    used = {part for node in graph.values() if isinstance(node, tuple) for part in node[1:] if isinstance(part, str)}
    return next(name for name, node in graph.items() if isinstance(node, tuple) and name not in used)


def random_graph(draw: Draw, leaves: int, nodes: int) -> Graph:
    """A graph in which each new node uses the one before it, and any other; values stay small."""
    graph: Graph = {f"x{i}": draw.number(0.3, 1.2) * draw.choice((-1, 1)) for i in range(leaves)}
    newest = "x0"
    for i in range(nodes):
        other = draw.choice(list(graph))
        node = draw.choice(
            [("add", newest, other), ("mul", newest, other), ("mul", other, newest), ("tanh", newest)]
            + ([("power", newest, draw.choice((2, 3)))] if i % 3 == 0 else [])
        )
        graph[f"y{i}"] = node
        newest = f"y{i}"
        if i % 4 == 3:  # keeps the numbers near 1
            newest = f"t{i}"
            graph[newest] = ("tanh", f"y{i}")
    return graph


def grads_match(student: Student, reference: Reference, graph: Graph, output: str) -> None:
    """The student's value and derivatives of every node are the reference's."""
    value, grads = reference.scalar_grads(graph, output)
    got_value, got = listed(student.scalar_grads(graph, output), "(value, dictionary of derivatives)", 2)
    compare(got_value, value, "the value of the output")
    if not isinstance(got, dict):
        raise MismatchError("scalar_grads: the second result is a dictionary, from a node's name to a derivative.")
    missing = [name for name in graph if name not in got]
    expect(not missing, f"scalar_grads: {len(missing)} of {len(graph)} nodes have no derivative.")
    for name in graph:
        compare(got[name], grads[name], f"the derivative with respect to `{name}`")


@engine.check("scalar_grads", 1, public=True)
def used_twice(student: Student, reference: Reference, draw: Draw) -> None:
    """f = c * d with d = c + a, c = a * b and a = 3, b = -2, written in this order: f = 18, df/da = 12, df/db = -27."""
    graph = {"f": ("mul", "c", "d"), "d": ("add", "c", "a"), "c": ("mul", "a", "b"), "a": 3.0, "b": -2.0}
    grads_match(student, reference, graph, "f")


@engine.check("scalar_grads", 2)
def every_operation(student: Student, reference: Reference, draw: Draw) -> None:
    """add, mul, power (any number as exponent), exp and tanh have the right value and derivative, at 0, too."""
    for node in (
        ("add", "p", "q"),
        ("mul", "p", "q"),
        ("power", "p", 4),
        ("exp", "p"),
        ("tanh", "p"),
        ("mul", "p", "p"),
        ("power", "p", 0.5),
        ("power", "p", -2),
        ("power", "p", 1),
    ):
        graph = {"p": draw.number(0.5, 1.5), "f": node, "q": -draw.number(0.5, 1.5)}
        grads_match(student, reference, graph, "f")
        graph["g"] = ("mul", "f", "q")
        grads_match(student, reference, graph, "g")
    for node in (("power", "z", 2), ("power", "z", 3), ("mul", "z", "q"), ("tanh", "z"), ("exp", "z")):
        grads_match(student, reference, {"z": 0.0, "f": node, "q": draw.number(0.5, 1.5)}, "f")
    grads_match(student, reference, {"p": -draw.number(0.5, 1.5), "f": ("power", "p", 3), "q": 2.0}, "f")


@engine.check("topological_order", 2)
def inputs_come_first(student: Student, reference: Reference, draw: Draw) -> None:
    """topological_order lists what the output depends on, each node once and after its inputs."""
    for leaves, nodes in ((2, 0), (2, 3), (3, 8), (4, 16)):
        graph = shuffled(draw, random_graph(draw, leaves, nodes))
        output = output_of(graph) if nodes else next(iter(graph))  # one that is a number depends on itself alone
        order = student.topological_order(graph, output)
        expect(
            isinstance(order, list | tuple) and all(isinstance(name, str) for name in order),
            "topological_order: expected a list of names.",
        )
        needed = set(reference.topological_order(graph, output))
        expect(set(order) == needed, "topological_order: not the nodes that the output depends on.")
        expect(len(order) == len(needed), "topological_order: a node comes more than once.")
        place = {name: index for index, name in enumerate(order)}
        late = [
            name
            for name in order
            if isinstance(graph[name], tuple)
            and any(place[part] > place[name] for part in graph[name][1:] if isinstance(part, str))
        ]
        expect(not late, f"topological_order: {len(late)} of {len(order)} nodes come before one of their inputs.")


@engine.check("scalar_grads", 3)
def any_graph(student: Student, reference: Reference, draw: Draw) -> None:
    """scalar_grads is right for every node of graphs in which nodes are used again and again, in any order."""
    for leaves, nodes in ((2, 3), (3, 6), (3, 12), (5, 24)):
        graph = shuffled(draw, random_graph(draw, leaves, nodes))
        grads_match(student, reference, graph, output_of(graph))


@engine.check("scalar_grads", 1)
def unrelated(student: Student, reference: Reference, draw: Draw) -> None:
    """A node on which the output does not depend has derivative 0; the output itself has 1, also if it is a number."""
    graph = {"a": draw.number(0.5, 1.5), "g": ("mul", "f", "a"), "f": ("exp", "a"), "z": draw.number(1, 2)}
    graph |= {"later": ("add", "f", "z")}
    grads_match(student, reference, graph, "f")
    grads_match(student, reference, graph, "z")  # a number by itself: its derivative is 1, all others are 0


@engine.check("scalar_grads", 1, seconds=10)
def sixty_doublings(student: Student, reference: Reference, draw: Draw) -> None:
    """Sixty nodes that each add the one before to itself take no time: every node is visited once, not every path."""
    graph: Graph = {"x0": draw.number(0.5, 1.5)}
    for i in range(60):
        graph[f"x{i + 1}"] = ("add", f"x{i}", f"x{i}")
    grads_match(student, reference, graph, "x60")


# --- 2.6 ---------------------------------------------------------------------------------------------------------

first_order = rubric.exercise(
    "2.6",
    "How far down does a step go?",
    owns=("neuron_cost", "neuron_grad", "predicted_dC", "measured_dC"),
    points=5,
    bans=AUTOGRAD,
)
COST = ("quadratic_cost", "neuron_slopes")


def neuron(draw: Draw, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """x, y, w and a scalar b of a neuron that is far from saturated."""
    x, y = draw.normal(rows, columns), draw.integers(0, 2, rows).to(draw.dtype)
    return x, y, draw.normal(columns), torch.tensor(draw.number(0.3, 1.0), dtype=draw.dtype)


@first_order.check("predicted_dC", 0.5, public=True)
def minus_five(student: Student, reference: Reference, draw: Draw) -> None:
    """For a gradient [3, 4] for w and 5 for b, a step with eta = 0.1 is predicted to change the cost by -5."""
    matches(student, reference, "predicted_dC", *constant(draw, [3.0, 4.0], 5.0), 0.1)


@first_order.cases("neuron_cost", 0.5, sizes=((3, 2), (7, 4)))
def quadratic_cost(draw: Draw, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """neuron_cost is the quadratic cost of the batch."""
    return tuple(neuron(draw, rows, columns))


@first_order.check("neuron_grad", 1)
def neuron_by_hand(student: Student, reference: Reference, draw: Draw) -> None:
    """neuron_grad is the gradient of the quadratic cost, for w and b."""
    for rows, columns in ((3, 2), (7, 4)):
        x, y, w, b = neuron(draw, rows, columns)
        leaves = [w.clone().requires_grad_(True), b.clone().requires_grad_(True)]
        cost = (y - torch.sigmoid((x * leaves[0]).sum(1) + leaves[1])).square().mean() / 2
        compare(student.neuron_grad(x, y, w, b), list(torch.autograd.grad(cost, leaves)), "(gw, gb)")


@first_order.check("predicted_dC", 1)
def prediction(student: Student, reference: Reference, draw: Draw) -> None:
    """predicted_dC is -eta times the squared length of the whole gradient."""
    for columns in (2, 5):
        gb = torch.tensor(draw.number(0.5, 2), dtype=draw.dtype)
        matches(student, reference, "predicted_dC", draw.normal(columns), gb, draw.number(0.05, 0.5))
        matches(student, reference, "predicted_dC", draw.normal(columns), -3 * gb, draw.number(0.05, 0.5))


@first_order.check("measured_dC", 2)
def measurement(student: Student, reference: Reference, draw: Draw) -> None:
    """measured_dC is the cost after a step of gradient descent minus that before, for large and small eta."""
    for rows, columns in ((4, 2), (9, 5)):
        problem = neuron(draw, rows, columns)
        for eta in (8.0, 2.0, 0.5, 0.01):
            matches(student, reference, "measured_dC", *problem, eta)


# --- 2.7 ---------------------------------------------------------------------------------------------------------

steps = rubric.exercise("2.7", "SGD and momentum", owns=("sgd", "momentum"), points=8, bans=OPTIMISERS)


def descent(draw: Draw, count: int, size: int) -> tuple[torch.Tensor, ...]:
    """theta, gradients of very different sizes and none near 0, and learning rates that change from step to step."""
    grads = draw.normal(count, size) * draw.uniform(count, 1, low=0.3, high=3)
    grads = grads + 0.1 * torch.where(grads < 0, -1.0, 1.0)
    return draw.normal(size), grads, draw.uniform(count, low=0.05, high=0.5)


LENGTHS = ((2, 3), (4, 2), (9, 5))


def follows(student: Student, reference: Reference, draw: Draw, name: str, *extra: float) -> None:
    """The student's optimiser goes where the reference's goes, step by step."""
    for count, size in LENGTHS:
        problem = descent(draw, count, size)
        same_trajectory(student.call(name, *problem, *extra), list(reference.call(name, *problem, *extra)), f"`{name}`")


@steps.cases("sgd", 0.5, public=True)
def two_steps(draw: Draw) -> tuple[torch.Tensor, ...]:
    """theta = [1], gradients [1], [2], etas 0.5, 0.1: sgd goes to 0.5 and 0.3."""
    return tuple(constant(draw, [1.0], [[1.0], [2.0]], [0.5, 0.1]))


@steps.cases("momentum", 0.5, public=True)
def two_moves(draw: Draw) -> tuple[object, ...]:
    """theta = [1], gradients [1], [2], etas 0.5, 0.1: momentum with lam 0.8 goes to 0.5 and -0.1."""
    return (*constant(draw, [1.0], [[1.0], [2.0]], [0.5, 0.1]), 0.8)


@steps.check("sgd", 2)
def plain_sgd(student: Student, reference: Reference, draw: Draw) -> None:
    """sgd moves against each gradient with that step's learning rate, and gives theta after every step."""
    follows(student, reference, draw, "sgd")


@steps.check("momentum", 4)
def movement(student: Student, reference: Reference, draw: Draw) -> None:
    """momentum keeps the last movement, while the learning rate changes from step to step."""
    follows(student, reference, draw, "momentum", draw.number(0.6, 0.95))


@steps.check("momentum", 1)
def no_memory(student: Student, reference: Reference, draw: Draw) -> None:
    """With lam = 0, momentum is sgd; with gradients 0 after the first, it coasts on and slows down."""
    theta, grads, etas = descent(draw, 5, 3)
    same_trajectory(student.momentum(theta, grads, etas, 0.0), list(reference.sgd(theta, grads, etas)), "`momentum`")
    grads[1:], etas[:] = 0.0, etas[0]
    path = list(reference.momentum(theta, grads, etas, 0.5))
    same_trajectory(student.momentum(theta, grads, etas, 0.5), path, "`momentum`")


# --- 2.8 ---------------------------------------------------------------------------------------------------------

adaptive = rubric.exercise(
    "2.8", "A learning rate for each parameter", owns=("adagrad", "rmsprop", "adam"), points=12, bans=OPTIMISERS
)


@adaptive.check("adagrad", 1, public=True)
def three_and_four(student: Student, reference: Reference, draw: Draw) -> None:
    """adagrad from [0] with gradients [3], [4] and eta 0.5 goes to -0.5, then to -0.5 - 2 / sqrt(12.5)."""
    matches(student, reference, "adagrad", *constant(draw, [0.0], [[3.0], [4.0]], [0.5, 0.5]))


@adaptive.check("adagrad", 3)
def mean_of_squares(student: Student, reference: Reference, draw: Draw) -> None:
    """adagrad divides by the root of the mean of all squared gradients so far, for each parameter."""
    follows(student, reference, draw, "adagrad")


@adaptive.check("rmsprop", 3)
def forgets(student: Student, reference: Reference, draw: Draw) -> None:
    """rmsprop keeps alpha of the old square and 1 - alpha of the new one, from |g| of the first step on."""
    follows(student, reference, draw, "rmsprop", draw.number(0.7, 0.95))


@adaptive.check("adam", 4)
def both_together(student: Student, reference: Reference, draw: Draw) -> None:
    """adam corrects both averages for their start at 0 and adds eps outside of the root (here 1e-3)."""
    follows(student, reference, draw, "adam", draw.number(0.8, 0.9), draw.number(0.95, 0.99), 1e-3)


def same_steps(student: Student, reference: Reference, draw: Draw, name: str, *extra: float) -> None:
    """Gradients of another size move the parameters the same way."""
    theta, grads, etas = descent(draw, 4, 4)
    (size,) = constant(draw, [0.1, 10.0, 100.0, 1000.0])
    path = tensor_of(student.call(name, theta, grads, etas, *extra), (4, 4), f"`{name}`").to(draw.dtype)
    compare(path, reference.call(name, theta, grads, etas, *extra), f"`{name}`")
    again = student.call(name, theta, grads * size, etas, *extra)
    same_trajectory(again, list(path), f"`{name}` with gradients of another size")
    if not extra or len(extra) == 1:  # no epsilon: also where gradients are tiny
        tiny = tensor_of(student.call(name, theta, grads * 1e-4, etas, *extra), (4, 4), f"`{name}`")
        tolerance = 1e-6 if draw.dtype is torch.float64 else None
        compare(tiny.to(draw.dtype), path, f"`{name}` with gradients of 1e-4", tolerance, tolerance)


@adaptive.check("adagrad", 0.25)
def adagrad_whatever_the_size(student: Student, reference: Reference, draw: Draw) -> None:
    """Where a parameter's gradients are 1000 or 0.0001 times as large, adagrad takes the same steps."""
    same_steps(student, reference, draw, "adagrad")


@adaptive.check("rmsprop", 0.25)
def rmsprop_whatever_the_size(student: Student, reference: Reference, draw: Draw) -> None:
    """Where a parameter's gradients are 1000 or 0.0001 times as large, rmsprop takes the same steps."""
    same_steps(student, reference, draw, "rmsprop", 0.9)


@adaptive.check("adam", 0.5)
def adam_whatever_the_size(student: Student, reference: Reference, draw: Draw) -> None:
    """Where all gradients of a parameter are 10 or 1000 times as large, adam takes the same steps."""
    same_steps(student, reference, draw, "adam", 0.9, 0.999, 1e-12)


# --- 2.9 ---------------------------------------------------------------------------------------------------------

rates = rubric.exercise("2.9", "Decay and warm-up", owns=("lr_decay", "warmup"), points=4)


@rates.cases("lr_decay", 0.5, public=True)
def half_by_the_third(draw: Draw) -> tuple[float, int]:
    """lr_decay(1, 3) is 0.5."""
    return 1.0, 3


@rates.cases("warmup", 0.5, sizes=(0, 1, 2, 3, 15), public=True)
def quarter_of_four(draw: Draw, t: int) -> tuple[float, int, int]:
    """warmup(1, t, 4) is 0.25, 0.5, 0.75, 1 for t = 0 to 3, and 0.5 for t = 15."""
    return 1.0, t, 4


@rates.check("lr_decay", 1)
def decay(student: Student, reference: Reference, draw: Draw) -> None:
    """lr_decay starts at eta and falls with the root of the number of updates."""
    eta = draw.number(0.2, 2)
    for t in (0, 1, draw.integer(2, 50), draw.integer(1000, 9000)):
        matches(student, reference, "lr_decay", eta, t)


@rates.check("warmup", 2)
def up_then_down(student: Student, reference: Reference, draw: Draw) -> None:
    """warmup climbs in equal steps to eta at t = warm - 1, and falls with the root from there, without a jump."""
    for warm in (1, draw.integer(2, 6), draw.integer(10, 40)):
        eta = draw.number(0.2, 2)
        for t in (0, warm - 1, warm, warm + 1, draw.integer(0, warm), draw.integer(2 * warm, 9 * warm)):
            matches(student, reference, "warmup", eta, t, warm)


# --- 2.10 --------------------------------------------------------------------------------------------------------

critical = rubric.exercise(
    "2.10",
    "Critical points",
    owns=("two_weights", "classify_point", "escape_direction", "add_dimension"),
    points=9,
    bans=AUTOGRAD,
)


def bowl(draw: Draw, eigenvalues: Sequence[float]) -> torch.Tensor:
    """A symmetric matrix with these eigenvalues, along random directions."""
    size = len(eigenvalues)
    basis = torch.linalg.qr(draw.normal(size, size).double()).Q
    matrix = basis @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ basis.T
    symmetric: torch.Tensor = (matrix + matrix.T) / 2
    return symmetric.to(draw.dtype)


KINDS = ("not critical", "minimum", "maximum", "saddle", "undecided")


def classified_as(student: Student, reference: Reference, *point: Any) -> None:
    """classify_point gives our word, in capitals or not; a word that is none of them is met with those that are."""
    given = student.classify_point(*point)
    word = given.strip().lower() if isinstance(given, str) else ""
    if word not in KINDS:
        words = ", ".join(f'"{kind}"' for kind in KINDS)
        raise MismatchError(f"`classify_point` gives one of {words}; you returned {shown(given)}.")
    right = word == reference.classify_point(*point)
    expect(right, f"`classify_point` in {len(point[0])} dimensions is not right: you answered {word!r}.")


@critical.cases("two_weights", 0.5, public=True)
def at_the_origin(draw: Draw) -> tuple[torch.Tensor, ...]:
    """For x = y = 1 and w1 = w2 = 0, the gradient is [0, 0] and the Hessian [[0, -2], [-2, 0]]."""
    return tuple(constant(draw, 0.0, 0.0, 1.0, 1.0))


@critical.check("classify_point", 0.5, public=True)
def saddle_at_the_origin(student: Student, reference: Reference, draw: Draw) -> None:
    """With gradient [0, 0] and Hessian [[0, -2], [-2, 0]], the point is a "saddle"."""
    classified_as(student, reference, *constant(draw, [0.0, 0.0], [[0.0, -2.0], [-2.0, 0.0]]), 1e-3)


@critical.check("two_weights", 2)
def second_derivatives(student: Student, reference: Reference, draw: Draw) -> None:
    """two_weights gives gradient and Hessian of L = (y - w1 w2 x)^2 at any point, for any x and y."""

    def loss(w: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        residual: torch.Tensor = y - w[0] * w[1] * x
        return residual.square()

    for _ in range(3):
        w = draw.normal(2) + 0.1
        x, y = (torch.tensor(draw.number(0.5, 2), dtype=draw.dtype) for _ in range(2))
        gradient, hessian = listed(student.two_weights(w[0], w[1], x, y), "(gradient, hessian)", 2)
        leaf = w.clone().requires_grad_(True)
        compare(gradient, torch.autograd.grad(loss(leaf, x, y), leaf)[0], "the gradient")
        curvature = torch.autograd.functional.hessian(lambda v: loss(v, x, y), w)
        compare(hessian, curvature, "the Hessian")
    far = tuple(constant(draw, 1.1, 1000 / 1.1, 1.0, 1000.0001))  # the residual is a small difference of large numbers
    if draw.dtype is torch.float64:
        gradient, hessian = listed(student.two_weights(*far), "(gradient, hessian)", 2)
        right = reference.two_weights(*far)
        compare(gradient, right[0], "the gradient where the residual is small")
        compare(hessian, right[1], "the Hessian where the residual is small")


@critical.check("classify_point", 3)
def kinds(student: Student, reference: Reference, draw: Draw) -> None:
    """classify_point looks at the gradient's length, then at all eigenvalues, whatever the tolerance."""

    def up() -> float:
        return draw.number(0.3, 2)

    def down() -> float:
        return -draw.number(0.3, 2)

    tolerance = 1e-3
    cases = [(torch.zeros(size, dtype=draw.dtype), bowl(draw, values)) for size, values in (
        (2, [up(), up()]), (3, [up(), up(), up()]), (2, [down(), down()]), (3, [down(), down(), down()]),
        (2, [up(), down()]), (3, [up(), up(), down()]), (3, [up(), down(), down()]), (4, [up(), up(), up(), down()]),
        (4, [down(), up(), down(), down()]), (4, [up(), up(), down(), down()]),
        (3, [up(), up(), 0.0]), (3, [down(), down(), 0.0]), (3, [up(), down(), 0.0]), (2, [0.0, 0.0]),
    )]  # fmt: skip
    dip = draw.number(0.5, 0.9)  # a saddle whose diagonal is positive
    saddle = constant(draw, [[dip, 1.0, 0.1], [1.0, dip, 0.2], [0.1, 0.2, 2.0]])[0]
    cases.append((torch.zeros(3, dtype=draw.dtype), saddle))
    cases.append((draw.normal(3) + 1, bowl(draw, [up(), up(), up()])))
    cases.append((constant(draw, [0.5, -0.5, 0.0])[0], bowl(draw, [up(), down(), down()])))
    cases.append((draw.normal(3, scale=1e-6), bowl(draw, [up(), up(), up()])))
    for gradient, hessian in cases:
        classified_as(student, reference, gradient, hessian, tolerance)
    level = torch.zeros(2, dtype=draw.dtype)
    for bound in (4.0, 0.5, 0.25):  # powers of 2, which are exact
        inside, beyond = bound * draw.number(0.6, 0.9), bound * draw.number(1.1, 1.3)
        for length in (bound, inside, beyond):  # 0.6 and 0.8 of it: the sum is longer, the largest entry is shorter
            direction = constant(draw, [0.6, -0.8])[0] if length != bound else constant(draw, [0.0, -1.0])[0]
            classified_as(student, reference, length * direction, 3 * bound * torch.eye(2, dtype=draw.dtype), bound)
        for one, other in ((inside, beyond), (-inside, -beyond), (inside, -inside), (-inside, beyond), (bound, beyond),
                           (-beyond, -bound), (beyond, 5 * beyond), (-beyond, -3 * beyond), (beyond, -beyond),
                           (-bound, 2 * bound), (100 * beyond, beyond)):  # fmt: skip
            classified_as(student, reference, level, torch.diag(constant(draw, [one, other])[0]), bound)


@critical.check("escape_direction", 2)
def way_out(student: Student, reference: Reference, draw: Draw) -> None:
    """escape_direction is an eigenvector of length 1 of the smallest eigenvalue, even where none is below 0."""
    for values in ([1.5, -0.5], [2.0, -0.4, 0.7], [-0.3, 1.0, -2.5, 0.6], [0.5, 1.5, 3.0], [-0.4, -2.0]):
        hessian = bowl(draw, [value * draw.number(0.8, 1.2) for value in values])
        v = tensor_of(student.escape_direction(hessian), (len(values),), "`escape_direction`")
        compare(v.norm().to(draw.dtype), 1.0, "the length of `escape_direction`", 1e-4, 1e-4)
        curve = (v @ hessian.double() @ v).to(draw.dtype)
        compare(curve, torch.linalg.eigvalsh(hessian)[0], "the curvature along `escape_direction`")


@critical.check("add_dimension", 1)
def one_dimension_more(student: Student, reference: Reference, draw: Draw) -> None:
    """add_dimension puts the new parameter last: a minimum of two or three parameters can become a saddle."""
    for size in (2, 3):
        hessian = bowl(draw, [draw.number(0.5, 2) for _ in range(size)])
        coupling, curvature = draw.normal(size) + 3, torch.tensor(draw.number(0.5, 1), dtype=draw.dtype)
        matches(student, reference, "add_dimension", hessian, coupling, curvature)
    (one,) = constant(draw, [[2.0]])
    matches(student, reference, "add_dimension", one, draw.normal(1), torch.tensor(-1.5, dtype=draw.dtype))


# --- 2.11 --------------------------------------------------------------------------------------------------------

noise = rubric.exercise("2.11", "Small batches are noisy", owns=("noisy_gradients", "noise_variance"), points=4)


@noise.check("noisy_gradients", 0.5, public=True)
def three_examples(student: Student, reference: Reference, draw: Draw) -> None:
    """Gradients [[1], [2], [6]]: a batch of all 3 has gradient 3."""
    (per_example,) = constant(draw, [[1.0], [2.0], [6.0]])
    got = tensor_of(student.noisy_gradients(per_example, 3, 4, draw.generator()), (4, 1), "`noisy_gradients`")
    compare(got.to(draw.dtype), torch.full((4, 1), 3.0, dtype=draw.dtype), "`noisy_gradients` of the whole data")


@noise.cases("noise_variance", 0.5, sizes=(3, 1), public=True)
def variance_of_three(draw: Draw, batch_size: int) -> tuple[torch.Tensor, int]:
    """Gradients [[1], [2], [6]]: a batch of all 3 has variance 0, a batch of 1 has 14 / 3."""
    (per_example,) = constant(draw, [[1.0], [2.0], [6.0]])
    return per_example, batch_size


@noise.check("noisy_gradients", 1.5)
def right_on_average(student: Student, reference: Reference, draw: Draw) -> None:
    """Over 300 batches, noisy_gradients are right on average and spread as the formula says; each is drawn anew."""
    n, size, count = 24, 4, 300
    per_example = draw.normal(n, size) + draw.normal(size, scale=3)
    for batch_size in (3, 18):
        got = student.noisy_gradients(per_example, batch_size, count, draw.generator())
        sample = tensor_of(got, (count, size), "`noisy_gradients`")
        truth, spread = per_example.double().mean(0), reference.noise_variance(per_example, batch_size).double()
        error = (sample.mean(0) - truth).abs() / (spread / count).sqrt()
        expect(
            error.max() <= 7, f"batches of {batch_size}: the mean of the gradients is not the whole data's gradient."
        )
        ratio = float((sample.var(dim=0) / spread).mean())
        expect(
            0.7 < ratio < 1.3,
            f"batches of {batch_size}: the gradients have {ratio:.3g} times the variance they should have.",
        )
    each_batch_anew(student, draw)


def each_batch_anew(student: Student, draw: Draw) -> None:
    """Batches are drawn from the generator, each anew. Where gradient i is 1 at place i and 0 elsewhere, a mean shows
    its batch. Each bound is 7 standard deviations or more from what is right: together they fail right work with a
    chance below 1e-9."""
    n, size, count = 60, 20, 300
    one_hot, generator = torch.eye(n, dtype=draw.dtype), draw.generator()
    twin = msgspec.structs.replace(generator, key=-generator.key)
    got = [student.noisy_gradients(one_hot, size, count, one) for one in (generator, twin, generator, draw.generator())]
    drawn, again, *others = (tensor_of(one, (count, n), "`noisy_gradients`").double() for one in got)
    expect(torch.equal(drawn, again), "noisy_gradients: an equal generator gives other batches; draw from it alone.")
    new = all(not torch.equal(drawn, other) for other in others)
    expect(new, "noisy_gradients: the next call, or another generator, gives the same batches: who draws?")
    batches = (drawn * size).round()
    exact = bool(((batches == 0) | (batches == 1)).all()) and bool((batches.sum(dim=1) == size).all())
    expect(exact, f"noisy_gradients: a batch is the mean of {size} different examples, each counted once.")
    share = batches.sum(dim=0) / count  # binomial, standard deviation 0.0272
    expect(bool(((share - 1 / 3).abs() <= 0.21).all()), "noisy_gradients: not every example is drawn equally often.")
    beside = (batches * batches.roll(1, dims=1)).sum(dim=1).mean()  # mean 6.44, standard deviation below 0.15
    expect(abs(float(beside) - 6.44) <= 1.1, "noisy_gradients: neighbouring examples share a batch too often.")
    shared = batches @ batches.T  # hypergeometric, mean 6.67, standard deviation 1.74
    for lag in range(1, 151):
        mean = float(shared.diagonal(lag).mean())
        bound = 7.5 * 1.74 / math.sqrt(count - lag)
        expect(abs(mean - 20 / 3) <= bound, f"noisy_gradients: a batch depends on the one {lag} before it: draw anew.")


@noise.check("noise_variance", 1.5)
def formula(student: Student, reference: Reference, draw: Draw) -> None:
    """noise_variance is the exact variance, and 0 for the whole data."""
    for n, size, batch_size in ((5, 2, 2), (12, 4, 3), (30, 3, 29), (7, 2, 7), (2, 3, 1)):
        matches(
            student, reference, "noise_variance", draw.normal(n, size) * draw.uniform(size, low=1, high=3), batch_size
        )


# --- 2.12 --------------------------------------------------------------------------------------------------------

norm = rubric.exercise(
    "2.12",
    "Batch normalisation",
    owns=("batchnorm", "batchnorm_backward"),
    points=10,
    bans=BATCH_NORMS + AUTOGRAD,
)
FLAT, IMAGES = ((4, 3), (5, 2), (9, 6)), ((2, 3, 4, 5), (3, 2, 5, 4))
EPS = 1e-2


def normal_case(draw: Draw, shape: tuple[int, ...]) -> tuple[torch.Tensor, ...]:
    """x off centre, gamma, beta and running statistics, no two of them alike."""
    channels = shape[1]
    spread = draw.uniform(channels, low=0.5, high=2).view(1, -1, *[1] * (len(shape) - 2))
    x = draw.normal(*shape) * spread + draw.normal(channels, scale=2).view_as(spread)
    gamma, beta = draw.uniform(channels, low=0.5, high=2), draw.normal(channels)
    return x, gamma, beta, draw.normal(channels), draw.uniform(channels, low=0.5, high=3)


@norm.check("batchnorm", 1, public=True)
def four_rows(student: Student, reference: Reference, draw: Draw) -> None:
    """x = [[1], [3], [5], [7]], running 0 and 1, gamma 1, beta 0, eps 0: eval gives x; training leaves 2, 23/6."""
    numbers = constant(draw, [[1.0], [3.0], [5.0], [7.0]], [1.0], [0.0], [0.0], [1.0])
    matches(student, reference, "batchnorm", *numbers, False, 0.5, 0.0)
    matches(student, reference, "batchnorm", *numbers, True, 0.5, 0.0)


@norm.check("batchnorm", 2)
def training_mode(student: Student, reference: Reference, draw: Draw) -> None:
    """In training y has the batch's statistics, and the running statistics move: by all of it where momentum is 1."""
    for shape in FLAT:
        matches(student, reference, "batchnorm", *normal_case(draw, shape), True, draw.number(0.1, 0.4), EPS)
    x, *rest = normal_case(draw, (7, 3))
    x[:, 1] = 2.0  # never changes: eps keeps the division finite
    matches(student, reference, "batchnorm", x, *rest, True, 1.0, 0.25)
    matches(student, reference, "batchnorm", x + 300, *rest, True, 0.0, 0.25)


@norm.check("batchnorm", 2)
def evaluation_mode(student: Student, reference: Reference, draw: Draw) -> None:
    """In evaluation y comes from the running statistics alone, and they stay as they are."""
    for shape in (*FLAT, *IMAGES):
        matches(student, reference, "batchnorm", *normal_case(draw, shape), False, draw.number(0.1, 0.4), EPS)


@norm.check("batchnorm", 1)
def channels_of_images(student: Student, reference: Reference, draw: Draw) -> None:
    """Images have one mean and one variance for each channel, over examples, rows and columns."""
    for shape in IMAGES:
        matches(student, reference, "batchnorm", *normal_case(draw, shape), True, draw.number(0.1, 0.4), EPS)


def norm_gradients(x: torch.Tensor, gamma: torch.Tensor, upstream: torch.Tensor, eps: float) -> list[torch.Tensor]:
    """dx, dgamma, dbeta by autograd."""
    leaves = [part.clone().requires_grad_(True) for part in (x, gamma, torch.zeros_like(gamma))]
    y = torch.nn.functional.batch_norm(leaves[0], None, None, leaves[1], leaves[2], training=True, eps=eps)
    return list(torch.autograd.grad(y, leaves, upstream))


@norm.check("batchnorm_backward", 3)
def backward_flat(student: Student, reference: Reference, draw: Draw) -> None:
    """batchnorm_backward gives dx, dgamma and dbeta of (N, C) for a random upstream gradient."""
    for shape in FLAT:
        x, gamma = normal_case(draw, shape)[:2]
        upstream = draw.normal(*shape)
        for eps in (EPS, 0.5):
            got = student.batchnorm_backward(upstream, x, gamma, eps)
            compare(got, norm_gradients(x, gamma, upstream, eps), "(dx, dgamma, dbeta)")


@norm.check("batchnorm_backward", 1)
def backward_images(student: Student, reference: Reference, draw: Draw) -> None:
    """batchnorm_backward gives dx, dgamma and dbeta of images, too."""
    for shape in IMAGES:
        x, gamma = normal_case(draw, shape)[:2]
        upstream = draw.normal(*shape)
        for eps in (EPS, 0.5):
            got = student.batchnorm_backward(upstream, x, gamma, eps)
            compare(got, norm_gradients(x, gamma, upstream, eps), "(dx, dgamma, dbeta)")


# --- 2.13 --------------------------------------------------------------------------------------------------------

training = rubric.exercise("2.13", "Who is speaking?", owns=("label_frames",), points=4)
HELPERS = tuple(
    name for exercise in rubric.exercises[:-1] for name in exercise.owns if name != "ANSWERS"
)  # what students have built, they may use

LADDER = Ladder(
    "share of frames with the right speaker",
    (
        Rung("simple", 0.74, 0.25, "the sample code"),
        Rung("medium", 0.92, 0.55, "a hidden layer"),
        Rung("strong", 0.955, 0.85, "context: 3 frames on each side"),
        Rung("boss", 0.970, 1.00, "context: 8 frames on each side"),
    ),
    lower_is_better=False,
)


def labelled(student: Student, given: Sequence[torch.Tensor], seed: int) -> tuple[torch.Tensor, list[float]]:
    """The student's labels for the new frames (the fourth of what is given), and the losses they report."""
    labels, losses = listed(student.label_frames(*given, seed), "(labels, losses)", 2)
    reported = as_tensor(losses)
    return (
        tensor_of(labels, (len(given[3]),), "the labels"),
        [] if reported is None else reported.reshape(-1).tolist(),
    )


@training.check("label_frames", 4, trains=True, seconds=60)
def hidden_frames(student: Student, reference: Reference, draw: Draw) -> Score:
    """label_frames labels frames of utterances nobody has seen; the training loss it reports falls."""
    frames = Frames(draw)
    labels, losses = labelled(student, frames.given, frames.seed)
    accuracy = frames.accuracy(labels)
    expect(len(losses) > 0, "label_frames: the second result is a list with one loss for each epoch.")
    expect(len(losses) > 1, "your list has the loss of one epoch: train for at least two, so that it can fall.")
    expect(losses[-1] < losses[0], "the training loss does not fall from the first epoch to the last.")
    return LADDER.score(accuracy, losses)


@training.practice(LADDER)
def on_the_utterances_you_have(student: Student, data: Path, seed: int) -> tuple[float, list[float]]:
    """Every fifth utterance of vowels.npz is kept back and labelled."""
    with np.load(data / "vowels.npz") as stored:
        frames = torch.tensor(stored["frames"], dtype=torch.float64)
        utterance, speaker = (torch.tensor(stored[name]).long() for name in ("utterance", "speaker"))
    new = utterance % 5 == 4
    given = (frames[~new], utterance[~new], speaker[~new], frames[new], utterance[new])
    labels, losses = labelled(student, given, seed)
    return float((labels == speaker[new]).double().mean()), losses
