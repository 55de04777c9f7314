"""5.8 Gradient clipping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    expect,
    matches,
    tensor_of,
)

exercise = Exercise(
    "5.8",
    "Gradient clipping",
    owns=("clip_gradients",),
    points=5,
    bans=("torch.nn.utils.clip_grad_norm_",),
)


def some_gradients(draw: Draw) -> list[torch.Tensor]:
    """Three tensors of different shapes, with a common norm between 5 and 20 or so."""
    a, b, c = draw.distinct(3, 2, 8)
    return [draw.normal(a, b, scale=2), draw.normal(c, scale=2), draw.normal(b, scale=1) + 1]


def clipped(student: Student, gradients: list[torch.Tensor], limit: float) -> Sequence[Any]:
    """The student's gradients after clipping; the norm that comes with them is judged elsewhere."""
    got = student.clip_gradients(gradients, limit)
    expect(isinstance(got, list | tuple) and len(got) == 2, "clip_gradients returns a list and the norm.")
    new: Any = got[0]
    expect(
        isinstance(new, list | tuple) and len(new) == len(gradients),
        "clip_gradients returns one tensor for each it gets.",
    )
    return list(new)


@exercise.check("clip_gradients", 1, public=True)
def three_and_four(student: Student, reference: Reference, draw: Draw) -> None:
    """[[3], [4]] with limit 1 become [[0.6], [0.8]]; the norm was 5."""
    given = [torch.tensor([3.0], dtype=draw.dtype), torch.tensor([4.0], dtype=draw.dtype)]
    matches(student, reference, "clip_gradients", given, 1.0)


@exercise.check("clip_gradients", 2)
def clips(student: Student, reference: Reference, draw: Draw) -> None:
    """The norm is that of all gradients together, returned as it was before; nothing changes when it is at most the
    limit."""
    for _ in range(3):
        matches(student, reference, "clip_gradients", some_gradients(draw), draw.number(1.5, 3))
    norm = float(reference.clip_gradients(gradients := some_gradients(draw), 1.0)[1])
    for factor in (0.99, 1.01, 1.5):
        matches(student, reference, "clip_gradients", gradients, factor * norm)
    exactly = [torch.tensor(value, dtype=draw.dtype) for value in ([[3.0], [0.0]], [4.0])]
    matches(student, reference, "clip_gradients", exactly, 5.0)


@exercise.check("clip_gradients", 1)
def leaves_alone(student: Student, reference: Reference, draw: Draw) -> None:
    """Gradients whose norm is below the limit stay as they are, zeros too; others do not."""
    gradients = some_gradients(draw)
    zeros = [torch.zeros_like(gradient) for gradient in gradients]
    for given, limit in ((gradients, draw.number(100, 200)), (zeros, 1.0)):
        compare(clipped(student, given, limit), given, "the list of gradients")
    pairs = zip(clipped(student, gradients, 1.0), gradients, strict=True)
    same = [torch.equal(tensor_of(one, tuple(g.shape), "a gradient").to(g.dtype), g) for one, g in pairs]
    expect(not all(same), "gradients stay as they are even where their norm is above the limit.")


@exercise.check("clip_gradients", 1)
def keeps_direction(student: Student, reference: Reference, draw: Draw) -> None:
    """The clipped gradients are `limit` long and point where the old ones did."""
    gradients, limit = some_gradients(draw), draw.number(1.5, 3)
    got = clipped(student, gradients, limit)
    flat = torch.cat(
        [tensor_of(c, tuple(g.shape), "a gradient").flatten() for c, g in zip(got, gradients, strict=True)]
    )
    old = torch.cat([gradient.double().flatten() for gradient in gradients])
    compare(flat.norm(), torch.tensor(limit, dtype=torch.float64), "the length after clipping", 1e-4, 1e-4)
    expect((flat @ old) / (flat.norm() * old.norm()) > 1 - 1e-6, "clipping changed the direction.")


# --- mistakes ---


@exercise.mistake("clip_gradients", "Each tensor is clipped by itself in yours: whose norm is compared with the limit?")
def per_tensor(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    return [g * min(1.0, float(limit / (g.norm() + 1e-30))) for g in gradients], norm


def _each_by_itself(gradients, limit):
    """Each tensor clipped to the limit, and each one's norm."""
    norms = torch.stack([g.norm() for g in gradients])
    return [g * min(1.0, float(limit / (n + 1e-30))) for g, n in zip(gradients, norms, strict=True)], norms


@exercise.mistake(
    "clip_gradients", "Each tensor has its own norm in yours, and you add them up: they are one long vector."
)
def per_tensor_sum(gradients, limit):
    clipped, norms = _each_by_itself(gradients, limit)
    return clipped, norms.sum()


@exercise.mistake("clip_gradients", "You clip each tensor by itself and give a list of norms: all together have one.")
def per_tensor_norms(gradients, limit):
    clipped, norms = _each_by_itself(gradients, limit)
    return clipped, list(norms)


@exercise.mistake("clip_gradients", "The norm you give is the last tensor's, and each tensor is clipped by its own.")
def per_tensor_last(gradients, limit):
    clipped, norms = _each_by_itself(gradients, limit)
    return clipped, norms[-1]


@exercise.mistake("clip_gradients", "The longest of the tensors sets your norm. How long are they all together?")
def largest_norm(gradients, limit):
    norm = torch.stack([g.norm() for g in gradients]).max()
    return [g * min(1.0, float(limit / (norm + 1e-30))) for g in gradients], norm


@exercise.mistake(
    "clip_gradients", "Cutting every entry off changes the direction. All should shrink by the same factor."
)
def per_value(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    return [g.clamp(-limit, limit) for g in gradients], norm


@exercise.mistake("clip_gradients", "Small gradients grow in yours. When should nothing change?")
def always_scales(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    return [g * (limit / norm.clamp_min(1e-30)) for g in gradients], norm


@exercise.mistake("clip_gradients", "A length is the root of the sum of squares.")
def squared_norm(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum()
    return [g * min(1.0, float(limit / (norm + 1e-30))) for g in gradients], norm


@exercise.mistake("clip_gradients", "Adding up the tensors' norms is not the norm of them all.")
def sum_of_norms(gradients, limit):
    norm = torch.stack([g.norm() for g in gradients]).sum()
    return [g * min(1.0, float(limit / (norm + 1e-30))) for g in gradients], norm


@exercise.mistake("clip_gradients", "The sum of absolute values is another norm than the one asked for.")
def l1_norm(gradients, limit):
    norm = torch.stack([g.abs().sum() for g in gradients]).sum()
    return [g * min(1.0, float(limit / (norm + 1e-30))) for g in gradients], norm


@exercise.mistake("clip_gradients", "Which norm is reported: before or after clipping?")
def norm_after(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    factor = limit / norm if norm > limit else 1.0
    return [g * factor for g in gradients], norm * factor


@exercise.mistake("clip_gradients", "Divided by the norm, they are 1 long. How long should they be?")
def to_unit_length(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    return [g / norm if norm > limit else g for g in gradients], norm


@exercise.mistake("clip_gradients", "What happens to gradients that are all 0? Try it.")
def zeros_to_nan(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    return [torch.where(norm > limit, g * (limit / norm), g * (norm / norm)) for g in gradients], norm
