"""4.3 Several heads."""

from __future__ import annotations

import math

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    gradients_reach,
    matches,
)

from .common import LIBRARY_ATTENTION, matrices, trained

exercise = Exercise(
    "4.3",
    "Several heads",
    owns=("split_heads", "merge_heads", "multi_head_attention"),
    points=18,
    bans=LIBRARY_ATTENTION,
)


@exercise.check("split_heads", 1, public=True)
def two_heads(student: Student, reference: Reference, draw: Draw) -> None:
    """split_heads([[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]], 2) has [0, 1], [4, 5], [8, 9] as its first head."""
    matches(student, reference, "split_heads", torch.arange(12.0).to(draw.dtype).reshape(1, 3, 4), 2)


@exercise.check("split_heads", 3)
def splits(student: Student, reference: Reference, draw: Draw) -> None:
    """split_heads gives head h the columns h * d to (h + 1) * d of every frame."""
    for batch, length, width, count in ((2, 3, 4, 2), (3, 5, 12, 3), (2, 4, 15, 5), (2, 3, 5, 1), (1, 1, 6, 3)):
        matches(student, reference, "split_heads", trained(draw.normal(batch, length, width)), count)


@exercise.check("merge_heads", 3)
def merges(student: Student, reference: Reference, draw: Draw) -> None:
    """merge_heads puts the heads of each frame side by side: the way back from split_heads."""
    for batch, count, length, width in ((2, 2, 3, 4), (3, 4, 5, 2), (2, 1, 3, 5), (1, 3, 1, 2)):
        matches(student, reference, "merge_heads", trained(draw.normal(batch, count, length, width)))


@exercise.check("multi_head_attention", 6)
def self_attention(student: Student, reference: Reference, draw: Draw) -> None:
    """multi_head_attention(x, x, ...) lets each head attend by itself, then merges and mixes the heads."""
    for batch, length, width, count in ((2, 3, 4, 2), (3, 5, 12, 3), (2, 7, 10, 5), (2, 4, 6, 1), (1, 1, 4, 2)):
        x = trained(draw.normal(batch, length, width))
        matches(student, reference, "multi_head_attention", x, x, *matrices(draw, width), count)


@exercise.check("multi_head_attention", 5)
def cross_attention(student: Student, reference: Reference, draw: Draw) -> None:
    """multi_head_attention takes its queries from x, its keys and values from a memory of another length."""
    for batch, t, s, width, count in ((2, 3, 5, 4, 2), (3, 5, 7, 12, 3), (2, 6, 4, 8, 4), (1, 1, 3, 6, 2)):
        x, memory = draw.normal(batch, t, width, scale=1.5), draw.normal(batch, s, width)
        matches(student, reference, "multi_head_attention", x, memory, *matrices(draw, width), count)
    x, memory = draw.normal(2, 3, 4), draw.normal(2, 5, 4)
    gradients_reach(student, reference, "multi_head_attention", x, memory, *matrices(draw, 4), 2)


# --- mistakes ---


@exercise.mistake(
    "split_heads", "A plain reshape to (B, H, T, d) mixes time and features: cut the last axis, then swap axes."
)
def bad_split(x, heads):
    batch, length, width = x.shape
    return x.reshape(batch, heads, length, width // heads)


@exercise.mistake("split_heads", "Head 0 has every H-th column in yours; it should have the first d columns.")
def interleaved_heads(x, heads):
    batch, length, width = x.shape
    return x.reshape(batch, length, width // heads, heads).permute(0, 3, 1, 2)


@exercise.mistake("split_heads", "The heads come after the frames in yours: (B, H, T, d) is asked for.")
def not_transposed(x, heads):
    batch, length, width = x.shape
    return x.reshape(batch, length, heads, width // heads)


@exercise.mistake(
    "merge_heads", "A plain reshape puts frames where features belong: swap axes first, then merge the last two."
)
def bad_merge(x):
    batch, heads, length, width = x.shape
    return x.reshape(batch, length, heads * width)


@exercise.mistake("merge_heads", "The features of the heads are shuffled into one another: the heads go side by side.")
def merge_interleaved(x):
    return x.permute(0, 2, 3, 1).flatten(2)


@exercise.mistake("merge_heads", "The mean over the heads loses most of what they found: put them side by side.")
def mean_heads(x):
    return x.mean(dim=1).repeat(1, 1, x.shape[1])


def _heads(q, k, v, heads, weigh):
    """Multi-head attention on ready queries, keys and values, with `weigh` in place of scores and softmax."""
    q, k, v = (split_heads(part, heads) for part in (q, k, v))
    return merge_heads(weigh(q, k) @ v)


@exercise.mistake("multi_head_attention", "wq makes the keys and wk the queries in yours. Which is which?")
def swap_qk(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wk, memory @ wq, memory @ wv))
    return merge_heads(attention(q, k, v)) @ wo


@exercise.mistake("multi_head_attention", "The values are the memory itself: they have a matrix too.")
def v_is_x(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, memory @ wk, memory))
    return merge_heads(attention(q, k, v)) @ wo


@exercise.mistake("multi_head_attention", "The heads stand side by side, but nothing mixes them: what is wo for?")
def no_wo(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, memory @ wk, memory @ wv))
    return merge_heads(attention(q, k, v))


