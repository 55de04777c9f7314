"""The rubric of the self-attention assignment: 9 exercises, 100 points.

Batches, lengths, widths and heads all differ, weights are random and distinct, scores stay between saturation and
zero: nothing is right by luck. What makes attention attention is checked as an invariant, not as an accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

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
    as_tensor,
    compare,
    expect,
    matches,
    short_answers,
    tensor_of,
)

from . import conversations

rubric = Rubric()

LIBRARY_ATTENTION = ("torch.nn.functional.scaled_dot_product_attention", "torch.nn.MultiheadAttention")
LIBRARY_SOFTMAX = ("torch.softmax", "torch.log_softmax")
LIBRARY_CONVOLUTION = ("torch.nn.functional.conv1d", "torch.nn.functional.unfold")


def tensor(values: object, draw: Draw) -> torch.Tensor:
    """Literal numbers in the dtype of the run."""
    return torch.tensor(values, dtype=draw.dtype)


def several(value: object, what: str, count: int) -> list[object]:
    """A tuple or list of `count` values, or a MismatchError."""
    if not isinstance(value, list | tuple) or len(value) != count:
        raise MismatchError(f"expected {count} values: {what}.")
    return list(value)


# --- 4.1 ---------------------------------------------------------------------------------------------------------

single = rubric.exercise(
    "4.1",
    "Scores, softmax, attention",
    owns=("scores", "softmax", "attention"),
    points=14,
    bans=LIBRARY_SOFTMAX + LIBRARY_ATTENTION,
)

#: Leading axes (none, a batch, batch and heads), then T, S, d and e.
SIZES = (((), 2, 3, 4, 5), ((2,), 5, 7, 3, 4), ((3, 2), 4, 6, 5, 2), ((2,), 4, 4, 3, 5), ((1,), 1, 3, 2, 4))


def trained(part: torch.Tensor) -> torch.Tensor:
    """The same input on its way to an optimiser: what is computed from it has gradients."""
    return part.clone().requires_grad_()


def queries_keys_values(draw: Draw, lead: tuple[int, ...], t: int, s: int, d: int, e: int) -> list[torch.Tensor]:
    """q (*lead, t, d), k (*lead, s, d), v (*lead, s, e)."""
    return [draw.normal(*lead, t, d), draw.normal(*lead, s, d), draw.normal(*lead, s, e)]


@single.check("scores", 1, public=True)
def one_query(student: Student, reference: Reference, draw: Draw) -> None:
    """The query [2, 0, 0, 0] has the scores 2 and 0 with the keys [2, 1, 0, 0] and [0, 3, 0, 0]."""
    matches(student, reference, "scores", tensor([[2, 0, 0, 0]], draw), tensor([[2, 1, 0, 0], [0, 3, 0, 0]], draw))


@single.check("scores", 3)
def relevance(student: Student, reference: Reference, draw: Draw) -> None:
    """scores are the dot products of each query with each key, divided by the square root of their width."""
    for sizes in SIZES:
        q, k, _ = queries_keys_values(draw, *sizes)
        matches(student, reference, "scores", q, k)
    matches(student, reference, "scores", trained(q), k)


@single.check("softmax", 3)
def rows_of_softmax(student: Student, reference: Reference, draw: Draw) -> None:
    """softmax turns the last axis into positive weights that add up to 1, for any number of axes."""
    for shape in ((5,), (2, 4, 3), (3, 4), (2, 3, 4, 5)):
        matches(student, reference, "softmax", trained(draw.normal(*shape, scale=2)))


@single.check("softmax", 2)
def extreme_scores(student: Student, reference: Reference, draw: Draw) -> None:
    """softmax does not overflow or divide by zero, in rows of large, very negative and mixed scores, or beside -inf."""
    z = draw.normal(3, 4)
    z[0] += 1000.0
    z[1] -= 1000.0
    z[2, 1] -= 900.0
    matches(student, reference, "softmax", z)
    z = draw.normal(2, 5)
    z[0, 3], z[1, :4] = -math.inf, -math.inf
    matches(student, reference, "softmax", z)


@single.check("attention", 5)
def weighted_means(student: Student, reference: Reference, draw: Draw) -> None:
    """attention gives each query the mean of the values, weighted by the softmax of its scores."""
    for sizes in SIZES:
        matches(student, reference, "attention", *queries_keys_values(draw, *sizes))
    q, k, v = queries_keys_values(draw, (2,), 4, 3, 6, 2)
    matches(student, reference, "attention", trained(3 * q), k, v)


# --- 4.2 ---------------------------------------------------------------------------------------------------------

back = rubric.exercise("4.2", "The way back", owns=("softmax_backward", "attention_backward"), points=12, bans=AUTOGRAD)
FORWARD = ("scores", "softmax", "attention")


def library_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Attention, written apart from the reference."""
    return torch.softmax(torch.einsum("...td,...sd->...ts", q, k) / q.shape[-1] ** 0.5, dim=-1) @ v


