"""6.3 Whose gradients?."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    as_tensor,
    compare,
    expect,
    tensor_of,
)

from .common import a_pair, listed

exercise = Exercise("6.3", "Whose gradients?", owns=("backward_d", "backward_g"), points=10)


def arrives(got: object, expected: Sequence[Tensor], network: str) -> None:
    """The gradients of the network whose step it is are right."""
    found = listed(got, len(expected), f"the `.grad` of each of {network}'s parameters")
    for index, (one, other) in enumerate(zip(found, expected, strict=True)):
        expect(one is not None, f"no gradient arrives in {network}, whose step it is: parameter {index} has None.")
        compare(one, other, f"the gradient of {network}'s parameter {index}")


def untouched(got: object, count: int, network: str, other: str) -> None:
    """Nothing (None, or zeros) has arrived in the network whose step it is not."""
    for value in listed(got, count, f"the `.grad` of each of {other}'s parameters (None where nothing arrived)"):
        tensor = as_tensor(value)
        empty = value is None or (tensor is not None and not bool(tensor.any()))
        expect(empty, f"a step of {network} leaves gradients in {other}.")


def something_arrives(got: object, parameters: Sequence[Tensor], network: str) -> None:
    """The network whose step it is has gradients, of the shapes of its parameters, and not zeros alone."""
    found = listed(got, len(parameters), f"the `.grad` of each of {network}'s parameters")
    expect(all(one is not None for one in found), f"no gradient arrives in {network}, whose step it is.")
    slopes = [
        tensor_of(one, tuple(parameter.shape), f"the gradient of {network}'s parameter {index}")
        for index, (one, parameter) in enumerate(zip(found, parameters, strict=True))
    ]
    expect(any(bool(slope.any()) for slope in slopes), f"all gradients in {network}, whose step it is, are zero.")


@exercise.check("backward_d", 1, public=True)
def one_number(student: Student, reference: Reference, draw: Draw) -> None:
    """d = [[[2]], [0]], g = [[[1]], [0]], real [[1]], z [[0]]: backward_d gives D -0.119 and 0.5 - 0.119, G nothing."""
    d, g = (
        [torch.tensor(value, dtype=draw.dtype, requires_grad=True) for value in values]
        for values in (([[2.0]], [0.0]), ([[1.0]], [0.0]))
    )
    real, z = (torch.tensor([[value]], dtype=draw.dtype) for value in (1.0, 0.0))
    got = listed(student.backward_d(d, g, real, z), 2, "D's list and G's list")
    arrives(got[0], reference.backward_d(d, g, real, z)[0], "D")
    untouched(got[1], len(g), "D", "G")


@exercise.check("backward_d", 2)
def into_d(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_d leaves the gradients of D's loss, on reals and on G's images, in D's parameters."""
    for reals, fakes in ((2, 2), (3, 5), (6, 4)):
        d, g, shape, noise = a_pair(draw, leaves=True)
        real, z = draw.normal(reals, *shape), draw.normal(fakes, noise)
        got = listed(student.backward_d(d, g, real, z), 2, "D's list and G's list")
        arrives(got[0], reference.backward_d(d, g, real, z)[0], "D")


@exercise.check("backward_d", 2)
def g_stays_clean(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_d leaves nothing in G's parameters, None or zeros, and something in D's."""
    for reals, fakes in ((2, 3), (5, 4), (3, 6)):
        d, g, shape, noise = a_pair(draw, leaves=True)
        got = student.backward_d(d, g, draw.normal(reals, *shape), draw.normal(fakes, noise))
        found = listed(got, 2, "D's list and G's list")
        untouched(found[1], len(g), "D", "G")
        something_arrives(found[0], d, "D")


@exercise.check("backward_g", 3)
def into_g(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_g leaves the gradients of G's loss, which come through D, in G's parameters."""
    for fakes in (2, 3, 6):
        d, g, _, noise = a_pair(draw, leaves=True)
        z = draw.normal(fakes, noise)
        got = listed(student.backward_g(d, g, z), 2, "D's list and G's list")
        arrives(got[1], reference.backward_g(d, g, z)[1], "G")


@exercise.check("backward_g", 2)
def d_stays_clean(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_g leaves nothing in D's parameters, None or zeros, and something in G's."""
    for fakes in (2, 5, 3):
        d, g, _, noise = a_pair(draw, leaves=True)
        got = listed(student.backward_g(d, g, draw.normal(fakes, noise)), 2, "D's list and G's list")
        untouched(got[0], len(d), "G", "D")
        something_arrives(got[1], g, "G")


# --- mistakes ---


def gradients_in(d, g):
    return [parameter.grad for parameter in d], [parameter.grad for parameter in g]


@exercise.mistake("backward_d", "D's loss runs back through the fakes into G: where should that stop?")
def not_detached(d, g, real, z):
    with torch.enable_grad():
        d_loss(network(d, real), network(d, network(g, z))).backward()  # noqa: F821
    return gradients_in(d, g)


@exercise.mistake(
    "backward_d", "What D says about the fakes is cut off from D itself: detach the images, not the logits."
)
def logits_detached(d, g, real, z):
    with torch.enable_grad():
        d_loss(network(d, real), network(d, network(g, z)).detach()).backward()  # noqa: F821
    return gradients_in(d, g)


@exercise.mistake("backward_d", "D meets the reals twice: where are G's images?")
def reals_twice(d, g, real, z):
    with torch.enable_grad():
        d_loss(network(d, real), network(d, real)).backward()  # noqa: F821
    return gradients_in(d, g)


@exercise.mistake("backward_g", "G's loss runs through D, and its gradients stay in D's parameters.")
def d_not_frozen(d, g, z):
    with torch.enable_grad():
        g_loss(network(d, network(g, z))).backward()  # noqa: F821
    return gradients_in(d, g)


@exercise.mistake("backward_g", "Nothing arrives in G: is there a detach, or a no_grad, on the way from G's loss to G?")
def g_detached(d, g, z):
    with torch.enable_grad():
        g_loss(network(d, network(g, z).detach())).backward()  # noqa: F821
    for parameter in d:
        parameter.grad = None
    return gradients_in(d, g)


@exercise.mistake("backward_g", "This is the saturating loss; step 6.3 asks for the non-saturating one.")
def backward_saturating(d, g, z):
    with torch.enable_grad():
        frozen = [parameter.detach() for parameter in d]
        g_loss_saturating(network(frozen, network(g, z))).backward()  # noqa: F821
    return gradients_in(d, g)
