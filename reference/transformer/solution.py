# %% [markdown]
# # The transformer: from words to digits
#
# *Twenty one thousand forty five* goes in, *2 1 0 4 5* comes out, and the machine decides by itself when to stop. You
# will build every part of it: positions, layer normalisation, blocks, losses, a schedule, decoding, a score for
# translations; and in the end you train one.
#
# - Fill in each function where it says `raise NotImplementedError`. Keep the names and the arguments.
# - Tensors come in float64 and, once, in float32: compute in the dtype you are given.
# - Every exercise is graded on its own. If an earlier one is wrong, later ones are checked with ours in its place.
# - Code at the top level that trains or plots is fine: it is not run when we grade.
#
# Shapes: B sequences in a batch, T tokens each, D features (the width), V tokens in the vocabulary. Weights are stored
# as (outputs, inputs), so a layer computes `x @ W.T + b`. A **mask** is True where one **may look**.

# %%
import math
from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn

# %% [markdown]
# **Given.** Attention is the subject of another assignment, so here it is. Use it as it is.


# %%
def attention(x: Tensor, memory: Tensor, p: dict[str, Tensor], heads: int, mask: Tensor | None = None) -> Tensor:
    """Multi-head attention: x (B, T, D) asks, memory (B, S, D) answers -> (B, T, D). Self-attention: memory is x.

    p: dict with the weights Wq, Wk, Wv, Wo (D, D) and the biases bq, bk, bv, bo (D,).
    mask: bool, broadcast to (B, heads, T, S); True where x may look at memory. None: everywhere.
    """

    def split(y: Tensor) -> Tensor:
        return y.reshape(*y.shape[:2], heads, -1).transpose(1, 2)

    query, key = split(x @ p["Wq"].T + p["bq"]), split(memory @ p["Wk"].T + p["bk"])
    value = split(memory @ p["Wv"].T + p["bv"])
    scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    mixed = scores.softmax(dim=3) @ value
    return mixed.transpose(1, 2).flatten(2) @ p["Wo"].T + p["bo"]


# %% [markdown]
# ## Exercise 5.1 · Where am I? (8 points)
#
# Attention does not see the order of its inputs: positions have to be added. Position $p = 0, 1, 2, \dots$ gets
#
# $$P_{p,2i} = \sin\frac{p}{10000^{2i/D}}, \qquad P_{p,2i+1} = \cos\frac{p}{10000^{2i/D}}, \qquad
# i = 0, \dots, D/2 - 1.$$
#
# Sines and cosines take turns: columns 0, 1 are a sine and a cosine of the same angle, and so are 2, 3. Why these?
# Moving on by $k$ positions turns each such pair by an angle that depends on $k$ alone: a **linear** map takes $P_p$
# to $P_{p+k}$, whatever $p$ is. Find it.


# %%
def positional_encoding(length: int, width: int) -> Tensor:
    """Sinusoidal positions 0 .. length - 1 -> (length, width), for an even width. float32 or float64, as you like."""
    # SOLUTION
    position = torch.arange(length, dtype=torch.float64)[:, None]
    angle = position / 10000 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)
    # END


def add_positions(x: Tensor) -> Tensor:
    """Add its position to each token: x (B, T, D) -> (B, T, D), in the dtype of x. Nothing is scaled."""
    # SOLUTION
    return x + positional_encoding(x.shape[1], x.shape[2]).to(x.dtype)
    # END


def shift_matrix(offset: int, width: int) -> Tensor:
    """The matrix M (width, width) with P[p + offset] = M @ P[p] for every position p, where P is the encoding.

    float32 or float64, as you like. offset may be negative.
    """
    # SOLUTION
    M = torch.zeros(width, width, dtype=torch.float64)
    for i in range(0, width, 2):
        angle = offset / 10000 ** (i / width)
        M[i, i] = M[i + 1, i + 1] = math.cos(angle)
        M[i, i + 1], M[i + 1, i] = math.sin(angle), -math.sin(angle)
    return M
    # END


# %% [markdown]
# ## Exercise 5.1a · Predict: which positions are alike? (3 points)
#
# **Write before you run the next cell.** It draws P for 60 positions of width 64, and their similarity P Pᵀ: entry
# [p, q] is the dot product of positions p and q. How large is it on the diagonal? Does it depend on p and q
# themselves, or on what? How does it go on away from the diagonal? Say why. Then look, and add what you did not
# expect: being wrong costs nothing. Three to six sentences.