@back.check("softmax_backward", 1, public=True)
def two_weights(student: Student, reference: Reference, draw: Draw) -> None:
    """With weights [1/4, 3/4] and upstream [1, 0], softmax_backward gives [3/16, -3/16]."""
    matches(student, reference, "softmax_backward", tensor([[1, 0]], draw), tensor([[0.25, 0.75]], draw))


@back.check("softmax_backward", 3)
def through_softmax(student: Student, reference: Reference, draw: Draw) -> None:
    """softmax_backward is what autograd finds, row by row, for a random upstream gradient."""
    for shape in ((3,), (2, 4), (2, 3, 5)):
        z, upstream = draw.normal(*shape).requires_grad_(), draw.normal(*shape)
        a = torch.softmax(z, dim=-1)
        expected = torch.autograd.grad(a, z, upstream)[0]
        compare(student.softmax_backward(upstream, a.detach()), expected, "`softmax_backward`")


@back.check("attention_backward", 6)
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


@back.check("attention_backward", 2)
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


# --- 4.3 ---------------------------------------------------------------------------------------------------------

heads = rubric.exercise(
    "4.3",
    "Several heads",
    owns=("split_heads", "merge_heads", "multi_head_attention"),
    points=18,
    bans=LIBRARY_ATTENTION,
)


def matrices(draw: Draw, width: int) -> list[torch.Tensor]:
    """Four distinct random (width, width) matrices that keep the size of what they transform."""
    return [draw.normal(width, width, scale=width**-0.5) for _ in range(4)]


@heads.check("split_heads", 1, public=True)
def two_heads(student: Student, reference: Reference, draw: Draw) -> None:
    """split_heads([[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]], 2) has [0, 1], [4, 5], [8, 9] as its first head."""
    matches(student, reference, "split_heads", torch.arange(12.0).to(draw.dtype).reshape(1, 3, 4), 2)


@heads.check("split_heads", 3)
def splits(student: Student, reference: Reference, draw: Draw) -> None:
    """split_heads gives head h the columns h * d to (h + 1) * d of every frame."""
    for batch, length, width, count in ((2, 3, 4, 2), (3, 5, 12, 3), (2, 4, 15, 5), (2, 3, 5, 1), (1, 1, 6, 3)):
        matches(student, reference, "split_heads", trained(draw.normal(batch, length, width)), count)


@heads.check("merge_heads", 3)
def merges(student: Student, reference: Reference, draw: Draw) -> None:
    """merge_heads puts the heads of each frame side by side: the way back from split_heads."""
    for batch, count, length, width in ((2, 2, 3, 4), (3, 4, 5, 2), (2, 1, 3, 5), (1, 3, 1, 2)):
        matches(student, reference, "merge_heads", trained(draw.normal(batch, count, length, width)))


@heads.check("multi_head_attention", 6)
def self_attention(student: Student, reference: Reference, draw: Draw) -> None:
    """multi_head_attention(x, x, ...) lets each head attend by itself, then merges and mixes the heads."""
    for batch, length, width, count in ((2, 3, 4, 2), (3, 5, 12, 3), (2, 7, 10, 5), (2, 4, 6, 1), (1, 1, 4, 2)):
        x = trained(draw.normal(batch, length, width))
        matches(student, reference, "multi_head_attention", x, x, *matrices(draw, width), count)


@heads.check("multi_head_attention", 5)
def cross_attention(student: Student, reference: Reference, draw: Draw) -> None:
    """multi_head_attention takes its queries from x, its keys and values from a memory of another length."""
    for batch, t, s, width, count in ((2, 3, 5, 4, 2), (3, 5, 7, 12, 3), (2, 6, 4, 8, 4), (1, 1, 3, 6, 2)):
        x, memory = draw.normal(batch, t, width, scale=1.5), draw.normal(batch, s, width)
        matches(student, reference, "multi_head_attention", x, memory, *matrices(draw, width), count)


