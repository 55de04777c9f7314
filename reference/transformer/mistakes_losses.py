"""Wrong implementations that students write, each with the hint for it: losses, warm-up and clipping (5.5 to 5.8).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 5.5 what the decoder learns ---


@mutant("teacher_forcing", "In and out are swapped: which one starts with BOS?")
def shift_wrong(targets, bos, eos, pad):
    return _forced(targets, bos, eos, pad)[::-1]


def _forced(targets, bos, eos, pad):
    column = torch.full_like(targets[:, :1], pad)
    inputs = torch.cat([torch.full_like(column, bos), targets], dim=1)
    labels = torch.cat([targets, column], dim=1)
    labels[torch.arange(len(targets)), (targets != pad).sum(dim=1)] = eos
    return inputs, labels


@mutant("teacher_forcing", "Behind BOS comes the first token. Between your inputs and labels there are two steps.")
def double_shift(targets, bos, eos, pad):
    inputs, labels = _forced(targets, bos, eos, pad)
    return inputs, torch.cat([labels[:, 1:], torch.full_like(labels[:, :1], pad)], dim=1)


@mutant("teacher_forcing", "Nobody tells the machine when to stop: where is EOS?")
def eos_missing(targets, bos, eos, pad):
    inputs, _ = _forced(targets, bos, eos, pad)
    return inputs, torch.cat([targets, torch.full_like(targets[:, :1], pad)], dim=1)


@mutant("teacher_forcing", "Where does a short sequence end: behind its last token, or behind its padding?")
def eos_behind_padding(targets, bos, eos, pad):
    inputs, _ = _forced(targets, bos, eos, pad)
    return inputs, torch.cat([targets, torch.full_like(targets[:, :1], eos)], dim=1)


@mutant("teacher_forcing", "After EOS nothing goes in any more: your inputs hold EOS too.")
def eos_in_inputs(targets, bos, eos, pad):
    inputs, labels = _forced(targets, bos, eos, pad)
    inputs[inputs == pad] = eos
    return inputs, labels


@mutant("teacher_forcing", "What fills the labels up behind EOS: more EOS, or padding?")
def eos_everywhere(targets, bos, eos, pad):
    inputs, labels = _forced(targets, bos, eos, pad)
    return inputs, labels.masked_fill(labels == pad, eos)


@mutant("teacher_forcing", "Inputs and labels are both one longer than the targets: what has been cut off in yours?")
def last_token_cut(targets, bos, eos, pad):
    inputs, labels = _forced(targets, bos, eos, pad)
    return inputs[:, :-1], labels[:, :-1]


@mutant("teacher_forcing", "Which number is padding? It is handed to you.")
def forcing_pad_zero(targets, bos, eos, pad):
    inputs, _ = _forced(targets, bos, eos, pad)
    labels = torch.cat([targets, torch.zeros_like(targets[:, :1])], dim=1)
    labels[torch.arange(len(targets)), (targets != pad).sum(dim=1)] = eos
    return inputs, labels


def _costs(logits, labels):
    return -logits.log_softmax(dim=2).gather(2, labels[..., None])[..., 0]


@mutant("padded_cross_entropy", "Does padding count in your mean?")
def pad_counted(logits, labels, pad):
    return _costs(logits, labels).mean()


@mutant("padded_cross_entropy", "A long sequence has more labels than a short one. Does it weigh more in your mean?")
def per_seq(logits, labels, pad):
    real = labels != pad
    return ((_costs(logits, labels) * real).sum(dim=1) / real.sum(dim=1)).mean()


@mutant("padded_cross_entropy", "Sum or mean?")
def sum_of_costs(logits, labels, pad):
    return _costs(logits, labels)[labels != pad].sum()


@mutant("padded_cross_entropy", "Padding costs nothing in your sum. What do you divide by?")
def divides_by_all(logits, labels, pad):
    return _costs(logits, labels)[labels != pad].sum() / labels.numel()


@mutant("padded_cross_entropy", "Per batch you divide by the number of sequences: by the number of what should it be?")
def divides_by_rows(logits, labels, pad):
    return _costs(logits, labels)[labels != pad].sum() / len(labels)


@mutant(
    "padded_cross_entropy", "Your mask is one position late, as if it had come from the inputs. Whose padding counts?"
)
def mask_input(logits, labels, pad):
    real = torch.cat([torch.ones_like(labels[:, :1], dtype=torch.bool), labels[:, :-1] != pad], dim=1)
    return _costs(logits, labels)[real].mean()


@mutant("padded_cross_entropy", "Smoothing comes in the next exercise: here the label counts alone.")
def smooth(logits, labels, pad):
    p = logits.log_softmax(dim=2)
    return (0.9 * _costs(logits, labels) - 0.1 * p.mean(dim=2))[labels != pad].mean()


@mutant("padded_cross_entropy", "Which number is padding? Yours is always 0.")
def loss_pad_zero(logits, labels, pad):
    real = labels != 0
    return (_costs(logits, labels) * real).sum() / real.sum()


@mutant("padded_cross_entropy", "What is the softmax of 1000, if one starts with exp? Subtract something first.")
def overflows(logits, labels, pad):
    p = logits.exp() / logits.exp().sum(dim=2, keepdim=True)
    return -p.gather(2, labels[..., None])[..., 0].log()[labels != pad].mean()


@mutant("padded_cross_entropy", "A softmax may be 0, and log 0 is infinite. Is there a function for both at once?")
def log_of_softmax(logits, labels, pad):
    return -logits.softmax(dim=2).log().gather(2, labels[..., None])[..., 0][labels != pad].mean()


@mutant("padded_cross_entropy", "How large can your loss get, if no probability may be smaller than your bound?")
def log_clamped(logits, labels, pad):
    p = logits.softmax(dim=2).clamp(min=1e-12)
    return -p.log().gather(2, labels[..., None])[..., 0][labels != pad].mean()


@mutant("padded_cross_entropy", "How many softmaxes are there between your logits and the logarithm?")
def double_softmax(logits, labels, pad):
    return _costs(logits.softmax(dim=2), labels)[labels != pad].mean()


@mutant("padded_cross_entropy", "Over which dimension do probabilities sum to 1: time, or vocabulary?")
def softmax_over_time(logits, labels, pad):
    return -logits.log_softmax(dim=1).gather(2, labels[..., None])[..., 0][labels != pad].mean()


def _gradient(logits, labels):
    return logits.softmax(dim=2) - torch.nn.functional.one_hot(labels, logits.shape[2])


@mutant("cross_entropy_gradient", "How should the logits at padding move? Not at all: look at your gradient there.")
def gradient_at_padding(logits, labels, pad):
    return _gradient(logits, labels) / (labels != pad).sum()


@mutant("cross_entropy_gradient", "The loss is a mean. What has become of the division?")
def gradient_of_sum(logits, labels, pad):
    return _gradient(logits, labels) * (labels != pad)[..., None]


@mutant("cross_entropy_gradient", "Your gradient is divided, but by a number that counts padding.")
def gradient_over_all(logits, labels, pad):
    return _gradient(logits, labels) * (labels != pad)[..., None] / labels.numel()


@mutant(
    "cross_entropy_gradient", "Going downhill should make the label more probable. Which way does your gradient point?"
)
def gradient_sign(logits, labels, pad):
    return -_gradient(logits, labels) * (labels != pad)[..., None] / (labels != pad).sum()


@mutant("cross_entropy_gradient", "Softmax depends on all the logits: your gradient is 0 everywhere but at the label.")
def gradient_at_label(logits, labels, pad):
    hot = torch.nn.functional.one_hot(labels, logits.shape[2])
    return (logits.softmax(dim=2) - 1) * hot * (labels != pad)[..., None] / (labels != pad).sum()


@mutant("accuracies", "A machine that is good at padding is not a good translator: is padding in your count?")
def counts_padding(logits, labels, pad):
    right = logits.argmax(dim=2) == labels
    return right.double().mean(), right.all(dim=1).double().mean()


@mutant("accuracies", "The second number is about whole sequences: it is no mean of each sequence's accuracy.")
def mean_of_rows(logits, labels, pad):
    real = labels != pad
    right = (logits.argmax(dim=2) == labels) & real
    return right.sum() / real.sum(), (right.sum(dim=1) / real.sum(dim=1)).double().mean()


@mutant("accuracies", "Can a short sequence ever be right in your second number? What must hold at its padding?")
def padding_never_right(logits, labels, pad):
    real = labels != pad
    right = (logits.argmax(dim=2) == labels) & real
    return right.sum() / real.sum(), right.all(dim=1).double().mean()


# --- 5.6 label smoothing ---


@mutant("smooth_labels", "By how many tokens is epsilon shared: does the label get its part?")
def shared_by_others(labels, classes, epsilon):
    hard = torch.nn.functional.one_hot(labels, classes).double()
    return (1 - epsilon) * hard + epsilon / (classes - 1) * (1 - hard)


@mutant("smooth_labels", "The paper's code shares epsilon by V - 2. What does this exercise do?")
def shared_as_in_paper(labels, classes, epsilon):
    hard = torch.nn.functional.one_hot(labels, classes).double()
    return (1 - epsilon) * hard + epsilon / (classes - 2) * (1 - hard)


@mutant("smooth_labels", "What do your distributions sum to?")
def keeps_one(labels, classes, epsilon):
    return torch.nn.functional.one_hot(labels, classes).double() + epsilon / classes


@mutant("smooth_labels", "Each token gets a part of epsilon. How large is yours?")
def epsilon_each(labels, classes, epsilon):
    return (1 - epsilon) * torch.nn.functional.one_hot(labels, classes).double() + epsilon


@mutant("smooth_labels", "Epsilon is small. Is your label's share small too?")
def epsilon_swapped(labels, classes, epsilon):
    return epsilon * torch.nn.functional.one_hot(labels, classes).double() + (1 - epsilon) / classes


def _smooth_costs(logits, labels, epsilon):
    q = (
        torch.nn.functional.one_hot(labels, logits.shape[2]).to(logits.dtype) * (1 - epsilon)
        + epsilon / logits.shape[2]
    )
    return -(q * logits.log_softmax(dim=2)).sum(dim=2)


@mutant("smoothed_cross_entropy", "Does padding count in your smoothed mean?")
def smoothed_pad_counted(logits, labels, pad, epsilon):
    return _smooth_costs(logits, labels, epsilon).mean()


@mutant("smoothed_cross_entropy", "Epsilon does nothing in your loss: where do the other tokens come in?")
def not_smoothed(logits, labels, pad, epsilon):
    return _smooth_costs(logits, labels, 0.0)[labels != pad].mean()


@mutant("smoothed_cross_entropy", "Your sum over the vocabulary has become a mean.")
def mean_over_vocabulary(logits, labels, pad, epsilon):
    return _smooth_costs(logits, labels, epsilon)[labels != pad].mean() / logits.shape[2]


@mutant("smoothed_cross_entropy", "That is the distance between q and p, the KL divergence: it lacks the entropy of q.")
def divergence(logits, labels, pad, epsilon):
    real = labels != pad
    q = (
        torch.nn.functional.one_hot(labels, logits.shape[2]).to(logits.dtype) * (1 - epsilon)
        + epsilon / logits.shape[2]
    )
    return (_smooth_costs(logits, labels, epsilon) + (q * q.log()).sum(dim=2))[real].mean()


# --- 5.7 warm-up ---


@mutant(
    "noam_rate", "Which of the two is smaller at the first update: the rising or the falling one? Which do you take?"
)
def max_for_min(step, width, warmup):
    return width**-0.5 * max(step**-0.5, step * warmup**-1.5)


@mutant("noam_rate", "Wide models want smaller steps. Does your rate know the width?")
def no_d(step, width, warmup):
    return min(step**-0.5, step * warmup**-1.5)


@mutant("noam_rate", "What should happen after the warm-up?")
def no_decay(step, width, warmup):
    return width**-0.5 * min(warmup**-0.5, step * warmup**-1.5)


@mutant("noam_rate", "The rate starts high and falls at once in yours. Where is the warm-up?")
def no_warmup(step, width, warmup):
    return width**-0.5 * step**-0.5


@mutant("noam_rate", "The two branches should meet at step = warmup. Check the power of warmup.")
def branches_apart(step, width, warmup):
    return width**-0.5 * min(step**-0.5, step * warmup**-0.5)


@mutant("noam_rate", "After warm-up the rate falls with the root of the step, not with the step itself.")
def falls_too_fast(step, width, warmup):
    return width**-0.5 * min(warmup**0.5 / step, step * warmup**-1.5)


@mutant("noam_rate", "Counting from 0 or from 1: what is the number of the first update?")
def counts_from_zero(step, width, warmup):
    return width**-0.5 * min((step + 1) ** -0.5, (step + 1) * warmup**-1.5)


@mutant("noam_rates", "The first update's rate is not 0. With which number does your list start?")
def list_from_zero(steps, width, warmup):
    return [0.0, *(noam_rate(step, width, warmup) for step in range(1, steps))]


@mutant("noam_rates", "How many rates are in your list, and how many updates were asked for?")
def one_short(steps, width, warmup):
    return [noam_rate(step, width, warmup) for step in range(1, steps)]


RIGHT = {
    "update with the highest rate": 4000,
    "rate of 16000 over rate of 4000": 0.5,
    "highest rate, four times as wide": 0.5,
}
variants.mutant_value(
    "rises_forever", "ANSWERS", "The rate rises only as long as the warm-up lasts.",
    RIGHT | {"update with the highest rate": 16000},
)  # fmt: skip
variants.mutant_value(
    "falls_with_step", "ANSWERS", "Four times as many updates, but the rate falls with the root of their number.",
    RIGHT | {"rate of 16000 over rate of 4000": 0.25},
)  # fmt: skip
variants.mutant_value(
    "falls_with_width", "ANSWERS", "Which power of the width is in the formula?",
    RIGHT | {"highest rate, four times as wide": 0.25},
)  # fmt: skip

# --- 5.8 clipping ---


@mutant("clip_gradients", "Each tensor is clipped by itself in yours: whose norm is compared with the limit?")
def per_tensor(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    return [g * min(1.0, float(limit / (g.norm() + 1e-30))) for g in gradients], norm


def _each_by_itself(gradients, limit):
    """Each tensor clipped to the limit, and each one's norm."""
    norms = torch.stack([g.norm() for g in gradients])
    return [g * min(1.0, float(limit / (n + 1e-30))) for g, n in zip(gradients, norms, strict=True)], norms


