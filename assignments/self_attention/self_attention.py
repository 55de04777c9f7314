# %% [markdown]
# # Self-attention: who is speaking?
#
# Several people talk and keep interrupting one another. To tell who speaks in a frame, it helps to find the other
# frames of the same voice, wherever they are in the conversation. You will build the tool for that: attention, its
# gradient, heads, masks, and a model that labels every frame.
#
# - Fill in each function where it says `raise NotImplementedError`. Keep the names and the arguments.
# - Tensors come in float64 and, once, in float32: compute in the dtype you are given. What you write in 4.1, 4.3 to
#   4.6 and 4.8 is what models are trained with: gradients come through it.
# - Every exercise is graded on its own. If an earlier one is wrong, later ones are checked with ours in its place.
# - Code at the top level that trains or plots is fine: it is not run when we grade.
#
# **Shapes.** B sequences in a batch, T queries, S keys and values (in self-attention S = T), features last.
# A vector is a row: it is transformed by `x @ w`. **Masks** are boolean, and True means *may be looked at*.

# %%
import math

import torch
from torch import Tensor

# %% [markdown]
# ## Exercise 4.1 · Scores, softmax, attention (14 points)
#
# How relevant is key $s$ for query $t$? Their dot product, divided by the square root of their width $d$, is the
# score $q_t \cdot k_s / \sqrt d$. The softmax turns the scores of one query into weights that add up to 1 over the
# **keys**, and the output is the weighted mean of the values: $o_t = \sum_s a_{ts} v_s$.
#
# Write all three by hand. `...` stands for any number of leading axes, such as batch and heads: count axes from the
# end (`dim=-1`, `.transpose(-1, -2)`), and all of them will work.
#
# **By hand:** please use no library softmax (`torch.softmax`, `F.log_softmax`, ...) and no ready-made attention
# (`F.scaled_dot_product_attention`, `nn.MultiheadAttention`) in this exercise.


# %%
def scores(q: Tensor, k: Tensor) -> Tensor:
    """Scaled dot products: q (..., T, d), k (..., S, d) -> (..., T, S)."""
    raise NotImplementedError("Exercise 4.1: scores")


def softmax(z: Tensor) -> Tensor:
    """Softmax over the last axis: z (..., S) -> (..., S). Right for scores of 1000 and -1000 too.

    A score of -inf beside finite ones has weight 0.
    """
    raise NotImplementedError("Exercise 4.1: softmax")


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Each query's weighted mean of the values: q (..., T, d), k (..., S, d), v (..., S, e) -> (..., T, e)."""
    raise NotImplementedError("Exercise 4.1: attention")


# %% [markdown]
# **See it.** One query and 16 keys, all of their numbers drawn from N(0, 1), in three widths: the weights as you
# compute them, and below what they would be without the root. How many keys still have a say?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        torch.manual_seed(0)
        figure, axes = plt.subplots(2, 3, num="4.1 weights with and without the root", figsize=(9, 4.5), sharey=True)
        for column, width in zip(axes.T, (4, 64, 256)):
            scaled = scores(torch.randn(1, width), torch.randn(16, width))
            for ax, z, words in zip(column, (scaled, scaled * width**0.5), ("with the root", "without")):
                ax.bar(range(16), softmax(z)[0])
                ax.set(title=f"d = {width}, {words}", xticks=[], ylim=(0, 1))
        figure.supxlabel("the 16 keys")
        figure.supylabel("weight")
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 4.2 · The way back (12 points)
#
# Given the gradient of some loss with respect to the output (`upstream`), find the gradients with respect to q, k
# and v. Go back through the three steps one by one, by hand. For the softmax of one row,
# $\partial a_i / \partial z_j = a_i (\delta_{ij} - a_j)$: every weight depends on every score of its row.
#
# **By hand:** please use no automatic derivatives (`backward`, `torch.autograd`, `torch.func.grad`) in this exercise.


# %%
def softmax_backward(upstream: Tensor, a: Tensor) -> Tensor:
    """From the gradient by the weights to the gradient by the scores.

    upstream (..., S): dL/da; a (..., S): the weights that softmax gave. Returns dL/dz (..., S).
    """
    raise NotImplementedError("Exercise 4.2: softmax_backward")