# %% [markdown]
# **See it.** On the left the first columns turn fast and the last ones hardly at all. On the right, how alike any two
# positions are.

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        P = positional_encoding(60, 64)
        figure, axes = plt.subplots(1, 3, num="5.1 positions and how alike they are", figsize=(12, 4))
        axes[0].imshow(P, cmap="Greys", aspect="auto")
        axes[0].set(title="P", xlabel="feature", ylabel="position")
        bar = figure.colorbar(axes[1].imshow(P @ P.T, cmap="Greys"), ax=axes[1])
        axes[1].set(title="P Pᵀ", xlabel="position", ylabel="position")
        for position, line in ((0, "-"), (30, "--")):
            axes[2].plot(P @ P[position], line, label=f"with position {position}")
        axes[2].set(title="two rows of P Pᵀ", xlabel="position", ylim=(12, 42))
        axes[2].legend(loc="upper right")
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 5.2 · Layer normalisation (10 points)
#
# Each token is normalised **by itself**, over its D features: $\mu$ and $\sigma^2$ are the mean and the variance of its
# features (divide by D, not D - 1),
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y = \text{gain} \cdot \hat x + \text{shift}.$$
#
# Then the way back by hand: when $x_j$ moves, $\mu$ and $\sigma$ move too.


# %%
def layer_norm(x: Tensor, gain: Tensor, shift: Tensor, eps: float = 1e-5) -> Tensor:
    """Normalise the last dimension: x (..., D), gain (D,), shift (D,) -> (..., D).

    Right in float32, too, where the features are around 300: subtract the mean before you square.
    """
    # SOLUTION
    centred = x - x.mean(dim=-1, keepdim=True)
    return gain * centred / (centred.square().mean(dim=-1, keepdim=True) + eps).sqrt() + shift
    # END


