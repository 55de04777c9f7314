"""5.4 The decoder's block."""

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

from .common import BLOCKS, Weights, attention_weights, ffn_weights, norm_weights, some_padding

exercise = Exercise("5.4", "The decoder's block", owns=("decoder_block",), points=12, bans=BLOCKS)


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


@exercise.check("decoder_block", 1, public=True)
def silent_sublayers(student: Student, reference: Reference, draw: Draw) -> None:
    """With Wo and W2 of 0, biases bo of 1 (self) and 10 (cross) and b2 of 100, decoder_block adds 111 to its input."""
    x, memory, p, heads = decoder_problem(draw, 2, 3, 5, 4, 6, 2)
    for name, bias in (("self", 1.0), ("cross", 10.0)):
        p[name] |= {"Wo": torch.zeros_like(p[name]["Wo"]), "bo": torch.full_like(p[name]["bo"], bias)}
    W1, b1, W2, b2 = p["ffn"]
    p["ffn"] = (W1, b1, torch.zeros_like(W2), torch.full_like(b2, 100.0))
    compare(student.decoder_block(x, memory, p, heads), x + 111, "`decoder_block`")


@exercise.check("decoder_block", 6)
def decodes(student: Student, reference: Reference, draw: Draw) -> None:
    """decoder_block: causal self-attention, cross-attention and feed-forward, each with norm first and residual."""
    for size in (*DECODER_SIZES, AS_LONG):
        x, *rest = decoder_problem(draw, *size)
        matches(student, reference, "decoder_block", x.clone().requires_grad_(), *rest)
        mask = some_padding(draw, size[0], size[2])
        matches(student, reference, "decoder_block", x, *rest, mask)
        matches(student, reference, "decoder_block", x, *rest, mask.flip(3))
    gradients_reach(student, reference, "decoder_block", *decoder_problem(draw, 1, 2, 3, 4, 5, 2))


@exercise.check("decoder_block", 2.5)
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


@exercise.check("decoder_block", 2.5)
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


# --- mistakes ---


def _decoder(x, memory, p, heads, memory_mask, self_mask):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, self_mask)
    x = x + attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@exercise.mistake(
    "decoder_block", "Your decoder reads what it has yet to write: which mask does its self-attention need?"
)
def no_causal_mask(x, memory, p, heads, memory_mask=None):
    return _decoder(x, memory, p, heads, memory_mask, None)


@exercise.mistake("decoder_block", "Padding in the memory is heard: where does memory_mask go?")
def memory_mask_dropped(x, memory, p, heads, memory_mask=None):
    return _decoder(x, memory, p, heads, None, causal_mask(x.shape[1]))


@exercise.mistake(
    "decoder_block", "Is memory_mask True where one may look, or where one may not? Yours hears padding alone."
)
def memory_mask_inverted(x, memory, p, heads, memory_mask=None):
    hidden = None if memory_mask is None else ~memory_mask
    return _decoder(x, memory, p, heads, hidden, causal_mask(x.shape[1]))


@exercise.mistake("decoder_block", "The encoder has normalised the memory already. Do you do it once more?")
def normalises_memory(x, memory, p, heads, memory_mask=None):
    return _decoder(x, layer_norm(memory, *p["norm2"]), p, heads, memory_mask, causal_mask(x.shape[1]))


@exercise.mistake(
    "decoder_block", "In cross-attention, who asks and who answers? Keys and values are not the decoder's."
)
def no_cross(x, memory, p, heads, memory_mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.shape[1]))
    n = layer_norm(x, *p["norm2"])
    x = x + attention(n, n, p["cross"], heads, causal_mask(x.shape[1]))
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@exercise.mistake("decoder_block", "A decoder block has three sublayers. Which one is missing in yours?")
def cross_missing(x, memory, p, heads, memory_mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.shape[1]))
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@exercise.mistake("decoder_block", "The encoder learns through its output: where do the memory's gradients get lost?")
def encoder_cut_off(x, memory, p, heads, memory_mask=None):
    return _decoder(x, memory.detach(), p, heads, memory_mask, causal_mask(x.shape[1]))


@exercise.mistake("decoder_block", "Is there a residual around cross-attention?")
def cross_no_residual(x, memory, p, heads, memory_mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.shape[1]))
    x = attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@exercise.mistake("decoder_block", "What does cross-attention ask with: is its query normalised?")
def raw_query(x, memory, p, heads, memory_mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.shape[1]))
    x = x + attention(x, memory, p["cross"], heads, memory_mask)
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@exercise.mistake("decoder_block", "Does the decoder first look at itself, or first at the memory?")
def cross_first(x, memory, p, heads, memory_mask=None):
    x = x + attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.shape[1]))
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@exercise.mistake(
    "decoder_block", "Self-attention and cross-attention have weights of their own. Do you use both sets?"
)
def shared_attention(x, memory, p, heads, memory_mask=None):
    return _decoder(x, memory, p | {"cross": p["self"]}, heads, memory_mask, causal_mask(x.shape[1]))


@exercise.mistake("decoder_block", "Three sublayers, three norms: which one goes with the feed-forward network?")
def norms_mixed(x, memory, p, heads, memory_mask=None):
    return _decoder(x, memory, p | {"norm3": p["norm2"]}, heads, memory_mask, causal_mask(x.shape[1]))


@exercise.mistake("decoder_block", "Here each sublayer gets normalised input. In yours, the sums are normalised.")
def decoder_postnorm(x, memory, p, heads, memory_mask=None):
    x = layer_norm(x + attention(x, x, p["self"], heads, causal_mask(x.shape[1])), *p["norm1"])
    x = layer_norm(x + attention(x, memory, p["cross"], heads, memory_mask), *p["norm2"])
    return layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm3"])


@exercise.mistake("decoder_block", "Whose padding does `memory_mask` hide? Does it belong in the self-attention?")
def memory_mask_on_self(x, memory, p, heads, memory_mask=None):
    seen = causal_mask(x.shape[1])  # noqa: F821
    if memory_mask is not None and memory_mask.shape[-1] == x.shape[1]:
        seen = seen & memory_mask
    normal = layer_norm(x, *p["norm1"])  # noqa: F821
    x = x + attention(normal, normal, p["self"], heads, seen)  # noqa: F821
    x = x + attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)  # noqa: F821
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])  # noqa: F821
