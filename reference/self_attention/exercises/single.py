"""4.1 Scores, softmax, attention."""

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

from .common import LIBRARY_ATTENTION, SIZES, queries_keys_values, tensor, trained

LIBRARY_SOFTMAX = ("torch.softmax", "torch.log_softmax")


exercise = Exercise(
    "4.1",
    "Scores, softmax, attention",
    owns=("scores", "softmax", "attention"),
    points=14,
    bans=LIBRARY_SOFTMAX + LIBRARY_ATTENTION,
)


@exercise.check("scores", 1, public=True)
def one_query(student: Student, reference: Reference, draw: Draw) -> None:
    """The query [2, 0, 0, 0] has the scores 2 and 0 with the keys [2, 1, 0, 0] and [0, 3, 0, 0]."""
    matches(student, reference, "scores", tensor([[2, 0, 0, 0]], draw), tensor([[2, 1, 0, 0], [0, 3, 0, 0]], draw))


@exercise.check("scores", 3)
def relevance(student: Student, reference: Reference, draw: Draw) -> None:
    """scores are the dot products of each query with each key, divided by the square root of their width."""
    for sizes in SIZES:
        q, k, _ = queries_keys_values(draw, *sizes)
        matches(student, reference, "scores", q, k)
    gradients_reach(student, reference, "scores", q, k)


@exercise.check("softmax", 3)
def rows_of_softmax(student: Student, reference: Reference, draw: Draw) -> None:
    """softmax turns the last axis into positive weights that add up to 1, for any number of axes."""
    for shape in ((5,), (2, 4, 3), (3, 4), (2, 3, 4, 5)):
        matches(student, reference, "softmax", trained(draw.normal(*shape, scale=2)))


@exercise.check("softmax", 2)
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


@exercise.check("attention", 5)
def weighted_means(student: Student, reference: Reference, draw: Draw) -> None:
    """attention gives each query the mean of the values, weighted by the softmax of its scores."""
    for sizes in SIZES:
        matches(student, reference, "attention", *queries_keys_values(draw, *sizes))
    q, k, v = queries_keys_values(draw, (2,), 4, 3, 6, 2)
    gradients_reach(student, reference, "attention", 3 * q, k, v)


# --- mistakes ---


@exercise.mistake("scores", "Your scores grow with the width of the vectors: what are they divided by?")
def no_scale(q, k):
    return q @ k.transpose(-1, -2)


@exercise.mistake("scores", "You divide by the width itself; the square root of it is asked for.")
def scale_d(q, k):
    return q @ k.transpose(-1, -2) / q.shape[-1]


@exercise.mistake("scores", "You divide by the root of the number of keys; it is the width of a key that matters.")
def scale_S(q, k):
    return q @ k.transpose(-1, -2) / math.sqrt(k.shape[-2])


@exercise.mistake("scores", "You divide by the root of the number of queries; it is the width of a query that matters.")
def scale_T(q, k):
    return q @ k.transpose(-1, -2) / math.sqrt(q.shape[-2])


@exercise.mistake("scores", "Rows are queries and columns are keys: yours are the other way round.")
def scores_T(q, k):
    return k @ q.transpose(-1, -2) / math.sqrt(q.shape[-1])


@exercise.mistake("scores", "You multiply by the square root of the width; should wide vectors have larger scores?")
def scale_times(q, k):
    return q @ k.transpose(-1, -2) * math.sqrt(q.shape[-1])


@exercise.mistake("scores", "You divide the vectors by their lengths: the dot product is asked for, not the cosine.")
def cosine(q, k):
    q, k = q / q.norm(dim=-1, keepdim=True), k / k.norm(dim=-1, keepdim=True)
    return q @ k.transpose(-1, -2)


@exercise.mistake("softmax", "Each query must add up to 1 over the keys, the last axis. Over which axis do you add?")
def softmax_q(z):
    axis = max(z.ndim - 2, 0)
    powers = torch.exp(z - z.amax(dim=axis, keepdim=True))
    return powers / powers.sum(dim=axis, keepdim=True)


@exercise.mistake("softmax", "You normalise over the first axis, across the batch; the last axis is asked for.")
def softmax_batch(z):
    powers = torch.exp(z - z.amax(dim=0, keepdim=True))
    return powers / powers.sum(dim=0, keepdim=True)


@exercise.mistake(
    "softmax", "exp(1000) is infinite. What may be taken off every score of a row without changing its weights?"
)
def overflows(z):
    return torch.exp(z) / torch.exp(z).sum(dim=-1, keepdim=True)


@exercise.mistake("softmax", "You take the largest score of the whole tensor off: rows far below it become 0/0.")
def global_max(z):
    powers = torch.exp(z - z.max())
    return powers / powers.sum(dim=-1, keepdim=True)


@exercise.mistake("softmax", "What is 0 times infinity, or infinity less infinity? A score of -inf just has weight 0.")
def nan_beside_infinity(z):
    powers = torch.exp(z - z.max(dim=-1, keepdim=True).values + 0 * z)
    return powers / powers.sum(dim=-1, keepdim=True)


@exercise.mistake("softmax", "You divide by the sum over everything; each row has a sum of its own.")
def one_sum(z):
    powers = torch.exp(z - z.max(dim=-1, keepdim=True).values)
    return powers / powers.sum()


@exercise.mistake("softmax", "Nothing is divided: do the weights of a row add up to 1?")
def no_norm(z):
    return torch.exp(z - z.max(dim=-1, keepdim=True).values)


@exercise.mistake("softmax", "The base is e, not 2.")
def base_2(z):
    powers = 2 ** (z - z.max(dim=-1, keepdim=True).values)
    return powers / powers.sum(dim=-1, keepdim=True)


@exercise.mistake("attention", "Nobody could train with yours: where are the gradients switched off?")
def attention_without_gradients(q, k, v):
    with torch.no_grad():
        return softmax(scores(q, k)) @ v


@exercise.mistake("scores", "Keys are learned as queries are: where do the gradients of yours get lost?")
def keys_detached(q, k):
    return q @ k.detach().transpose(-1, -2) / math.sqrt(q.shape[-1])


@exercise.mistake("attention", "The queries are added to the result: attention alone has no residual connection.")
def adds_the_queries(q, k, v):
    out = softmax(scores(q, k)) @ v
    return out + q if out.shape == q.shape else out


@exercise.mistake("attention", "The values are added up with the raw scores: where is the softmax?")
def no_softmax(q, k, v):
    return scores(q, k) @ v


@exercise.mistake("attention", "Only the best key counts in yours. The softmax gives a weighted mean, not a choice.")
def hard(q, k, v):
    best = scores(q, k).argmax(dim=-1, keepdim=True)
    return torch.zeros_like(scores(q, k)).scatter(-1, best, 1.0) @ v


@exercise.mistake(
    "attention", "Divide the scores before the softmax, not its result: do the weights still add up to 1?"
)
def scaled_after(q, k, v):
    return softmax(q @ k.transpose(-1, -2)) / math.sqrt(q.shape[-1]) @ v