def layer_norm_backward(upstream: Tensor, x: Tensor, gain: Tensor, eps: float = 1e-5) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of a loss through layer_norm, by hand (no autograd).

    upstream (..., D): the gradient with respect to y. Returns those with respect to x (..., D), gain (D,), shift (D,).
    """
    # SOLUTION
    centred = x - x.mean(dim=-1, keepdim=True)
    deviation = (centred.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    normal = centred / deviation
    g = upstream * gain
    gx = (g - g.mean(dim=-1, keepdim=True) - normal * (g * normal).mean(dim=-1, keepdim=True)) / deviation
    rows = upstream.reshape(-1, x.shape[-1])
    return gx, (rows * normal.reshape(rows.shape)).sum(dim=0), rows.sum(dim=0)
    # END


# %% [markdown]
# ## Exercise 5.3 · Masks and blocks (14 points)
#
# Two masks say who may look at whom. Padding must not answer. And a decoder writes one token after the other, so a
# token may see itself and what is **before** it: in training all tokens are computed at once, and the causal mask keeps
# the future out of sight.
#
# A feed-forward network treats every token alike: one hidden layer with ReLU, none at the end. A block has two
# sublayers, attention and feed-forward, and a **residual** around each: what comes in is added to what comes out. The
# first transformer normalised after each sum (**post-norm**); nowadays one normalises what goes into a sublayer
# (**pre-norm**), so that there is a straight way through from the input to the output:
#
# - post-norm: $x \leftarrow \text{norm}(x + \text{sublayer}(x))$
# - pre-norm: $x \leftarrow x + \text{sublayer}(\text{norm}(x))$
#
# In both, `norm1` belongs to attention and `norm2` to the feed-forward network. `layer_norm` has its standard `eps`.


# %%
def causal_mask(length: int) -> Tensor:
    """(length, length), bool: entry [t, s] is True where token t may see token s, that is for s <= t."""
    # SOLUTION
    return torch.ones(length, length, dtype=torch.bool).tril()
    # END


def padding_mask(tokens: Tensor, pad: int) -> Tensor:
    """tokens (B, S) -> (B, 1, 1, S), bool: True where there is a token, False where there is padding (anywhere)."""
    # SOLUTION
    return (tokens != pad)[:, None, None, :]
    # END


def feed_forward(x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    """W2 ReLU(W1 x + b1) + b2 for each token: x (B, T, D), W1 (F, D), b1 (F,), W2 (D, F), b2 (D,) -> (B, T, D)."""
    # SOLUTION
    return torch.relu(x @ W1.T + b1) @ W2.T + b2
    # END


def post_norm_block(x: Tensor, p: dict[str, Any], heads: int, mask: Tensor | None = None) -> Tensor:
    """Self-attention, then feed-forward, each followed by residual and norm: x (B, T, D) -> (B, T, D).

    p["attention"] is for `attention`; p["norm1"] and p["norm2"] are (gain, shift); p["ffn"] is (W1, b1, W2, b2).
    mask goes to `attention`.
    """
    # SOLUTION
    x = layer_norm(x + attention(x, x, p["attention"], heads, mask), *p["norm1"])
    return layer_norm(x + feed_forward(x, *p["ffn"]), *p["norm2"])
    # END


def pre_norm_block(x: Tensor, p: dict[str, Any], heads: int, mask: Tensor | None = None) -> Tensor:
    """The same parts with the norm inside: x (B, T, D) -> (B, T, D). Arguments as in post_norm_block."""
    # SOLUTION
    normal = layer_norm(x, *p["norm1"])
    x = x + attention(normal, normal, p["attention"], heads, mask)
    return x + feed_forward(layer_norm(x, *p["norm2"]), *p["ffn"])
    # END


# %% [markdown]
# ## Exercise 5.4 · The decoder's block (12 points)
#
# The decoder's self-attention sees no future. Between it and the feed-forward network there is **cross-attention**: the
# decoder's tokens ask, the encoder's output (`memory`) answers. The memory's padding must not answer; the memory itself
# is **not** normalised here, the encoder has done that.


# %%
def decoder_block(
    x: Tensor, memory: Tensor, p: dict[str, Any], heads: int, memory_mask: Tensor | None = None
) -> Tensor:
    """Pre-norm decoder block: causal self-attention, cross-attention, feed-forward, a residual around each.

    x (B, T, D), memory (B, S, D) -> (B, T, D). memory_mask (B, 1, 1, S), True where there is a token; None: everywhere.
    p["self"] and p["cross"] are for `attention`; p["ffn"] is (W1, b1, W2, b2); p["norm1"], p["norm2"], p["norm3"] are
    (gain, shift) for self-attention, cross-attention and feed-forward.
    """
    # SOLUTION
    normal = layer_norm(x, *p["norm1"])
    x = x + attention(normal, normal, p["self"], heads, causal_mask(x.shape[1]))
    x = x + attention(layer_norm(x, *p["norm2"]), memory, p["cross"], heads, memory_mask)
    return x + feed_forward(layer_norm(x, *p["norm3"]), *p["ffn"])
    # END


# %% [markdown]
# ## Exercise 5.5 · What the decoder learns (12 points)
#
# In training the decoder is given the right answer up to now and asked for the next token (**teacher forcing**):
#
# | | | | | | |
# |---|---|---|---|---|---|
# | what comes in | BOS | 2 | 1 | 0 | |
# | what should come out | 2 | 1 | 0 | EOS | |
#
# Sequences in a batch differ in length and are filled up with PAD at the end. A label that is PAD counts for nothing:
# the loss is the mean over **all real labels of the batch**. EOS is a real label: it is how the machine learns when
# to stop.


# %%
def teacher_forcing(targets: Tensor, bos: int, eos: int, pad: int) -> tuple[Tensor, Tensor]:
    """Inputs and labels for the decoder: targets (B, T), padded at the end -> two tensors (B, T + 1).

    Inputs: BOS, the tokens, padding. Labels: the tokens, EOS right behind the last one, padding. A target without
    tokens has EOS as its first label.
    """
    # SOLUTION
    column = torch.full_like(targets[:, :1], pad)
    inputs = torch.cat([torch.full_like(column, bos), targets], dim=1)
    labels = torch.cat([targets, column], dim=1)
    labels[torch.arange(len(targets)), (targets != pad).sum(dim=1)] = eos
    return inputs, labels
    # END


def padded_cross_entropy(logits: Tensor, labels: Tensor, pad: int) -> Tensor:
    """Mean of -log p(label) over the labels that are not pad: logits (B, T, V), labels (B, T) -> a scalar tensor.

    Pad may stand anywhere, here and in the functions below, not only at the end. Finite for any finite logits, 1000
    too. There is at least one real label.
    """
    # SOLUTION
    cost = -logits.log_softmax(dim=2).gather(2, labels[..., None])[..., 0]
    return cost[labels != pad].mean()
    # END


def cross_entropy_gradient(logits: Tensor, labels: Tensor, pad: int) -> Tensor:
    """The gradient of padded_cross_entropy with respect to the logits, by hand (no autograd) -> (B, T, V).

    Right for logits of 1000, too.
    """
    # SOLUTION
    real = (labels != pad)[..., None]
    gradient = logits.softmax(dim=2).scatter_add(2, labels[..., None], -torch.ones_like(logits[..., :1]))
    return gradient * real / real.sum()
    # END


def accuracies(logits: Tensor, labels: Tensor, pad: int) -> tuple[float, float]:
    """How often the largest logit is right: logits (B, T, V), labels (B, T) -> two numbers between 0 and 1.

    First the part of the real labels (not pad) that are right; then the part of the sequences in which all are. The
    largest of all V logits counts, pad's too.
    """
    # SOLUTION
    real = labels != pad
    right = logits.argmax(dim=2) == labels
    return float((right & real).sum() / real.sum()), float((right | ~real).all(dim=1).double().mean())
    # END


# %% [markdown]
# ## Exercise 5.6 · Label smoothing (5 points)
#
# Nobody is quite sure: instead of 1 for the label and 0 for the rest, ask for $q = (1 - \epsilon) \cdot
# \text{one-hot} + \epsilon / V$. All V tokens share the $\epsilon$, the label and PAD included (as in PyTorch; the
# paper's code does it differently). The loss of a token is $-\sum_v q_v \log p_v$.


# %%
def smooth_labels(labels: Tensor, classes: int, epsilon: float) -> Tensor:
    """The distributions q: labels (B, T) -> (B, T, classes). float32 or float64, as you like."""
    # SOLUTION
    hard = nn.functional.one_hot(labels, classes).double()
    return (1 - epsilon) * hard + epsilon / classes
    # END


def smoothed_cross_entropy(logits: Tensor, labels: Tensor, pad: int, epsilon: float) -> Tensor:
    """Cross-entropy with smoothed labels, mean over the labels that are not pad: a scalar tensor.

    Finite for any finite logits.
    """
    # SOLUTION
    q = smooth_labels(labels, logits.shape[2], epsilon).to(logits.dtype)
    cost = -(q * logits.log_softmax(dim=2)).sum(dim=2)
    return cost[labels != pad].mean()
    # END


# %% [markdown]
# ## Exercise 5.7 · Warm-up (5 points)
#
# Adam's first steps rest on few gradients, so they had better be small. The transformer's schedule climbs in a
# straight line for `warmup` updates, then falls with the square root of the update's number ($s = 1$ is the first
# update):
#
# $$\eta_s = D^{-1/2} \min\!\left(s^{-1/2},\; s \cdot \text{warmup}^{-3/2}\right)$$


# %%
def noam_rate(step: int, width: int, warmup: int) -> float:
    """The learning rate of update number `step` = 1, 2, ..., as a float."""
    # SOLUTION
    rate: float = width**-0.5 * min(step**-0.5, step * warmup**-1.5)
    return rate
    # END


def noam_rates(steps: int, width: int, warmup: int) -> list[float]:
    """The rates of the first `steps` updates, as a list of floats."""
    # SOLUTION
    return [noam_rate(step, width, warmup) for step in range(1, steps + 1)]
    # END


ANSWERS = {
    # Warm-up 4000: at which update is the rate highest?
    "update with the highest rate": (
        # SOLUTION
        4000
        # STARTER
        # None
        # END
    ),
    # Warm-up 4000: the rate of update 16 000, divided by that of update 4000?
    "rate of 16000 over rate of 4000": (
        # SOLUTION
        0.5
        # STARTER
        # None
        # END
    ),
    # The model gets four times as wide, all else stays. New highest rate divided by the old one?
    "highest rate, four times as wide": (
        # SOLUTION
        0.5
        # STARTER
        # None
        # END
    ),
}


# %% [markdown]
# **See it.** The schedule for three warm-ups, with the updates of some epochs of 5.11. The paper had 100 000 updates
# and a warm-up of 4000: what would 4000 do here?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        figure, ax = plt.subplots(num="5.7 three warm-ups", figsize=(7, 4))
        for warmup, line in ((60, "-"), (250, "--"), (4000, ":")):
            ax.plot(range(1, 505), noam_rates(504, 64, warmup), line, label=f"warm-up {warmup}")
        ax.set(xlabel="update", ylabel="learning rate, width 64", xlim=(0, 504))
        ax.legend()
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 5.8 · Gradient clipping (5 points)
#
# One odd batch must not throw the model off. All gradients together are seen as **one** long vector. If its length (the
# root of the sum of all squares) is more than `limit`, it is made `limit` long and keeps its direction.


# %%
def clip_gradients(gradients: list[Tensor], limit: float) -> tuple[list[Tensor], Tensor]:
    """Clip a list of tensors by their common norm.

    Returns the clipped gradients, a list (those given stay as they are), and the norm before clipping, a scalar.
    Nothing changes when the norm is at most `limit`.
    """
    # SOLUTION
    norm = torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt()
    factor = limit / norm if norm > limit else 1.0
    return [gradient * factor for gradient in gradients], norm
    # END


# %% [markdown]
# **See it.** A whole translator of your own parts: positions, blocks, loss, a quarter of your rate, clipping at 1. It
# learns to read English numbers, for some seconds. The first figure has the norm of the gradient before each update,
# with the limit, and beside it how many tokens and how many whole numbers are right, of 500 new ones, when the right
# digits so far are given. The second looks into the cross-attention: which words is each digit's place reading?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    parts = nn.ModuleList()

    def weights(layer: nn.Linear | nn.LayerNorm) -> tuple[Tensor, Tensor]:
        parts.append(layer)
        return layer.weight, layer.bias

    def mixing() -> dict[str, Tensor]:
        return {kind + name: part for name in "qkvo" for kind, part in zip("Wb", weights(nn.Linear(64, 64)))}

    def other(norms: int) -> dict[str, Any]:
        ffn = (*weights(nn.Linear(64, 128)), *weights(nn.Linear(128, 64)))
        return {"ffn": ffn, **{f"norm{1 + i}": weights(nn.LayerNorm(64)) for i in range(norms)}}

    def encode(rows: Tensor) -> tuple[Tensor, Tensor]:
        real = padding_mask(english[rows], 0)
        return layer_norm(pre_norm_block(add_positions(word(english[rows])), reads, 4, real), *middle), real

    def logits_of(rows: Tensor) -> Tensor:
        memory, real = encode(rows)
        x = decoder_block(add_positions(digit(coming_in[rows])), memory, writes, 4, real)
        return layer_norm(x, *last) @ out.T + b_out

    try:
        with open("data/numbers.csv", encoding="utf-8") as lines:
            table = [line.strip().split(",") for line in lines][1:]
        names = sorted({name for row in table for name in row[1].split()})
        spelt = [torch.tensor([3 + names.index(name) for name in row[1].split()]) for row in table]
        wanted = [torch.tensor([3 + int(figure) for figure in row[0]]) for row in table]
        english = nn.utils.rnn.pad_sequence(spelt, batch_first=True)
        coming_in, coming_out = teacher_forcing(nn.utils.rnn.pad_sequence(wanted, batch_first=True), 1, 2, 0)
        torch.manual_seed(0)
        word, digit = nn.Embedding(3 + len(names), 64), nn.Embedding(13, 64)
        reads, writes = {"attention": mixing(), **other(2)}, {"self": mixing(), "cross": mixing(), **other(3)}
        middle, last, (out, b_out) = weights(nn.LayerNorm(64)), weights(nn.LayerNorm(64)), weights(nn.Linear(64, 13))
        learned = [*parts.parameters(), *word.parameters(), *digit.parameters()]
        adam = torch.optim.Adam(learned, betas=(0.9, 0.98))
        norms, shares, new = [], [], torch.arange(4000, 4500)
        for _ in range(5):
            for rows in torch.randperm(4000).split(64):
                loss = padded_cross_entropy(logits_of(rows), coming_out[rows], 0)
                gradients = torch.autograd.grad(loss, learned)
                clipped, norm = clip_gradients(list(gradients), 1.0)
                for part, gradient in zip(learned, clipped):
                    part.grad = gradient
                norms.append(float(norm))
                adam.param_groups[0]["lr"] = noam_rate(len(norms), 64, 60) / 4
                adam.step()
            with torch.no_grad():
                shares.append(accuracies(logits_of(new), coming_out[new], 0))
        figure, (left, right) = plt.subplots(1, 2, num="5.8 a training of your own parts", figsize=(11, 4))
        steps = range(1, len(norms) + 1)
        left.plot(steps, norms, color="grey", linewidth=0.8)
        left.plot([s for s in steps if norms[s - 1] > 1], [norm for norm in norms if norm > 1], "k.", label="clipped")
        left.axhline(1, color="black", linestyle="--", label="limit")
        left.set(title="norm of the gradient", xlabel="update")
        for share, line, label in zip(zip(*shares), ("o-", "s--"), ("tokens", "whole numbers")):
            right.plot(range(1, 6), share, line, label=label)
        right.set(title="right, of 500 new numbers", xlabel="epoch", ylim=(0, 1.02), xticks=range(1, 6))
        left.legend()
        right.legend()
        figure.tight_layout()

        figure, axes = plt.subplots(1, 4, num="5.4 cross-attention, digits by words", figsize=(13, 4))
        for ax, chosen in zip(axes, [row for row in range(4000, 4500) if len(table[row][0]) >= 5][:4]):
            with torch.no_grad():
                memory = encode(torch.tensor([chosen]))[0]
                x = add_positions(digit(coming_in[[chosen]]))
                normal = layer_norm(x, *writes["norm1"])
                x = x + attention(normal, normal, writes["self"], 4, causal_mask(x.shape[1]))
                asked = layer_norm(x, *writes["norm2"]) @ writes["cross"]["Wq"].T + writes["cross"]["bq"]
                key = memory @ writes["cross"]["Wk"].T + writes["cross"]["bk"]
                q, k = (part[0].reshape(-1, 4, 16).transpose(0, 1) for part in (asked, key))
            said, places = table[chosen][1].split(), len(table[chosen][0])
            shown = (q @ k.transpose(1, 2) / 4)[:, : places + 1, : len(said)].softmax(dim=2).mean(dim=0)
            ax.imshow(shown.T, cmap="Greys", vmin=0, vmax=1)
            ax.set_anchor("N")
            ax.set_yticks(range(len(said)), said)
            ax.set_xticks(range(places + 1), [*table[chosen][0], "end"])
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")

# %% [markdown]
# ## Exercise 5.8a · Tokens right, numbers right (3 points)
#
# In the first figure above, far more tokens are right than whole numbers: why so many more? When the translator decodes
# by itself, as in 5.9, which of the two shares no longer tells how good it is, and why? Which one would you report?
# Three to six sentences, with numbers from your figure.


# %% [markdown]
# ## Exercise 5.9 · Decoding (12 points)
#
# Now nobody gives the right answer: each token that comes out goes in again, and the sequence ends when the machine
# says EOS. To keep this apart from the network, the decoder here is a table, and given:


# %%
def decoder_logits(table: Tensor, tokens: list[int]) -> Tensor:
    """Given: a tiny decoder. tokens: list of T tokens, BOS first -> logits (T, V); row t is about the token behind
    tokens[t]. table: (steps, V, V)."""
    return torch.stack([table[step, token] for step, token in enumerate(tokens)])


# %% [markdown]
# **Greedy** decoding takes the most probable token each time. **Beam search** keeps the best `width` sequences instead:
#
# 1. Start with one sequence, just BOS, of log-probability 0.
# 2. In each round, sequences that have ended (with EOS) stay as they are; each of the others is continued with each of
#    the V tokens, and the token's log-probability is added. Of all these keep the `width` best.
# 3. Stop when all that are kept have ended, or after `limit` rounds. The best one wins, ended or not.
#
# There is no bonus for length: log-probabilities are summed, nothing is divided.


# %%
def log_probability(table: Tensor, tokens: list[int], bos: int) -> Tensor:
    """log p of a list of tokens (without BOS, at least one): the sum of each token's log-probability. A scalar."""
    # SOLUTION
    logits = decoder_logits(table, [bos, *tokens[:-1]])
    return logits.log_softmax(dim=1)[range(len(tokens)), tokens].sum()
    # END