@exercise.mistake(
    "multi_head_attention", "Rows are transformed by x @ w; yours are transformed by the transposed matrices."
)
def transposed_matrices(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wq.T, memory @ wk.T, memory @ wv.T))
    return merge_heads(attention(q, k, v)) @ wo.T


@exercise.mistake(
    "multi_head_attention", "You divide by the root of E; inside a head, vectors have the width of one head."
)
def scale_E(x, memory, wq, wk, wv, wo, heads):
    root = math.sqrt(x.shape[-1])
    return _heads(x @ wq, memory @ wk, memory @ wv, heads, lambda q, k: softmax(q @ k.transpose(-1, -2) / root)) @ wo


@exercise.mistake("multi_head_attention", "The scores inside a head are not divided by anything.")
def heads_unscaled(x, memory, wq, wk, wv, wo, heads):
    return _heads(x @ wq, memory @ wk, memory @ wv, heads, lambda q, k: softmax(q @ k.transpose(-1, -2))) @ wo


@exercise.mistake(
    "multi_head_attention", "The heads compete with one another: each head has a softmax of its own, over the keys."
)
def softmax_heads(x, memory, wq, wk, wv, wo, heads):
    def weigh(q, k):
        return softmax(scores(q, k).transpose(1, 3)).transpose(1, 3)

    return _heads(x @ wq, memory @ wk, memory @ wv, heads, weigh) @ wo


@exercise.mistake("multi_head_attention", "Your weights add up to 1 over the queries, not over the keys.")
def heads_over_queries(x, memory, wq, wk, wv, wo, heads):
    def weigh(q, k):
        return softmax(scores(q, k).transpose(2, 3)).transpose(2, 3)

    return _heads(x @ wq, memory @ wk, memory @ wv, heads, weigh) @ wo


@exercise.mistake(
    "multi_head_attention", "The matrix of weights is transposed: rows belong to queries, columns to keys."
)
def attn_T(x, memory, wq, wk, wv, wo, heads):
    def weigh(q, k):
        return softmax(scores(q, k)).transpose(-1, -2)

    return _heads(x @ wq, memory @ wk, memory @ wv, heads, weigh) @ wo


@exercise.mistake("multi_head_attention", "In cross-attention the queries come from x. Where do yours come from?")
def q_from_kv(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (memory @ wq, memory @ wk, memory @ wv))
    return merge_heads(attention(q, k, v)) @ wo


@exercise.mistake("multi_head_attention", "In cross-attention the values come from the memory, as the keys do.")
def ignores_memory(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, x @ wk, x @ wv))
    return merge_heads(attention(q, k, v)) @ wo


@exercise.mistake("multi_head_attention", "The memory learns too, in an encoder: where do its gradients get lost?")
def memory_detached(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wq, memory.detach() @ wk, memory.detach() @ wv))
    return merge_heads(attention(q, k, v)) @ wo


@exercise.mistake("multi_head_attention", "The matrices are what is learned: where do their gradients get lost?")
def matrices_detached(x, memory, wq, wk, wv, wo, heads):
    q, k, v = (split_heads(part, heads) for part in (x @ wq.data, memory @ wk.data, memory @ wv.data))
    return merge_heads(attention(q, k, v)) @ wo.data


@exercise.mistake("multi_head_attention", "You attend once with the full width: cut q, k and v into heads first.")
def one_big_head(x, memory, wq, wk, wv, wo, heads):
    return attention(x @ wq, memory @ wk, memory @ wv) @ wo


@exercise.mistake(
    "multi_head_attention", "All your heads share one set of weights: scores are computed in each head by itself."
)
def shared_weights(x, memory, wq, wk, wv, wo, heads):
    a = softmax(scores(x @ wq, memory @ wk) * math.sqrt(heads))
    return merge_heads(a[:, None] @ split_heads(memory @ wv, heads)) @ wo
