"""5.3 Masks and blocks."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    as_tensor,
    compare,
    expect,
    gradients_reach,
    matches,
)

from .common import BLOCKS, Tensors, Weights, attention_weights, ffn_weights, norm_weights, some_padding

exercise = Exercise(
    "5.3",
    "Masks and blocks",
    owns=("causal_mask", "padding_mask", "feed_forward", "post_norm_block", "pre_norm_block"),
    points=14,
    bans=BLOCKS,
)


def block_weights(draw: Draw, width: int, hidden: int) -> Weights:
    """The parameters of an encoder block."""
    return {
        "attention": attention_weights(draw, width),
        "norm1": norm_weights(draw, width),
        "norm2": norm_weights(draw, width),
        "ffn": ffn_weights(draw, width, hidden),
    }


def some_masks(draw: Draw, rows: int, length: int) -> Tensors:
    """Padding at the end; padding in front; and a mask of its own for each token, which sees itself."""
    behind = some_padding(draw, rows, length)
    each = (draw.uniform(rows, 1, length, length) < 0.5) | torch.eye(length, dtype=torch.bool)
    return behind, behind.flip(3), each


BLOCK_SIZES = ((2, 3, 4, 5, 1), (3, 5, 6, 8, 2), (2, 7, 12, 9, 3))
"""B, T, D, F, heads."""


@exercise.check("feed_forward", 1, public=True)
def small_network(student: Student, reference: Reference, draw: Draw) -> None:
    """W1 = [[1, 1], [1, -1], [0, 2]], b1 = [0, 0, -1], W2 = [[1, 2, 3], [4, 5, 6]], b2 = [10, 20]: x = [1, 2]
    gives [22, 50]."""
    values = (
        [[[1.0, 2.0]]],
        [[1.0, 1.0], [1.0, -1.0], [0.0, 2.0]],
        [0.0, 0.0, -1.0],
        [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
    )
    given = (torch.tensor(value, dtype=draw.dtype) for value in (*values, [10.0, 20.0]))
    matches(student, reference, "feed_forward", *given)


@exercise.check("feed_forward", 2)
def each_token_alike(student: Student, reference: Reference, draw: Draw) -> None:
    """feed_forward: one hidden layer with ReLU, and none at the end."""
    for rows, length, width, hidden, _ in BLOCK_SIZES:
        x = draw.normal(rows, length, width)
        matches(student, reference, "feed_forward", x, *ffn_weights(draw, width, hidden))
    gradients_reach(student, reference, "feed_forward", draw.normal(2, 3, 4), *ffn_weights(draw, 4, 5))


def as_bools(value: object, what: str) -> torch.Tensor:
    """A mask, which has to be one of bools: ~ means something else for numbers."""
    tensor = as_tensor(value)
    kind = "something else" if tensor is None else str(tensor.dtype)
    expect(tensor is not None and tensor.dtype is torch.bool, f"{what} should be a tensor of bools, and is {kind}.")
    assert tensor is not None
    return tensor


@exercise.check("causal_mask", 1)
def causal(student: Student, reference: Reference, draw: Draw) -> None:
    """causal_mask is True at and below the diagonal."""
    for length in (4, 1, 7):
        got = as_bools(student.causal_mask(length), "causal_mask")
        compare(got, reference.causal_mask(length), f"causal_mask({length})")


@exercise.check("padding_mask", 1)
def padding(student: Student, reference: Reference, draw: Draw) -> None:
    """padding_mask is True at tokens, with shape (B, 1, 1, S), wherever the padding stands."""
    for rows, length, pad in ((2, 3, draw.integer(0, 3)), (3, 5, 0), (4, 7, 2)):
        tokens = draw.integers(3, 9, rows, length)
        tokens[~some_padding(draw, rows, length)[:, 0, 0]] = pad
        tokens[0, 0] = 3 - pad if pad else 1
        for given in (tokens, tokens.flip(1), tokens[:, draw.permutation(length)]):
            got = as_bools(student.padding_mask(given, pad), "padding_mask")
            compare(got, reference.padding_mask(given, pad), "padding_mask")


def block_matches(student: Student, reference: Reference, draw: Draw, name: str) -> None:
    """A block without a mask, and with several."""
    for rows, length, width, hidden, heads in BLOCK_SIZES:
        x, p = draw.normal(rows, length, width, scale=2), block_weights(draw, width, hidden)
        matches(student, reference, name, x.clone().requires_grad_(), p, heads)
        for mask in some_masks(draw, rows, length):
            matches(student, reference, name, x, p, heads, mask)
    gradients_reach(student, reference, name, draw.normal(1, 3, 4), block_weights(draw, 4, 5), 2)


@exercise.check("post_norm_block", 4)
def post_norm(student: Student, reference: Reference, draw: Draw) -> None:
    """post_norm_block: x + sublayer(x), then the norm, for attention and then for feed-forward."""
    block_matches(student, reference, draw, "post_norm_block")


@exercise.check("pre_norm_block", 4)
def pre_norm(student: Student, reference: Reference, draw: Draw) -> None:
    """pre_norm_block: the norm, the sublayer, and x itself added, for attention and then for feed-forward."""
    block_matches(student, reference, draw, "pre_norm_block")


@exercise.check("pre_norm_block", 1)
def straight_through(student: Student, reference: Reference, draw: Draw) -> None:
    """Where both sublayers give the same for every token, a pre-norm block adds that to its input, and no more."""
    for length in (5, 3):
        p, x = block_weights(draw, 6, 7), draw.normal(2, length, 6, scale=3)
        W1, b1, W2, b2 = p["ffn"]
        attention = p["attention"] | {"Wo": torch.zeros(6, 6, dtype=draw.dtype)}
        p = p | {"attention": attention, "ffn": (W1, b1, torch.zeros_like(W2), b2)}
        compare(student.pre_norm_block(x, p, 2), x + attention["bo"] + b2, "the output")


# --- mistakes ---


@exercise.mistake("causal_mask", "May a token see itself?")
def strictly_before(length):
    return torch.ones(length, length, dtype=torch.bool).tril(-1)


@exercise.mistake("causal_mask", "True is where one may look. Is yours the other way round?")
def hides_past(length):
    return torch.ones(length, length, dtype=torch.bool).triu(1)


@exercise.mistake("causal_mask", "Rows ask and columns answer: does row 0 see the whole future in yours?")
def sees_future(length):
    return torch.ones(length, length, dtype=torch.bool).triu()


@exercise.mistake("causal_mask", "Your tokens can see one step into the future: which diagonal is the last?")
def one_ahead(length):
    return torch.ones(length, length, dtype=torch.bool).tril(1)


@exercise.mistake(
    "causal_mask", "The mask has to be one of True and False: with numbers, ~ and masked_fill mean something else."
)
def float_mask(length):
    return torch.ones(length, length).tril()


@exercise.mistake("padding_mask", "True is where a token is. What is yours True at?")
def true_at_padding(tokens, pad):
    return (tokens == pad)[:, None, None, :]


@exercise.mistake("padding_mask", "Are all of your tokens larger than pad? There may be smaller ones.")
def larger_than_pad(tokens, pad):
    return (tokens > pad)[:, None, None, :]


@exercise.mistake("padding_mask", "Which number is padding? It is handed to you, and not always 0.")
def pad_is_zero(tokens, pad):
    return (tokens != 0)[:, None, None, :]


@exercise.mistake(
    "padding_mask", "It has to fit scores of shape (B, heads, T, S): where do the two dimensions of size 1 go?"
)
def flat_mask(tokens, pad):
    return tokens != pad


@exercise.mistake(
    "padding_mask", "Who must not be heard, the one who asks or the one who answers? Which of the dimensions is that?"
)
def masks_queries(tokens, pad):
    return (tokens != pad)[:, None, :, None]


@exercise.mistake("feed_forward", "Two layers with nothing between them are one layer. What is missing?")
def no_relu(x, W1, b1, W2, b2):
    return (x @ W1.T + b1) @ W2.T + b2


@exercise.mistake("feed_forward", "Can your output be negative? ReLU belongs to the hidden layer only.")
def relu_after(x, W1, b1, W2, b2):
    return torch.relu((x @ W1.T + b1) @ W2.T + b2)


@exercise.mistake("feed_forward", "There is a ReLU too many: where should the output be cut off at 0, and where not?")
def relu_twice(x, W1, b1, W2, b2):
    return torch.relu(torch.relu(x @ W1.T + b1) @ W2.T + b2)


@exercise.mistake("feed_forward", "The residual belongs to the block, not to the feed-forward network.")
def ffn_residual(x, W1, b1, W2, b2):
    return x + torch.relu(x @ W1.T + b1) @ W2.T + b2


@exercise.mistake("feed_forward", "Is the first bias added before ReLU?")
def bias_after_relu(x, W1, b1, W2, b2):
    return (torch.relu(x @ W1.T) + b1) @ W2.T + b2


@exercise.mistake("feed_forward", "The weights are what is learned: where do their gradients get lost?")
def weights_detached(x, W1, b1, W2, b2):
    return torch.relu(x @ W1.data.T + b1.data) @ W2.data.T + b2.data


@exercise.mistake("feed_forward", "GELU came later: which activation does this exercise ask for?")
def gelu(x, W1, b1, W2, b2):
    return torch.nn.functional.gelu(x @ W1.T + b1) @ W2.T + b2


def _pre(x, p, heads, mask):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


def _post(x, p, heads, mask):
    x = layer_norm(x + attention(x, x, p["attention"], heads, mask), *p["norm1"])
    return layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm2"])


@exercise.mistake(
    "pre_norm_block", "That is the post-norm block. Where does the norm stand here: in the sum, or before the sublayer?"
)
def postnorm(x, p, heads, mask=None):
    return _post(x, p, heads, mask)


@exercise.mistake(
    "pre_norm_block", "x goes two ways, past attention and through it: does its gradient come back by both?"
)
def attention_sees_detached(x, p, heads, mask=None):
    n = layer_norm(x.detach(), *p["norm1"])
    x = x + attention(n, n, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@exercise.mistake("pre_norm_block", "What do you add to attention's output: x as it came in, or the normalised x?")
def res_norm(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    x = n + attention(n, n, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@exercise.mistake(
    "pre_norm_block", "What do you add to the feed-forward network's output: the sum itself, or the normalised sum?"
)
def res_norm2(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    n = layer_norm(x + attention(n, n, p["attention"], heads, mask), *p["norm2"])
    return n + feed_forward(n, *p["ffn"])


@exercise.mistake(
    "pre_norm_block", "Is the x that you add still the x that came in? Give the normalised one a name of its own."
)
def overwrites_x(x, p, heads, mask=None):
    x = layer_norm(x, *p["norm1"])
    x = x + attention(x, x, p["attention"], heads, mask)
    x = layer_norm(x, *p["norm2"])
    return x + feed_forward(x, *p["ffn"])


@exercise.mistake("pre_norm_block", "One of the two residuals is missing: does x get around attention?")
def no_res1(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    x = attention(n, n, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@exercise.mistake("pre_norm_block", "One of the two residuals is missing: what gets around the feed-forward network?")
def no_res2(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["attention"], heads, mask)
    return feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@exercise.mistake("pre_norm_block", "A block has two norms with their own gains and shifts. Do you use both?")
def shared_ln(x, p, heads, mask=None):
    return _pre(x, p | {"norm2": p["norm1"]}, heads, mask)


@exercise.mistake("pre_norm_block", "What goes into the feed-forward network: is it normalised?")
def no_ln2(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["attention"], heads, mask)
    return x + feed_forward(x, *p["ffn"])


@exercise.mistake(
    "pre_norm_block",
    "Does the feed-forward network see what attention has found? In your block both start from the same x.",
)
def parallel(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    return x + attention(n, n, p["attention"], heads, mask) + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@exercise.mistake(
    "pre_norm_block", "Your first sublayer is pre-norm and your second one post-norm. Should they not be alike?"
)
def norm_after_add(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["attention"], heads, mask)
    return layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm2"])


@exercise.mistake("pre_norm_block", "Queries come from the normalised x. And what do keys and values come from?")
def raw_memory(x, p, heads, mask=None):
    x = x + attention(layer_norm(x, *p["norm1"]), x, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@exercise.mistake("pre_norm_block", "Does the mask reach attention?")
def mask_dropped(x, p, heads, mask=None):
    return _pre(x, p, heads, None)


@exercise.mistake("pre_norm_block", "Which norm belongs to which sublayer?")
def norms_swapped(x, p, heads, mask=None):
    return _pre(x, p | {"norm1": p["norm2"], "norm2": p["norm1"]}, heads, mask)


@exercise.mistake("post_norm_block", "That is the pre-norm block. Here the norm comes after the sum.")
def prenorm(x, p, heads, mask=None):
    return _pre(x, p, heads, mask)


@exercise.mistake(
    "post_norm_block", "The norm should take in the sum of x and the sublayer's output. What does yours take in?"
)
def norm_before_add(x, p, heads, mask=None):
    x = x + layer_norm(attention(x, x, p["attention"], heads, mask), *p["norm1"])
    return x + layer_norm(feed_forward(x, *p["ffn"]), *p["norm2"])


@exercise.mistake("post_norm_block", "Two residuals are drawn in the picture of a block. How many has yours?")
def no_residuals(x, p, heads, mask=None):
    x = layer_norm(attention(x, x, p["attention"], heads, mask), *p["norm1"])
    return layer_norm(feed_forward(x, *p["ffn"]), *p["norm2"])


@exercise.mistake(
    "post_norm_block",
    "The second residual goes around the feed-forward network only: is it the block's input that you add?",
)
def old_residual(x, p, heads, mask=None):
    y = layer_norm(x + attention(x, x, p["attention"], heads, mask), *p["norm1"])
    return layer_norm(x + feed_forward(y, *p["ffn"]), *p["norm2"])


@exercise.mistake("post_norm_block", "There are norm1 and norm2, and they differ. Which of them do you use twice?")
def post_shared_ln(x, p, heads, mask=None):
    return _post(x, p | {"norm2": p["norm1"]}, heads, mask)


@exercise.mistake("post_norm_block", "Is there a norm between attention and the feed-forward network?")
def post_no_ln1(x, p, heads, mask=None):
    x = x + attention(x, x, p["attention"], heads, mask)
    return layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm2"])


@exercise.mistake("post_norm_block", "Padding answers in your block: what became of the mask?")
def post_mask_dropped(x, p, heads, mask=None):
    return _post(x, p, heads, None)


@exercise.mistake("post_norm_block", "In which order do the two sublayers come?")
def ffn_first(x, p, heads, mask=None):
    x = layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm2"])
    return layer_norm(x + attention(x, x, p["attention"], heads, mask), *p["norm1"])


@exercise.mistake("padding_mask", "Does yours count on padding at the end? It may stand in front, too.")
def pad_at_the_end(tokens, pad):
    lengths = (tokens != pad).sum(dim=1, keepdim=True)
    return (torch.arange(tokens.shape[1]) < lengths)[:, None, None, :]
