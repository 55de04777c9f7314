"""Wrong implementations that students write, each with the hint for it: attention, its gradients, heads (4.1 to 4.3).

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


@mutant("softmax", "What is 0 times infinity, or infinity less infinity? A score of -inf just has weight 0.")
def nan_beside_infinity(z):
    powers = torch.exp(z - z.max(dim=-1, keepdim=True).values + 0 * z)
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


@mutant("attention", "Nobody could train with yours: where are the gradients switched off?")
def attention_without_gradients(q, k, v):
    with torch.no_grad():
        return softmax(scores(q, k)) @ v


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
