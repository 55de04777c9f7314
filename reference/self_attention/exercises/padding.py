"""4.4 Sequences of different lengths."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    expect,
    gradients_reach,
    matches,
    tensor_of,
)

from .common import LIBRARY_ATTENTION, matrices, queries_keys_values, random_mask, real, trained

exercise = Exercise(
    "4.4",
    "Sequences of different lengths",
    owns=("padding_mask", "masked_softmax", "masked_attention", "masked_multi_head"),
    points=14,
    bans=LIBRARY_ATTENTION,
)


@exercise.check("padding_mask", 1, public=True)
def three_lengths(student: Student, reference: Reference, draw: Draw) -> None:
    """padding_mask([2, 4, 1], 4) is [[T, T, F, F], [T, T, T, T], [T, F, F, F]]."""
    matches(student, reference, "padding_mask", torch.tensor([2, 4, 1]), 4)


@exercise.check("padding_mask", 1)
def lengths(student: Student, reference: Reference, draw: Draw) -> None:
    """padding_mask is True for the real frames; a sequence may be empty, and all may be shorter than the size."""
    for size in (3, 6, 9):
        matches(student, reference, "padding_mask", draw.integers(0, size + 1, size + 2), size)
    matches(student, reference, "padding_mask", torch.tensor([3, 0, 2]), 5)
    matches(student, reference, "padding_mask", torch.tensor([2]), 3)
    matches(student, reference, "padding_mask", torch.tensor([1, 0, 1]), 1)


@exercise.check("masked_softmax", 3)
def masked_rows(student: Student, reference: Reference, draw: Draw) -> None:
    """masked_softmax gives weight 0 where the mask is False; the other weights of a row add up to 1."""
    for shape in ((2, 3), (3, 5), (2, 3, 4)):
        matches(student, reference, "masked_softmax", trained(draw.normal(*shape, scale=2)), random_mask(draw, *shape))
    z = draw.normal(2, 3, 4, 5)
    for sizes in ((2, 1, 1, 5), (4, 5), (5,)):  # a mask for each sequence, for each query, and one for all
        matches(student, reference, "masked_softmax", z, random_mask(draw, *sizes))
    matches(student, reference, "masked_softmax", draw.normal(2, 4) + 1000, random_mask(draw, 2, 4))
    mask = random_mask(draw, 3, 5)  # the real scores far below those that are masked
    matches(student, reference, "masked_softmax", draw.normal(3, 5) + torch.where(mask, -1000.0, 1000.0), mask)


@exercise.check("masked_softmax", 2)
def nothing_to_look_at(student: Student, reference: Reference, draw: Draw) -> None:
    """A row without any True has only zeros as weights, not NaN, and leaves the other rows alone."""
    for rows, columns in ((3, 4), (5, 3)):
        mask = random_mask(draw, rows, columns)
        mask[draw.integer(0, rows)] = False
        matches(student, reference, "masked_softmax", draw.normal(rows, columns), mask)


@exercise.check("masked_attention", 2)
def looks_only_at_real_frames(student: Student, reference: Reference, draw: Draw) -> None:
    """masked_attention is right for a mask of its own for every query, and for padded keys."""
    q, k, v = queries_keys_values(draw, (3,), 4, 5, 6, 2)
    gradients_reach(student, reference, "masked_attention", q, k, v, random_mask(draw, 3, 4, 5))
    matches(student, reference, "masked_attention", q, k, v, random_mask(draw, 4, 5))
    matches(student, reference, "masked_attention", q, k, v, real([5, 3, 1], 5)[:, None, :])
    matches(student, reference, "masked_attention", q, k, v, real([2, 0, 4], 5)[:, None, :])
    matches(student, reference, "masked_attention", q[0], k[0], v[0], random_mask(draw, 4, 5))
    heads = queries_keys_values(draw, (2, 3), 4, 5, 6, 2)
    for mask in (random_mask(draw, 2, 1, 4, 5), random_mask(draw, 4, 5)):
        matches(student, reference, "masked_attention", *heads, mask)


@exercise.check("masked_attention", 2)
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


@exercise.check("masked_multi_head", 3)
def masked_heads(student: Student, reference: Reference, draw: Draw) -> None:
    """masked_multi_head applies one mask in every head: (B, T, S), (B, 1, S) or (T, S)."""
    for batch, t, s, width, count in ((2, 3, 4, 4, 2), (3, 5, 7, 12, 3), (2, 4, 4, 6, 3)):
        x, memory, four = draw.normal(batch, t, width), draw.normal(batch, s, width), matrices(draw, width)
        some = [draw.integer(1, s + 1) for _ in range(batch - 1)]
        padded = real([s - 1, *some], s)[:, None, :]
        nothing = real([*some, 0], s)[:, None, :]
        for mask in (random_mask(draw, batch, t, s), padded, random_mask(draw, t, s), nothing):
            matches(student, reference, "masked_multi_head", trained(x), memory, *four, count, mask)
    x, memory, mask = draw.normal(2, 3, 4), draw.normal(2, 5, 4), random_mask(draw, 2, 3, 5)
    gradients_reach(student, reference, "masked_multi_head", x, memory, *matrices(draw, 4), 2, mask)


# --- mistakes ---


@exercise.mistake("padding_mask", "True and False are swapped: True is for real frames.")
def pad_inverted(lengths, size):
    return torch.arange(size) >= lengths[:, None]


@exercise.mistake("padding_mask", "One frame too many is real: a sequence of 3 has the frames 0, 1 and 2.")
def pad_one_more(lengths, size):
    return torch.arange(size) <= lengths[:, None]


@exercise.mistake("padding_mask", "The mask is as wide as the longest sequence; it must be as wide as `size`.")
def pad_to_longest(lengths, size):
    return torch.arange(int(lengths.max())) < lengths[:, None]


@exercise.mistake("padding_mask", "Your padding comes first: real frames stand at the beginning.")
def pad_left(lengths, size):
    return torch.arange(size) >= size - lengths[:, None]


@exercise.mistake("padding_mask", "One column is a column too: the mask has two axes when `size` is 1.")
def one_column_squeezed(lengths, size):
    return (torch.arange(size) < lengths[:, None]).squeeze(-1)


@exercise.mistake("masked_softmax", "A mask may have fewer axes than the scores: it broadcasts.")
def mask_with_all_axes(z, mask):
    if mask.ndim != z.ndim:
        raise ValueError("the mask has other axes than the scores")
    return masked_attention_weights(z, mask)


@exercise.mistake("masked_softmax", "Your mask changes nothing: masked entries still get weight.")
def no_pad_mask(z, mask):
    return softmax(z)


@exercise.mistake("masked_softmax", "A score of 0 is not a weight of 0: what is exp(0)?")
def mask_mul(z, mask):
    return torch.where(mask.any(dim=-1, keepdim=True), softmax(z * mask), 0 * z)


@exercise.mistake(
    "masked_softmax", "-1e-9 is nearly 0, and exp(0) is 1: the number must be very negative, not very small."
)
def mask_tiny(z, mask):
    return softmax(z.masked_fill(~mask, -1e-9))


@exercise.mistake("masked_softmax", "The mask comes after the softmax: do the weights that are left still add up to 1?")
def mask_after(z, mask):
    return softmax(z) * mask


@exercise.mistake("masked_softmax", "You hide what may be looked at: True means that it may.")
def softmax_inverted(z, mask):
    return masked_attention_weights(z, ~mask)


def masked_attention_weights(z, mask):
    """The masked softmax for mutants that break it from outside."""
    z = z.masked_fill(~mask, -1e30)
    powers = torch.exp(z - z.max(dim=-1, keepdim=True).values) * mask
    return powers / powers.sum(dim=-1, keepdim=True).clamp(min=1e-30)


@exercise.mistake(
    "masked_softmax", "A row without any True is a mean over the padding in yours: see the rule for such rows."
)
def uniform_if_empty(z, mask):
    return softmax(z.masked_fill(~mask, -1e9))


@exercise.mistake("masked_softmax", "A row without any True is NaN in yours: see the rule for such rows.")
def nan_if_empty(z, mask):
    return softmax(z.masked_fill(~mask, float("-inf")))


@exercise.mistake("masked_softmax", "exp overflows for large scores: what may be taken off every score of a row?")
def masked_overflow(z, mask):
    powers = torch.exp(z) * mask
    total = powers.sum(dim=-1, keepdim=True)
    return powers / torch.where(total == 0, torch.ones_like(total), total)


@exercise.mistake(
    "masked_softmax", "You take off the largest of all scores, masked ones too: what if those are far above the rest?"
)
def largest_is_masked(z, mask):
    powers = torch.exp(z - z.max(dim=-1, keepdim=True).values) * mask
    total = powers.sum(dim=-1, keepdim=True)
    return powers / torch.where(total == 0, torch.ones_like(total), total)


@exercise.mistake("masked_softmax", "The whole tensor gets zeros when one of its rows has nothing to look at.")
def zero_if_any_empty(z, mask):
    return masked_attention_weights(z, mask) * mask.any(dim=-1).all()


@exercise.mistake("masked_attention", "The scores are not divided by the root of the width here.")
def masked_unscaled(q, k, v, mask):
    return masked_softmax(q @ k.transpose(-1, -2), mask) @ v


@exercise.mistake("masked_attention", "Any number of axes may lead, batch and heads among them: bmm knows one alone.")
def one_batch_axis(q, k, v, mask):
    z = torch.bmm(q, k.transpose(1, 2)) / q.shape[-1] ** 0.5
    return torch.bmm(masked_softmax(z, mask), v)


@exercise.mistake("masked_attention", "A mask (T, S) holds for every sequence: its rows are queries, as everywhere.")
def mask_of_sequences(q, k, v, mask):
    return masked_softmax(scores(q, k), mask[:, None, :] if mask.ndim == 2 else mask) @ v


@exercise.mistake("masked_attention", "Values are learned, too: where do their gradients get lost?")
def masked_values_detached(q, k, v, mask):
    return masked_softmax(scores(q, k), mask) @ v.detach()


@exercise.mistake("masked_multi_head", "The matrices are what is learned: where do their gradients get lost?")
def masked_matrices_detached(x, memory, wq, wk, wv, wo, heads, mask):
    q, k, v = (split_heads(part, heads) for part in (x @ wq.data, memory @ wk.data, memory @ wv.data))
    return merge_heads(masked_attention(q, k, v, mask.unsqueeze(-3))) @ wo.data


@exercise.mistake("masked_multi_head", "Rows of the mask are queries and columns keys: yours is turned round.")
def mask_turned_round(x, memory, wq, wk, wv, wo, heads, mask):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, memory @ wk, memory @ wv))
    square = mask.shape[-1] == mask.shape[-2]
    mask = mask.transpose(-1, -2) if square else mask
    return merge_heads(masked_attention(q, k, v, mask.unsqueeze(-3))) @ wo


@exercise.mistake("masked_multi_head", "Only the first head is masked in yours; the mask is for all of them.")
def masks_one_head(x, memory, wq, wk, wv, wo, heads, mask):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, memory @ wk, memory @ wv))
    every = torch.ones_like(mask.unsqueeze(-3)).repeat_interleave(heads, -3)
    every[..., :1, :, :] = mask.unsqueeze(-3)
    return merge_heads(masked_attention(q, k, v, every)) @ wo


@exercise.mistake("masked_multi_head", "wq makes the keys and wk the queries here: compare with multi_head_attention.")
def masked_swap_qk(x, memory, wq, wk, wv, wo, heads, mask):
    q, k, v = (split_heads(part, heads) for part in (x @ wk, memory @ wq, memory @ wv))
    return merge_heads(masked_attention(q, k, v, mask.unsqueeze(-3))) @ wo


@exercise.mistake("masked_multi_head", "wo is missing at the end.")
def masked_no_wo(x, memory, wq, wk, wv, wo, heads, mask):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, memory @ wk, memory @ wv))
    return merge_heads(masked_attention(q, k, v, mask.unsqueeze(-3)))
