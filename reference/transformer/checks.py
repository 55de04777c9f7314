"""The rubric of the transformer assignment: 11 exercises, 100 points.

Inputs are random and grow from small to large; no two sizes of a problem are the same, norms have gains and shifts of
their own, and every bias is used, so that a wrong implementation has nowhere to hide.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    answer,
    as_tensor,
    compare,
    expect,
    matches,
    tensor_of,
)

from .task import chinese, english, made_up, tokens_of

rubric = Rubric()

Tensors = tuple[torch.Tensor, ...]
COARSE = (1e-4, 1e-5)
"""rtol and atol where an answer in float32 is fine in the float64 run too."""


def all_match(student: Student, reference: Reference, name: str, calls: Sequence[Sequence[Any]]) -> None:
    """Like `matches` for many calls, but compares when all are made: similar mistakes tell themselves apart."""
    got = [student.call(name, *args) for args in calls]
    for one, args in zip(got, calls, strict=True):
        compare(one, reference.call(name, *args), f"`{name}`")


BLOCKS = ("torch.nn.TransformerEncoderLayer", "torch.nn.LayerNorm")
ENTROPIES = ("torch.nn.functional.cross_entropy",)

# --- 5.1 ---------------------------------------------------------------------------------------------------------

positions = rubric.exercise(
    "5.1", "Where am I?", owns=("positional_encoding", "add_positions", "shift_matrix"), points=8
)


@positions.check("positional_encoding", 1, public=True)
def two_positions(student: Student, reference: Reference, draw: Draw) -> None:
    """positional_encoding(2, 4) has the rows [0, 1, 0, 1] and [sin 1, cos 1, sin 0.01, cos 0.01]."""
    matches(student, reference, "positional_encoding", 2, 4)


@positions.check("positional_encoding", 3)
def any_position(student: Student, reference: Reference, draw: Draw) -> None:
    """Sines and cosines take turns, positions start at 0, and the base is 10000, for any length and even width."""
    for length, width in ((6, 8), (3, 2), (1, 4), (17, 12), (draw.integer(20, 40), 2 * draw.integer(7, 11))):
        got, expected = (side.positional_encoding(length, width) for side in (student, reference))
        # Angles in float32 are right: they are off by 4e-6 at most here.
        compare(got, expected, "`positional_encoding`", *COARSE)


@positions.check("add_positions", 1)
def added(student: Student, reference: Reference, draw: Draw) -> None:
    """add_positions adds to every sequence of the batch the same encoding, and scales nothing."""
    for size in ((2, 3, 4), (3, 7, 10), (1, 5, 6)):
        x = draw.normal(*size)
        # An encoding in float32, torch's default, is right.
        compare(student.add_positions(x), reference.add_positions(x), "`add_positions`", *COARSE)


@positions.check("shift_matrix", 3)
def shifts(student: Student, reference: Reference, draw: Draw) -> None:
    """shift_matrix(k, D) takes the encoding of every position p to that of p + k; k may be negative."""
    for offset, width in ((1, 2), (3, 6), (-2, 8), (0, 4), (draw.integer(4, 12), 10)):
        P = reference.positional_encoding(40, width)
        M = tensor_of(student.shift_matrix(offset, width), (width, width), "shift_matrix")
        start, end = max(0, -offset), 40 - max(0, offset)
        compare(P[start:end] @ M.T, P[start + offset : end + offset], f"M @ P[p] for an offset of {offset}", *COARSE)


# --- 5.2 ---------------------------------------------------------------------------------------------------------

norms = rubric.exercise(
    "5.2", "Layer normalisation", owns=("layer_norm", "layer_norm_backward"), points=10, bans=BLOCKS + AUTOGRAD
)


def norm_problem(draw: Draw, *size: int) -> Tensors:
    """x, gain and shift: rows of different means and spreads; in the larger problems one row is constant."""
    x = draw.normal(*size) * draw.uniform(*size[:-1], 1, low=0.2, high=2) + draw.normal(*size[:-1], 1)
    if x[..., 0].numel() > 2:
        x.reshape(-1, size[-1])[1] = draw.number(0.5, 1)
    return x, draw.uniform(size[-1], low=0.5, high=2), draw.normal(size[-1])


NORM_SIZES = ((2, 3), (4, 5), (3, 4, 7), (2, 3, 5, 6))


@norms.check("layer_norm", 1, public=True)
def four_features(student: Student, reference: Reference, draw: Draw) -> None:
    """For x = [[1, 2, 3, 6]], gains of 1, shifts of 0 and eps = 0.5: [[-1, -0.5, 0, 1.5]]."""
    x, gain, shift = torch.tensor([[1.0, 2.0, 3.0, 6.0]]), torch.ones(4), torch.zeros(4)
    matches(student, reference, "layer_norm", x.to(draw.dtype), gain.to(draw.dtype), shift.to(draw.dtype), 0.5)


@norms.check("layer_norm", 2)
def normalises(student: Student, reference: Reference, draw: Draw) -> None:
    """Each token is normalised over its own features, with eps inside the root, for any number of dimensions."""
    for size in NORM_SIZES:
        matches(student, reference, "layer_norm", *norm_problem(draw, *size), 1e-2)


@norms.check("layer_norm", 1)
def standard_eps(student: Student, reference: Reference, draw: Draw) -> None:
    """Without an eps of ours, it is 1e-5."""
    x, gain, shift = norm_problem(draw, 3, 4, 5)
    matches(student, reference, "layer_norm", x * 0.01, gain, shift)


@norms.check("layer_norm", 1)
def far_from_zero(student: Student, reference: Reference, draw: Draw) -> None:
    """Features around 300 that differ little among themselves are normalised as well, in float32 too."""
    x, gain, shift = draw.normal(8, 6, scale=0.5) + 300, draw.uniform(6, low=0.5, high=2), draw.normal(6)
    # A mean that is off by its last digit in float32 (3e-5) moves y by 1e-4; a difference of squares is off by 1e-2.
    compare(student.layer_norm(x, gain, shift), reference.layer_norm(x, gain, shift), "`layer_norm`", 1e-3, 1e-3)


def norm_gradient(upstream: torch.Tensor, *inputs: torch.Tensor, eps: float) -> list[torch.Tensor]:
    """The gradients by autograd, written apart from the reference."""
    x, gain, shift = (value.clone().requires_grad_(True) for value in inputs)
    y = torch.nn.functional.layer_norm(x, gain.shape, gain, shift, eps)
    return list(torch.autograd.grad(y, [x, gain, shift], upstream))


@norms.check("layer_norm_backward", 4)
def backward(student: Student, reference: Reference, draw: Draw) -> None:
    """layer_norm_backward equals what autograd finds, for x, gain and shift."""
    for size, eps in zip(NORM_SIZES, (1e-2, 0.3, 1e-2, 0.1), strict=True):
        x, gain, shift = norm_problem(draw, *size)
        upstream = draw.normal(*size)
        got = student.layer_norm_backward(upstream, x, gain, eps)
        compare(got, norm_gradient(upstream, x, gain, shift, eps=eps), "(gx, ggain, gshift)")
    x, upstream = draw.normal(5, 4), draw.normal(5, 4)
    gain = draw.uniform(4, low=0.5, high=2)
    expected = norm_gradient(upstream, x, gain, gain, eps=1e-5)
    compare(student.layer_norm_backward(upstream, x, gain), expected, "(gx, ggain, gshift) with the standard eps")


@norms.check("layer_norm_backward", 1)
def backward_numerical(student: Student, reference: Reference, draw: Draw) -> None:
    """The gradient of x agrees with how a loss really moves when each entry is nudged."""
    x, gain, shift = (value.double() for value in norm_problem(draw, 3, 4))
    upstream = draw.normal(3, 4).double()
    got = student.layer_norm_backward(upstream, x, gain, 1e-2)
    expect(isinstance(got, list | tuple) and len(got) == 3, "layer_norm_backward returns three gradients.")
    loss = lambda point: (reference.layer_norm(point, gain, shift, 1e-2) * upstream).sum()  # noqa: E731
    agrees_with_numerical(got[0], loss, x, "gx")


# --- 5.3 ---------------------------------------------------------------------------------------------------------

blocks = rubric.exercise(
    "5.3",
    "Masks and blocks",
    owns=("causal_mask", "padding_mask", "feed_forward", "post_norm_block", "pre_norm_block"),
    points=14,
    bans=BLOCKS,
)


def attention_weights(draw: Draw, width: int) -> dict[str, torch.Tensor]:
    """Weights and biases of `attention`: every matrix its own, every bias used."""
    weights = {f"W{name}": draw.normal(width, width, scale=width**-0.5) for name in "qkvo"}
    return weights | {f"b{name}": draw.normal(width, scale=0.5) for name in "qkvo"}


def norm_weights(draw: Draw, width: int) -> Tensors:
    """Gain and shift."""
    return draw.uniform(width, low=0.5, high=2), draw.normal(width, scale=0.5)


def ffn_weights(draw: Draw, width: int, hidden: int) -> Tensors:
    """W1, b1, W2, b2."""
    return (
        draw.normal(hidden, width, scale=width**-0.5),
        draw.normal(hidden, scale=0.5),
        draw.normal(width, hidden, scale=hidden**-0.5),
        draw.normal(width, scale=0.5),
    )


Weights = dict[str, Any]


def block_weights(draw: Draw, width: int, hidden: int) -> Weights:
    """The parameters of an encoder block."""
    return {
        "attention": attention_weights(draw, width),
        "norm1": norm_weights(draw, width),
        "norm2": norm_weights(draw, width),
        "ffn": ffn_weights(draw, width, hidden),
    }


def some_padding(draw: Draw, rows: int, length: int) -> torch.Tensor:
    """A mask (rows, 1, 1, length): each sequence has at least two tokens, and the first one some padding."""
    lengths = draw.integers(2, length + 1, rows)
    lengths[0] = draw.integer(2, length)
    return (torch.arange(length) < lengths[:, None])[:, None, None, :]


def some_masks(draw: Draw, rows: int, length: int) -> Tensors:
    """Padding at the end; padding in front; and a mask of its own for each token, which sees itself."""
    behind = some_padding(draw, rows, length)
    each = (draw.uniform(rows, 1, length, length) < 0.5) | torch.eye(length, dtype=torch.bool)
    return behind, behind.flip(3), each


BLOCK_SIZES = ((2, 3, 4, 5, 1), (3, 5, 6, 8, 2), (2, 7, 12, 9, 3))
"""B, T, D, F, heads."""


@blocks.check("feed_forward", 1, public=True)
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


@blocks.check("feed_forward", 2)
def each_token_alike(student: Student, reference: Reference, draw: Draw) -> None:
    """feed_forward: one hidden layer with ReLU, and none at the end."""
    for rows, length, width, hidden, _ in BLOCK_SIZES:
        x = draw.normal(rows, length, width)
        matches(student, reference, "feed_forward", x.requires_grad_(), *ffn_weights(draw, width, hidden))


def as_bools(value: object, what: str) -> torch.Tensor:
    """A mask, which has to be one of bools: ~ means something else for numbers."""
    tensor = as_tensor(value)
    kind = "something else" if tensor is None else str(tensor.dtype)
    expect(tensor is not None and tensor.dtype is torch.bool, f"{what} should be a tensor of bools, and is {kind}.")
    assert tensor is not None
    return tensor


@blocks.check("causal_mask", 1)
def causal(student: Student, reference: Reference, draw: Draw) -> None:
    """causal_mask is True at and below the diagonal."""
    for length in (4, 1, 7):
        got = as_bools(student.causal_mask(length), "causal_mask")
        compare(got, reference.causal_mask(length), f"causal_mask({length})")


@blocks.check("padding_mask", 1)
def padding(student: Student, reference: Reference, draw: Draw) -> None:
    """padding_mask is True at tokens, with shape (B, 1, 1, S), wherever the padding stands."""
    for rows, length in ((2, 3), (3, 5), (4, 7)):
        pad = draw.integer(0, 3)
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


@blocks.check("post_norm_block", 4)
def post_norm(student: Student, reference: Reference, draw: Draw) -> None:
    """post_norm_block: x + sublayer(x), then the norm, for attention and then for feed-forward."""
    block_matches(student, reference, draw, "post_norm_block")


@blocks.check("pre_norm_block", 4)
def pre_norm(student: Student, reference: Reference, draw: Draw) -> None:
    """pre_norm_block: the norm, the sublayer, and x itself added, for attention and then for feed-forward."""
    block_matches(student, reference, draw, "pre_norm_block")


@blocks.check("pre_norm_block", 1)
def straight_through(student: Student, reference: Reference, draw: Draw) -> None:
    """Where both sublayers give the same for every token, a pre-norm block adds that to its input, and no more."""
    for length in (5, 3):
        p, x = block_weights(draw, 6, 7), draw.normal(2, length, 6, scale=3)
        W1, b1, W2, b2 = p["ffn"]
        attention = p["attention"] | {"Wo": torch.zeros(6, 6, dtype=draw.dtype)}
        p = p | {"attention": attention, "ffn": (W1, b1, torch.zeros_like(W2), b2)}
        compare(student.pre_norm_block(x, p, 2), x + attention["bo"] + b2, "the output")


# --- 5.4 ---------------------------------------------------------------------------------------------------------

decoder = rubric.exercise("5.4", "The decoder's block", owns=("decoder_block",), points=12, bans=BLOCKS)
PARTS = ("layer_norm", "feed_forward", "causal_mask")


def decoder_weights(draw: Draw, width: int, hidden: int) -> Weights:
    """The parameters of a decoder block."""
    return {
        "self": attention_weights(draw, width),
        "cross": attention_weights(draw, width),
        **{f"norm{i}": norm_weights(draw, width) for i in (1, 2, 3)},
        "ffn": ffn_weights(draw, width, hidden),
    }


DECODER_SIZES = ((2, 3, 5, 4, 6, 1), (3, 5, 4, 6, 8, 2), (2, 4, 7, 12, 9, 3))
"""B, T, S, D, F, heads."""
AS_LONG = (3, 4, 4, 6, 5, 2)
"""As many tokens as the memory has: there a mask of the one fits the other."""


def decoder_problem(
    draw: Draw, rows: int, length: int, memory: int, width: int, hidden: int, heads: int
) -> tuple[torch.Tensor, torch.Tensor, Weights, int]:
    """x, memory, p, heads."""
    x, answers = draw.normal(rows, length, width, scale=2), draw.normal(rows, memory, width) + draw.normal(width)
    return x, answers, decoder_weights(draw, width, hidden), heads


def attentive(p: Weights) -> Weights:
    """The same with small queries: every token gets a share of the attention that can be seen.

    All weights are then above 1e-3, so that an output moves by 1e-4 or more unless all 6 or more features happen to
    move less: below 1e-12 for a draw, where queries as drawn leave a token without a share in 1 draw of 200.
    """
    small = {part: p[part] | {name: 0.1 * p[part][name] for name in ("Wq", "bq")} for part in ("self", "cross")}
    return p | small


@decoder.check("decoder_block", 1, public=True)
def silent_sublayers(student: Student, reference: Reference, draw: Draw) -> None:
    """With Wo and W2 of 0, biases bo of 1 (self) and 10 (cross) and b2 of 100, decoder_block adds 111 to its input."""
    x, memory, p, heads = decoder_problem(draw, 2, 3, 5, 4, 6, 2)
    for name, bias in (("self", 1.0), ("cross", 10.0)):
        p[name] |= {"Wo": torch.zeros_like(p[name]["Wo"]), "bo": torch.full_like(p[name]["bo"], bias)}
    W1, b1, W2, b2 = p["ffn"]
    p["ffn"] = (W1, b1, torch.zeros_like(W2), torch.full_like(b2, 100.0))
    compare(student.decoder_block(x, memory, p, heads), x + 111, "`decoder_block`")


@decoder.check("decoder_block", 6)
def decodes(student: Student, reference: Reference, draw: Draw) -> None:
    """decoder_block: causal self-attention, cross-attention and feed-forward, each with norm first and residual."""
    for size in (*DECODER_SIZES, AS_LONG):
        x, *rest = decoder_problem(draw, *size)
        matches(student, reference, "decoder_block", x.clone().requires_grad_(), *rest)
        mask = some_padding(draw, size[0], size[2])
        matches(student, reference, "decoder_block", x, *rest, mask)
        matches(student, reference, "decoder_block", x, *rest, mask.flip(3))


@decoder.check("decoder_block", 2.5)
def no_future(student: Student, reference: Reference, draw: Draw) -> None:
    """When a token changes, the outputs before it stay the same, and its own and later ones change."""
    for size in DECODER_SIZES[1:]:
        x, memory, p, heads = decoder_problem(draw, *size)
        p = attentive(p)
        at = draw.integer(1, size[1] - 1)
        other = x.clone()
        other[:, at] += draw.normal(*other[:, at].shape) + 1
        before, after = (
            tensor_of(student.decoder_block(given, memory, p, heads), tuple(x.shape), "decoder_block")
            for given in (x, other)
        )
        compare(after[:, :at].to(draw.dtype), before[:, :at].to(draw.dtype), f"outputs before the changed token {at}")
        moved = (after - before)[:, at:].abs().amax(dim=2)
        expect(moved.min() > 1e-4, "a token changed, but not its own output and all later ones.")


@decoder.check("decoder_block", 2.5)
def padding_is_silent(student: Student, reference: Reference, draw: Draw) -> None:
    """What stands in the memory's padding changes nothing; what stands in its tokens changes every output."""
    for size in DECODER_SIZES[1:]:
        x, memory, p, heads = decoder_problem(draw, *size)
        p = attentive(p)
        mask = torch.arange(size[2]) < size[2] - 1
        mask = mask.expand(size[0], 1, 1, size[2]).clone()
        noise = draw.normal(*memory.shape) + 1
        given = (memory, memory + noise * ~mask[:, 0, 0, :, None], memory + noise * mask[:, 0, 0, :, None])
        plain, padded, heard = (
            tensor_of(student.decoder_block(x, one, p, heads, mask), tuple(x.shape), "decoder_block") for one in given
        )
        compare(padded.to(draw.dtype), plain.to(draw.dtype), "the output with other values in the memory's padding")
        moved = (heard - plain).abs().amax(dim=2)
        expect(moved.min() > 1e-4, "the memory's tokens changed, but not every output.")