def greedy_decode(table: Tensor, bos: int, eos: int, limit: int) -> list[int]:
    """The greedy sequence, a list (or a tensor) of ints without BOS. It ends with EOS, or after `limit` tokens, EOS
    among them."""
    # SOLUTION
    tokens = [bos]
    while len(tokens) <= limit:
        tokens.append(int(decoder_logits(table, tokens)[-1].argmax()))
        if tokens[-1] == eos:
            break
    return tokens[1:]
    # END


def beam_search(table: Tensor, bos: int, eos: int, limit: int, width: int) -> tuple[list[int], Tensor]:
    """The best sequence that the beam finds, as in greedy_decode, and its log-probability (a scalar)."""
    # SOLUTION
    beam = [([bos], torch.zeros((), dtype=table.dtype))]
    for _ in range(limit):
        candidates = []
        for tokens, score in beam:
            if tokens[-1] == eos:
                candidates.append((tokens, score))
                continue
            steps = decoder_logits(table, tokens)[-1].log_softmax(dim=0)
            candidates += [([*tokens, token], score + step) for token, step in enumerate(steps)]
        beam = sorted(candidates, key=lambda candidate: float(candidate[1]), reverse=True)[:width]
        if all(tokens[-1] == eos for tokens, _ in beam):
            break
    return beam[0][0][1:], beam[0][1]
    # END


