"""Wrong implementations that students write, each with the hint for it.

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 4.1 scores, softmax, attention ---


@mutant("scores", "Your scores grow with the width of the vectors: what are they divided by?")
def no_scale(q, k):
    return q @ k.transpose(-1, -2)


@mutant("scores", "You divide by the width itself; the square root of it is asked for.")
def scale_d(q, k):
    return q @ k.transpose(-1, -2) / q.shape[-1]


@mutant("scores", "You divide by the root of the number of keys; it is the width of a key that matters.")
def scale_S(q, k):
    return q @ k.transpose(-1, -2) / math.sqrt(k.shape[-2])


@mutant("scores", "You divide by the root of the number of queries; it is the width of a query that matters.")
def scale_T(q, k):
    return q @ k.transpose(-1, -2) / math.sqrt(q.shape[-2])


@mutant("scores", "Rows are queries and columns are keys: yours are the other way round.")
def scores_T(q, k):
    return k @ q.transpose(-1, -2) / math.sqrt(q.shape[-1])


@mutant("scores", "You multiply by the square root of the width; should wide vectors have larger scores?")
def scale_times(q, k):
    return q @ k.transpose(-1, -2) * math.sqrt(q.shape[-1])


@mutant("scores", "You divide the vectors by their lengths: the dot product is asked for, not the cosine.")
def cosine(q, k):
    q, k = q / q.norm(dim=-1, keepdim=True), k / k.norm(dim=-1, keepdim=True)
    return q @ k.transpose(-1, -2)


@mutant("softmax", "Each query must add up to 1 over the keys, the last axis. Over which axis do you add?")
def softmax_q(z):
    axis = max(z.ndim - 2, 0)
    powers = torch.exp(z - z.amax(dim=axis, keepdim=True))
    return powers / powers.sum(dim=axis, keepdim=True)


@mutant("softmax", "You normalise over the first axis, across the batch; the last axis is asked for.")
def softmax_batch(z):
    powers = torch.exp(z - z.amax(dim=0, keepdim=True))
    return powers / powers.sum(dim=0, keepdim=True)


@mutant("softmax", "exp(1000) is infinite. What may be taken off every score of a row without changing its weights?")
def overflows(z):
    return torch.exp(z) / torch.exp(z).sum(dim=-1, keepdim=True)


@mutant("softmax", "You take the largest score of the whole tensor off: rows far below it become 0/0.")
def global_max(z):
    powers = torch.exp(z - z.max())
    return powers / powers.sum(dim=-1, keepdim=True)


@mutant("softmax", "You divide by the sum over everything; each row has a sum of its own.")
def one_sum(z):
    powers = torch.exp(z - z.max(dim=-1, keepdim=True).values)
    return powers / powers.sum()


@mutant("softmax", "Nothing is divided: do the weights of a row add up to 1?")
def no_norm(z):
    return torch.exp(z - z.max(dim=-1, keepdim=True).values)


@mutant("softmax", "The base is e, not 2.")
def base_2(z):
    powers = 2 ** (z - z.max(dim=-1, keepdim=True).values)
    return powers / powers.sum(dim=-1, keepdim=True)


@mutant("attention", "The values are added up with the raw scores: where is the softmax?")
def no_softmax(q, k, v):
    return scores(q, k) @ v


@mutant("attention", "Only the best key counts in yours. The softmax gives a weighted mean, not a choice.")
def hard(q, k, v):
    best = scores(q, k).argmax(dim=-1, keepdim=True)
    return torch.zeros_like(scores(q, k)).scatter(-1, best, 1.0) @ v


@mutant("attention", "Divide the scores before the softmax, not its result: do the weights still add up to 1?")
def scaled_after(q, k, v):
    return softmax(q @ k.transpose(-1, -2)) / math.sqrt(q.shape[-1]) @ v


# --- 4.2 gradients ---


@mutant("softmax_backward", "Every weight depends on every score of its row: where are the terms with i not j?")
def only_the_diagonal(upstream, a):
    return upstream * a * (1 - a)


@mutant("softmax_backward", "Look at the sign of the sum: is it added or taken off?")
def sum_added(upstream, a):
    return a * (upstream + (upstream * a).sum(dim=-1, keepdim=True))


@mutant("softmax_backward", "The sum runs over the scores of one row only (the last axis).")
def sum_over_everything(upstream, a):
    return a * (upstream - (upstream * a).sum())


@mutant("softmax_backward", "You take off the plain mean of upstream: which weights does that mean have?")
def plain_mean(upstream, a):
    return a * (upstream - upstream.mean(dim=-1, keepdim=True))


@mutant("softmax_backward", "A factor is missing in front: how much does a weight that is nearly 0 still move?")
def no_factor(upstream, a):
    return upstream - (upstream * a).sum(dim=-1, keepdim=True)


@mutant("attention_backward", "The scores were divided on the way there: what does the chain rule make of it?")
def no_scale_back(upstream, q, k, v):
    a = softmax(scores(q, k))
    dz = softmax_backward(upstream @ v.transpose(-1, -2), a)
    return dz @ k, dz.transpose(-1, -2) @ q, a.transpose(-1, -2) @ upstream


@mutant("attention_backward", "dk is divided by the root of the width, dq is not: both went through the same scores.")
def scale_only_dk(upstream, q, k, v):
    a = softmax(scores(q, k))
    dz = softmax_backward(upstream @ v.transpose(-1, -2), a)
    return dz @ k, dz.transpose(-1, -2) @ q / math.sqrt(q.shape[-1]), a.transpose(-1, -2) @ upstream


@mutant("attention_backward", "The gradient passes the softmax unchanged in yours: use its Jacobian.")
def no_softmax_back(upstream, q, k, v):
    a = softmax(scores(q, k))
    dz = upstream @ v.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return dz @ k, dz.transpose(-1, -2) @ q, a.transpose(-1, -2) @ upstream


@mutant("attention_backward", "dv uses the scores: how much a value counts is its weight, after the softmax.")
def dv_from_scores(upstream, q, k, v):
    z = scores(q, k)
    dz = softmax_backward(upstream @ v.transpose(-1, -2), softmax(z)) / math.sqrt(q.shape[-1])
    return dz @ k, dz.transpose(-1, -2) @ q, z.transpose(-1, -2) @ upstream


@mutant("attention_backward", "Is the gradient by q made from the keys, or from the queries? Yours are swapped.")
def dq_dk_swapped(upstream, q, k, v):
    a = softmax(scores(q, k))
    dz = softmax_backward(upstream @ v.transpose(-1, -2), a) / math.sqrt(q.shape[-1])
    return dz.transpose(-1, -2) @ q, dz @ k, a.transpose(-1, -2) @ upstream


@mutant("attention_backward", "Your upstream gradient counts for nothing: each output has a gradient of its own.")
def upstream_of_ones(upstream, q, k, v):
    a = softmax(scores(q, k))
    ones = torch.ones_like(upstream)
    dz = softmax_backward(ones @ v.transpose(-1, -2), a) / math.sqrt(q.shape[-1])
    return dz @ k, dz.transpose(-1, -2) @ q, a.transpose(-1, -2) @ ones


@mutant("attention_backward", "dv is divided by the root of the width, but the values never met the scale.")
def dv_scaled(upstream, q, k, v):
    a = softmax(scores(q, k))
    dz = softmax_backward(upstream @ v.transpose(-1, -2), a) / math.sqrt(q.shape[-1])
    return dz @ k, dz.transpose(-1, -2) @ q, a.transpose(-1, -2) @ upstream / math.sqrt(q.shape[-1])


# --- 4.3 heads ---


@mutant("split_heads", "A plain reshape to (B, H, T, d) mixes time and features: cut the last axis, then swap axes.")
def bad_split(x, heads):
    batch, length, width = x.shape
    return x.reshape(batch, heads, length, width // heads)


@mutant("split_heads", "Head 0 has every H-th column in yours; it should have the first d columns.")
def interleaved_heads(x, heads):
    batch, length, width = x.shape
    return x.reshape(batch, length, width // heads, heads).permute(0, 3, 1, 2)


@mutant("split_heads", "The heads come after the frames in yours: (B, H, T, d) is asked for.")
def not_transposed(x, heads):
    batch, length, width = x.shape
    return x.reshape(batch, length, heads, width // heads)


@mutant("merge_heads", "A plain reshape puts frames where features belong: swap axes first, then merge the last two.")
def bad_merge(x):
    batch, heads, length, width = x.shape
    return x.reshape(batch, length, heads * width)


@mutant("merge_heads", "The features of the heads are shuffled into one another: the heads go side by side.")
def merge_interleaved(x):
    return x.permute(0, 2, 3, 1).flatten(2)


@mutant("merge_heads", "The mean over the heads loses most of what they found: put them side by side.")
def mean_heads(x):
    return x.mean(dim=1).repeat(1, 1, x.shape[1])


def _heads(q, k, v, heads, weigh):
    """Multi-head attention on ready queries, keys and values, with `weigh` in place of scores and softmax."""
    q, k, v = (split_heads(part, heads) for part in (q, k, v))
    return merge_heads(weigh(q, k) @ v)


@mutant("multi_head_attention", "wq makes the keys and wk the queries in yours. Which is which?")
def swap_qk(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wk, memory @ wq, memory @ wv))
    return merge_heads(attention(q, k, v)) @ wo


@mutant("multi_head_attention", "The values are the memory itself: they have a matrix too.")
def v_is_x(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, memory @ wk, memory))
    return merge_heads(attention(q, k, v)) @ wo


@mutant("multi_head_attention", "The heads stand side by side, but nothing mixes them: what is wo for?")
def no_wo(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, memory @ wk, memory @ wv))
    return merge_heads(attention(q, k, v))


@mutant("multi_head_attention", "Rows are transformed by x @ w; yours are transformed by the transposed matrices.")
def transposed_matrices(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wq.T, memory @ wk.T, memory @ wv.T))
    return merge_heads(attention(q, k, v)) @ wo.T


@mutant("multi_head_attention", "You divide by the root of E; inside a head, vectors have the width of one head.")
def scale_E(x, memory, wq, wk, wv, wo, heads):
    root = math.sqrt(x.shape[-1])
    return _heads(x @ wq, memory @ wk, memory @ wv, heads, lambda q, k: softmax(q @ k.transpose(-1, -2) / root)) @ wo


@mutant("multi_head_attention", "The scores inside a head are not divided by anything.")
def heads_unscaled(x, memory, wq, wk, wv, wo, heads):
    return _heads(x @ wq, memory @ wk, memory @ wv, heads, lambda q, k: softmax(q @ k.transpose(-1, -2))) @ wo


@mutant(
    "multi_head_attention", "The heads compete with one another: each head has a softmax of its own, over the keys."
)
def softmax_heads(x, memory, wq, wk, wv, wo, heads):
    def weigh(q, k):
        return softmax(scores(q, k).transpose(1, 3)).transpose(1, 3)

    return _heads(x @ wq, memory @ wk, memory @ wv, heads, weigh) @ wo


@mutant("multi_head_attention", "Your weights add up to 1 over the queries, not over the keys.")
def heads_over_queries(x, memory, wq, wk, wv, wo, heads):
    def weigh(q, k):
        return softmax(scores(q, k).transpose(2, 3)).transpose(2, 3)

    return _heads(x @ wq, memory @ wk, memory @ wv, heads, weigh) @ wo


@mutant("multi_head_attention", "The matrix of weights is transposed: rows belong to queries, columns to keys.")
def attn_T(x, memory, wq, wk, wv, wo, heads):
    def weigh(q, k):
        return softmax(scores(q, k)).transpose(-1, -2)

    return _heads(x @ wq, memory @ wk, memory @ wv, heads, weigh) @ wo


@mutant("multi_head_attention", "In cross-attention the queries come from x. Where do yours come from?")
def q_from_kv(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (memory @ wq, memory @ wk, memory @ wv))
    return merge_heads(attention(q, k, v)) @ wo


@mutant("multi_head_attention", "In cross-attention the values come from the memory, as the keys do.")
def ignores_memory(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, x @ wk, x @ wv))
    return merge_heads(attention(q, k, v)) @ wo


@mutant("multi_head_attention", "You attend once with the full width: cut q, k and v into heads first.")
def one_big_head(x, memory, wq, wk, wv, wo, heads):
    return attention(x @ wq, memory @ wk, memory @ wv) @ wo


@mutant("multi_head_attention", "All your heads share one set of weights: scores are computed in each head by itself.")
def shared_weights(x, memory, wq, wk, wv, wo, heads):
    a = softmax(scores(x @ wq, memory @ wk) * math.sqrt(heads))
    return merge_heads(a[:, None] @ split_heads(memory @ wv, heads)) @ wo


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


# --- 4.7 CNN and RNN ---


@mutant("local_attention", "Your window is too narrow by one: t - radius and t + radius are both in it.")
def window_too_narrow(q, k, v, radius):
    place = torch.arange(q.shape[-2])
    return masked_attention(q, k, v, (place[:, None] - place).abs() < max(radius, 1))


@mutant("local_attention", "Your window looks back only: it reaches `radius` to each side.")
def looks_back_only(q, k, v, radius):
    gap = torch.arange(q.shape[-2])[:, None] - torch.arange(q.shape[-2])
    return masked_attention(q, k, v, (gap >= 0) & (gap <= radius))


@mutant("local_attention", "Every position sees everything in yours: where is the window?")
def no_window(q, k, v, radius):
    return attention(q, k, v)


@mutant("local_attention", "`radius` is not the width of the window: it reaches that far to each side.")
def radius_is_width(q, k, v, radius):
    place = torch.arange(q.shape[-2])
    return masked_attention(q, k, v, (place[:, None] - place).abs() <= radius // 2)


@mutant("offset_mask", "Positive offsets look ahead, at later positions: yours look the other way.")
def offset_back(length, offset):
    place = torch.arange(length)
    return place[:, None] - offset == place


@mutant("offset_mask", "Beyond the ends there is nothing: yours goes on at the other end.")
def wraps_around(length, offset):
    place = torch.arange(length)
    return (place[:, None] + offset) % length == place


@mutant("offset_mask", "Beyond the ends there is nothing: yours repeats the first and the last position.")
def clamps(length, offset):
    place = torch.arange(length)
    return (place[:, None] + offset).clamp(0, length - 1) == place


@mutant("conv_by_attention", "Your kernel starts at the present; half of its taps belong before it.")
def not_centred(x, kernel):
    return sum(masked_attention(x, x, x @ tap, offset_mask(x.shape[1], j)) for j, tap in enumerate(kernel))


@mutant("conv_by_attention", "Your convolution looks back only: half of its taps belong after the present.")
def causal_convolution(x, kernel):
    last = len(kernel) - 1
    return sum(masked_attention(x, x, x @ tap, offset_mask(x.shape[1], j - last)) for j, tap in enumerate(kernel))


@mutant("conv_by_attention", "The taps are added up, not averaged.")
def taps_averaged(x, kernel):
    half = len(kernel) // 2
    heads = [masked_attention(x, x, x @ tap, offset_mask(x.shape[1], j - half)) for j, tap in enumerate(kernel)]
    return torch.stack(heads).mean(dim=0)


@mutant("rnn_jacobian", "A slope is missing: tanh is part of every update.")
def no_slope(x, w, u):
    jacobian = u
    for _ in x[1:]:
        jacobian = w @ jacobian
    return jacobian


@mutant("rnn_jacobian", "States are columns here, w @ h: is it w or its transpose that the chain rule multiplies by?")
def w_transposed(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
        jacobian = (1 - state**2)[:, None] * (u if jacobian is None else w.T @ jacobian)
    return jacobian


@mutant("rnn_jacobian", "The states themselves are off: the update is w @ h, not h @ w.")
def states_with_w_transposed(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(state @ w + u @ frame)
        jacobian = (1 - state**2)[:, None] * (u if jacobian is None else w @ jacobian)
    return jacobian


@mutant("rnn_jacobian", "Both the states and their slopes take h @ w, as for rows: here it is w @ h.")
def rows_throughout(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(state @ w + u @ frame)
        jacobian = (1 - state**2)[:, None] * (u if jacobian is None else w.T @ jacobian)
    return jacobian


@mutant("rnn_jacobian", "One update too many: the first frame enters through u, and T - 1 updates follow.")
def one_more_w(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), u
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
        jacobian = (1 - state**2)[:, None] * (w @ jacobian)
    return jacobian


@mutant("rnn_jacobian", "Each update has the slope of its own state, not of the last one.")
def last_slope(x, w, u):
    state = torch.zeros(len(w), dtype=x.dtype)
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
    slope = (1 - state**2)[:, None]
    jacobian = slope * u
    for _ in x[1:]:
        jacobian = slope * (w @ jacobian)
    return jacobian


@mutant("rnn_jacobian", "That is the gradient by the last input; the first one is asked for.")
def by_the_last_input(x, w, u):
    state = torch.zeros(len(w), dtype=x.dtype)
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
    return (1 - state**2)[:, None] * u


@mutant("rnn_jacobian", "The slope of tanh is 1 minus its square, not 1 minus itself.")
def wrong_slope(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
        jacobian = (1 - state)[:, None] * (u if jacobian is None else w @ jacobian)
    return jacobian


@mutant("attention_jacobian", "The first frame is a value, and a key too: its weight moves with it.")
def only_as_value(x):
    weight = softmax(scores(x[-1:], x))[0, 0]
    return weight * torch.eye(x.shape[-1], dtype=x.dtype)


@mutant("attention_jacobian", "When one weight grows, the others shrink: is their share in your derivative?")
def weights_do_not_compete(x):
    width = x.shape[-1]
    weight = softmax(scores(x[-1:], x))[0, 0]
    return weight * (torch.eye(width, dtype=x.dtype) + torch.outer(x[0], x[-1]) / math.sqrt(width))


@mutant("attention_jacobian", "The scores were divided by the root of the width: so is their derivative.")
def jacobian_unscaled(x):
    weight = softmax(scores(x[-1:], x))[0, 0]
    pull = torch.outer(x[0] - attention(x[-1:], x, x)[0], x[-1])
    return weight * (torch.eye(x.shape[-1], dtype=x.dtype) + pull)


@mutant("attention_jacobian", "Rows belong to outputs, columns to inputs: yours is transposed.")
def jacobian_T(x):
    first, last, width = x[0], x[-1], x.shape[-1]
    weight = softmax(scores(x[-1:], x))[0, 0]
    pull = torch.outer(last, first - attention(x[-1:], x, x)[0]) / math.sqrt(width)
    return weight * (torch.eye(width, dtype=x.dtype) + pull)


RIGHT = {
    "RNN, more updates": 99,
    "CNN, layers": 50,
    "self-attention, layers": 1,
    "self-attention, scores": 80_000,
}
variants.mutant_value(
    "counts_frames",
    "ANSWERS",
    "Count the steps from frame to frame, not the frames.",
    RIGHT | {"RNN, more updates": 100},
)
variants.mutant_value(
    "whole_kernel_a_layer",
    "ANSWERS",
    "A layer with 5 taps reaches 2 further to each side, not 5.",
    RIGHT | {"CNN, layers": 20},
)
variants.mutant_value(
    "one_score_a_frame",
    "ANSWERS",
    "Every frame has a score with every frame, in every head.",
    RIGHT | {"self-attention, scores": 800},
)

# --- 4.8 pooling ---


@mutant("masked_mean", "Padding is in your mean: only real frames count.")
def counts_pad(x, mask):
    return x.mean(dim=1)


@mutant("masked_mean", "You divide by the padded length; each sequence has a length of its own.")
def div_T(x, mask):
    return (x * mask[..., None]).sum(dim=1) / x.shape[1]


@mutant("masked_mean", "You take the first frame; the mean of all real frames is asked for.")
def first(x, mask):
    return x[:, 0] * mask[:, :1]


@mutant("masked_mean", "An empty sequence is divided by 0 in yours: it gives zeros.")
def mean_of_nothing(x, mask):
    return (x * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


@mutant("masked_mean", "One mean for the whole batch: each sequence has its own.")
def mean_of_batch(x, mask):
    return x[mask].mean(dim=0).expand(len(x), -1) * mask.any(dim=1, keepdim=True)


@mutant("attention_pool", "Padding takes weight in yours: mask the scores.")
def pools_padding(x, mask, w):
    return (softmax(x @ w)[:, None, :] @ x)[:, 0]


@mutant("attention_pool", "The scores here are not divided by anything.")
def pool_scaled(x, mask, w):
    return (masked_softmax(x @ w / math.sqrt(len(w)), mask)[:, None, :] @ x)[:, 0]


@mutant("attention_pool", "The frames are weighted by raw scores: where is the softmax?")
def pool_no_softmax(x, mask, w):
    return ((x @ w * mask)[:, None, :] @ x)[:, 0]


@mutant("attention_pool", "Every frame has the same weight in yours: what is w for?")
def pool_ignores_w(x, mask, w):
    return masked_mean(x, mask)


@mutant("attention_pool", "You normalise over the batch; the weights of each sequence add up to 1 over its frames.")
def pool_over_batch(x, mask, w):
    return (masked_softmax((x @ w).T, mask.T).T[:, None, :] @ x)[:, 0]


@mutant("attention_pool", "You choose the frame with the best score; the softmax gives a weighted mean.")
def pool_best(x, mask, w):
    best = (x @ w).masked_fill(~mask, -1e30).argmax(dim=1)
    return x[torch.arange(len(x)), best] * mask.any(dim=1, keepdim=True)


# --- 4.9 training (validate --training) ---


def _frame_by_frame(x, mask, y, x_new, seed, epochs):
    """A linear model of each frame's features; labels for x_new, and the losses."""
    torch.manual_seed(seed)
    model = torch.nn.Linear(x.shape[-1], 9)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(epochs):
        loss = torch.nn.functional.cross_entropy(model(x)[mask], y[mask])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return model(x_new).argmax(dim=-1), losses


@mutant("fit_predict", "One frame alone says little: let it look at the others of its conversation.")
def one_frame_only(x_train, mask_train, y_train, x_new, mask_new, seed):
    return _frame_by_frame(x_train, mask_train, y_train, x_new, seed, 200)


@mutant("fit_predict", "What stands in the padding changes your labels: where does it get in?")
def sees_padding(x_train, mask_train, y_train, x_new, mask_new, seed):
    def joined(x):
        return torch.cat([x, x.mean(dim=1, keepdim=True).expand_as(x)], dim=-1)

    return _frame_by_frame(joined(x_train), mask_train, y_train, joined(x_new), seed, 200)


@mutant("fit_predict", "Your model never learns: is there a step of the optimiser?")
def never_learns(x_train, mask_train, y_train, x_new, mask_new, seed):
    labels, losses = _frame_by_frame(x_train, mask_train, y_train, x_new, seed, 1)
    return labels, losses * 2
