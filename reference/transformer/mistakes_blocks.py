"""Wrong implementations that students write, each with the hint for it: positions, norms and blocks (5.1 to 5.4).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 5.1 positions ---


def _encoding(position, angle_rate):
    angle = position[:, None] * angle_rate
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


def _rates(width, base=10000):
    return base ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)


@mutant("positional_encoding", "What is the number of the first position? Compare your row 0 with the example's.")
def pos1(length, width):
    return _encoding(torch.arange(1, length + 1, dtype=torch.float64), _rates(width))


@mutant("positional_encoding", "Your waves are the right kind, but some are too fast: look at the base again.")
def base1000(length, width):
    return _encoding(torch.arange(length, dtype=torch.float64), _rates(width, 1000))


@mutant(
    "positional_encoding",
    "Some write the exponent as i / (D/2 - 1), so that the last one is 1. What is it here, at i = D/2 - 1?",
)
def exp_half(length, width):
    i = torch.arange(width // 2, dtype=torch.float64)
    return _encoding(torch.arange(length, dtype=torch.float64), 10000 ** (-i / max(1, width // 2 - 1)))


@mutant(
    "positional_encoding",
    "Should the waves get faster or slower from left to right? Is the power above or below the fraction bar?",
)
def mul(length, width):
    return _encoding(torch.arange(length, dtype=torch.float64), 1 / _rates(width))


@mutant("positional_encoding", "All sines stand left and all cosines right: who are the neighbours in the formula?")
def halves(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] * _rates(width)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


@mutant("positional_encoding", "Half of the columns are missing their function: what belongs in the odd ones?")
def only_sin(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] * _rates(width)
    return torch.stack([angle.sin(), angle.sin()], dim=2).flatten(1)


@mutant("positional_encoding", "Which comes first in a pair, at position 0: the 0 or the 1?")
def cos_first(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] * _rates(width)
    return torch.stack([angle.cos(), angle.sin()], dim=2).flatten(1)


@mutant(
    "positional_encoding", "A sine and its cosine share one angle. Does each of your columns have an angle of its own?"
)
def own_angles(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] / 10000 ** (torch.arange(width) / width)
    return torch.where(torch.arange(width) % 2 == 0, angle.sin(), angle.cos())


@mutant("positional_encoding", "The exponent is 2i/D with i = 0, 1, 2, ... for the pairs. Have you doubled twice?")
def doubled(length, width):
    return _encoding(torch.arange(length, dtype=torch.float64), _rates(width) ** 2)


@mutant("add_positions", "The textbook multiplies embeddings by the root of the width first. Does this exercise?")
def scaled_embedding(x):
    return x * x.shape[2] ** 0.5 + positional_encoding(x.shape[1], x.shape[2]).to(x.dtype)


@mutant(
    "add_positions",
    "Where does the position come from: the token's place in its sequence, or the sequence's place in the batch?",
)
def batch_positions(x):
    return x + positional_encoding(x.shape[0], x.shape[2]).to(x.dtype)[:, None]


@mutant("add_positions", "Are positions added or multiplied here?")
def times_positions(x):
    return x * positional_encoding(x.shape[1], x.shape[2]).to(x.dtype)


@mutant("shift_matrix", "Your matrix moves backwards. Try it on P[3]: where do you land with an offset of 1?")
def shifts_back(offset, width):
    M = torch.zeros(width, width, dtype=torch.float64)
    for i in range(0, width, 2):
        angle = offset / 10000 ** (i / width)
        M[i, i] = M[i + 1, i + 1] = math.cos(angle)
        M[i, i + 1], M[i + 1, i] = -math.sin(angle), math.sin(angle)
    return M


@mutant("shift_matrix", "Every pair of columns turns at its own speed. Do yours?")
def one_speed(offset, width):
    M = torch.zeros(width, width, dtype=torch.float64)
    for i in range(0, width, 2):
        M[i, i] = M[i + 1, i + 1] = math.cos(offset)
        M[i, i + 1], M[i + 1, i] = math.sin(offset), -math.sin(offset)
    return M


@mutant("shift_matrix", "sin(a + k) needs the sine and the cosine of a. Which entries off the diagonal does that take?")
def diagonal(offset, width):
    angle = offset / 10000 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.diag(angle.cos().repeat_interleave(2))


# --- 5.2 layer normalisation ---


def _normalised(x, dims, eps):
    centred = x - x.mean(dim=dims, keepdim=True)
    return centred / (centred.square().mean(dim=dims, keepdim=True) + eps).sqrt()


@mutant("layer_norm", "Which numbers share a mean? Changing one token must not change another one's output.")
def over_seq(x, gain, shift, eps=1e-5):
    return gain * _normalised(x, 0 if x.ndim == 2 else -2, eps) + shift


@mutant("layer_norm", "You have one mean for a whole sequence: how many means do T tokens have?")
def over_both(x, gain, shift, eps=1e-5):
    return gain * _normalised(x, (-2, -1), eps) + shift


@mutant("layer_norm", "Is your eps inside the root? Look what happens at a token whose features are all alike.")
def eps_out(x, gain, shift, eps=1e-5):
    centred = x - x.mean(dim=-1, keepdim=True)
    return gain * centred / (centred.square().mean(dim=-1, keepdim=True).sqrt() + eps) + shift


@mutant("layer_norm", "What is the mean of your output before gain and shift?")
def no_center(x, gain, shift, eps=1e-5):
    return gain * x / (x.var(dim=-1, keepdim=True, unbiased=False) + eps).sqrt() + shift


@mutant("layer_norm", "What do you divide by when all features of a token are the same?")
def no_eps(x, gain, shift, eps=1e-5):
    return gain * _normalised(x, -1, 0.0) + shift


@mutant("layer_norm", "Is the variance divided by D or by D - 1? What does torch do if you do not say?")
def sample_variance(x, gain, shift, eps=1e-5):
    return gain * (x - x.mean(dim=-1, keepdim=True)) / (x.var(dim=-1, keepdim=True) + eps).sqrt() + shift


@mutant(
    "layer_norm", "torch.std divides by D - 1, and where is your eps? Build it from the variance as in the formula."
)
def torch_std(x, gain, shift, eps=1e-5):
    return gain * (x - x.mean(dim=-1, keepdim=True)) / (x.std(dim=-1, keepdim=True) + eps) + shift


@mutant("layer_norm", "There is a root in the formula. Where is yours?")
def no_root(x, gain, shift, eps=1e-5):
    centred = x - x.mean(dim=-1, keepdim=True)
    return gain * centred / (centred.square().mean(dim=-1, keepdim=True) + eps) + shift


@mutant("layer_norm", "Gain first or shift first? Does the gain act on the shift?")
def shift_before_gain(x, gain, shift, eps=1e-5):
    return gain * (_normalised(x, -1, eps) + shift)


@mutant("layer_norm", "Where has the shift gone?")
def no_shift(x, gain, shift, eps=1e-5):
    return gain * _normalised(x, -1, eps)


@mutant("layer_norm", "All is well when we pass eps; what is yours when we do not?")
def other_eps(x, gain, shift, eps=1e-6):
    return gain * _normalised(x, -1, eps) + shift


def _backward(upstream, x, gain, eps):
    normal = _normalised(x, -1, eps)
    deviation = (x.var(dim=-1, keepdim=True, unbiased=False) + eps).sqrt()
    rows = upstream.reshape(-1, x.shape[-1])
    return upstream * gain, normal, deviation, (rows * normal.reshape(rows.shape)).sum(dim=0), rows.sum(dim=0)


@mutant("layer_norm_backward", "When x moves, the mean and the deviation move too: your gx treats both as fixed.")
def statistics_fixed(upstream, x, gain, eps=1e-5):
    g, _, deviation, ggain, gshift = _backward(upstream, x, gain, eps)
    return g / deviation, ggain, gshift


@mutant("layer_norm_backward", "Your gx knows that the mean moves with x. Does the deviation, too?")
def deviation_fixed(upstream, x, gain, eps=1e-5):
    g, _, deviation, ggain, gshift = _backward(upstream, x, gain, eps)
    return (g - g.mean(dim=-1, keepdim=True)) / deviation, ggain, gshift


@mutant("layer_norm_backward", "Your gx knows that the deviation moves with x. Does the mean, too?")
def mean_fixed(upstream, x, gain, eps=1e-5):
    g, normal, deviation, ggain, gshift = _backward(upstream, x, gain, eps)
    return (g - normal * (g * normal).mean(dim=-1, keepdim=True)) / deviation, ggain, gshift


@mutant("layer_norm_backward", "On its way back to x, the upstream gradient passes the gain. Does yours?")
def gain_forgotten(upstream, x, gain, eps=1e-5):
    _, normal, deviation, ggain, gshift = _backward(upstream, x, gain, eps)
    g = upstream
    return (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) / deviation, ggain, gshift


@mutant("layer_norm_backward", "The gain multiplies the normalised x, not x itself: what is its gradient then?")
def gain_times_x(upstream, x, gain, eps=1e-5):
    g, normal, deviation, _, gshift = _backward(upstream, x, gain, eps)
    gx = (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) / deviation
    return gx, (upstream * x).reshape(-1, x.shape[-1]).sum(dim=0), gshift


@mutant("layer_norm_backward", "The same gain works for every token: are the tokens' gradients added up, or averaged?")
def parameters_averaged(upstream, x, gain, eps=1e-5):
    g, normal, deviation, ggain, gshift = _backward(upstream, x, gain, eps)
    gx = (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) / deviation
    rows = upstream[..., 0].numel()
    return gx, ggain / rows, gshift / rows


@mutant(
    "layer_norm_backward",
    "The gradients of gain and shift have shape (D,): which dimensions does the sum run over, then?",
)
def summed_over_batch(upstream, x, gain, eps=1e-5):
    g, normal, deviation, _, _ = _backward(upstream, x, gain, eps)
    gx = (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) / deviation
    return gx, (upstream * normal).sum(dim=0), upstream.sum(dim=0)


# --- 5.3 masks and blocks ---


@mutant("causal_mask", "May a token see itself?")
def strictly_before(length):
    return torch.ones(length, length, dtype=torch.bool).tril(-1)


@mutant("causal_mask", "True is where one may look. Is yours the other way round?")
def hides_past(length):
    return torch.ones(length, length, dtype=torch.bool).triu(1)


@mutant("causal_mask", "Rows ask and columns answer: does row 0 see the whole future in yours?")
def sees_future(length):
    return torch.ones(length, length, dtype=torch.bool).triu()


@mutant("causal_mask", "Your tokens can see one step into the future: which diagonal is the last?")
def one_ahead(length):
    return torch.ones(length, length, dtype=torch.bool).tril(1)


@mutant("causal_mask", "The mask has to be one of True and False: with numbers, ~ and masked_fill mean something else.")
def float_mask(length):
    return torch.ones(length, length).tril()


@mutant("padding_mask", "True is where a token is. What is yours True at?")
def true_at_padding(tokens, pad):
    return (tokens == pad)[:, None, None, :]


@mutant("padding_mask", "Which number is padding? It is handed to you, and not always 0.")
def pad_is_zero(tokens, pad):
    return (tokens != 0)[:, None, None, :]


@mutant("padding_mask", "It has to fit scores of shape (B, heads, T, S): where do the two dimensions of size 1 go?")
def flat_mask(tokens, pad):
    return tokens != pad


@mutant(
    "padding_mask", "Who must not be heard, the one who asks or the one who answers? Which of the dimensions is that?"
)
def masks_queries(tokens, pad):
    return (tokens != pad)[:, None, :, None]


@mutant("feed_forward", "Two layers with nothing between them are one layer. What is missing?")
def no_relu(x, W1, b1, W2, b2):
    return (x @ W1.T + b1) @ W2.T + b2


@mutant("feed_forward", "Can your output be negative? ReLU belongs to the hidden layer only.")
def relu_after(x, W1, b1, W2, b2):
    return torch.relu((x @ W1.T + b1) @ W2.T + b2)


@mutant("feed_forward", "There is a ReLU too many: where should the output be cut off at 0, and where not?")
def relu_twice(x, W1, b1, W2, b2):
    return torch.relu(torch.relu(x @ W1.T + b1) @ W2.T + b2)


@mutant("feed_forward", "The residual belongs to the block, not to the feed-forward network.")
def ffn_residual(x, W1, b1, W2, b2):
    return x + torch.relu(x @ W1.T + b1) @ W2.T + b2


@mutant("feed_forward", "Is the first bias added before ReLU?")
def bias_after_relu(x, W1, b1, W2, b2):
    return (torch.relu(x @ W1.T) + b1) @ W2.T + b2


@mutant("feed_forward", "GELU came later: which activation does this exercise ask for?")
def gelu(x, W1, b1, W2, b2):
    return torch.nn.functional.gelu(x @ W1.T + b1) @ W2.T + b2


def _pre(x, p, heads, mask):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


def _post(x, p, heads, mask):
    x = layer_norm(x + attention(x, x, p["attention"], heads, mask), *p["norm1"])
    return layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm2"])


@mutant(
    "pre_norm_block", "That is the post-norm block. Where does the norm stand here: in the sum, or before the sublayer?"
)
def postnorm(x, p, heads, mask=None):
    return _post(x, p, heads, mask)


@mutant("pre_norm_block", "What do you add to attention's output: x as it came in, or the normalised x?")
def res_norm(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    x = n + attention(n, n, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@mutant(
    "pre_norm_block", "What do you add to the feed-forward network's output: the sum itself, or the normalised sum?"
)
def res_norm2(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    n = layer_norm(x + attention(n, n, p["attention"], heads, mask), *p["norm2"])
    return n + feed_forward(n, *p["ffn"])


@mutant("pre_norm_block", "Is the x that you add still the x that came in? Give the normalised one a name of its own.")
def overwrites_x(x, p, heads, mask=None):
    x = layer_norm(x, *p["norm1"])
    x = x + attention(x, x, p["attention"], heads, mask)
    x = layer_norm(x, *p["norm2"])
    return x + feed_forward(x, *p["ffn"])


@mutant("pre_norm_block", "One of the two residuals is missing: does x get around attention?")
def no_res1(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    x = attention(n, n, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@mutant("pre_norm_block", "One of the two residuals is missing: what gets around the feed-forward network?")
def no_res2(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["attention"], heads, mask)
    return feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@mutant("pre_norm_block", "A block has two norms with their own gains and shifts. Do you use both?")
def shared_ln(x, p, heads, mask=None):
    return _pre(x, p | {"norm2": p["norm1"]}, heads, mask)


@mutant("pre_norm_block", "What goes into the feed-forward network: is it normalised?")
def no_ln2(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["attention"], heads, mask)
    return x + feed_forward(x, *p["ffn"])


@mutant(
    "pre_norm_block",
    "Does the feed-forward network see what attention has found? In your block both start from the same x.",
)
def parallel(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    return x + attention(n, n, p["attention"], heads, mask) + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@mutant("pre_norm_block", "Your first sublayer is pre-norm and your second one post-norm. Should they not be alike?")
def norm_after_add(x, p, heads, mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["attention"], heads, mask)
    return layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm2"])


@mutant("pre_norm_block", "Queries come from the normalised x. And what do keys and values come from?")
def raw_memory(x, p, heads, mask=None):
    x = x + attention(layer_norm(x, *p["norm1"]), x, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])


@mutant("pre_norm_block", "Does the mask reach attention?")
def mask_dropped(x, p, heads, mask=None):
    return _pre(x, p, heads, None)


@mutant("pre_norm_block", "Which norm belongs to which sublayer?")
def norms_swapped(x, p, heads, mask=None):
    return _pre(x, p | {"norm1": p["norm2"], "norm2": p["norm1"]}, heads, mask)


@mutant("post_norm_block", "That is the pre-norm block. Here the norm comes after the sum.")
def prenorm(x, p, heads, mask=None):
    return _pre(x, p, heads, mask)


@mutant("post_norm_block", "The norm should take in the sum of x and the sublayer's output. What does yours take in?")
def norm_before_add(x, p, heads, mask=None):
    x = x + layer_norm(attention(x, x, p["attention"], heads, mask), *p["norm1"])
    return x + layer_norm(feed_forward(x, *p["ffn"]), *p["norm2"])


@mutant("post_norm_block", "Two residuals are drawn in the picture of a block. How many has yours?")
def no_residuals(x, p, heads, mask=None):
    x = layer_norm(attention(x, x, p["attention"], heads, mask), *p["norm1"])
    return layer_norm(feed_forward(x, *p["ffn"]), *p["norm2"])


@mutant(
    "post_norm_block",
    "The second residual goes around the feed-forward network only: is it the block's input that you add?",
)
def old_residual(x, p, heads, mask=None):
    y = layer_norm(x + attention(x, x, p["attention"], heads, mask), *p["norm1"])
    return layer_norm(x + feed_forward(y, *p["ffn"]), *p["norm2"])


@mutant("post_norm_block", "There are norm1 and norm2, and they differ. Which of them do you use twice?")
def post_shared_ln(x, p, heads, mask=None):
    return _post(x, p | {"norm2": p["norm1"]}, heads, mask)


@mutant("post_norm_block", "Is there a norm between attention and the feed-forward network?")
def post_no_ln1(x, p, heads, mask=None):
    x = x + attention(x, x, p["attention"], heads, mask)
    return layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm2"])


@mutant("post_norm_block", "Padding answers in your block: what became of the mask?")
def post_mask_dropped(x, p, heads, mask=None):
    return _post(x, p, heads, None)


@mutant("post_norm_block", "In which order do the two sublayers come?")
def ffn_first(x, p, heads, mask=None):
    x = layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm2"])
    return layer_norm(x + attention(x, x, p["attention"], heads, mask), *p["norm1"])


# --- 5.4 the decoder's block ---


def _decoder(x, memory, p, heads, memory_mask, self_mask):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, self_mask)
    x = x + attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@mutant("decoder_block", "Your decoder reads what it has yet to write: which mask does its self-attention need?")
def no_causal_mask(x, memory, p, heads, memory_mask=None):
    return _decoder(x, memory, p, heads, memory_mask, None)


@mutant("decoder_block", "Padding in the memory is heard: where does memory_mask go?")
def memory_mask_dropped(x, memory, p, heads, memory_mask=None):
    return _decoder(x, memory, p, heads, None, causal_mask(x.shape[1]))


@mutant("decoder_block", "Is memory_mask True where one may look, or where one may not? Yours hears padding alone.")
def memory_mask_inverted(x, memory, p, heads, memory_mask=None):
    hidden = None if memory_mask is None else ~memory_mask
    return _decoder(x, memory, p, heads, hidden, causal_mask(x.shape[1]))


@mutant("decoder_block", "The encoder has normalised the memory already. Do you do it once more?")
def normalises_memory(x, memory, p, heads, memory_mask=None):
    return _decoder(x, layer_norm(memory, *p["norm2"]), p, heads, memory_mask, causal_mask(x.shape[1]))


@mutant("decoder_block", "In cross-attention, who asks and who answers? Keys and values are not the decoder's.")
def no_cross(x, memory, p, heads, memory_mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.shape[1]))
    n = layer_norm(x, *p["norm2"])
    x = x + attention(n, n, p["cross"], heads, causal_mask(x.shape[1]))
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@mutant("decoder_block", "A decoder block has three sublayers. Which one is missing in yours?")
def cross_missing(x, memory, p, heads, memory_mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.shape[1]))
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@mutant("decoder_block", "Is there a residual around cross-attention?")
def cross_no_residual(x, memory, p, heads, memory_mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.shape[1]))
    x = attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@mutant("decoder_block", "What does cross-attention ask with: is its query normalised?")
def raw_query(x, memory, p, heads, memory_mask=None):
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.shape[1]))
    x = x + attention(x, memory, p["cross"], heads, memory_mask)
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@mutant("decoder_block", "Does the decoder first look at itself, or first at the memory?")
def cross_first(x, memory, p, heads, memory_mask=None):
    x = x + attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)
    n = layer_norm(x, *p["norm1"])
    x = x + attention(n, n, p["self"], heads, causal_mask(x.shape[1]))
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])


@mutant("decoder_block", "Self-attention and cross-attention have weights of their own. Do you use both sets?")
def shared_attention(x, memory, p, heads, memory_mask=None):
    return _decoder(x, memory, p | {"cross": p["self"]}, heads, memory_mask, causal_mask(x.shape[1]))


@mutant("decoder_block", "Three sublayers, three norms: which one goes with the feed-forward network?")
def norms_mixed(x, memory, p, heads, memory_mask=None):
    return _decoder(x, memory, p | {"norm3": p["norm2"]}, heads, memory_mask, causal_mask(x.shape[1]))


@mutant("decoder_block", "Here each sublayer gets normalised input. In yours, the sums are normalised.")
def decoder_postnorm(x, memory, p, heads, memory_mask=None):
    x = layer_norm(x + attention(x, x, p["self"], heads, causal_mask(x.shape[1])), *p["norm1"])
    x = layer_norm(x + attention(x, memory, p["cross"], heads, memory_mask), *p["norm2"])
    return layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm3"])


# --- boundaries ---


@mutant(
    "layer_norm",
    "The mean of the squares minus the square of the mean: what is left of it in float32 when both are large?",
)
def squares_apart(x, gain, shift, eps=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.square().mean(dim=-1, keepdim=True) - mean.square()
    return gain * (x - mean) / (variance + eps).sqrt() + shift


@mutant("padding_mask", "Does yours count on padding at the end? It may stand in front, too.")
def pad_at_the_end(tokens, pad):
    lengths = (tokens != pad).sum(dim=1, keepdim=True)
    return (torch.arange(tokens.shape[1]) < lengths)[:, None, None, :]


@mutant("decoder_block", "Whose padding does `memory_mask` hide? Does it belong in the self-attention?")
def memory_mask_on_self(x, memory, p, heads, memory_mask=None):
    seen = causal_mask(x.shape[1])  # noqa: F821
    if memory_mask is not None and memory_mask.shape[-1] == x.shape[1]:
        seen = seen & memory_mask
    normal = layer_norm(x, *p["norm1"])  # noqa: F821
    x = x + attention(normal, normal, p["self"], heads, seen)  # noqa: F821
    x = x + attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)  # noqa: F821
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])  # noqa: F821