# %% [markdown]
# ## Exercise 5.10 · BLEU (5 points)
#
# How good is a translation when many are right? Count which n-grams (n tokens in a row) of the candidate are in the
# reference; each counts at most **as often as it occurs in the reference**. With $m_n$ matches of $t_n$ n-grams in the
# **whole** corpus (add up the counts first, then divide), and $c$, $r$ tokens in all candidates and all references,
#
# $$\text{BLEU} = b \cdot \left(\prod_{n=1}^{4} \frac{m_n}{t_n}\right)^{1/4}, \qquad
# b = \begin{cases} 1 & c > r \\ e^{1 - r/c} & c \le r \end{cases}$$
#
# The brevity penalty $b$ keeps a machine from saying only what it is sure of. If any $m_n$ is 0, BLEU is 0.


# %%
def ngram_matches(candidate: list[int], reference: list[int], n: int) -> tuple[int, int]:
    """Two lists of tokens -> (matches, n-grams in the candidate), two ints. A short candidate has 0 of 0."""
    # SOLUTION
    wanted, found = (Counter(zip(*(tokens[i:] for i in range(n)))) for tokens in (reference, candidate))
    return (found & wanted).total(), found.total()
    # END


def brevity_penalty(candidate_length: int, reference_length: int) -> float:
    """b as a float; 0 for an empty candidate."""
    # SOLUTION
    if candidate_length == 0:
        return 0.0
    return math.exp(min(0.0, 1 - reference_length / candidate_length))
    # END