def attention_backward(upstream: Tensor, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of attention(q, k, v).

    upstream (..., T, e): dL/do; q (..., T, d), k (..., S, d), v (..., S, e). Returns dq, dk, dv, shaped as q, k, v.
    """
    raise NotImplementedError("Exercise 4.2: attention_backward")


# %% [markdown]
# ## Exercise 4.3 · Several heads (18 points)
#
# There is more than one kind of relevance. With H heads, queries, keys and values of width E are each cut into H
# pieces of width d = E / H; every head attends by itself, with scores divided by $\sqrt d$; the H results are put
# side by side again and mixed by one more matrix. In self-attention `memory` is `x`. In cross-attention the queries
# come from `x`, keys and values from `memory`.
#
# **By hand:** please use no ready-made attention (`F.scaled_dot_product_attention`, `nn.MultiheadAttention`) in this
# exercise.


# %%
def split_heads(x: Tensor, heads: int) -> Tensor:
    """Cut the features into heads: x (B, T, E) -> (B, H, T, E / H). Head h has columns h * d up to (h + 1) * d."""
    raise NotImplementedError("Exercise 4.3: split_heads")


def merge_heads(x: Tensor) -> Tensor:
    """The way back: x (B, H, T, d) -> (B, T, H * d), so that merge_heads(split_heads(x, heads)) is x."""
    raise NotImplementedError("Exercise 4.3: merge_heads")


def multi_head_attention(
    x: Tensor, memory: Tensor, wq: Tensor, wk: Tensor, wv: Tensor, wo: Tensor, heads: int
) -> Tensor:
    """Queries x @ wq, keys memory @ wk, values memory @ wv; attend in each head; merge; times wo.

    x (B, T, E), memory (B, S, E), the four matrices (E, E), heads a divisor of E -> (B, T, E). There are no biases.
    """
    raise NotImplementedError("Exercise 4.3: multi_head_attention")


# %% [markdown]
# ## Exercise 4.3a · What are the root, the heads and Wo for? (3 points)
#
# Somebody leaves out the division by $\sqrt d$; somebody else uses one head of width E; a third one leaves out `wo`.
# Say for each of them what the layer loses, in one or two sentences. The picture of 4.1 helps with the first.
# %% [markdown] written="4.3a"
r"""
**Your answer to 4.3a:**


"""

# %% [markdown]
# ## Exercise 4.3b · Design a query (3 points)
#
# The keys $k_1, \dots, k_S$ have length 1 and are at right angles to one another. Give a query whose output is almost
# exactly the mean of $v_1$ and $v_2$. Now $k_1$ gets twice as long, and nothing else changes: what comes out for the
# same query? And how do two heads get the mean back? Three to six sentences, with formulas if you like.
# %% [markdown] written="4.3b"
r"""
**Your answer to 4.3b:**


"""


# %% [markdown]
# ## Exercise 4.4 · Sequences of different lengths (14 points)
#
# Shorter sequences of a batch are filled up with padding, and nobody may look at it. Masked keys get weight 0 and
# the others still add up to 1: the mask has to act **before** the softmax. Padding holds any numbers, but neither NaN
# nor infinity.
#
# **Rule for a row without any True:** all of its weights are 0, and so is the output. (A softmax over nothing but
# $-\infty$ would be NaN, and one over nothing but $-10^9$ a mean over the padding.)
#
# **By hand:** please use no ready-made attention (`F.scaled_dot_product_attention`, `nn.MultiheadAttention`) in this
# exercise.


# %%
def padding_mask(lengths: Tensor, size: int) -> Tensor:
    """lengths (B,) integers, size the padded length -> bool (B, size): True where there is a real frame."""
    raise NotImplementedError("Exercise 4.4: padding_mask")


def masked_softmax(z: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the entries of the last axis where mask is True; the weight is 0 elsewhere.

    z (..., S); mask bool, of z's shape or one that broadcasts to it. A row without any True gives zeros. Right
    for scores of 1000 and -1000 too, also where masked ones are far above the others.
    """
    raise NotImplementedError("Exercise 4.4: masked_softmax")


def masked_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Attention where query t may look at key s if mask[..., t, s] is True.

    q (..., T, d), k (..., S, d), v (..., S, e), mask bool, broadcasts to (..., T, S) -> (..., T, e).
    """
    raise NotImplementedError("Exercise 4.4: masked_attention")


def masked_multi_head(
    x: Tensor, memory: Tensor, wq: Tensor, wk: Tensor, wv: Tensor, wo: Tensor, heads: int, mask: Tensor
) -> Tensor:
    """multi_head_attention with a mask, the same for every head.

    mask bool (B, T, S), (B, 1, S) or (T, S): for padding alone it is padding_mask(...)[:, None, :]. -> (B, T, E).
    """
    raise NotImplementedError("Exercise 4.4: masked_multi_head")


# %% [markdown]
# ## Exercise 4.5 · No look into the future (10 points)
#
# A model that writes one word after the other must not see the words to come: position $t$ may look at itself and
# at what came before. Both masks together: a position may be looked at if it is real **and** not in the future.
#
# **By hand:** please use no ready-made attention (`F.scaled_dot_product_attention`, `nn.MultiheadAttention`) in this
# exercise.


# %%
def causal_mask(length: int) -> Tensor:
    """bool (length, length): entry [t, s] is True if position t may look at position s, that is s <= t."""
    raise NotImplementedError("Exercise 4.5: causal_mask")


def causal_self_attention(
    x: Tensor, real: Tensor, wq: Tensor, wk: Tensor, wv: Tensor, wo: Tensor, heads: int
) -> Tensor:
    """Multi-head self-attention that looks neither at padding nor into the future.

    x (B, T, E), real bool (B, T), True for real frames: padding may stand anywhere. Matrices and heads as above.
    Returns (B, T, E); outputs at padded positions are computed like all others.
    """
    raise NotImplementedError("Exercise 4.5: causal_self_attention")


# %% [markdown]
# **See it.** A sequence of 8 places whose last two are padding: your masks (dark is True), and below them the weights
# that they leave, with the sum of each row. Why is the largest weight in the causal picture in its first row?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        torch.manual_seed(0)
        relevance = scores(torch.randn(8, 16), torch.randn(8, 16))
        padded = padding_mask(torch.tensor([6]), 8).expand(8, 8)
        masks = {"padding": padded, "causal": causal_mask(8), "both": padded & causal_mask(8)}
        figure, axes = plt.subplots(2, 3, num="4.5 masks and the weights under them", figsize=(9, 6.3))
        for (above, below), (words, allowed) in zip(axes.T, masks.items()):
            weights = masked_softmax(relevance, allowed)
            above.imshow(allowed, cmap="Greys", vmin=0, vmax=1.3)
            below.imshow(weights, cmap="Greys", vmin=0, vmax=1)
            above.set(title=words, xlabel="key", ylabel="query")
            below.set(xlabel="key", ylabel="query")
            for row, total in enumerate(weights.sum(dim=-1)):
                below.text(7.8, row, f"{total:.2f}", va="center", fontsize=8)
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 4.6 · Attention does not know the order (6 points)
#
# Shuffle the inputs, and self-attention gives the same outputs, shuffled. Near and far are alike to it. If order
# matters, the position has to be part of the input: add a vector for each position. Write both, and measure.
#
# **By hand:** please use no ready-made attention (`F.scaled_dot_product_attention`, `nn.MultiheadAttention`) in this
# exercise.


# %%
def attend_with_positions(
    x: Tensor, positions: Tensor | None, wq: Tensor, wk: Tensor, wv: Tensor, wo: Tensor, heads: int
) -> Tensor:
    """Multi-head self-attention of x plus positions; x (B, T, E), positions (T, E) or None (nothing is added)."""
    raise NotImplementedError("Exercise 4.6: attend_with_positions")


def permutation_gap(
    x: Tensor, order: Tensor, positions: Tensor | None, wq: Tensor, wk: Tensor, wv: Tensor, wo: Tensor, heads: int
) -> Tensor:
    """How far "shuffle, then attend" is from "attend, then shuffle": the largest absolute difference, a scalar tensor.

    order (T,): the shuffled sequence is x[:, order]. The positions belong to the places and are not shuffled. With
    positions None the result is 0, up to rounding.
    """
    raise NotImplementedError("Exercise 4.6: permutation_gap")


# %% [markdown]
# **See it.** A row is a place, a column a feature. On the left the sequence is shuffled and then attended, on the right
# attended and then shuffled. Above nothing is added, below each place has a vector of its own: which of the two pairs
# is alike?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        torch.manual_seed(0)
        sequence, places, order = torch.randn(1, 6, 8), torch.randn(6, 8), torch.tensor([3, 0, 5, 1, 4, 2])
        wq, wk, wv, wo = torch.randn(4, 8, 8) / 8**0.5
        figure, axes = plt.subplots(2, 2, num="4.6 shuffled before, shuffled after", figsize=(8, 5.2))
        for row, added, words in zip(axes, (None, places), ("no positions", "with positions")):
            gap = permutation_gap(sequence, order, added, wq, wk, wv, wo, 2)
            first = attend_with_positions(sequence[:, order], added, wq, wk, wv, wo, 2)
            then = attend_with_positions(sequence, added, wq, wk, wv, wo, 2)[:, order]
            for ax, output, title in zip(row, (first, then), ("shuffle, then attend", "attend, then shuffle")):
                ax.imshow(output[0], cmap="Greys", vmin=-2, vmax=2)
                ax.set(title=title, xlabel=f"{words}: gap {gap:.2g}", ylabel="place", xticks=[], yticks=range(6))
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 4.7 · Attention, CNN and RNN (12 points)
#
# **CNN.** A convolution is attention that may only look at a receptive field, with weights that depend on nothing
# but the distance. Take one head for each tap of the kernel: that head looks at one fixed offset, and its value
# matrix is the tap. Where the offset falls off the sequence there is nothing to look at, and the rule of 4.4 gives
# 0: that is zero padding.
#
# **RNN.** Its states wait for one another; attention computes all outputs at once. And to get from the first frame to
# the last, information passes through every state in between, where attention takes one step. The Jacobian
# $\partial\,\text{last output} / \partial\,\text{first input}$ says how much arrives. Derive it by hand, or let
# `torch.autograd` do it.
#
# **By hand:** please use no library convolutions (`F.conv2d`, `nn.Conv2d`, ...), no `F.unfold` or `F.fold` and no
# ready-made attention (`F.scaled_dot_product_attention`, `nn.MultiheadAttention`) in this exercise.


# %%
def local_attention(q: Tensor, k: Tensor, v: Tensor, radius: int) -> Tensor:
    """Self-attention in which position t looks only at t - radius ... t + radius. q, k (..., T, d), v (..., T, e)."""
    raise NotImplementedError("Exercise 4.7: local_attention")


def offset_mask(length: int, offset: int) -> Tensor:
    """bool (length, length): position t may look at t + offset and at nothing else; at nothing if that is outside."""
    raise NotImplementedError("Exercise 4.7: offset_mask")


def conv_by_attention(x: Tensor, kernel: Tensor) -> Tensor:
    """A 1-D convolution as a sum of heads: out[:, t] = sum_j x[:, t + j - K // 2] @ kernel[j], and zeros outside.

    x (B, T, C), kernel (K, C, O) with K odd -> (B, T, O). Each head is masked_attention with its offset_mask; what the
    queries and keys are then does not matter.
    """
    raise NotImplementedError("Exercise 4.7: conv_by_attention")


def rnn_jacobian(x: Tensor, w: Tensor, u: Tensor) -> Tensor:
    """Jacobian of the last state with respect to the first input, for h_t = tanh(w @ h_{t-1} + u @ x_t), h_0 = 0.

    x (T, d), w (n, n), u (n, d) -> (n, d): entry [i, j] is d h_T[i] / d x_1[j].
    """
    raise NotImplementedError("Exercise 4.7: rnn_jacobian")


def attention_jacobian(x: Tensor) -> Tensor:
    """Jacobian of the last output of attention(x, x, x) with respect to the first input, T >= 2.

    x (T, d) -> (d, d): entry [i, j] is d o_T[i] / d x_1[j].
    """
    raise NotImplementedError("Exercise 4.7: attention_jacobian")


ANSWERS = {
    # 100 frames. One update of the state reads the first frame. How many more until the last frame is read?
    "RNN, more updates": None,
    # How many layers of convolutions with 5 taps (K = 5) does it take until the last output depends on the first frame?
    "CNN, layers": None,
    # How many layers of self-attention?
    "self-attention, layers": None,
    # The price: how many scores does one layer of self-attention with 8 heads compute for one such sequence?
    "self-attention, scores": None,
}

# %% [markdown]
# ## Exercise 4.7a · Predict: how much of the first frame arrives? (3 points)
#
# **Write before you run the next cell.** It draws the norm of `rnn_jacobian` and of `attention_jacobian` against the
# number of steps from the first frame to the last, on a logarithmic scale. The RNN's w is a rotation times 0.5, 1 or
# 1.5. How will the four lines run, and why? Then look, and add what you did not expect: being wrong costs nothing.
# Three to six sentences.
# %% [markdown] written="4.7a"
r"""
**Your answer to 4.7a:**


"""


# %% [markdown]
# **See it.** The norm of both Jacobians when first and last frame are 1 to 40 steps apart. The RNN's w is a rotation
# times a radius: 0.5, 1 or 1.5. The inputs are small, so that the
# tanh hardly bends. Why does the line of radius 1.5 stop climbing all the same?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        torch.manual_seed(0)
        frames, u = 0.02 * torch.randn(41, 16, dtype=torch.float64), torch.eye(16, dtype=torch.float64)
        turn = torch.linalg.qr(torch.randn(16, 16, dtype=torch.float64)).Q
        figure, ax = plt.subplots(num="4.7 how much of the first frame arrives", figsize=(7, 4.5))
        for radius, line in ((0.5, "v:"), (1.0, "s--"), (1.5, "^-.")):
            norms = [rnn_jacobian(frames[: far + 1], radius * turn, u).norm() for far in range(1, 41)]
            ax.semilogy(range(1, 41), norms, line, markevery=5, label=f"RNN, radius {radius}")
        norms = [attention_jacobian(frames[: far + 1]).norm() for far in range(1, 41)]
        ax.semilogy(range(1, 41), norms, "o-", markevery=5, label="attention")
        ax.set(xlabel="steps from the first frame to the last", ylabel="norm of the Jacobian")
        ax.legend()
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 4.8 · One vector for a whole sequence (8 points)
#
# To say something about a sequence as a whole, pool its frames: their mean, or better a weighted mean in which the
# model decides which frames tell most. The score of a frame is its dot product with a learned vector w (not divided
# by anything); the weights are their softmax. Padding may stand anywhere and does not count in either. A sequence
# without any real frame gives zeros.
#
# **By hand:** please use no ready-made attention (`F.scaled_dot_product_attention`, `nn.MultiheadAttention`) in this
# exercise.


# %%
def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    """Mean of the real frames: x (B, T, E), mask bool (B, T), True for real frames -> (B, E)."""
    raise NotImplementedError("Exercise 4.8: masked_mean")


def attention_pool(x: Tensor, mask: Tensor, w: Tensor) -> Tensor:
    """Mean of the real frames, weighted by the softmax of their scores x @ w.

    x (B, T, E), mask bool (B, T), w (E,) -> (B, E).
    """
    raise NotImplementedError("Exercise 4.8: attention_pool")


# %% [markdown]
# ## Exercise 4.9 · Who is speaking? (6 points)
#
# Each conversation joins three of nine speakers, who interrupt one another after one to three frames, over a noisy
# line: a single frame says little about who speaks. Label every frame. `data/conversations.npz` has conversations to
# practise on: `x_train`, `mask_train`, `y_train`, and the same for `valid`, as small numbers (use `.float()` and
# `.long()`, as the last cell does). We call your function with others, with the speakers numbered anew. Use anything
# from `torch.nn` and `torch.optim`, or your own functions from above. Start with a model that looks at one frame at a
# time:
#
# ```python
# model = torch.nn.Linear(12, 9)                                    # (B, T, 12) -> (B, T, 9)
# loss = torch.nn.functional.cross_entropy(model(x)[mask], y[mask])   # real frames only
# ```
#
# Then climb. The handout says what leads from one baseline to the next, and has hints; how wide, how fast and how long
# is yours to find. About 540 conversations of some 47 frames come in. Ten seconds on one core are enough for the last
# baseline, and there is a minute.


# %%
def fit_predict(
    x_train: Tensor, mask_train: Tensor, y_train: Tensor, x_new: Tensor, mask_new: Tensor, seed: int
) -> tuple[Tensor, list[float]]:
    """Train on labelled conversations, label the frames of new ones.

    x_train (N, T, 12) float32, mask_train (N, T) bool, True for real frames, y_train (N, T) speakers 0 ... 8, and -1
    for padding; x_new (M, U, 12), mask_new (M, U). Start from torch.manual_seed(seed).
    Returns speakers (M, U), whole numbers (anything at padding), and a list with the mean training loss of each epoch.
    Train for two epochs or more.
    """
    raise NotImplementedError("Exercise 4.9: fit_predict")


# %% [markdown]
# **See it.** Your heads in a small model: frames go in, one look at all others, speakers come out. It is trained on the
# practice conversations (some seconds), then listens to one that it has not heard. Dark is much weight. On the left the
# frames are in the order of time, in the middle sorted by who speaks, with lines between the voices. On the right: how
# much of its weight each head puts on frames of the same voice, and how much that would be if all weights were equal.

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt
    import numpy as np

    try:
        talks = np.load("data/conversations.npz")
        x, x_new = (torch.tensor(talks[name]).float() for name in ("x_train", "x_valid"))
        mask, mask_new = (torch.tensor(talks[name]) for name in ("mask_train", "mask_valid"))
        y, y_new = (torch.tensor(talks[name]).long() for name in ("y_train", "y_valid"))
        mean, std = x[mask].mean(dim=0), x[mask].std(dim=0)
        torch.manual_seed(0)
        into, out = torch.nn.Linear(12, 64), torch.nn.Linear(64, 9)
        wq, wk, wv, wo = ((torch.randn(64, 64) / 8).requires_grad_() for _ in range(4))
        adam = torch.optim.Adam([*into.parameters(), *out.parameters(), wq, wk, wv, wo], lr=3e-3)
        for _ in range(12):
            for rows in torch.randperm(len(x)).split(32):
                h, real = into((x[rows] - mean) / std), mask[rows]
                h = h + masked_multi_head(h, h, wq, wk, wv, wo, 4, real[:, None, :])
                cost = torch.nn.functional.cross_entropy(out(h)[real], y[rows][real])
                adam.zero_grad()
                cost.backward()
                adam.step()
        with torch.inference_mode():
            h = into((x_new - mean) / std)
            relevance = scores(split_heads(h @ wq, 4), split_heads(h @ wk, 4))
            weights = masked_softmax(relevance, mask_new[:, None, None, :])
        alike = ((y_new[:, :, None] == y_new[:, None, :]) & mask_new[:, None, :]).float()
        shares = [(weights[:, head] * alike).sum(dim=-1)[mask_new].mean() for head in range(4)]
        even = (alike.sum(dim=-1) / mask_new.sum(dim=1, keepdim=True))[mask_new].mean()
        voice = y_new[7][mask_new[7]]
        by_voice, shown = voice.argsort(stable=True), weights[7].mean(dim=0)[: len(voice), : len(voice)].sqrt()
        figure, axes = plt.subplots(1, 3, num="4.9 attention by voice", figsize=(12, 4.2))
        axes[0].imshow(shown, cmap="Greys")
        axes[1].imshow(shown[by_voice][:, by_voice], cmap="Greys")
        for border in voice.bincount().cumsum(dim=0):
            axes[1].axvline(border - 0.5, color="tab:blue")
            axes[1].axhline(border - 0.5, color="tab:blue")
        axes[2].bar(range(1, 5), shares)
        axes[2].axhline(even, color="black", linestyle="--", label="all weights equal")
        axes[0].set(title="as spoken", xlabel="key", ylabel="query")
        axes[1].set(title="sorted by voice", xlabel="key", ylabel="query")
        axes[2].set(title="weight on the same voice", xlabel="head", xticks=range(1, 5), ylim=(0, 0.8))
        axes[2].legend()
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")

# %% [markdown]
# ## Exercise 4.9a · Is the map an explanation? (3 points)
#
# "Frame 20 was labelled *speaker 3* **because** of frame 31: look how dark it is." Name two reasons why the weights
# alone do not show this, and an experiment that would. Three to six sentences.
# %% [markdown] written="4.9a"
r"""
**Your answer to 4.9a:**


"""


# %% [markdown]
# ## Look at it
#
# This cell is for you, and is not run when we grade: train on the practice conversations, and see how many frames of
# the others you label rightly.

# %%
if __name__ == "__main__":
    import numpy as np

    data = np.load("data/conversations.npz")
    x, x_new = (torch.tensor(data[name]).float() for name in ("x_train", "x_valid"))
    mask, mask_new = (torch.tensor(data[name]) for name in ("mask_train", "mask_valid"))
    y, y_new = (torch.tensor(data[name]).long() for name in ("y_train", "y_valid"))
    speakers, losses = fit_predict(x, mask, y, x_new, mask_new, seed=0)
    right = (torch.as_tensor(speakers) == y_new)[mask_new].float().mean()
    print(f"training loss {losses[0]:.2f} -> {losses[-1]:.2f}, {right:.1%} of the new frames are right")