# --- 4.4 ---------------------------------------------------------------------------------------------------------

padding = rubric.exercise(
    "4.4",
    "Sequences of different lengths",
    owns=("padding_mask", "masked_softmax", "masked_attention", "masked_multi_head"),
    points=14,
    bans=LIBRARY_ATTENTION,
)
UNMASKED = (*FORWARD, "split_heads", "merge_heads", "multi_head_attention")


def two_axes(mask: object, what: str) -> None:
    """A mask of one position has both of its axes: a comparison takes every single number for the same."""
    axes = mask.ndim if isinstance(mask, torch.Tensor) else 2
    expect(axes == 2, f"{what}: the mask for a length of 1 has {axes} axes; asked for are two, (1, 1).")


def real(lengths: Sequence[int], size: int) -> torch.Tensor:
    """The padding mask (B, size), written apart from the reference."""
    return torch.stack([torch.cat([torch.ones(n), torch.zeros(size - n)]).bool() for n in lengths])


def random_mask(draw: Draw, *shape: int) -> torch.Tensor:
    """A mask with about two thirds True, and in every row a True and a False."""
    mask = draw.uniform(*shape) < 0.66
    mask[..., 0], mask[..., -1] = True, False
    return mask[..., draw.permutation(shape[-1])]


@padding.check("padding_mask", 1, public=True)
def three_lengths(student: Student, reference: Reference, draw: Draw) -> None:
    """padding_mask([2, 4, 1], 4) is [[T, T, F, F], [T, T, T, T], [T, F, F, F]]."""
    matches(student, reference, "padding_mask", torch.tensor([2, 4, 1]), 4)


@padding.check("padding_mask", 1)
def lengths(student: Student, reference: Reference, draw: Draw) -> None:
    """padding_mask is True for the real frames; a sequence may be empty, and all may be shorter than the size."""
    for size in (3, 6, 9):
        matches(student, reference, "padding_mask", draw.integers(0, size + 1, size + 2), size)
    matches(student, reference, "padding_mask", torch.tensor([3, 0, 2]), 5)
    matches(student, reference, "padding_mask", torch.tensor([2]), 3)


@padding.check("masked_softmax", 3)
def masked_rows(student: Student, reference: Reference, draw: Draw) -> None:
    """masked_softmax gives weight 0 where the mask is False; the other weights of a row add up to 1."""
    for shape in ((2, 3), (3, 5), (2, 3, 4)):
        matches(student, reference, "masked_softmax", trained(draw.normal(*shape, scale=2)), random_mask(draw, *shape))
    matches(student, reference, "masked_softmax", draw.normal(2, 3, 4, 5), random_mask(draw, 2, 1, 1, 5))
    matches(student, reference, "masked_softmax", draw.normal(2, 4) + 1000, random_mask(draw, 2, 4))
    mask = random_mask(draw, 3, 5)  # the real scores far below those that are masked
    matches(student, reference, "masked_softmax", draw.normal(3, 5) + torch.where(mask, -1000.0, 1000.0), mask)


@padding.check("masked_softmax", 2)
def nothing_to_look_at(student: Student, reference: Reference, draw: Draw) -> None:
    """A row without any True has only zeros as weights, not NaN, and leaves the other rows alone."""
    for rows, columns in ((3, 4), (5, 3)):
        mask = random_mask(draw, rows, columns)
        mask[draw.integer(0, rows)] = False
        matches(student, reference, "masked_softmax", draw.normal(rows, columns), mask)


@padding.check("masked_attention", 2)
def looks_only_at_real_frames(student: Student, reference: Reference, draw: Draw) -> None:
    """masked_attention is right for a mask of its own for every query, and for padded keys."""
    q, k, v = queries_keys_values(draw, (3,), 4, 5, 6, 2)
    q.requires_grad_()
    matches(student, reference, "masked_attention", q, k, v, random_mask(draw, 3, 4, 5))
    matches(student, reference, "masked_attention", q, k, v, real([5, 3, 1], 5)[:, None, :])
    matches(student, reference, "masked_attention", q, k, v, real([2, 0, 4], 5)[:, None, :])


