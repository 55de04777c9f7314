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
# Then climb: frames scaled with the training statistics, and a hidden layer; self-attention between the hidden and
# the last layer, with padding masked; two whole blocks, each with layer normalisation, attention, a small network, and
# residual connections around both. About 540 conversations of some 47 frames come in; 15 epochs of AdamW in batches
# of 32, with a learning rate that rises to 2e-3 and falls to 0 (`torch.optim.lr_scheduler.OneCycleLR`), take about
# ten seconds on one core. There is a minute.


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