@mutant("clip_gradients", "Each tensor has its own norm in yours, and you add them up: they are one long vector.")
def per_tensor_sum(gradients, limit):
    clipped, norms = _each_by_itself(gradients, limit)
    return clipped, norms.sum()


@mutant("clip_gradients", "You clip each tensor by itself and give a list of norms: all together have one.")
def per_tensor_norms(gradients, limit):
    clipped, norms = _each_by_itself(gradients, limit)
    return clipped, list(norms)


@mutant("clip_gradients", "The norm you give is the last tensor's, and each tensor is clipped by its own.")
def per_tensor_last(gradients, limit):
    clipped, norms = _each_by_itself(gradients, limit)
    return clipped, norms[-1]


@mutant("clip_gradients", "The longest of the tensors sets your norm. How long are they all together?")
def largest_norm(gradients, limit):
    norm = torch.stack([g.norm() for g in gradients]).max()
    return [g * min(1.0, float(limit / (norm + 1e-30))) for g in gradients], norm


@mutant("clip_gradients", "Cutting every entry off changes the direction. All should shrink by the same factor.")
def per_value(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    return [g.clamp(-limit, limit) for g in gradients], norm


@mutant("clip_gradients", "Small gradients grow in yours. When should nothing change?")
def always_scales(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    return [g * (limit / norm.clamp_min(1e-30)) for g in gradients], norm


@mutant("clip_gradients", "A length is the root of the sum of squares.")
def squared_norm(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum()
    return [g * min(1.0, float(limit / (norm + 1e-30))) for g in gradients], norm


@mutant("clip_gradients", "Adding up the tensors' norms is not the norm of them all.")
def sum_of_norms(gradients, limit):
    norm = torch.stack([g.norm() for g in gradients]).sum()
    return [g * min(1.0, float(limit / (norm + 1e-30))) for g in gradients], norm


@mutant("clip_gradients", "The sum of absolute values is another norm than the one asked for.")
def l1_norm(gradients, limit):
    norm = torch.stack([g.abs().sum() for g in gradients]).sum()
    return [g * min(1.0, float(limit / (norm + 1e-30))) for g in gradients], norm


@mutant("clip_gradients", "Which norm is reported: before or after clipping?")
def norm_after(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    factor = limit / norm if norm > limit else 1.0
    return [g * factor for g in gradients], norm * factor


@mutant("clip_gradients", "Divided by the norm, they are 1 long. How long should they be?")
def to_unit_length(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    return [g / norm if norm > limit else g for g in gradients], norm


@mutant("clip_gradients", "What happens to gradients that are all 0? Try it.")
def zeros_to_nan(gradients, limit):
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    return [torch.where(norm > limit, g * (limit / norm), g * (norm / norm)) for g in gradients], norm


# --- boundaries ---


@mutant("accuracies", "Is pad left out of the largest logit? A model that says pad where a token belongs is wrong.")
def never_says_pad(logits, labels, pad):
    logits = logits.clone()
    logits[:, :, pad] = -torch.inf
    real = labels != pad
    right = logits.argmax(dim=2) == labels
    return float((right & real).sum() / real.sum()), float((right | ~real).all(dim=1).double().mean())


@mutant("padded_cross_entropy", "Do you stop at the first pad? Real labels behind it count as well.")
def up_to_the_first_pad(logits, labels, pad):
    cost = -logits.log_softmax(dim=2).gather(2, labels[..., None])[..., 0]
    return cost[(labels != pad).cumprod(dim=1).bool()].mean()


@mutant("teacher_forcing", "A target without tokens: what should the decoder say right after BOS?")
def nothing_ends_nothing(targets, bos, eos, pad):
    column = torch.full_like(targets[:, :1], pad)
    inputs = torch.cat([torch.full_like(column, bos), targets], dim=1)
    labels = torch.cat([targets, column], dim=1)
    counts = (targets != pad).sum(dim=1)
    rows = torch.arange(len(targets))[counts > 0]
    labels[rows, counts[rows]] = eos
    return inputs, labels