def bleu(candidates: list[list[int]], references: list[list[int]]) -> float:
    """BLEU of a corpus, a float: a list of candidates and a list of references (one each), lists of tokens all."""
    # SOLUTION
    product = 1.0
    for n in range(1, 5):
        counts = [ngram_matches(candidate, reference, n) for candidate, reference in zip(candidates, references)]
        matches, total = (sum(column) for column in zip(*counts))
        if matches == 0:
            return 0.0
        product *= matches / total
    return brevity_penalty(sum(map(len, candidates)), sum(map(len, references))) * math.pow(product, 0.25)
    # END


# %% [markdown]
# ## Exercise 5.10a · BLEU, for numbers? (3 points)
#
# Make up a number of six digits and a translation that gets it wrong and still has a high BLEU (compute it with your
# functions). Why is it high? Is it the right score for this task, and for which task is it better than counting what is
# right to the last token? Three to six sentences.


# %% [markdown]
# ## Exercise 5.11 · Train a translator (12 points)
#
# Words in, digits out: the numbers are spelled out, each word is a token, and so is each digit. Which token stands
# for which word is drawn afresh for every submission, so it has to be learned. PAD is 0, BOS is 1, EOS is 2, and all
# other tokens are larger. Here you may use all of `torch.nn`, `nn.TransformerEncoderLayer` and
# `nn.TransformerDecoderLayer` too.
#
# A small model is enough, as in the picture of 5.8: one encoder layer, one decoder layer, no dropout. The handout says
# what leads from one baseline to the next, and has hints; how fast and how long is yours to find. Masks in `torch.nn`
# are True where one may **not** look.


