"""3.7 Residual block and dropout."""

from __future__ import annotations

from typing import Any

import msgspec
import torch
import torch.nn.functional as F

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

from .common import _same, unrelated

exercise = Exercise("3.7", "Residual block and dropout", owns=("residual_block", "dropout"), points=8)


@exercise.check("residual_block", 1, public=True)
def nothing_to_add(student: Student, reference: Reference, draw: Draw) -> None:
    """With kernels and biases of 0, the block is ReLU(x)."""
    x = torch.tensor([[-1.0, 2.0, 3.0], [4.0, -5.0, 6.0]], dtype=draw.dtype).reshape(1, 1, 2, 3)
    w, b = torch.zeros(1, 1, 3, 3, dtype=draw.dtype), torch.zeros(1, dtype=draw.dtype)
    matches(student, reference, "residual_block", x, w, b, w, b)


@exercise.check("residual_block", 3)
def adds_to_its_input(student: Student, reference: Reference, draw: Draw) -> None:
    """residual_block is ReLU(x + conv(ReLU(conv(x)))), in this order, for every size of kernel."""
    for channels, inner, first, second in ((1, 2, (3, 3), (3, 3)), (2, 3, (3, 1), (1, 5)), (3, 2, (5, 3), (3, 3))):
        x = draw.normal(2, channels, 5, 6)
        w1, w2 = draw.normal(inner, channels, *first, scale=0.5), draw.normal(channels, inner, *second, scale=0.5)
        matches(student, reference, "residual_block", x, w1, draw.normal(inner), w2, draw.normal(channels))


def dropped(student: Student, x: torch.Tensor, p: float, training: bool, generator: Any) -> torch.Tensor:
    """What the student's dropout makes of x."""
    return tensor_of(student.dropout(x, p, training, generator), tuple(x.shape), "dropout")


@exercise.check("dropout", 1)
def off_at_test_time(student: Student, reference: Reference, draw: Draw) -> None:
    """When it is not training, dropout gives x back, not scaled; so does p = 0. Only when it is, entries are lost."""
    for shape, p, training in (
        ((3, 4), 0.2, False),
        ((2, 3, 4, 5), 0.7, False),
        ((4, 5), 0.0, True),
        ((7,), 0.5, False),
    ):
        x = draw.normal(*shape)
        compare(dropped(student, x, p, training, draw.generator()), x, "`dropout`")
    got = dropped(student, draw.uniform(20, 30, low=1, high=2), 0.5, True, draw.generator())
    expect((got == 0).any(), "dropout: in training nothing is lost.")  # by chance: 2^-600


@exercise.check("dropout", 1.5)
def drops_and_scales(student: Student, reference: Reference, draw: Draw) -> None:
    """About p of the entries are 0, the others are divided by 1 - p, so that the mean stays."""
    for p in (0.2, 0.7):
        x = draw.uniform(80, 50, low=1, high=2)
        dropped(student, x, p, False, draw.generator())  # not judged here, but it tells scaling mistakes apart
        got = dropped(student, x, p, True, draw.generator())
        lost = float((got == 0).double().mean())
        # 0.05 is 6.9 standard deviations or more: by chance, 5e-12.
        expect(abs(lost - p) < 0.05, f"dropout with p = {p}: {lost:.0%} of the entries are 0.")
        kept = got != 0
        compare(got[kept], x[kept].double() / (1 - p), "`dropout`, the entries that survive")


@exercise.check("dropout", 1.5)
def each_for_itself(student: Student, reference: Reference, draw: Draw) -> None:
    """Every entry is dropped by itself, in a pattern drawn from the generator: the next call gives another."""
    for shape in ((60, 50), (8, 6, 10, 9)):
        x, p = draw.uniform(*shape, low=1, high=2), 0.3
        going_on = draw.generator()
        twin = msgspec.structs.replace(going_on, key=-going_on.key)
        first, second = (dropped(student, x, p, True, going_on) == 0 for _ in range(2))
        again = dropped(student, x, p, True, twin) == 0
        expect((first != second).any(), "dropout: the second call has the pattern of the first.")
        expect((first == again).all(), "dropout: an equal generator gives another pattern; draw from it alone.")
        few = (
            [int((dropped(student, x[:10, :10], p, True, going_on) == 0).sum()) for _ in range(12)]
            if x.ndim == 2
            else []
        )
        # 12 equal counts of 100 entries have a chance below 3e-12.
        expect(len(set(few)) != 1, "dropout: each call drops equally many entries; each entry is dropped by itself.")
        one, other = ((pattern.double() - p) / (p * (1 - p)) ** 0.5 for pattern in (first, second))
        expect(unrelated(one), f"dropout on {shape}: entries are dropped together, or one pattern is used twice.")
        expect(unrelated(one, other), f"dropout on {shape}: the second call's pattern follows from the first one's.")
    x, going_on = draw.uniform(2, 3, low=1, high=2), draw.generator()
    lost = torch.stack([dropped(student, x, 0.5, True, going_on) == 0 for _ in range(60)])
    # By chance: 12 * 2^-60.
    expect((lost.any(dim=0) & ~lost.all(dim=0)).all(), "dropout: some places are always lost, or never.")