# --- 5.5 ---------------------------------------------------------------------------------------------------------

losses = rubric.exercise(
    "5.5",
    "What the decoder learns",
    owns=("teacher_forcing", "padded_cross_entropy", "cross_entropy_gradient", "accuracies"),
    points=12,
    bans=ENTROPIES + AUTOGRAD,
)


def padded(draw: Draw, rows: int, length: int, classes: int, pad: int, shortest: int = 1) -> torch.Tensor:
    """Tokens (rows, length) other than pad, of different lengths: the first row is full, the last the shortest."""
    tokens = draw.integers(0, classes - 1, rows, length)
    tokens += tokens >= pad
    lengths = draw.integers(shortest, length, rows)
    lengths[0], lengths[-1] = length, shortest
    tokens[torch.arange(length) >= lengths[:, None]] = pad
    return tokens


def loss_problem(draw: Draw, rows: int, length: int, classes: int) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Logits, labels, and the number of the padding: behind the tokens, and in the last row in front of them."""
    pad = draw.integer(0, classes)
    logits, labels = draw.normal(rows, length, classes, scale=2), padded(draw, rows, length, classes, pad)
    labels[-1] = labels[-1].flip(0)
    return logits, labels, pad


LOSS_SIZES = ((2, 3, 4), (3, 5, 7), (5, 6, 11))


@losses.check("teacher_forcing", 1, public=True)
def two_sequences(student: Student, reference: Reference, draw: Draw) -> None:
    """[[5, 6, 7], [8, 0, 0]] with BOS 1, EOS 2, PAD 0: inputs [[1, 5, 6, 7], [1, 8, 0, 0]] and labels
    [[5, 6, 7, 2], [8, 2, 0, 0]]."""
    matches(student, reference, "teacher_forcing", torch.tensor([[5, 6, 7], [8, 0, 0]]), 1, 2, 0)


@losses.check("teacher_forcing", 3)
def forces(student: Student, reference: Reference, draw: Draw) -> None:
    """Inputs begin with BOS, labels end with EOS, and padding stays behind both, for any BOS, EOS and PAD."""
    for rows, length in ((2, 3), (3, 5), (6, 7)):
        pad, bos, eos = draw.distinct(3, 0, 4)
        tokens = padded(draw, rows, length, 9, 0, shortest=rows % 2) + 5
        tokens[tokens == 5] = pad
        matches(student, reference, "teacher_forcing", tokens, bos, eos, pad)


@losses.check("padded_cross_entropy", 3)
def mean_of_real_labels(student: Student, reference: Reference, draw: Draw) -> None:
    """padded_cross_entropy is the mean over all real labels of the batch, whatever number padding has."""
    for size in LOSS_SIZES:
        matches(student, reference, "padded_cross_entropy", *loss_problem(draw, *size))


@losses.check("padded_cross_entropy", 1)
def large_logits(student: Student, reference: Reference, draw: Draw) -> None:
    """Logits of 1000 or -1000 give a finite loss, and twice as large ones a loss twice as large."""
    logits, labels, pad = loss_problem(draw, 3, 4, 5)
    # One real label is very wrong, so the loss is 40 at least, and rounding in float32 moves the ratio by 1e-5.
    logits[0, 0, labels[0, 0]] = logits[0, 0].min() - 1
    given = logits * 500, logits * 1000
    once, twice = (
        float(tensor_of(student.padded_cross_entropy(one, labels, pad), (), "`padded_cross_entropy`")) for one in given
    )
    expect(math.isfinite(once) and math.isfinite(twice), "the loss of logits around 1000 is infinite or NaN.")
    wanted = [float(reference.padded_cross_entropy(one, labels, pad)) for one in given]
    # The ratio is the same for sums and for means over other labels: those are judged above.
    near = abs(twice / once - wanted[1] / wanted[0]) < 0.01 if once else False
    expect(near, f"logits twice as large should give a loss twice as large; yours goes from {once:.6g} to {twice:.6g}.")


@losses.check("cross_entropy_gradient", 3)
def loss_gradient(student: Student, reference: Reference, draw: Draw) -> None:
    """cross_entropy_gradient equals what autograd finds; it is 0 where there is padding."""
    for size in LOSS_SIZES:
        logits, labels, pad = loss_problem(draw, *size)
        point = logits.clone().requires_grad_(True)
        loss = torch.nn.functional.cross_entropy(point.flatten(0, 1), labels.flatten(), ignore_index=pad)
        got = student.cross_entropy_gradient(logits, labels, pad)
        compare(got, torch.autograd.grad(loss, point)[0], "cross_entropy_gradient")


@losses.check("accuracies", 1)
def how_often_right(student: Student, reference: Reference, draw: Draw) -> None:
    """accuracies: the part of the real labels that are right, and the part of the sequences that are right entirely."""
    for rows, length, classes in ((3, 4, 5), (7, 5, 4), (12, 6, 9)):
        logits, labels, pad = loss_problem(draw, rows, length, classes)
        hit = torch.nn.functional.one_hot(labels, classes) * (draw.uniform(rows, length, 1) < 0.8) * 20
        hit[: rows // 2] *= (labels[: rows // 2] != pad)[..., None]  # their padding is guessed wrong
        hit[: rows // 3] = torch.nn.functional.one_hot(labels, classes)[: rows // 3] * 20
        hit[: rows // 3, :, pad] = 0
        matches(student, reference, "accuracies", logits + hit, labels, pad)
        hit[:, 0, pad] += 40  # a largest logit at the padding is wrong where the label is real
        matches(student, reference, "accuracies", logits + hit, labels, pad)


# --- 5.6 ---------------------------------------------------------------------------------------------------------

smoothing = rubric.exercise(
    "5.6", "Label smoothing", owns=("smooth_labels", "smoothed_cross_entropy"), points=5, bans=ENTROPIES
)


@smoothing.check("smooth_labels", 1, public=True)
def one_label(student: Student, reference: Reference, draw: Draw) -> None:
    """smooth_labels of label 2 of 4 with epsilon 0.2 is [0.05, 0.05, 0.85, 0.05]."""
    matches(student, reference, "smooth_labels", torch.tensor([[2]]), 4, 0.2)


@smoothing.check("smooth_labels", 2)
def smooths(student: Student, reference: Reference, draw: Draw) -> None:
    """Epsilon is shared by all V tokens, the label included."""
    for rows, length, classes in LOSS_SIZES:
        labels = draw.integers(0, classes, rows, length)
        matches(student, reference, "smooth_labels", labels, classes, draw.number(0.05, 0.4))
    matches(student, reference, "smooth_labels", labels, classes, 0.0)


@smoothing.check("smoothed_cross_entropy", 2)
def smoothed_loss(student: Student, reference: Reference, draw: Draw) -> None:
    """smoothed_cross_entropy is the mean of - sum_v q_v log p_v over the labels that are not padding."""
    for size in LOSS_SIZES:
        logits, labels, pad = loss_problem(draw, *size)
        matches(student, reference, "smoothed_cross_entropy", logits, labels, pad, draw.number(0.1, 0.4))


# --- 5.7 ---------------------------------------------------------------------------------------------------------

schedule = rubric.exercise("5.7", "Warm-up", owns=("noam_rate", "noam_rates", "ANSWERS"), points=5)


@schedule.check("noam_rate", 1, public=True)
def at_the_top(student: Student, reference: Reference, draw: Draw) -> None:
    """noam_rate(100, 64, 100) is 0.0125, the highest rate of width 64 and warm-up 100."""
    matches(student, reference, "noam_rate", 100, 64, 100)


@schedule.check("noam_rate", 1.5)
def up_and_down(student: Student, reference: Reference, draw: Draw) -> None:
    """The rate climbs in a straight line for `warmup` updates, then falls with the square root."""
    for width, warmup in ((64, 100), (draw.integer(20, 600), draw.integer(50, 900))):
        steps = (1, warmup // 3, warmup, warmup + 1, 10 * warmup)
        all_match(student, reference, "noam_rate", [(step, width, warmup) for step in steps])


@schedule.check("noam_rates", 1)
def first_updates(student: Student, reference: Reference, draw: Draw) -> None:
    """noam_rates(n, ...) are the rates of updates 1 to n, in order."""
    for steps, warmup in ((1, 5), (12, 4), (30, 50)):
        matches(student, reference, "noam_rates", steps, draw.integer(16, 400), warmup)


@schedule.check("ANSWERS", 0.5)
def answer_top(student: Student, reference: Reference, draw: Draw) -> None:
    """Warm-up 4000: the update with the highest rate."""
    answer(student, "ANSWERS", "update with the highest rate", 4000)


@schedule.check("ANSWERS", 0.5)
def answer_fall(student: Student, reference: Reference, draw: Draw) -> None:
    """Warm-up 4000: the rate of update 16 000, divided by that of update 4000."""
    answer(student, "ANSWERS", "rate of 16000 over rate of 4000", 0.5, 1e-3)


@schedule.check("ANSWERS", 0.5)
def answer_width(student: Student, reference: Reference, draw: Draw) -> None:
    """Four times the width: the new highest rate divided by the old one."""
    answer(student, "ANSWERS", "highest rate, four times as wide", 0.5, 1e-3)


# --- 5.8 ---------------------------------------------------------------------------------------------------------

clipping = rubric.exercise(
    "5.8",
    "Gradient clipping",
    owns=("clip_gradients",),
    points=5,
    bans=("torch.nn.utils.clip_grad_norm_",),
)


def some_gradients(draw: Draw) -> list[torch.Tensor]:
    """Three tensors of different shapes, with a common norm between 5 and 20 or so."""
    a, b, c = draw.distinct(3, 2, 8)
    return [draw.normal(a, b, scale=2), draw.normal(c, scale=2), draw.normal(b, scale=1) + 1]


def clipped(student: Student, gradients: list[torch.Tensor], limit: float) -> Sequence[Any]:
    """The student's gradients after clipping; the norm that comes with them is judged elsewhere."""
    got = student.clip_gradients(gradients, limit)
    expect(isinstance(got, list | tuple) and len(got) == 2, "clip_gradients returns a list and the norm.")
    new: Any = got[0]
    expect(
        isinstance(new, list | tuple) and len(new) == len(gradients),
        "clip_gradients returns one tensor for each it gets.",
    )
    return list(new)


