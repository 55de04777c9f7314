"""Wrong implementations that students write, each with the hint for it: the engine and first order (2.5 and 2.6).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 2.5 engine ---


def parts(node):
    """A node's inputs, written apart from the solution."""
    return [part for part in node[1:] if isinstance(part, str)] if isinstance(node, tuple) else []


def engine_run(graph, output, order=None, update=None, slopes=None, seed=1.0):
    """An engine with a part exchanged."""
    forward = topological_order(graph, output)
    value = {}
    for name in forward:
        node = graph[name]
        value[name] = node if not isinstance(node, tuple) else calculate(node, value)
    grad = dict.fromkeys(graph, 0.0)
    grad[output] = seed
    for name in order or forward[::-1]:
        for part, slope_ in (slopes or true_slopes)(graph[name], value[name], value):
            grad[part] = slope_ * grad[name] if update == "assign" else grad[part] + slope_ * grad[name]
    return value[output], grad


def calculate(node, value):
    kind, p = node[0], value[node[1]]
    if kind in ("exp", "tanh"):
        return getattr(math, kind)(p)
    if kind == "power":
        return p ** node[2]
    return p + value[node[2]] if kind == "add" else p * value[node[2]]


def true_slopes(node, here, value):
    if not isinstance(node, tuple):
        return []
    kind, *names = node
    p = value[names[0]]
    if kind == "add":
        return [(names[0], 1.0), (names[1], 1.0)]
    if kind == "mul":
        return [(names[0], value[names[1]]), (names[1], p)]
    if kind == "power":
        return [(names[0], names[1] * p ** (names[1] - 1))]
    return [(names[0], here if kind == "exp" else 1 - here**2)]


@mutant("scalar_grads", "A node that is used twice is reached twice: do you keep both contributions?")
def assign(graph, output):
    return engine_run(graph, output, update="assign")


@mutant("scalar_grads", "All derivatives are 0: what is d f / d f?")
def seed0(graph, output):
    return engine_run(graph, output, seed=0.0)


@mutant(
    "scalar_grads", "A node passes its derivative on before all its users have added to it: in which order do you walk?"
)
def breadth_first(graph, output):
    order = [output]
    for name in order:
        order += [part for part in parts(graph[name]) if part not in order]
    return engine_run(graph, output, order=order)


@mutant("scalar_grads", "The slope of p q with respect to p is q: did you take the node's own input?")
def mul_of_itself(graph, output):
    def slopes(node, here, value):
        pairs = true_slopes(node, here, value)
        return [(name, value[name]) for name, _ in pairs] if pairs and node[0] == "mul" else pairs

    return engine_run(graph, output, slopes=slopes)


@mutant("scalar_grads", "The slope of p^n has a factor in front.")
def power_without_factor(graph, output):
    def slopes(node, here, value):
        pairs = true_slopes(node, here, value)
        return [(node[1], value[node[1]] ** (node[2] - 1))] if pairs and node[0] == "power" else pairs

    return engine_run(graph, output, slopes=slopes)


@mutant("scalar_grads", "The slope of tanh p is 1 - (what)^2?")
def tanh_at_input(graph, output):
    def slopes(node, here, value):
        pairs = true_slopes(node, here, value)
        return [(node[1], 1 - value[node[1]] ** 2)] if pairs and node[0] == "tanh" else pairs

    return engine_run(graph, output, slopes=slopes)


@mutant("scalar_grads", "The slope of exp is not its input.")
def exp_at_input(graph, output):
    def slopes(node, here, value):
        pairs = true_slopes(node, here, value)
        return [(node[1], value[node[1]])] if pairs and node[0] == "exp" else pairs

    return engine_run(graph, output, slopes=slopes)


@mutant(
    "scalar_grads", "Right for one operation. In a chain, the slopes multiply: is the node's own derivative in there?"
)
def no_chain(graph, output):
    value, grad = engine_run(graph, output)
    order = topological_order(graph, output)
    values = {name: engine_run(graph, name)[0] for name in order}
    grad = dict.fromkeys(graph, 0.0)
    grad[output] = 1.0
    for name in order:
        for part, slope_ in true_slopes(graph[name], values[name], values):
            grad[part] += slope_
    return value, grad


@mutant("scalar_grads", "Each node of the graph has a derivative, also those that the output does not need: 0.")
def only_what_is_needed(graph, output):
    value, grad = engine_run(graph, output)
    return value, {name: grad[name] for name in topological_order(graph, output)}


@mutant("scalar_grads", "Only the leaves have derivatives: what about the nodes between, and the output?")
def leaves_only(graph, output):
    value, grad = engine_run(graph, output)
    return value, {name: 0.0 if isinstance(graph[name], tuple) else grad[name] for name in graph}