@padding.check("masked_attention", 2)
def padding_does_not_matter(student: Student, reference: Reference, draw: Draw) -> None:
    """Whatever stands at masked keys and values, the result of masked_attention stays the same; the others count."""
    for t, s in ((3, 5), (4, 6)):
        q, k, v = queries_keys_values(draw, (3,), t, s, 4, 2)
        mask = real([s, s - 2, 1], s) if t == 3 else random_mask(draw, 3, s)
        filled = [torch.where(mask[..., None], part, part + draw.normal(*part.shape, scale=30)) for part in (k, v)]
        first, second = (student.masked_attention(q, *pair, mask[:, None, :]) for pair in ((k, v), filled))
        expected = tensor_of(first, (3, t, 2), "`masked_attention`").to(draw.dtype)
        compare(second, expected, "`masked_attention` after other numbers were put into the padding")
        third = student.masked_attention(q, k, torch.where(mask[..., None], v + 1, v), mask[:, None, :])
        moved = (tensor_of(third, (3, t, 2), "`masked_attention`").to(draw.dtype) - expected).abs() > 0.5
        expect(moved.all(), "masked_attention: all real values grew by 1, but the outputs did not.")


@padding.check("masked_multi_head", 3)
def masked_heads(student: Student, reference: Reference, draw: Draw) -> None:
    """masked_multi_head applies one mask in every head: (B, T, S), (B, 1, S) or (T, S)."""
    for batch, t, s, width, count in ((2, 3, 4, 4, 2), (3, 5, 7, 12, 3)):
        x, memory, four = draw.normal(batch, t, width), draw.normal(batch, s, width), matrices(draw, width)
        some = [draw.integer(1, s + 1) for _ in range(batch - 1)]
        padded = real([s - 1, *some], s)[:, None, :]
        nothing = real([*some, 0], s)[:, None, :]
        for mask in (random_mask(draw, batch, t, s), padded, random_mask(draw, t, s), nothing):
            matches(student, reference, "masked_multi_head", trained(x), memory, *four, count, mask)


# --- 4.5 ---------------------------------------------------------------------------------------------------------

causal = rubric.exercise(
    "4.5",
    "No look into the future",
    owns=("causal_mask", "causal_self_attention"),
    points=10,
    bans=LIBRARY_ATTENTION,
)
MASKED = (*UNMASKED, "padding_mask", "masked_softmax", "masked_attention", "masked_multi_head")


@causal.check("causal_mask", 1, public=True)
def three_words(student: Student, reference: Reference, draw: Draw) -> None:
    """causal_mask(3) is [[T, F, F], [T, T, F], [T, T, T]]."""
    matches(student, reference, "causal_mask", 3)


@causal.check("causal_mask", 2)
def past_and_present(student: Student, reference: Reference, draw: Draw) -> None:
    """causal_mask lets each position look at itself and at all before it, at any length."""
    for length in (1, 2, 5, 8):
        matches(student, reference, "causal_mask", length)
    two_axes(student.causal_mask(1), "causal_mask")


@causal.check("causal_self_attention", 4)
def both_masks(student: Student, reference: Reference, draw: Draw) -> None:
    """causal_self_attention looks at positions that are real and not in the future, wherever the padding stands."""
    for batch, length, width, count in ((2, 3, 4, 2), (3, 5, 12, 3), (4, 6, 10, 5)):
        x = draw.normal(batch, length, width, scale=1.5)
        padding_last = real([length, *(draw.integer(1, length) for _ in range(batch - 1))], length)
        empty = padding_last.clone()
        empty[-1] = False
        for mask in (random_mask(draw, batch, length), padding_last.flip(1), padding_last, empty):
            matches(student, reference, "causal_self_attention", trained(x), mask, *matrices(draw, width), count)