@clipping.check("clip_gradients", 1, public=True)
def three_and_four(student: Student, reference: Reference, draw: Draw) -> None:
    """[[3], [4]] with limit 1 become [[0.6], [0.8]]; the norm was 5."""
    given = [torch.tensor([3.0], dtype=draw.dtype), torch.tensor([4.0], dtype=draw.dtype)]
    matches(student, reference, "clip_gradients", given, 1.0)


@clipping.check("clip_gradients", 2)
def clips(student: Student, reference: Reference, draw: Draw) -> None:
    """The norm is that of all gradients together, returned as it was before; nothing changes when it is at most the
    limit."""
    for _ in range(3):
        matches(student, reference, "clip_gradients", some_gradients(draw), draw.number(1.5, 3))
    norm = float(reference.clip_gradients(gradients := some_gradients(draw), 1.0)[1])
    for factor in (0.99, 1.01, 1.5):
        matches(student, reference, "clip_gradients", gradients, factor * norm)
    exactly = [torch.tensor(value, dtype=draw.dtype) for value in ([[3.0], [0.0]], [4.0])]
    matches(student, reference, "clip_gradients", exactly, 5.0)


@clipping.check("clip_gradients", 1)
def leaves_alone(student: Student, reference: Reference, draw: Draw) -> None:
    """Gradients whose norm is below the limit stay as they are, zeros too; others do not."""
    gradients = some_gradients(draw)
    zeros = [torch.zeros_like(gradient) for gradient in gradients]
    for given, limit in ((gradients, draw.number(100, 200)), (zeros, 1.0)):
        compare(clipped(student, given, limit), given, "the list of gradients")
    pairs = zip(clipped(student, gradients, 1.0), gradients, strict=True)
    same = [torch.equal(tensor_of(one, tuple(g.shape), "a gradient").to(g.dtype), g) for one, g in pairs]
    expect(not all(same), "gradients stay as they are even where their norm is above the limit.")