# --- mistakes ---


@exercise.mistake("residual_block", "What remains of the input when both convolutions give 0?")
def no_skip(x, w1, b1, w2, b2):
    return torch.relu(_same(torch.relu(_same(x, w1, b1)), w2, b2))


@exercise.mistake("residual_block", "Is the input added before or after the last ReLU?")
def add_after_relu(x, w1, b1, w2, b2):
    return x + torch.relu(_same(torch.relu(_same(x, w1, b1)), w2, b2))


@exercise.mistake("residual_block", "Can your block's answer be negative?")
def no_final_relu(x, w1, b1, w2, b2):
    return x + _same(torch.relu(_same(x, w1, b1)), w2, b2)


@exercise.mistake("residual_block", "Two convolutions with nothing in between are one.")
def no_inner_relu(x, w1, b1, w2, b2):
    return torch.relu(x + _same(_same(x, w1, b1), w2, b2))


@exercise.mistake("residual_block", "Something in-place has changed x before it is added.")
def inplace_x(x, w1, b1, w2, b2):
    kept = x
    hidden = torch.relu(_same(x, w1, b1))
    x = kept.relu_()
    return torch.relu(x + _same(hidden, w2, b2))


@exercise.mistake("residual_block", "Does the input pass a ReLU before the first convolution?")
def relu_first(x, w1, b1, w2, b2):
    return torch.relu(x + _same(torch.relu(_same(torch.relu(x), w1, b1)), w2, b2))


@exercise.mistake("dropout", "Inverted dropout leaves nothing to do at test time.")
def eval_scaled(x, p, training, generator):
    if not training:
        return x * (1 - p)
    return x * (torch.rand(x.shape, generator=generator) >= p)


@exercise.mistake("dropout", "What does the mean of your answer say, compared with the input's?")
def never_scaled(x, p, training, generator):
    return x * (torch.rand(x.shape, generator=generator) >= p) if training else x


@exercise.mistake("dropout", "At test time nothing is random.")
def eval_on(x, p, training, generator):
    return x * (torch.rand(x.shape, generator=generator) >= p) / (1 - p)


@exercise.mistake("dropout", "Is p the chance to be dropped, or to survive?")
def p_is_keep(x, p, training, generator):
    return x * (torch.rand(x.shape, generator=generator) < p) / max(p, 0.01) if training else x


@exercise.mistake("dropout", "You keep the right number of entries. What are they divided by?")
def divided_by_p(x, p, training, generator):
    return x * (torch.rand(x.shape, generator=generator) >= p) / max(p, 0.01) if training else x


@exercise.mistake("dropout", "Each entry is dropped by itself, not a whole example with all it has.")
def per_row(x, p, training, generator):
    if not training:
        return x
    keep = torch.rand(len(x), *(1,) * (x.ndim - 1), generator=generator) >= p
    return x * keep / (1 - p)


@exercise.mistake("dropout", "All examples share one pattern: let each entry of the whole tensor draw for itself.")
def one_mask(x, p, training, generator):
    return x * (torch.rand(x.shape[1:], generator=generator) >= p) / (1 - p) if training else x


@exercise.mistake("dropout", "Half of your pattern is a copy of the other half.")
def pattern_twice(x, p, training, generator):
    if not training:
        return x
    half = (len(x) + 1) // 2
    keep = torch.rand((half, *x.shape[1:]), generator=generator) >= p
    return x * torch.cat([keep, keep])[: len(x)] / (1 - p)


@exercise.mistake("dropout", "Along the last axis, your pattern begins again.")
def pattern_twice_in_a_row(x, p, training, generator):
    if not training:
        return x
    half = (x.shape[-1] + 1) // 2
    keep = torch.rand((*x.shape[:-1], half), generator=generator) >= p
    return x * torch.cat([keep, keep], dim=-1)[..., : x.shape[-1]] / (1 - p)


@exercise.mistake("dropout", "Where do your random numbers come from?")
def dropout_ignores_generator(x, p, training, generator):
    return F.dropout(x, p, training)


@exercise.mistake("dropout", "The next call should give another pattern: who starts the generator anew?")
def same_pattern(x, p, training, generator):
    fixed = torch.Generator().manual_seed(0)
    return x * (torch.rand(x.shape, generator=fixed) >= p) / (1 - p) if training else x


@exercise.mistake("dropout", "Is the number of lost entries the same in each call? Each is dropped for itself.")
def exactly_p(x, p, training, generator):
    if not training:
        return x
    keep = torch.ones(x.numel(), dtype=x.dtype)
    keep[torch.randperm(x.numel(), generator=generator)[: round(p * x.numel())]] = 0
    return x * keep.reshape(x.shape) / (1 - p)