@causal.check("causal_self_attention", 3)
def future_does_not_matter(student: Student, reference: Reference, draw: Draw) -> None:
    """When later positions change, earlier outputs of causal_self_attention stay; all from the change on do not."""
    batch, length, width, count = 2, 6, 8, 4
    x, four, mask = draw.normal(batch, length, width), matrices(draw, width), real([6, 5], 6)

    def attend(inputs: torch.Tensor) -> torch.Tensor:
        outputs = student.causal_self_attention(inputs, mask, *four, count)
        return tensor_of(outputs, (batch, length, width), "`causal_self_attention`").to(draw.dtype)

    before = attend(x)
    for present in (0, 2, 4):
        changed = x.clone()
        changed[:, present + 1 :] = draw.normal(batch, length - present - 1, width)
        after = attend(changed)
        past = slice(0, present + 1)
        compare(after[:, past], before[:, past], f"outputs up to position {present}, after later inputs changed")
        moved = (after - before)[0, present + 1 :].abs().amax(dim=-1) > 1e-3
        expect(moved.all(), "causal_self_attention: inputs changed, but the outputs at the same positions did not.")
    changed = x.clone()
    changed[:, 0] = draw.normal(batch, width, scale=3)
    moved = (attend(changed) - before)[0].abs().amax(dim=-1) > 1e-6
    expect(moved.all(), "causal_self_attention: the first input changed, but not all outputs: each looks at the past.")


# --- 4.6 ---------------------------------------------------------------------------------------------------------

order = rubric.exercise(
    "4.6",
    "Attention does not know the order",
    owns=("attend_with_positions", "permutation_gap"),
    points=6,
    bans=LIBRARY_ATTENTION,
)


@order.check("permutation_gap", 1, public=True)
def two_swapped(student: Student, reference: Reference, draw: Draw) -> None:
    """x = [[[1, 0], [0, 2]]], order [1, 0], identities, one head: 0; 0.8884 with the positions [[1, 0], [0, 0]]."""
    eye, x = torch.eye(2, dtype=draw.dtype), tensor([[[1, 0], [0, 2]]], draw)
    for positions in (None, tensor([[1, 0], [0, 0]], draw)):
        matches(student, reference, "permutation_gap", x, torch.tensor([1, 0]), positions, eye, eye, eye, eye, 1)


@order.check("attend_with_positions", 2)
def placed(student: Student, reference: Reference, draw: Draw) -> None:
    """attend_with_positions adds a position's vector to every frame at that position, before it attends."""
    for batch, length, width, count in ((2, 3, 4, 2), (3, 5, 6, 3), (1, 1, 4, 2)):
        x, positions, four = (
            trained(draw.normal(batch, length, width)),
            draw.normal(length, width),
            matrices(draw, width),
        )
        matches(student, reference, "attend_with_positions", x, None, *four, count)
        matches(student, reference, "attend_with_positions", x, positions, *four, count)


@order.check("attend_with_positions", 1)
def equivariant(student: Student, reference: Reference, draw: Draw) -> None:
    """Without positions, shuffled inputs give the same outputs, shuffled; with positions they do not."""
    batch, length, width, count = 2, 6, 8, 2
    x, positions, four = draw.normal(batch, length, width), draw.normal(length, width), matrices(draw, width)
    shuffle = torch.roll(torch.arange(length), draw.integer(1, length))
    for table in (None, positions):
        plain, shuffled = (
            tensor_of(
                student.attend_with_positions(part, table, *four, count), (batch, length, width), "the output"
            ).to(draw.dtype)
            for part in (x, x[:, shuffle])
        )
        if table is None:
            compare(shuffled, plain[:, shuffle], "without positions, the outputs of the shuffled inputs")
        else:
            gap = float((shuffled - plain[:, shuffle]).abs().max())
            expect(gap > 1e-3, "attend_with_positions: positions are given, yet the order makes no difference.")


@order.check("permutation_gap", 2)
def measured(student: Student, reference: Reference, draw: Draw) -> None:
    """permutation_gap is the largest absolute difference between your own outputs: 0 without positions."""
    for batch, length, width, count in ((2, 5, 4, 2), (3, 7, 6, 3)):
        x, positions, four = draw.normal(batch, length, width), draw.normal(length, width), matrices(draw, width)
        shuffle = torch.roll(torch.arange(length), draw.integer(1, length))
        shuffle = torch.cat([shuffle[2:3], shuffle[:2], shuffle[3:]])  # neither a swap nor a turn: not its own inverse
        opposite = [*four[:3], -four[3]]  # where the largest difference is up in one, it is down in the other
        for table, mixing in ((None, four), (positions, four), (positions, opposite)):
            plain, shuffled = (
                tensor_of(
                    student.attend_with_positions(part, table, *mixing, count), (batch, length, width), "the output"
                )
                for part in (x, x[:, shuffle])
            )
            gap = (shuffled - plain[:, shuffle]).abs().max().to(draw.dtype)
            compare(student.permutation_gap(x, shuffle, table, *mixing, count), gap, "`permutation_gap`")