@clipping.check("clip_gradients", 1)
def keeps_direction(student: Student, reference: Reference, draw: Draw) -> None:
    """The clipped gradients are `limit` long and point where the old ones did."""
    gradients, limit = some_gradients(draw), draw.number(1.5, 3)
    got = clipped(student, gradients, limit)
    flat = torch.cat(
        [tensor_of(c, tuple(g.shape), "a gradient").flatten() for c, g in zip(got, gradients, strict=True)]
    )
    old = torch.cat([gradient.double().flatten() for gradient in gradients])
    compare(flat.norm(), torch.tensor(limit, dtype=torch.float64), "the length after clipping", 1e-4, 1e-4)
    expect((flat @ old) / (flat.norm() * old.norm()) > 1 - 1e-6, "clipping changed the direction.")


# --- 5.9 ---------------------------------------------------------------------------------------------------------

decoding = rubric.exercise("5.9", "Decoding", owns=("log_probability", "greedy_decode", "beam_search"), points=12)

Table = tuple[torch.Tensor, int, int, int]
"""table, bos, eos, limit."""


def table_of(draw: Draw, limit: int, classes: int) -> Table:
    """A random decoder."""
    bos, eos = draw.distinct(2, 0, classes)
    return draw.normal(limit, classes, classes, scale=1.5), bos, eos, limit