# %%
def train_translator(
    sources: Tensor, targets: Tensor, new_sources: Tensor, source_size: int, target_size: int, seed: int
) -> tuple[Tensor, list[float]]:
    """Train a transformer on pairs of sequences, then translate new ones by greedy decoding.

    sources (N, S), targets (N, T), new_sources (M, S): tokens, padded with 0 at the end, without BOS and EOS.
    source_size, target_size: the vocabularies; a token is smaller than that. Start from torch.manual_seed(seed).
    Returns the translations, a tensor (M, L) of any length L, padded with 0 behind EOS (or a list of M lists), and a
    list with the mean training loss of each epoch, two or more. Allow an output a few tokens more than the longest
    target.
    """
    # SOLUTION
    torch.manual_seed(seed)
    epochs, batch, width = 8, 64, 64
    model = Translator(source_size, target_size, width)
    optimiser = torch.optim.Adam(model.parameters(), lr=4e-3, betas=(0.9, 0.98))
    steps = epochs * math.ceil(len(sources) / batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1, (step + 1) / 60) * (1 + math.cos(math.pi * step / steps)) / 2
    )
    inputs, labels = teacher_forcing(targets, 1, 2, 0)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(sources)).split(batch):
            logits = model.decode(inputs[rows], *model.encode(sources[rows]))
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels[rows].flatten(), ignore_index=0)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item() * len(rows)
        losses.append(total / len(sources))
    model.eval()
    return model.translate(new_sources, targets.shape[1] + 3), losses