# --- 4.7 ---------------------------------------------------------------------------------------------------------

kin = rubric.exercise(
    "4.7",
    "Attention, CNN and RNN",
    owns=("local_attention", "offset_mask", "conv_by_attention", "rnn_jacobian", "attention_jacobian", "ANSWERS"),
    points=12,
    bans=LIBRARY_ATTENTION + LIBRARY_CONVOLUTION,
)


@kin.check("offset_mask", 1, public=True)
def one_ahead(student: Student, reference: Reference, draw: Draw) -> None:
    """offset_mask(3, 1) is [[F, T, F], [F, F, T], [F, F, F]]."""
    matches(student, reference, "offset_mask", 3, 1)


@kin.check("offset_mask", 1)
def offsets(student: Student, reference: Reference, draw: Draw) -> None:
    """offset_mask looks ahead for positive and back for negative offsets; beyond the ends at nothing."""
    for length, offset in ((3, 0), (4, 2), (5, -1), (6, -4), (3, 3), (4, -7), (1, 0), (1, 1)):
        matches(student, reference, "offset_mask", length, offset)
    two_axes(student.offset_mask(1, 0), "offset_mask")


@kin.check("local_attention", 2)
def receptive_field(student: Student, reference: Reference, draw: Draw) -> None:
    """local_attention looks `radius` positions to each side and no further."""
    for lead, length, radius in (
        ((), 7, 3),
        ((2,), 5, 1),
        ((2, 3), 6, 2),
        ((3,), 4, 0),
        ((2,), 3, 9),
        ((2,), 6, 5),
        ((2,), 1, 2),
    ):
        matches(student, reference, "local_attention", *queries_keys_values(draw, lead, length, length, 3, 2), radius)