def ending(reference: Reference, draw: Draw, limit: int, classes: int, shortest: int) -> Table:
    """A random decoder whose greedy sequence ends with EOS, after `shortest` tokens and before the limit."""
    while True:
        table, bos, eos, _ = table_of(draw, limit, classes)
        tokens = reference.greedy_decode(table, bos, eos, limit)
        if shortest <= len(tokens) < limit and tokens[-1] == eos:
            return table, bos, eos, limit


def endless(draw: Draw, limit: int, classes: int) -> Table:
    """A random decoder that never says EOS."""
    table, bos, eos, limit = table_of(draw, limit, classes)
    table[:, :, eos] = -20
    return table, bos, eos, limit


@decoding.check("greedy_decode", 1, public=True)
def counts_up(student: Student, reference: Reference, draw: Draw) -> None:
    """Logits of 5 for the token one higher, else 0: from BOS 0 with EOS 3, greedy decoding gives [1, 2, 3]."""
    table = torch.zeros(6, 5, 5, dtype=draw.dtype)
    table[:, torch.arange(4), torch.arange(1, 5)] = 5
    matches(student, reference, "greedy_decode", table, 0, 3, 6)


def same_sequence(got: object, expected: list[int], what: str) -> None:
    """Says where two sequences part, not what should stand there."""
    tokens = tokens_of(got)
    if tokens == expected:
        return
    common = next((i for i, pair in enumerate(zip(tokens, expected, strict=False)) if pair[0] != pair[1]), None)
    if common is not None:
        raise MismatchError(f"{what} goes wrong at token {common} (counted from 0).")
    how = "many" if len(tokens) > len(expected) else "few"
    raise MismatchError(f"{what} has {len(tokens)} tokens, which is too {how}.")