@mutant("topological_order", "The dictionary is in no particular order: is yours?")
def as_written(graph, output):
    needed = [output]
    for name in needed:
        needed += [part for part in parts(graph[name]) if part not in needed]
    return [name for name in graph if name in needed]


@mutant("topological_order", "The output comes last: inputs before what uses them.")
def output_first(graph, output):
    order, seen = [], set()

    def visit(name):
        if name not in seen:
            seen.add(name)
            for part in parts(graph[name]):
                visit(part)
            order.append(name)

    visit(output)
    return order[::-1]


@mutant("topological_order", "Nodes that the output does not depend on are not asked for.")
def everything(graph, output):
    order, seen = [], set()

    def visit(name):
        if name not in seen:
            seen.add(name)
            for part in parts(graph[name]):
                visit(part)
            order.append(name)

    for name in [output, *graph]:
        visit(name)
    return order


@mutant("topological_order", "The leaves belong to the list, too.")
def without_leaves(graph, output):
    return [name for name in output_first(graph, output)[::-1] if isinstance(graph[name], tuple)]


# --- 2.6 first order ---


@mutant("neuron_cost", "Where is the 1/2 of the quadratic cost?")
def cost_no_half(x, y, w, b):
    return (y - torch.sigmoid(x @ w + b)).square().mean()


@mutant("neuron_cost", "The cost is averaged over the examples.")
def cost_sum(x, y, w, b):
    return (y - torch.sigmoid(x @ w + b)).square().sum() / 2


@mutant("neuron_cost", "A logistic neuron: where is the sigmoid?")
def cost_linear(x, y, w, b):
    return (y - (x @ w + b)).square().mean() / 2


@mutant("neuron_grad", "What does a do when z moves? The slope of the sigmoid is missing.")
def neuron_no_slope(x, y, w, b):
    delta = (torch.sigmoid(x @ w + b) - y) / len(y)
    return x.T @ delta, delta.sum()


@mutant("neuron_grad", "The 2 of the square meets the 1/2 of the cost: what remains?")
def neuron_twice(x, y, w, b):
    gw, gb = neuron_right(x, y, w, b)
    return 2 * gw, 2 * gb


@mutant("neuron_grad", "The gradient of a mean is a mean: where is the 1/N?")
def neuron_summed(x, y, w, b):
    gw, gb = neuron_right(x, y, w, b)
    return gw * len(y), gb * len(y)


def neuron_right(x, y, w, b):
    a = torch.sigmoid(x @ w + b)
    delta = (a - y) * a * (1 - a) / len(y)
    return x.T @ delta, delta.sum()


@mutant("predicted_dC", "The gradient's length is squared in the prediction.")
def length_not_squared(gw, gb, eta):
    return -eta * (gw.square().sum() + gb**2).sqrt()


@mutant("predicted_dC", "b moves, too: its gradient is part of the whole.")
def without_b(gw, gb, eta):
    return -eta * gw.square().sum()


@mutant("predicted_dC", "A step of gradient descent lowers the cost: what sign does the prediction have?")
def prediction_positive(gw, gb, eta):
    return eta * (gw.square().sum() + gb**2)


@mutant("predicted_dC", "First order is the whole of it: where does your 1/2 come from?")
def half_predicted(gw, gb, eta):
    return -eta * (gw.square().sum() + gb**2) / 2


@mutant("measured_dC", "The change is after minus before.")
def before_minus_after(x, y, w, b, eta):
    gw, gb = neuron_grad(x, y, w, b)
    return neuron_cost(x, y, w, b) - neuron_cost(x, y, w - eta * gw, b - eta * gb)


@mutant("measured_dC", "b takes the step, too.")
def b_stays(x, y, w, b, eta):
    gw, _ = neuron_grad(x, y, w, b)
    return neuron_cost(x, y, w - eta * gw, b) - neuron_cost(x, y, w, b)


@mutant("measured_dC", "Your step climbs: descent goes against the gradient.")
def uphill(x, y, w, b, eta):
    gw, gb = neuron_grad(x, y, w, b)
    return neuron_cost(x, y, w + eta * gw, b + eta * gb) - neuron_cost(x, y, w, b)


@mutant("measured_dC", "That is the prediction again. Measure: compute the cost at both points.")
def predicted_again(x, y, w, b, eta):
    return predicted_dC(*neuron_grad(x, y, w, b), eta)


@mutant("measured_dC", "The gradient for b is taken after w has moved: both are taken at the old point.")
def one_after_the_other(x, y, w, b, eta):
    moved = w - eta * neuron_grad(x, y, w, b)[0]
    return neuron_cost(x, y, moved, b - eta * neuron_grad(x, y, moved, b)[1]) - neuron_cost(x, y, w, b)
