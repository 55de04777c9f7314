"""2.5 An engine for the chain rule."""

from __future__ import annotations

import math
from typing import Any

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    MismatchError,
    Reference,
    Student,
    compare,
    expect,
)

from .common import listed

exercise = Exercise(
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


@exercise.check("scalar_grads", 1, public=True)
def used_twice(student: Student, reference: Reference, draw: Draw) -> None:
    """f = c * d with d = c + a, c = a * b and a = 3, b = -2, written in this order: f = 18, df/da = 12, df/db = -27."""
    graph = {"f": ("mul", "c", "d"), "d": ("add", "c", "a"), "c": ("mul", "a", "b"), "a": 3.0, "b": -2.0}
    grads_match(student, reference, graph, "f")


@exercise.check("scalar_grads", 2)
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


def doublings(draw: Draw, count: int) -> Graph:
    """Nodes that each add the one before to itself."""
    graph: Graph = {"x0": draw.number(0.5, 1.5)}
    for i in range(count):
        graph[f"x{i + 1}"] = ("add", f"x{i}", f"x{i}")
    return graph


@exercise.check("topological_order", 2, seconds=10)
def inputs_come_first(student: Student, reference: Reference, draw: Draw) -> None:
    """topological_order lists what the output depends on, each node once and after its inputs, and visits it once."""
    graphs = [shuffled(draw, random_graph(draw, leaves, nodes)) for leaves, nodes in ((2, 3), (3, 8), (4, 16))]
    alone = shuffled(draw, random_graph(draw, 2, 0))  # one that is a number depends on itself alone
    whole: Graph = {"f": ("mul", "a", "b"), "b": 3, "a": 2}  # a number may be whole
    asked = [(alone, next(iter(alone))), *((graph, output_of(graph)) for graph in graphs), (whole, "f")]
    for graph, output in (*asked, (doublings(draw, 60), "x60")):
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


@exercise.check("scalar_grads", 3)
def any_graph(student: Student, reference: Reference, draw: Draw) -> None:
    """scalar_grads is right for every node of graphs in which nodes are used again and again, in any order."""
    for leaves, nodes in ((2, 3), (3, 6), (3, 12), (5, 24)):
        graph = shuffled(draw, random_graph(draw, leaves, nodes))
        grads_match(student, reference, graph, output_of(graph))


@exercise.check("scalar_grads", 1)
def unrelated(student: Student, reference: Reference, draw: Draw) -> None:
    """A node on which the output does not depend has derivative 0; the output itself has 1, also if it is a number."""
    graph = {"a": draw.number(0.5, 1.5), "g": ("mul", "f", "a"), "f": ("exp", "a"), "z": draw.number(1, 2)}
    graph |= {"later": ("add", "f", "z")}
    grads_match(student, reference, graph, "f")
    grads_match(student, reference, graph, "z")  # a number by itself: its derivative is 1, all others are 0


@exercise.check("scalar_grads", 1, seconds=10)
def sixty_doublings(student: Student, reference: Reference, draw: Draw) -> None:
    """Sixty nodes that each add the one before to itself take no time: every node is visited once, not every path."""
    grads_match(student, reference, doublings(draw, 60), "x60")


# --- mistakes ---


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


@exercise.mistake("scalar_grads", "A node that is used twice is reached twice: do you keep both contributions?")
def assign(graph, output):
    return engine_run(graph, output, update="assign")


@exercise.mistake("scalar_grads", "All derivatives are 0: what is d f / d f?")
def seed0(graph, output):
    return engine_run(graph, output, seed=0.0)


@exercise.mistake(
    "scalar_grads", "A node passes its derivative on before all its users have added to it: in which order do you walk?"
)
def breadth_first(graph, output):
    order = [output]
    for name in order:
        order += [part for part in parts(graph[name]) if part not in order]
    return engine_run(graph, output, order=order)


@exercise.mistake("scalar_grads", "The slope of p q with respect to p is q: did you take the node's own input?")
def mul_of_itself(graph, output):
    def slopes(node, here, value):
        pairs = true_slopes(node, here, value)
        return [(name, value[name]) for name, _ in pairs] if pairs and node[0] == "mul" else pairs

    return engine_run(graph, output, slopes=slopes)


@exercise.mistake("scalar_grads", "The slope of p^n has a factor in front.")
def power_without_factor(graph, output):
    def slopes(node, here, value):
        pairs = true_slopes(node, here, value)
        return [(node[1], value[node[1]] ** (node[2] - 1))] if pairs and node[0] == "power" else pairs

    return engine_run(graph, output, slopes=slopes)


@exercise.mistake("scalar_grads", "The slope of tanh p is 1 - (what)^2?")
def tanh_at_input(graph, output):
    def slopes(node, here, value):
        pairs = true_slopes(node, here, value)
        return [(node[1], 1 - value[node[1]] ** 2)] if pairs and node[0] == "tanh" else pairs

    return engine_run(graph, output, slopes=slopes)


@exercise.mistake("scalar_grads", "The slope of exp is not its input.")
def exp_at_input(graph, output):
    def slopes(node, here, value):
        pairs = true_slopes(node, here, value)
        return [(node[1], value[node[1]])] if pairs and node[0] == "exp" else pairs

    return engine_run(graph, output, slopes=slopes)


@exercise.mistake(
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


@exercise.mistake(
    "scalar_grads", "Each node of the graph has a derivative, also those that the output does not need: 0."
)
def only_what_is_needed(graph, output):
    value, grad = engine_run(graph, output)
    return value, {name: grad[name] for name in topological_order(graph, output)}


@exercise.mistake("scalar_grads", "Only the leaves have derivatives: what about the nodes between, and the output?")
def leaves_only(graph, output):
    value, grad = engine_run(graph, output)
    return value, {name: 0.0 if isinstance(graph[name], tuple) else grad[name] for name in graph}


@exercise.mistake("topological_order", "The dictionary is in no particular order: is yours?")
def as_written(graph, output):
    needed = [output]
    for name in needed:
        needed += [part for part in parts(graph[name]) if part not in needed]
    return [name for name in graph if name in needed]


@exercise.mistake("topological_order", "The output comes last: inputs before what uses them.")
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


@exercise.mistake("topological_order", "Nodes that the output does not depend on are not asked for.")
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


@exercise.mistake("topological_order", "The leaves belong to the list, too.")
def without_leaves(graph, output):
    return [name for name in output_first(graph, output)[::-1] if isinstance(graph[name], tuple)]


def _grads(graph, output, slope, value_of):
    order = topological_order(graph, output)
    value = {}
    for name in order:
        value[name] = value_of(graph[name], value)
    grad = dict.fromkeys(graph, 0.0)
    grad[output] = 1.0
    for name in reversed(order):
        for source, one in slope(graph[name], value[name], value):
            grad[source] += one * grad[name]
    return value[output], grad


@exercise.mistake("scalar_grads", "The output itself has derivative 1, also where it is a plain number.")
def numbers_have_none(graph, output):
    value, grad = _grads(graph, output, local_slopes, node_value)
    return value, grad if isinstance(graph[output], tuple) else dict.fromkeys(graph, 0.0)


@exercise.mistake("scalar_grads", "The slope of a power must not divide by its base: that may be 0.")
def divides_by_the_base(graph, output):
    def slope(node, here, value):
        if isinstance(node, tuple) and node[0] == "power":
            return [(node[1], node[2] * here / value[node[1]])]
        return local_slopes(node, here, value)

    return _grads(graph, output, slope, node_value)


@exercise.mistake("scalar_grads", "An exponent need not be a whole number.")
def whole_exponents(graph, output):
    def value_of(node, value):
        whole = isinstance(node, tuple) and node[0] == "power"
        return value[node[1]] ** int(node[2]) if whole else node_value(node, value)

    return _grads(graph, output, local_slopes, value_of)


@exercise.mistake("topological_order", "A number need not be a float: what is no tuple is a leaf.")
def floats_alone_are_leaves(graph, output):
    order = []

    def visit(name):
        if name in order:
            return
        if not isinstance(graph[name], float):
            for part in graph[name][1:]:
                if part in graph:
                    visit(part)
        order.append(name)

    visit(output)
    return order