@decoding.check("log_probability", 2)
def sums_log_probabilities(student: Student, reference: Reference, draw: Draw) -> None:
    """log_probability adds log p of each token, given BOS and the tokens before it."""
    for classes, count in ((4, 1), (5, 3), (7, 6)):
        table, bos, _, _ = table_of(draw, 8, classes)
        tokens = draw.integers(0, classes, count).tolist()
        matches(student, reference, "log_probability", table, tokens, bos)


@decoding.check("greedy_decode", 3)
def greedy(student: Student, reference: Reference, draw: Draw) -> None:
    """greedy_decode takes the most probable token each time and ends with EOS, which is returned; BOS is not."""
    at_once, bos, eos, limit = ending(reference, draw, 5, 4, 1)
    at_once[0, bos, eos] = 20.0
    tables = [ending(reference, draw, *size) for size in ((6, 4, 1), (8, 5, 3), (12, 7, 4), (12, 6, 5))]
    for given in (*tables, (at_once, bos, eos, limit)):
        same_sequence(student.greedy_decode(*given), reference.greedy_decode(*given), "greedy_decode")


@decoding.check("greedy_decode", 1)
def greedy_limit(student: Student, reference: Reference, draw: Draw) -> None:
    """Without EOS, greedy_decode stops after `limit` tokens."""
    for limit, classes in ((1, 4), (4, 5), (7, 6)):
        given = endless(draw, limit, classes)
        same_sequence(student.greedy_decode(*given), reference.greedy_decode(*given), "greedy_decode")


def beams(student: Student, tables: Sequence[Table], width: int) -> list[tuple[Any, Any]]:
    """What beam_search finds, sequence and score, for all tables before anything is judged."""
    answers = [student.beam_search(*table, width) for table in tables]
    for got in answers:
        expect(
            isinstance(got, list | tuple) and len(got) == 2, "beam_search returns a sequence and its log-probability."
        )
    return [(got[0], got[1]) for got in answers]


def refilled(table: Table, width: int) -> list[int]:
    """What comes out where sequences that have ended leave the beam and make room for others: not what is asked for."""
    logits, bos, eos, limit = table
    steps = logits.log_softmax(dim=2)
    beam, done = [([bos], 0.0)], []
    for step in range(limit):
        longer = [
            ([*tokens, token], total + value)
            for tokens, total in beam
            for token, value in enumerate(steps[step, tokens[-1]].tolist())
        ]
        best = sorted(longer, key=lambda candidate: candidate[1], reverse=True)[:width]
        done += [candidate for candidate in best if candidate[0][-1] == eos]
        beam = [candidate for candidate in best if candidate[0][-1] != eos]
        if not beam:
            break
    return max(done + beam, key=lambda candidate: candidate[1])[0][1:]


def same_beams(student: Student, reference: Reference, tables: Sequence[Table], width: int) -> None:
    """beam_search finds the sequences. Their scores have a check of their own."""
    for table, (tokens, _) in zip(tables, beams(student, tables, width), strict=True):
        same_sequence(tokens, reference.beam_search(*table, width)[0], f"beam_search with width {width}")


@decoding.check("beam_search", 1)
def narrow_beam(student: Student, reference: Reference, draw: Draw) -> None:
    """With width 1, beam search is greedy decoding."""
    tables = [ending(reference, draw, *size) for size in ((6, 4, 1), (9, 6, 3))]
    same_beams(student, reference, tables, 1)


