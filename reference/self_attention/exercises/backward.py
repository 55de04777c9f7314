"""4.2 The way back."""

from __future__ import annotations

import math

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

from .common import SIZES, library_attention, queries_keys_values, several, tensor

exercise = Exercise("4.2", "The way back", owns=("softmax_backward", "attention_backward"), points=12, bans=AUTOGRAD)


@exercise.check("softmax_backward", 1, public=True)
def two_weights(student: Student, reference: Reference, draw: Draw) -> None:
    """With weights [1/4, 3/4] and upstream [1, 0], softmax_backward gives [3/16, -3/16]."""
    matches(student, reference, "softmax_backward", tensor([[1, 0]], draw), tensor([[0.25, 0.75]], draw))


@exercise.check("softmax_backward", 3)
def through_softmax(student: Student, reference: Reference, draw: Draw) -> None:
    """softmax_backward is what autograd finds, row by row, for a random upstream gradient."""
    for shape in ((3,), (2, 4), (2, 3, 5)):
        z, upstream = draw.normal(*shape).requires_grad_(), draw.normal(*shape)
        a = torch.softmax(z, dim=-1)
        expected = torch.autograd.grad(a, z, upstream)[0]
        compare(student.softmax_backward(upstream, a.detach()), expected, "`softmax_backward`")


@exercise.check("attention_backward", 6)
def through_attention(student: Student, reference: Reference, draw: Draw) -> None:
    """attention_backward gives dq, dk, dv as autograd finds them, for a random upstream gradient."""
    for sizes in SIZES:
        parts = queries_keys_values(draw, *sizes)
        lead, t, _, _, e = sizes
        upstream = draw.normal(*lead, t, e)
        leaves = [part.clone().requires_grad_() for part in parts]
        expected = torch.autograd.grad(library_attention(*leaves), leaves, upstream)
        got = several(student.attention_backward(upstream, *parts), "(dq, dk, dv)", 3)
        for name, one, other in zip(("dq", "dk", "dv"), got, expected, strict=True):
            compare(one, other, name)


@exercise.check("attention_backward", 2)
def nudged(student: Student, reference: Reference, draw: Draw) -> None:
    """dq, dk and dv agree with how the loss really moves when each entry is nudged."""
    parts = [part.double() for part in queries_keys_values(draw, (2,), 3, 4, 5, 2)]
    upstream = draw.normal(2, 3, 2).double()
    got = several(student.attention_backward(upstream, *parts), "(dq, dk, dv)", 3)
    for place, name in enumerate(("dq", "dk", "dv")):

        def loss(point: torch.Tensor, place: int = place) -> torch.Tensor:
            moved = [point if i == place else part for i, part in enumerate(parts)]
            return (library_attention(*moved) * upstream).sum()

        agrees_with_numerical(got[place], loss, parts[place], name)


# --- mistakes ---


@exercise.mistake(
    "softmax_backward", "Every weight depends on every score of its row: where are the terms with i not j?"
)
def only_the_diagonal(upstream, a):
    return upstream * a * (1 - a)


@exercise.mistake("softmax_backward", "Look at the sign of the sum: is it added or taken off?")
def sum_added(upstream, a):
    return a * (upstream + (upstream * a).sum(dim=-1, keepdim=True))


@exercise.mistake("softmax_backward", "The sum runs over the scores of one row only (the last axis).")
def sum_over_everything(upstream, a):
    return a * (upstream - (upstream * a).sum())


@exercise.mistake("softmax_backward", "You take off the plain mean of upstream: which weights does that mean have?")
def plain_mean(upstream, a):
    return a * (upstream - upstream.mean(dim=-1, keepdim=True))


@exercise.mistake(
    "softmax_backward", "A factor is missing in front: how much does a weight that is nearly 0 still move?"
)
def no_factor(upstream, a):
    return upstream - (upstream * a).sum(dim=-1, keepdim=True)


@exercise.mistake(
    "attention_backward", "The scores were divided on the way there: what does the chain rule make of it?"
)
def no_scale_back(upstream, q, k, v):
    a = softmax(scores(q, k))
    dz = softmax_backward(upstream @ v.transpose(-1, -2), a)
    return dz @ k, dz.transpose(-1, -2) @ q, a.transpose(-1, -2) @ upstream


@exercise.mistake(
    "attention_backward", "dk is divided by the root of the width, dq is not: both went through the same scores."
)
def scale_only_dk(upstream, q, k, v):
    a = softmax(scores(q, k))
    dz = softmax_backward(upstream @ v.transpose(-1, -2), a)
    return dz @ k, dz.transpose(-1, -2) @ q / math.sqrt(q.shape[-1]), a.transpose(-1, -2) @ upstream


@exercise.mistake("attention_backward", "The gradient passes the softmax unchanged in yours: use its Jacobian.")
def no_softmax_back(upstream, q, k, v):
    a = softmax(scores(q, k))
    dz = upstream @ v.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return dz @ k, dz.transpose(-1, -2) @ q, a.transpose(-1, -2) @ upstream


@exercise.mistake("attention_backward", "dv uses the scores: how much a value counts is its weight, after the softmax.")
def dv_from_scores(upstream, q, k, v):
    z = scores(q, k)
    dz = softmax_backward(upstream @ v.transpose(-1, -2), softmax(z)) / math.sqrt(q.shape[-1])
    return dz @ k, dz.transpose(-1, -2) @ q, z.transpose(-1, -2) @ upstream


@exercise.mistake(
    "attention_backward", "Is the gradient by q made from the keys, or from the queries? Yours are swapped."
)
def dq_dk_swapped(upstream, q, k, v):
    a = softmax(scores(q, k))
    dz = softmax_backward(upstream @ v.transpose(-1, -2), a) / math.sqrt(q.shape[-1])
    return dz.transpose(-1, -2) @ q, dz @ k, a.transpose(-1, -2) @ upstream


@exercise.mistake(
    "attention_backward", "Your upstream gradient counts for nothing: each output has a gradient of its own."
)
def upstream_of_ones(upstream, q, k, v):
    a = softmax(scores(q, k))
    ones = torch.ones_like(upstream)
    dz = softmax_backward(ones @ v.transpose(-1, -2), a) / math.sqrt(q.shape[-1])
    return dz @ k, dz.transpose(-1, -2) @ q, a.transpose(-1, -2) @ ones


@exercise.mistake("attention_backward", "dv is divided by the root of the width, but the values never met the scale.")
def dv_scaled(upstream, q, k, v):
    a = softmax(scores(q, k))
    dz = softmax_backward(upstream @ v.transpose(-1, -2), a) / math.sqrt(q.shape[-1])
    return dz @ k, dz.transpose(-1, -2) @ q, a.transpose(-1, -2) @ upstream / math.sqrt(q.shape[-1])
