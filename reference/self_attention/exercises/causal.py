"""4.5 No look into the future."""

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

from .common import LIBRARY_ATTENTION, matrices, random_mask, real, trained, two_axes

exercise = Exercise(
    "4.5",
    "No look into the future",
    owns=("causal_mask", "causal_self_attention"),
    points=10,
    bans=LIBRARY_ATTENTION,
)


@exercise.check("causal_mask", 1, public=True)
def three_words(student: Student, reference: Reference, draw: Draw) -> None:
    """causal_mask(3) is [[T, F, F], [T, T, F], [T, T, T]]."""
    matches(student, reference, "causal_mask", 3)


@exercise.check("causal_mask", 2)
def past_and_present(student: Student, reference: Reference, draw: Draw) -> None:
    """causal_mask lets each position look at itself and at all before it, at any length."""
    for length in (1, 2, 5, 8):
        matches(student, reference, "causal_mask", length)
    two_axes(student.causal_mask(1), "causal_mask")


@exercise.check("causal_self_attention", 4)
def both_masks(student: Student, reference: Reference, draw: Draw) -> None:
    """causal_self_attention looks at positions that are real and not in the future, wherever the padding stands."""
    for batch, length, width, count in ((2, 3, 4, 2), (3, 5, 12, 3), (4, 6, 10, 5)):
        x = draw.normal(batch, length, width, scale=1.5)
        padding_last = real([length, *(draw.integer(1, length) for _ in range(batch - 1))], length)
        empty = padding_last.clone()
        empty[-1] = False
        for mask in (padding_last.flip(1), random_mask(draw, batch, length), padding_last, empty):
            matches(student, reference, "causal_self_attention", trained(x), mask, *matrices(draw, width), count)
    x, mask = draw.normal(2, 3, 4), real([3, 2], 3)
    gradients_reach(student, reference, "causal_self_attention", x, mask, *matrices(draw, 4), 2)


@exercise.check("causal_self_attention", 3)
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


# --- mistakes ---


@exercise.mistake("causal_mask", "Your mask looks into the future instead of the past: it is transposed.")
def causal_T(length):
    return torch.ones(length, length, dtype=torch.bool).triu()


@exercise.mistake("causal_mask", "A position may look at itself too: yours hides the present.")
def causal_diag(length):
    return torch.ones(length, length, dtype=torch.bool).tril(-1)


@exercise.mistake("causal_mask", "Each position sees one step into the future: the mask is off by one.")
def causal_leak(length):
    return torch.ones(length, length, dtype=torch.bool).tril(1)


@exercise.mistake("causal_mask", "A mask has two axes, for a length of 1 too.")
def squeezed(length):
    return torch.ones(length, length, dtype=torch.bool).tril().squeeze()


@exercise.mistake("causal_mask", "True means may be looked at: your mask is True for the future.")
def causal_inverted(length):
    return ~torch.ones(length, length, dtype=torch.bool).tril()


@exercise.mistake("causal_mask", "Only the present is left in yours: the past may be looked at too.")
def only_the_present(length):
    return torch.eye(length, dtype=torch.bool)


@exercise.mistake("causal_self_attention", "The matrices are what is learned: where do their gradients get lost?")
def causal_matrices_detached(x, real, wq, wk, wv, wo, heads):
    mask = real[:, None, :] & causal_mask(x.shape[1])
    return masked_multi_head(x, x, wq.data, wk.data, wv.data, wo.data, heads, mask)


@exercise.mistake(
    "causal_self_attention", "x gives queries, keys and values: does its gradient come back by all three?"
)
def keys_and_values_detached(x, real, wq, wk, wv, wo, heads):
    mask = real[:, None, :] & causal_mask(x.shape[1])
    return masked_multi_head(x, x.detach(), wq, wk, wv, wo, heads, mask)


@exercise.mistake("causal_self_attention", "A padded position may not look at itself either: nobody looks at padding.")
def sees_itself_always(x, real, wq, wk, wv, wo, heads):
    length = x.shape[1]
    mask = (real[:, None, :] & causal_mask(length)) | torch.eye(length, dtype=torch.bool)
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, mask)


@exercise.mistake("causal_self_attention", "The padding is hidden, the future is not: join both masks.")
def padding_only(x, real, wq, wk, wv, wo, heads):
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, real[:, None, :])


@exercise.mistake(
    "causal_self_attention", "The future is hidden, the padding is not: it may stand before real frames too."
)
def causal_only(x, real, wq, wk, wv, wo, heads):
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, causal_mask(x.shape[1]))


@exercise.mistake("causal_self_attention", "A position must be real AND not in the future: `or` lets too much through.")
def either_mask(x, real, wq, wk, wv, wo, heads):
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, real[:, None, :] | causal_mask(x.shape[1]))


@exercise.mistake("causal_self_attention", "Your padding mask hides queries (rows); it must hide keys (columns).")
def pad_on_queries(x, real, wq, wk, wv, wo, heads):
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, real[:, :, None] & causal_mask(x.shape[1]))


@exercise.mistake("causal_self_attention", "Your outputs at padded positions are 0: they are computed like all others.")
def padded_outputs_zero(x, real, wq, wk, wv, wo, heads):
    mask = real[:, None, :] & causal_mask(x.shape[1])
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, mask) * real[..., None]


@exercise.mistake("causal_self_attention", "There is a single head in yours, whatever `heads` says.")
def causal_single_head(x, real, wq, wk, wv, wo, heads):
    return masked_multi_head(x, x, wq, wk, wv, wo, 1, real[:, None, :] & causal_mask(x.shape[1]))