@decoding.check("beam_search", 2)
def beam_of_two(student: Student, reference: Reference, draw: Draw) -> None:
    """With width 2, it finds a sequence that is more probable than the greedy one, and stops when both have ended."""
    tables = []
    for size in ((6, 4, 2), (8, 5, 3), (9, 6, 3), (9, 5, 4), (8, 6, 2)):
        while True:
            table = ending(reference, draw, *size)
            tokens, _ = reference.beam_search(*table, 2)
            if tokens != reference.greedy_decode(*table) and tokens[-1] == table[2] and len(tokens) > 1:
                break
        tables.append(table)
    while True:  # one where it matters that ended sequences keep their place in the beam
        table = ending(reference, draw, 8, 5, 2)
        if refilled(table, 2) != reference.beam_search(*table, 2)[0]:
            break
    same_beams(student, reference, [*tables, table], 2)


@decoding.check("beam_search", 1)
def wide_beam(student: Student, reference: Reference, draw: Draw) -> None:
    """It works for other widths, more than there are tokens too, and without EOS ends after `limit` rounds."""
    same_beams(student, reference, [ending(reference, draw, 7, 5, 2)], 3)
    same_beams(student, reference, [ending(reference, draw, 6, 4, 2)], 6)
    same_beams(student, reference, [endless(draw, 4, 5)], 2)


def own_score(reference: Reference, given: Table, found: object) -> list[torch.Tensor]:
    """The log-probability of a sequence that the student returned, if it is one that has any."""
    table, bos, _, limit = given
    tokens = [token for token in tokens_of(found) if isinstance(token, int | float)]
    if 0 < len(tokens) <= limit and all(token in range(table.shape[1]) for token in tokens):
        return [reference.log_probability(table, [int(token) for token in tokens], bos)]
    return []


def nearest(values: list[torch.Tensor], score: object) -> torch.Tensor:
    """The one of the values that a student's number is nearest to."""
    got = as_tensor(score)
    if got is None or got.numel() != 1:
        return values[0]
    number = float(got)
    return min(values, key=lambda value: abs(float(value) - number))


def short_and_long(draw: Draw, limit: int, classes: int) -> Table:
    """A decoder whose shortest sequence has the largest sum of log-probabilities, and a long one the largest mean."""
    table, bos, eos, limit = table_of(draw, limit, classes)
    again = next(token for token in range(classes) if token not in (bos, eos))
    table[0, bos, eos], table[0, bos, again] = 7.0, 6.5
    table[1:-1, again, again], table[-1, again, eos] = 9.0, 9.0
    return table, bos, eos, limit


@decoding.check("beam_search", 1)
def beam_scores(student: Student, reference: Reference, draw: Draw) -> None:
    """The second result of beam_search is the log-probability of the sequence that it returns."""
    tables = [[ending(reference, draw, 8, 5, 3), endless(draw, 4, 5), short_and_long(draw, 6, 5)] for _ in range(3)]
    answers = [beams(student, some, width) for width, some in enumerate(tables, 1)]
    for width, (some, pairs) in enumerate(zip(tables, answers, strict=True), 1):
        for given, (found, score) in zip(some, pairs, strict=True):
            # A wrong sequence has lost its points above: its own score is right here, and so is the best one's.
            right = [reference.beam_search(*given, width)[1], *own_score(reference, given, found)]
            compare(score, nearest(right, score), "the log-probability")


# --- 5.10 --------------------------------------------------------------------------------------------------------

score = rubric.exercise("5.10", "BLEU", owns=("ngram_matches", "brevity_penalty", "bleu"), points=5)


@score.check("ngram_matches", 1, public=True)
def the_the_the(student: Student, reference: Reference, draw: Draw) -> None:
    """[7, 7, 7] against [7, 8, 7] has 2 matches of 3 single tokens, and 0 of 2 pairs."""
    matches(student, reference, "ngram_matches", [7, 7, 7], [7, 8, 7], 1)
    matches(student, reference, "ngram_matches", [7, 7, 7], [7, 8, 7], 2)


def translation(draw: Draw, length: int, keep: float) -> tuple[list[int], list[int]]:
    """A candidate and a reference from few tokens, so that n-grams repeat: the candidate is a disturbed reference."""
    wanted = draw.integers(0, 4, length).tolist()
    found = [token if draw.number(0, 1) < keep else draw.integer(0, 5) for token in wanted]
    cut = draw.integer(0, 3)
    return (found[cut:] if draw.integer(0, 2) else found + draw.integers(0, 4, cut).tolist()), wanted


@score.check("ngram_matches", 1.5)
def clipped_counts(student: Student, reference: Reference, draw: Draw) -> None:
    """ngram_matches counts an n-gram at most as often as it occurs in the reference; short candidates have 0 of 0."""
    for length, n in ((4, 1), (6, 2), (12, 3), (15, 4), (15, 1)):
        matches(student, reference, "ngram_matches", *translation(draw, length, 0.7), n)
    matches(student, reference, "ngram_matches", [3, 2, 2, 2, 3], [2, 2, 3, 3], 1)
    matches(student, reference, "ngram_matches", [3, 2], [2, 3, 2], 3)
    matches(student, reference, "ngram_matches", [1, 12, 3], [11, 2, 3], 2)  # tokens are numbers, not digits
    matches(student, reference, "ngram_matches", [], [2, 3], 1)


@score.check("brevity_penalty", 1)
def brevity(student: Student, reference: Reference, draw: Draw) -> None:
    """brevity_penalty is 1 for candidates of the reference's length or longer, and less for shorter ones."""
    short, same, long = sorted(draw.distinct(3, 3, 40))
    all_match(student, reference, "brevity_penalty", [(short, same), (same, same), (long, same), (short, long)])
    matches(student, reference, "brevity_penalty", 0, same)