class Translator(nn.Module):
    """One encoder layer, one decoder layer."""

    positions: Tensor

    def __init__(self, source_size: int, target_size: int, width: int) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(source_size, width), nn.Embedding(target_size, width)
        self.register_buffer("positions", positional_encoding(128, width).float())
        reads = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.0, batch_first=True, norm_first=True)
        writes = nn.TransformerDecoderLayer(width, 4, 2 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(reads, 1, nn.LayerNorm(width), enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(writes, 1, nn.LayerNorm(width))
        self.output = nn.Linear(width, target_size)

    def encode(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        hidden = tokens == 0
        x = self.source(tokens) + self.positions[: tokens.shape[1]]
        return self.encoder(x, src_key_padding_mask=hidden), hidden

    def decode(self, tokens: Tensor, memory: Tensor, hidden: Tensor) -> Tensor:
        x = self.target(tokens) + self.positions[: tokens.shape[1]]
        future = ~causal_mask(tokens.shape[1])
        logits: Tensor = self.output(self.decoder(x, memory, tgt_mask=future, memory_key_padding_mask=hidden))
        return logits

    @torch.no_grad()
    def translate(self, sources: Tensor, limit: int) -> Tensor:
        memory, hidden = self.encode(sources)
        tokens = torch.ones(len(sources), 1, dtype=torch.long)
        ended = torch.zeros(len(sources), dtype=torch.bool)
        for _ in range(limit):
            following = self.decode(tokens, memory, hidden)[:, -1].argmax(dim=1).masked_fill(ended, 0)
            tokens = torch.cat([tokens, following[:, None]], dim=1)
            ended |= following == 2
        return tokens[:, 1:]

    # END


# %% [markdown]
# ## Look at it
#
# This cell is for you, and is not run when we grade: it trains on the public pairs, in English and in Chinese, draws
# how many unseen numbers of each length come out right, and lists the first ten that do not.

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        with open("data/numbers.csv", encoding="utf-8") as file:
            pairs = [line.strip().split(",") for line in file][1:]
        figure, axes = plt.subplots(1, 2, num="5.11 right by length", figsize=(9, 3.5), sharey=True)
        for language, ax in zip((1, 2), axes):  # English, Chinese
            spelled = [pair[language].split() for pair in pairs]
            vocabulary = {word: 3 + i for i, word in enumerate(sorted({word for words in spelled for word in words}))}
            tokens = [torch.tensor([vocabulary[word] for word in words]) for words in spelled]
            sources = nn.utils.rnn.pad_sequence(tokens, batch_first=True)
            numbers = [torch.tensor([3 + int(digit) for digit in pair[0]]) for pair in pairs]
            targets = nn.utils.rnn.pad_sequence(numbers, batch_first=True)
            translations, losses = train_translator(
                sources[:4000], targets[:4000], sources[4000:], 3 + len(vocabulary), 13, seed=0
            )
            made = ["".join(str(int(token) - 3) for token in row if token > 2) for row in translations]
            right = Counter(len(pair[0]) for pair, one in zip(pairs[4000:], made) if one == pair[0])
            total = Counter(len(pair[0]) for pair in pairs[4000:])
            print(f"{right.total() / 5:.1f} % of 500 unseen numbers right; loss {losses[0]:.2f} -> {losses[-1]:.3f}")
            wrong = [(pair, one) for pair, one in zip(pairs[4000:], made) if one != pair[0]]
            for pair, one in wrong[:10]:
                print(f"    {pair[language]}: {one or 'nothing'} for {pair[0]}")
            bars = ax.bar(sorted(total), [right[length] / total[length] for length in sorted(total)])
            ax.bar_label(bars, [f"{right[length]}/{total[length]}" for length in sorted(total)])
            ax.set(title=("", "English", "Chinese")[language], xlabel="digits of the number", ylim=(0, 1.12))
        axes[0].set(ylabel="share that is right")
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")

# %% [markdown]
# ## Exercise 5.11a · Two of your errors (3 points)
#
# Choose two of the numbers that came out wrong above, as different from one another as you can. What is the likely
# cause of each, what speaks for it, and what one change would you try against it? Three to six sentences. (Too few
# wrong ones? Train for fewer epochs.)