@kin.check("conv_by_attention", 4)
def convolution(student: Student, reference: Reference, draw: Draw) -> None:
    """conv_by_attention equals the library's convolution with zero padding."""
    for batch, length, inside, outside, taps in (
        (2, 5, 3, 4, 3),
        (3, 7, 2, 5, 5),
        (2, 4, 5, 2, 1),
        (2, 3, 2, 4, 7),
        (1, 1, 2, 3, 3),
    ):
        x, kernel = draw.normal(batch, length, inside), draw.normal(taps, inside, outside)
        expected = torch.nn.functional.conv1d(x.transpose(1, 2), kernel.permute(2, 1, 0), padding=taps // 2)
        compare(student.conv_by_attention(x, kernel), expected.transpose(1, 2), "`conv_by_attention`")


def jacobian(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """d f(x)[i] / d x[j], by autograd."""
    point = x.clone().requires_grad_()
    return torch.stack([torch.autograd.grad(one, point, retain_graph=True)[0] for one in f(point)])


@kin.check("rnn_jacobian", 1.5)
def through_states(student: Student, reference: Reference, draw: Draw) -> None:
    """rnn_jacobian says how the last state moves with each entry of the first input."""
    for length, width, states in ((1, 3, 2), (2, 3, 4), (5, 2, 3), (8, 4, 5)):
        x, w, u = draw.normal(length, width), draw.normal(states, states, scale=0.8), draw.normal(states, width)

        def last(first: torch.Tensor, x: torch.Tensor = x, w: torch.Tensor = w, u: torch.Tensor = u) -> torch.Tensor:
            state = x.new_zeros(len(w))
            for frame in [first, *x[1:]]:
                state = torch.tanh(w @ state + u @ frame)
            return state

        compare(student.rnn_jacobian(x, w, u), jacobian(last, x[0]), "`rnn_jacobian`")


@kin.check("attention_jacobian", 1.5)
def in_one_step(student: Student, reference: Reference, draw: Draw) -> None:
    """attention_jacobian says how the last output moves with each entry of the first input."""
    for length, width in ((2, 3), (4, 2), (7, 5)):
        x = draw.normal(length, width)

        def last(first: torch.Tensor, x: torch.Tensor = x) -> torch.Tensor:
            frames = torch.cat([first[None], x[1:]])
            return library_attention(frames, frames, frames)[-1]

        expected = jacobian(last, x[0])
        compare(student.attention_jacobian(x), expected, "`attention_jacobian`")


@kin.check("ANSWERS", 1)
def answers(student: Student, reference: Reference, draw: Draw) -> Score:
    """The four numbers in ANSWERS are right."""
    questions = {
        "RNN, more updates": 99,
        "CNN, layers": 50,
        "self-attention, layers": 1,
        "self-attention, scores": 80_000,
    }
    return short_answers(student, "ANSWERS", questions)


# --- 4.8 ---------------------------------------------------------------------------------------------------------

pooling = rubric.exercise(
    "4.8",
    "One vector for a whole sequence",
    owns=("masked_mean", "attention_pool"),
    points=8,
    bans=LIBRARY_ATTENTION,
)
POOLS_WITH = ("softmax", "scores", "attention", "masked_softmax", "masked_attention")


@pooling.check("masked_mean", 1, public=True)
def two_of_three(student: Student, reference: Reference, draw: Draw) -> None:
    """The mean of [1, 2], [3, 6] and a padded [9, 9] is [2, 4]."""
    x = tensor([[[1, 2], [3, 6], [9, 9]]], draw)
    matches(student, reference, "masked_mean", x, torch.tensor([[True, True, False]]))


@pooling.check("masked_mean", 2)
def means(student: Student, reference: Reference, draw: Draw) -> None:
    """masked_mean divides the sum of each sequence's real frames by their number, wherever the padding stands."""
    for counts, size, width in (((3, 2), 4, 3), ((5, 3, 2), 5, 4), ((1, 6, 4, 2), 7, 3), ((1,), 2, 3)):
        x = trained(draw.normal(len(counts), size, width) + 1)
        for mask in (real(counts, size), random_mask(draw, len(counts), size)):
            matches(student, reference, "masked_mean", x, mask)
    matches(student, reference, "masked_mean", draw.normal(2, 1, 3), real([1, 1], 1))


@pooling.check("attention_pool", 4)
def pools(student: Student, reference: Reference, draw: Draw) -> None:
    """attention_pool weighs each real frame by the softmax of its score x @ w, wherever the padding stands."""
    for counts, size, width in (((3, 2), 4, 3), ((5, 3, 2), 5, 4), ((1, 6, 4, 2), 7, 3), ((1,), 2, 3)):
        x, w = draw.normal(len(counts), size, width) + 0.5, trained(draw.normal(width))
        for mask in (real(counts, size), random_mask(draw, len(counts), size)):
            matches(student, reference, "attention_pool", x, mask, w)
    matches(student, reference, "attention_pool", draw.normal(2, 1, 3), real([1, 1], 1), draw.normal(3))


@pooling.cases("masked_mean", 0.5)
def mean_of_nothing(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    """A sequence without any real frame has mean 0, not NaN."""
    return draw.normal(3, 4, 2), real([2, 0, 4], 4)


@pooling.cases("attention_pool", 0.5)
def pool_of_nothing(draw: Draw) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A sequence without any real frame is pooled to zeros, not NaN."""
    return draw.normal(3, 4, 2), real([2, 0, 4], 4), draw.normal(2)


# --- 4.9 ---------------------------------------------------------------------------------------------------------

training = rubric.exercise("4.9", "Who is speaking?", owns=("fit_predict",), points=6)
HELPERS = (*MASKED, "masked_mean", "attention_pool")


class Talks:
    """Conversations joined afresh, with the speakers numbered afresh: what was learned elsewhere is of no use.

    `again` has the utterances of the training conversations, joined anew and over a line with other noise: the labels
    that were given are not the answer, nor in its order.
    """

    def __init__(self, draw: Draw, rounds: int, unseen_rounds: int) -> None:
        generator = torch.Generator().manual_seed(draw.integer(0, 2**62))
        names = draw.permutation(conversations.SPEAKERS)
        self.train, self.unseen = (
            conversations.rename(conversations.join(conversations.utterances(part), generator, times), names)
            for part, times in (("train", rounds), ("test", unseen_rounds))
        )
        self.again = conversations.rename(conversations.join(conversations.utterances("train"), generator), names)
        self.seed = draw.integer(0, 2**31)

    def fit(self, student: Student, x: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, list[float]]:
        """The student's labels for x, and the losses they report."""
        return fitted(student, (self.train.x, self.train.mask, self.train.y, x, mask), self.seed)


def fitted(student: Student, given: tuple[torch.Tensor, ...], seed: int) -> tuple[torch.Tensor, list[float]]:
    """The student's labels for the new frames (the last two of what is given), and the losses they report."""
    got = several(student.fit_predict(*given, seed), "(speakers, losses)", 2)
    labels = tensor_of(got[0], tuple(given[-1].shape), "the speakers")
    reported = as_tensor(got[1])
    return labels, [] if reported is None else [float(loss) for loss in reported.reshape(-1)]


@training.check("fit_predict", 1, trains=True, seconds=60)
def fits_what_it_has_seen(student: Student, reference: Reference, draw: Draw) -> None:
    """The reported loss falls, and what was said in training is labelled right in other conversations, mostly."""
    talks = Talks(draw, 2, 1)
    labels, losses = talks.fit(student, talks.again.x, talks.again.mask)
    expect(len(losses) > 0, "fit_predict: the second result is a list with one loss for each epoch.")
    expect(len(losses) > 1, "fit_predict: one loss alone cannot fall: train for at least two epochs, a loss for each.")
    expect(losses[-1] < losses[0], "the training loss does not fall from the first epoch to the last.")
    share = float((labels == talks.again.y)[talks.again.mask].double().mean())
    expect(share >= 0.5, f"only {share:.0%} of the frames are labelled right, of utterances it was trained on.")


@training.check("fit_predict", 1, trains=True, seconds=60)
def blind_to_padding(student: Student, reference: Reference, draw: Draw) -> None:
    """The trained model labels real frames alike, whatever stands in the padding and however much there is."""
    talks = Talks(draw, 2, 1)
    x, mask = talks.unseen.x, talks.unseen.mask
    rows, length = mask.shape
    wide, wide_mask = (
        torch.zeros(2 * rows, length + 9, x.shape[-1]),
        torch.zeros(2 * rows, length + 9, dtype=torch.bool),
    )
    wide[:rows, :length], wide_mask[:rows, :length], wide_mask[rows:, :length] = x, mask, mask
    noise = draw.normal(*wide.shape[1:], scale=3).float()
    wide[rows:] = torch.where(wide_mask[:rows, :, None], wide[:rows], noise)
    labels, _ = talks.fit(student, wide, wide_mask)
    alike = (labels[:rows] == labels[rows:])[wide_mask[:rows]].double().mean()
    expect(
        alike >= 0.99, f"{1 - float(alike):.1%} of the labels of real frames change with what stands in the padding."
    )
    right = (labels[:rows, :length] == talks.unseen.y)[mask].double().mean()
    expect(right >= 0.3, f"only {right:.0%} of the frames of new conversations are labelled right.")


ROUNDS, UNSEEN_ROUNDS = 6, 2
"""How often each utterance takes part in the conversations to train on, and in those to label."""

LADDER = Ladder(
    "share of unseen frames labelled right",
    (
        Rung("simple", 0.55, 0.25, "a linear model of one frame"),
        Rung("medium", 0.64, 0.50, "scaled frames and a hidden layer"),
        Rung("strong", 0.71, 0.80, "self-attention, with padding masked"),
        Rung("boss", 0.765, 1.00, "two blocks with layer normalisation and residual connections"),
    ),
    lower_is_better=False,
)


@training.check("fit_predict", 4, trains=True, seconds=120)
def knows_the_voices(student: Student, reference: Reference, draw: Draw) -> Score:
    """The speakers of new conversations are found, frame by frame."""
    talks = Talks(draw, ROUNDS, UNSEEN_ROUNDS)
    labels, losses = talks.fit(student, talks.unseen.x, talks.unseen.mask)
    share = float((labels == talks.unseen.y)[talks.unseen.mask].double().mean())
    return LADDER.score(share if math.isfinite(share) else 0.0, losses)


@training.practice(LADDER)
def on_the_conversations_you_have(student: Student, data: Path, seed: int) -> tuple[float, list[float]]:
    """The train part of conversations.npz to learn from, the valid part to label; the grader gives more to learn."""
    with np.load(data / "conversations.npz") as stored:
        x, mask, y, x_new, mask_new, y_new = (
            torch.tensor(stored[f"{name}_{part}"]) for part in ("train", "valid") for name in ("x", "mask", "y")
        )
    labels, losses = fitted(student, (x.float(), mask, y.long(), x_new.float(), mask_new), seed)
    return float((labels == y_new)[mask_new].double().mean()), losses