@score.check("bleu", 1.5)
def corpus(student: Student, reference: Reference, draw: Draw) -> None:
    """bleu adds the counts over the corpus, takes n = 1 to 4 alike, and is 0 when there is no match."""
    corpora = []
    for lengths, short in (((14,), True), ((9, 17), True), ((10, 15), False), ((12, 8, 20, 15), True)):
        while True:
            pairs = [translation(draw, length, 0.8) for length in lengths]
            candidates, references = [list(side) for side in zip(*pairs, strict=True)]
            shorter = sum(map(len, candidates)) < sum(map(len, references))
            if shorter == short and reference.bleu(candidates, references) > 0.05:
                break
        corpora.append((candidates, references))
    all_match(student, reference, "bleu", corpora)
    matches(student, reference, "bleu", [[1, 2, 3, 4, 5, 6]], [[1, 2, 3, 7, 4, 5]])
    matches(student, reference, "bleu", [[1, 2, 3], [4, 5, 6, 7, 8]], [[1, 2, 3], [4, 5, 6, 7, 8]])
    fewer_than_four: list[list[list[int]]] = [[[1, 2, 3]], [[]]]
    for nothing in fewer_than_four:  # no candidate has four tokens: no matches of none
        matches(student, reference, "bleu", nothing, [[1, 2, 3]])


# --- 5.11 --------------------------------------------------------------------------------------------------------

training = rubric.exercise("5.11", "Train a translator", owns=("train_translator",), points=12)
HELPERS = (
    "positional_encoding", "add_positions", "causal_mask", "padding_mask", "teacher_forcing", "padded_cross_entropy",
    "smoothed_cross_entropy", "noam_rate", "noam_rates",
)  # fmt: skip
"""What training may call cheaply. Blocks and norms are torch.nn's there: a stand-in at every step would be too slow."""


LENGTHS = Ladder(
    "unseen Chinese numbers with the right number of digits",
    (
        Rung("simple", 0.45, 0.5, "EOS among the labels, and decoding that stops there"),
        Rung("strong", 0.91, 1.0, "enough epochs, and masks that hide padding and the future"),
    ),
    lower_is_better=False,
)

LADDER = Ladder(
    "unseen English numbers that are right to the last digit",
    (
        Rung("simple", 0.035, 0.25, "a decoder that trains with teacher forcing"),
        Rung("medium", 0.67, 0.60, "positional encodings, with embeddings that do not drown them"),
        Rung("strong", 0.88, 0.85, "more epochs: 8 instead of 3"),
        Rung("boss", 0.965, 1.00, "a higher learning rate, with warm-up and a fall to 0 by the end"),
    ),
    lower_is_better=False,
)


GUESSED, LEARNED = 0.25, 0.4
"""Parts of a made-up language's digits that are right and in place: at most the simple rung below, all points above."""


def as_learned(score: Score, ladder: Ladder, student: Student, draw: Draw) -> Score:
    """No more than the simple rung's points for a translator that knows numbers and cannot learn a language."""
    simple = ladder.rungs[0].fraction
    if score.fraction <= simple:
        return score
    task = made_up(draw)
    part = task.digits(task.translate(student)[0])
    most = simple + (1 - simple) * min(1.0, max(0.0, (part - GUESSED) / (LEARNED - GUESSED)))
    if score.fraction <= most:
        return score
    why = (
        f"A language that we made up was not learned: {part:.0%} of its digits are right, {LEARNED:.0%} are asked for."
    )
    return Score(most, f"{score.message} {why}", score.curve)


def with_cause(score: Score, ladder: Ladder, losses: Sequence[float]) -> Score:
    """Names the likely cause where the loss is nearly 0 and the translations are wrong."""
    if not losses or not losses[-1] < 0.1 or score.fraction > ladder.rungs[0].fraction:
        return score
    why = "The loss is nearly 0, and yet new numbers come out wrong: does the decoder see the future as it trains?"
    return Score(score.fraction, f"{why} {score.message}", score.curve)


@training.check("train_translator", 3, trains=True, seconds=150, lends=HELPERS)
def decides_the_length(student: Student, reference: Reference, draw: Draw) -> Score:
    """The training loss falls, and translations of Chinese numbers have the right number of digits."""
    task = chinese(draw)
    translations, trace = task.translate(student)
    expect(len(trace) > 0, "train_translator: the second result is a list with one loss for each epoch.")
    expect(len(trace) > 1, "train_translator: one loss alone cannot fall: train for at least two epochs.")
    expect(trace[-1] < 0.9 * trace[0], "the training loss hardly falls from the first epoch to the last.")
    score = with_cause(LENGTHS.score(task.lengths(translations), trace), LENGTHS, trace)
    return as_learned(score, LENGTHS, student, draw)


@training.check("train_translator", 9, trains=True, seconds=180, lends=HELPERS)
def translates(student: Student, reference: Reference, draw: Draw) -> Score:
    """English numbers below a million, never seen in training, come out right to the last digit."""
    task = english(draw)
    translations, trace = task.translate(student)
    score = with_cause(LADDER.score(task.exact(translations), trace), LADDER, trace)
    return as_learned(score, LADDER, student, draw)


@training.practice(LADDER)
def on_the_numbers_you_have(student: Student, data: Path, seed: int) -> tuple[float, list[float]]:
    """The first 4,000 of numbers.csv to learn from, the last 500 to translate from English."""
    with (data / "numbers.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    vocabulary = sorted({word for row in table for word in row["english"].split()})
    words = [[3 + vocabulary.index(word) for word in row["english"].split()] for row in table]
    digits = [[3 + int(digit) for digit in row["number"]] for row in table]
    sources, targets = (
        torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
        for rows in (words, digits)
    )
    got = student.train_translator(sources[:4000], targets[:4000], sources[4000:], 3 + len(vocabulary), 13, seed)
    expect(isinstance(got, list | tuple) and len(got) == 2, "train_translator returns the translations and the losses.")
    translations = [torch.as_tensor(row).tolist() for row in got[0]]
    expect(len(translations) == 500, f"500 numbers were to be translated, and {len(translations)} came back.")
    exact = sum(digits_in(row) == wanted for row, wanted in zip(translations, digits[4000:], strict=True)) / 500
    trace = as_tensor(got[1])
    return exact, [] if trace is None else trace.reshape(-1).tolist()


def digits_in(tokens: list[float]) -> list[float]:
    """A translation without BOS (1) in front, and without EOS (2) or padding (0) and what follows."""
    tokens = tokens[tokens[:1] == [1] :]
    return tokens[: next((i for i, token in enumerate(tokens) if token in (0, 2)), len(tokens))]
