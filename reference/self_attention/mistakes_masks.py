"""Wrong implementations that students write, each with the hint for it: padding, causality, order (4.4 to 4.6).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 4.4 padding ---


@mutant("padding_mask", "True and False are swapped: True is for real frames.")
def pad_inverted(lengths, size):
    return torch.arange(size) >= lengths[:, None]


@mutant("padding_mask", "One frame too many is real: a sequence of 3 has the frames 0, 1 and 2.")
def pad_one_more(lengths, size):
    return torch.arange(size) <= lengths[:, None]


@mutant("padding_mask", "The mask is as wide as the longest sequence; it must be as wide as `size`.")
def pad_to_longest(lengths, size):
    return torch.arange(int(lengths.max())) < lengths[:, None]


@mutant("padding_mask", "Your padding comes first: real frames stand at the beginning.")
def pad_left(lengths, size):
    return torch.arange(size) >= size - lengths[:, None]


@mutant("masked_softmax", "Your mask changes nothing: masked entries still get weight.")
def no_pad_mask(z, mask):
    return softmax(z)


@mutant("masked_softmax", "A score of 0 is not a weight of 0: what is exp(0)?")
def mask_mul(z, mask):
    return torch.where(mask.any(dim=-1, keepdim=True), softmax(z * mask), 0 * z)


@mutant("masked_softmax", "-1e-9 is nearly 0, and exp(0) is 1: the number must be very negative, not very small.")
def mask_tiny(z, mask):
    return softmax(z.masked_fill(~mask, -1e-9))


@mutant("masked_softmax", "The mask comes after the softmax: do the weights that are left still add up to 1?")
def mask_after(z, mask):
    return softmax(z) * mask


@mutant("masked_softmax", "You hide what may be looked at: True means that it may.")
def softmax_inverted(z, mask):
    return masked_attention_weights(z, ~mask)


def masked_attention_weights(z, mask):
    """The masked softmax for mutants that break it from outside."""
    z = z.masked_fill(~mask, -1e30)
    powers = torch.exp(z - z.max(dim=-1, keepdim=True).values) * mask
    return powers / powers.sum(dim=-1, keepdim=True).clamp(min=1e-30)


@mutant("masked_softmax", "A row without any True is a mean over the padding in yours: see the rule for such rows.")
def uniform_if_empty(z, mask):
    return softmax(z.masked_fill(~mask, -1e9))


@mutant("masked_softmax", "A row without any True is NaN in yours: see the rule for such rows.")
def nan_if_empty(z, mask):
    return softmax(z.masked_fill(~mask, float("-inf")))


@mutant("masked_softmax", "exp overflows for large scores: what may be taken off every score of a row?")
def masked_overflow(z, mask):
    powers = torch.exp(z) * mask
    total = powers.sum(dim=-1, keepdim=True)
    return powers / torch.where(total == 0, torch.ones_like(total), total)


@mutant(
    "masked_softmax", "You take off the largest of all scores, masked ones too: what if those are far above the rest?"
)
def largest_is_masked(z, mask):
    powers = torch.exp(z - z.max(dim=-1, keepdim=True).values) * mask
    total = powers.sum(dim=-1, keepdim=True)
    return powers / torch.where(total == 0, torch.ones_like(total), total)


@mutant("masked_softmax", "The whole tensor gets zeros when one of its rows has nothing to look at.")
def zero_if_any_empty(z, mask):
    return masked_attention_weights(z, mask) * mask.any(dim=-1).all()


@mutant("masked_attention", "The scores are not divided by the root of the width here.")
def masked_unscaled(q, k, v, mask):
    return masked_softmax(q @ k.transpose(-1, -2), mask) @ v


@mutant("masked_multi_head", "Only the first head is masked in yours; the mask is for all of them.")
def masks_one_head(x, memory, wq, wk, wv, wo, heads, mask):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, memory @ wk, memory @ wv))
    every = torch.ones_like(mask.unsqueeze(-3)).repeat_interleave(heads, -3)
    every[..., :1, :, :] = mask.unsqueeze(-3)
    return merge_heads(masked_attention(q, k, v, every)) @ wo


@mutant("masked_multi_head", "wq makes the keys and wk the queries here: compare with multi_head_attention.")
def masked_swap_qk(x, memory, wq, wk, wv, wo, heads, mask):
    q, k, v = (split_heads(part, heads) for part in (x @ wk, memory @ wq, memory @ wv))
    return merge_heads(masked_attention(q, k, v, mask.unsqueeze(-3))) @ wo


@mutant("masked_multi_head", "wo is missing at the end.")
def masked_no_wo(x, memory, wq, wk, wv, wo, heads, mask):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, memory @ wk, memory @ wv))
    return merge_heads(masked_attention(q, k, v, mask.unsqueeze(-3)))


# --- 4.5 causal ---


@mutant("causal_mask", "Your mask looks into the future instead of the past: it is transposed.")
def causal_T(length):
    return torch.ones(length, length, dtype=torch.bool).triu()


@mutant("causal_mask", "A position may look at itself too: yours hides the present.")
def causal_diag(length):
    return torch.ones(length, length, dtype=torch.bool).tril(-1)


@mutant("causal_mask", "Each position sees one step into the future: the mask is off by one.")
def causal_leak(length):
    return torch.ones(length, length, dtype=torch.bool).tril(1)


@mutant("causal_mask", "A mask has two axes, for a length of 1 too.")
def squeezed(length):
    return torch.ones(length, length, dtype=torch.bool).tril().squeeze()


@mutant("causal_mask", "True means may be looked at: your mask is True for the future.")
def causal_inverted(length):
    return ~torch.ones(length, length, dtype=torch.bool).tril()


@mutant("causal_mask", "Only the present is left in yours: the past may be looked at too.")
def only_the_present(length):
    return torch.eye(length, dtype=torch.bool)


@mutant("causal_self_attention", "The padding is hidden, the future is not: join both masks.")
def padding_only(x, real, wq, wk, wv, wo, heads):
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, real[:, None, :])


@mutant("causal_self_attention", "The future is hidden, the padding is not: it may stand before real frames too.")
def causal_only(x, real, wq, wk, wv, wo, heads):
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, causal_mask(x.shape[1]))


@mutant("causal_self_attention", "A position must be real AND not in the future: `or` lets too much through.")
def either_mask(x, real, wq, wk, wv, wo, heads):
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, real[:, None, :] | causal_mask(x.shape[1]))


@mutant("causal_self_attention", "Your padding mask hides queries (rows); it must hide keys (columns).")
def pad_on_queries(x, real, wq, wk, wv, wo, heads):
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, real[:, :, None] & causal_mask(x.shape[1]))


@mutant("causal_self_attention", "Your outputs at padded positions are 0: they are computed like all others.")
def padded_outputs_zero(x, real, wq, wk, wv, wo, heads):
    mask = real[:, None, :] & causal_mask(x.shape[1])
    return masked_multi_head(x, x, wq, wk, wv, wo, heads, mask) * real[..., None]


@mutant("causal_self_attention", "There is a single head in yours, whatever `heads` says.")
def causal_single_head(x, real, wq, wk, wv, wo, heads):
    return masked_multi_head(x, x, wq, wk, wv, wo, 1, real[:, None, :] & causal_mask(x.shape[1]))


# --- 4.6 order ---


@mutant("attend_with_positions", "The positions are never used.")
def ignores_positions(x, positions, wq, wk, wv, wo, heads):
    return multi_head_attention(x, x, wq, wk, wv, wo, heads)


@mutant("attend_with_positions", "Only the queries know their place in yours; keys and values come from the same sum.")
def positions_on_queries(x, positions, wq, wk, wv, wo, heads):
    placed = x if positions is None else x + positions
    return multi_head_attention(placed, x, wq, wk, wv, wo, heads)


@mutant("attend_with_positions", "The positions are added after attention, when it is too late for it to use them.")
def positions_after(x, positions, wq, wk, wv, wo, heads):
    out = multi_head_attention(x, x, wq, wk, wv, wo, heads)
    return out if positions is None else out + positions


@mutant("attend_with_positions", "The positions are multiplied with the frames; they should be added.")
def positions_times(x, positions, wq, wk, wv, wo, heads):
    placed = x if positions is None else x * positions
    return multi_head_attention(placed, placed, wq, wk, wv, wo, heads)


@mutant("permutation_gap", "The positions move with their frames in yours: they belong to the places.")
def positions_shuffled(x, order, positions, wq, wk, wv, wo, heads):
    moved = None if positions is None else positions[order]
    before = attend_with_positions(x[:, order], moved, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order]).abs().max()


@mutant("permutation_gap", "The outputs of the plain sequence have to be shuffled too, before you compare.")
def not_shuffled_back(x, order, positions, wq, wk, wv, wo, heads):
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)).abs().max()


@mutant("permutation_gap", "The largest absolute difference is asked for, not the mean.")
def mean_gap(x, order, positions, wq, wk, wv, wo, heads):
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order]).abs().mean()


@mutant("permutation_gap", "In a mean, differences up and down cancel: the largest absolute one is asked for.")
def signed_mean(x, order, positions, wq, wk, wv, wo, heads):
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order]).mean()


@mutant("permutation_gap", "A large negative difference is a difference too: take absolute values first.")
def signed_gap(x, order, positions, wq, wk, wv, wo, heads):
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order]).max()


@mutant(
    "permutation_gap",
    "The outputs are shuffled back, not in the same way: use x[:, order] and the same for the outputs.",
)
def shuffled_the_other_way(x, order, positions, wq, wk, wv, wo, heads):
    inverse = torch.argsort(order)
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, inverse]).abs().max()
