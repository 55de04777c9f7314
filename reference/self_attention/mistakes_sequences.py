"""Wrong implementations that students write, each with the hint for it: other layers, pooling, training (4.7 to 4.9).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 4.7 CNN and RNN ---


@mutant("local_attention", "Your window is too narrow by one: t - radius and t + radius are both in it.")
def window_too_narrow(q, k, v, radius):
    place = torch.arange(q.shape[-2])
    return masked_attention(q, k, v, (place[:, None] - place).abs() < max(radius, 1))


@mutant("local_attention", "Your window looks back only: it reaches `radius` to each side.")
def looks_back_only(q, k, v, radius):
    gap = torch.arange(q.shape[-2])[:, None] - torch.arange(q.shape[-2])
    return masked_attention(q, k, v, (gap >= 0) & (gap <= radius))


@mutant("local_attention", "Every position sees everything in yours: where is the window?")
def no_window(q, k, v, radius):
    return attention(q, k, v)


@mutant("local_attention", "`radius` is not the width of the window: it reaches that far to each side.")
def radius_is_width(q, k, v, radius):
    place = torch.arange(q.shape[-2])
    return masked_attention(q, k, v, (place[:, None] - place).abs() <= radius // 2)


@mutant("offset_mask", "Positive offsets look ahead, at later positions: yours look the other way.")
def offset_back(length, offset):
    place = torch.arange(length)
    return place[:, None] - offset == place


@mutant("offset_mask", "Beyond the ends there is nothing: yours goes on at the other end.")
def wraps_around(length, offset):
    place = torch.arange(length)
    return (place[:, None] + offset) % length == place


@mutant("offset_mask", "Beyond the ends there is nothing: yours repeats the first and the last position.")
def clamps(length, offset):
    place = torch.arange(length)
    return (place[:, None] + offset).clamp(0, length - 1) == place


@mutant("conv_by_attention", "Your kernel starts at the present; half of its taps belong before it.")
def not_centred(x, kernel):
    return sum(masked_attention(x, x, x @ tap, offset_mask(x.shape[1], j)) for j, tap in enumerate(kernel))


@mutant("conv_by_attention", "Your convolution looks back only: half of its taps belong after the present.")
def causal_convolution(x, kernel):
    last = len(kernel) - 1
    return sum(masked_attention(x, x, x @ tap, offset_mask(x.shape[1], j - last)) for j, tap in enumerate(kernel))


@mutant("conv_by_attention", "The taps are added up, not averaged.")
def taps_averaged(x, kernel):
    half = len(kernel) // 2
    heads = [masked_attention(x, x, x @ tap, offset_mask(x.shape[1], j - half)) for j, tap in enumerate(kernel)]
    return torch.stack(heads).mean(dim=0)


@mutant("rnn_jacobian", "A slope is missing: tanh is part of every update.")
def no_slope(x, w, u):
    jacobian = u
    for _ in x[1:]:
        jacobian = w @ jacobian
    return jacobian


@mutant("rnn_jacobian", "States are columns here, w @ h: is it w or its transpose that the chain rule multiplies by?")
def w_transposed(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
        jacobian = (1 - state**2)[:, None] * (u if jacobian is None else w.T @ jacobian)
    return jacobian


@mutant("rnn_jacobian", "The states themselves are off: the update is w @ h, not h @ w.")
def states_with_w_transposed(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(state @ w + u @ frame)
        jacobian = (1 - state**2)[:, None] * (u if jacobian is None else w @ jacobian)
    return jacobian


@mutant("rnn_jacobian", "Both the states and their slopes take h @ w, as for rows: here it is w @ h.")
def rows_throughout(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(state @ w + u @ frame)
        jacobian = (1 - state**2)[:, None] * (u if jacobian is None else w.T @ jacobian)
    return jacobian


@mutant("rnn_jacobian", "One update too many: the first frame enters through u, and T - 1 updates follow.")
def one_more_w(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), u
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
        jacobian = (1 - state**2)[:, None] * (w @ jacobian)
    return jacobian


@mutant("rnn_jacobian", "Each update has the slope of its own state, not of the last one.")
def last_slope(x, w, u):
    state = torch.zeros(len(w), dtype=x.dtype)
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
    slope = (1 - state**2)[:, None]
    jacobian = slope * u
    for _ in x[1:]:
        jacobian = slope * (w @ jacobian)
    return jacobian


@mutant("rnn_jacobian", "That is the gradient by the last input; the first one is asked for.")
def by_the_last_input(x, w, u):
    state = torch.zeros(len(w), dtype=x.dtype)
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
    return (1 - state**2)[:, None] * u


@mutant("rnn_jacobian", "The slope of tanh is 1 minus its square, not 1 minus itself.")
def wrong_slope(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
        jacobian = (1 - state)[:, None] * (u if jacobian is None else w @ jacobian)
    return jacobian


@mutant("attention_jacobian", "The first frame is a value, and a key too: its weight moves with it.")
def only_as_value(x):
    weight = softmax(scores(x[-1:], x))[0, 0]
    return weight * torch.eye(x.shape[-1], dtype=x.dtype)


@mutant("attention_jacobian", "When one weight grows, the others shrink: is their share in your derivative?")
def weights_do_not_compete(x):
    width = x.shape[-1]
    weight = softmax(scores(x[-1:], x))[0, 0]
    return weight * (torch.eye(width, dtype=x.dtype) + torch.outer(x[0], x[-1]) / math.sqrt(width))


@mutant("attention_jacobian", "The scores were divided by the root of the width: so is their derivative.")
def jacobian_unscaled(x):
    weight = softmax(scores(x[-1:], x))[0, 0]
    pull = torch.outer(x[0] - attention(x[-1:], x, x)[0], x[-1])
    return weight * (torch.eye(x.shape[-1], dtype=x.dtype) + pull)


@mutant("attention_jacobian", "Rows belong to outputs, columns to inputs: yours is transposed.")
def jacobian_T(x):
    first, last, width = x[0], x[-1], x.shape[-1]
    weight = softmax(scores(x[-1:], x))[0, 0]
    pull = torch.outer(last, first - attention(x[-1:], x, x)[0]) / math.sqrt(width)
    return weight * (torch.eye(width, dtype=x.dtype) + pull)


RIGHT = {
    "RNN, more updates": 99,
    "CNN, layers": 50,
    "self-attention, layers": 1,
    "self-attention, scores": 80_000,
}
variants.mutant_value(
    "counts_frames",
    "ANSWERS",
    "Count the steps from frame to frame, not the frames.",
    RIGHT | {"RNN, more updates": 100},
)
variants.mutant_value(
    "whole_kernel_a_layer",
    "ANSWERS",
    "A layer with 5 taps reaches 2 further to each side, not 5.",
    RIGHT | {"CNN, layers": 20},
)
variants.mutant_value(
    "one_score_a_frame",
    "ANSWERS",
    "Every frame has a score with every frame, in every head.",
    RIGHT | {"self-attention, scores": 800},
)

# --- 4.8 pooling ---


@mutant("masked_mean", "Padding is in your mean: only real frames count.")
def counts_pad(x, mask):
    return x.mean(dim=1)


@mutant("masked_mean", "You divide by the padded length; each sequence has a length of its own.")
def div_T(x, mask):
    return (x * mask[..., None]).sum(dim=1) / x.shape[1]


@mutant("masked_mean", "Padding may stand anywhere: look at the mask, not at how many frames are real.")
def mean_padding_last(x, mask):
    count = mask.sum(dim=1, keepdim=True)
    first = torch.arange(x.shape[1]) < count
    return (x * first[..., None]).sum(dim=1) / count.clamp(min=1)


@mutant("masked_mean", "You take the first frame; the mean of all real frames is asked for.")
def first(x, mask):
    return x[:, 0] * mask[:, :1]


@mutant("masked_mean", "An empty sequence is divided by 0 in yours: it gives zeros.")
def mean_of_nothing(x, mask):
    return (x * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


@mutant("masked_mean", "One mean for the whole batch: each sequence has its own.")
def mean_of_batch(x, mask):
    return x[mask].mean(dim=0).expand(len(x), -1) * mask.any(dim=1, keepdim=True)


@mutant("attention_pool", "Padding takes weight in yours: mask the scores.")
def pools_padding(x, mask, w):
    return (softmax(x @ w)[:, None, :] @ x)[:, 0]


@mutant("attention_pool", "Padding may stand anywhere: look at the mask, not at how many frames are real.")
def pool_padding_last(x, mask, w):
    first = torch.arange(x.shape[1]) < mask.sum(dim=1, keepdim=True)
    return (masked_softmax(x @ w, first)[:, None, :] @ x)[:, 0]


@mutant("attention_pool", "The scores here are not divided by anything.")
def pool_scaled(x, mask, w):
    return (masked_softmax(x @ w / math.sqrt(len(w)), mask)[:, None, :] @ x)[:, 0]


@mutant("attention_pool", "The frames are weighted by raw scores: where is the softmax?")
def pool_no_softmax(x, mask, w):
    return ((x @ w * mask)[:, None, :] @ x)[:, 0]


@mutant("attention_pool", "Every frame has the same weight in yours: what is w for?")
def pool_ignores_w(x, mask, w):
    return masked_mean(x, mask)


@mutant("attention_pool", "You normalise over the batch; the weights of each sequence add up to 1 over its frames.")
def pool_over_batch(x, mask, w):
    return (masked_softmax((x @ w).T, mask.T).T[:, None, :] @ x)[:, 0]


@mutant("attention_pool", "You choose the frame with the best score; the softmax gives a weighted mean.")
def pool_best(x, mask, w):
    best = (x @ w).masked_fill(~mask, -1e30).argmax(dim=1)
    return x[torch.arange(len(x)), best] * mask.any(dim=1, keepdim=True)


# --- 4.9 training (validate --training) ---


def _frame_by_frame(x, mask, y, x_new, seed, epochs):
    """A linear model of each frame's features; labels for x_new, and the losses."""
    torch.manual_seed(seed)
    model = torch.nn.Linear(x.shape[-1], 9)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(epochs):
        loss = torch.nn.functional.cross_entropy(model(x)[mask], y[mask])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return model(x_new).argmax(dim=-1), losses


@mutant("fit_predict", "One frame alone says little: let it look at the others of its conversation.")
def one_frame_only(x_train, mask_train, y_train, x_new, mask_new, seed):
    return _frame_by_frame(x_train, mask_train, y_train, x_new, seed, 200)


@mutant("fit_predict", "What stands in the padding changes your labels: where does it get in?")
def sees_padding(x_train, mask_train, y_train, x_new, mask_new, seed):
    def joined(x):
        return torch.cat([x, x.mean(dim=1, keepdim=True).expand_as(x)], dim=-1)

    return _frame_by_frame(joined(x_train), mask_train, y_train, joined(x_new), seed, 200)


@mutant("fit_predict", "Your model never learns: is there a step of the optimiser?")
def never_learns(x_train, mask_train, y_train, x_new, mask_new, seed):
    labels, losses = _frame_by_frame(x_train, mask_train, y_train, x_new, seed, 1)
    return labels, losses * 2
