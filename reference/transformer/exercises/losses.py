"""5.5 What the decoder learns."""

from __future__ import annotations

import math

import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    expect,
    matches,
    tensor_of,
)

from .common import ENTROPIES, LOSS_SIZES, loss_problem, padded

exercise = Exercise(
    "5.5",
    "What the decoder learns",
    owns=("teacher_forcing", "padded_cross_entropy", "cross_entropy_gradient", "accuracies"),
    points=12,
    bans=ENTROPIES + AUTOGRAD,
)


@exercise.check("teacher_forcing", 1, public=True)
def two_sequences(student: Student, reference: Reference, draw: Draw) -> None:
    """[[5, 6, 7], [8, 0, 0]] with BOS 1, EOS 2, PAD 0: inputs [[1, 5, 6, 7], [1, 8, 0, 0]] and labels
    [[5, 6, 7, 2], [8, 2, 0, 0]]."""
    matches(student, reference, "teacher_forcing", torch.tensor([[5, 6, 7], [8, 0, 0]]), 1, 2, 0)


@exercise.check("teacher_forcing", 3)
def forces(student: Student, reference: Reference, draw: Draw) -> None:
    """Inputs begin with BOS, labels end with EOS, and padding stays behind both, for any BOS, EOS and PAD."""
    for rows, length in ((2, 3), (3, 5), (6, 7)):
        pad, bos, eos = draw.distinct(3, 0, 4)
        tokens = padded(draw, rows, length, 9, 0, shortest=rows % 2) + 5
        tokens[tokens == 5] = pad
        matches(student, reference, "teacher_forcing", tokens, bos, eos, pad)
    # A batch in which every row has padding; and a pad that is larger than every token.
    matches(student, reference, "teacher_forcing", torch.cat([tokens, 0 * tokens + pad], dim=1), bos, eos, pad)
    matches(student, reference, "teacher_forcing", tokens.masked_fill(tokens == pad, 20), bos, eos, 20)


@exercise.check("padded_cross_entropy", 3)
def mean_of_real_labels(student: Student, reference: Reference, draw: Draw) -> None:
    """padded_cross_entropy is the mean over all real labels of the batch, whatever number padding has."""
    for size in LOSS_SIZES:
        matches(student, reference, "padded_cross_entropy", *loss_problem(draw, *size))


@exercise.check("padded_cross_entropy", 1)
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


@exercise.check("cross_entropy_gradient", 3)
def loss_gradient(student: Student, reference: Reference, draw: Draw) -> None:
    """cross_entropy_gradient equals what autograd finds; it is 0 where there is padding."""
    for size in LOSS_SIZES:
        logits, labels, pad = loss_problem(draw, *size)
        point = logits.clone().requires_grad_(True)
        loss = torch.nn.functional.cross_entropy(point.flatten(0, 1), labels.flatten(), ignore_index=pad)
        got = student.cross_entropy_gradient(logits, labels, pad)
        compare(got, torch.autograd.grad(loss, point)[0], "cross_entropy_gradient")
    matches(student, reference, "cross_entropy_gradient", 500 * logits, labels, pad)


@exercise.check("accuracies", 1)
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


# --- mistakes ---


@exercise.mistake("teacher_forcing", "In and out are swapped: which one starts with BOS?")
def shift_wrong(targets, bos, eos, pad):
    return _forced(targets, bos, eos, pad)[::-1]


def _forced(targets, bos, eos, pad):
    column = torch.full_like(targets[:, :1], pad)
    inputs = torch.cat([torch.full_like(column, bos), targets], dim=1)
    labels = torch.cat([targets, column], dim=1)
    labels[torch.arange(len(targets)), (targets != pad).sum(dim=1)] = eos
    return inputs, labels


@exercise.mistake(
    "teacher_forcing", "Behind BOS comes the first token. Between your inputs and labels there are two steps."
)
def double_shift(targets, bos, eos, pad):
    inputs, labels = _forced(targets, bos, eos, pad)
    return inputs, torch.cat([labels[:, 1:], torch.full_like(labels[:, :1], pad)], dim=1)


@exercise.mistake("teacher_forcing", "Nobody tells the machine when to stop: where is EOS?")
def eos_missing(targets, bos, eos, pad):
    inputs, _ = _forced(targets, bos, eos, pad)
    return inputs, torch.cat([targets, torch.full_like(targets[:, :1], pad)], dim=1)


@exercise.mistake("teacher_forcing", "Where does a short sequence end: behind its last token, or behind its padding?")
def eos_behind_padding(targets, bos, eos, pad):
    inputs, _ = _forced(targets, bos, eos, pad)
    return inputs, torch.cat([targets, torch.full_like(targets[:, :1], eos)], dim=1)


@exercise.mistake("teacher_forcing", "After EOS nothing goes in any more: your inputs hold EOS too.")
def eos_in_inputs(targets, bos, eos, pad):
    inputs, labels = _forced(targets, bos, eos, pad)
    inputs[inputs == pad] = eos
    return inputs, labels


@exercise.mistake("teacher_forcing", "All rows keep their length and get one more, even if each of them has padding.")
def cut_to_the_longest(targets, bos, eos, pad):
    inputs, labels = _forced(targets, bos, eos, pad)
    longest = int((targets != pad).sum(dim=1).max()) + 1
    return inputs[:, :longest], labels[:, :longest]


@exercise.mistake("teacher_forcing", "Are all of your tokens larger than pad? There may be smaller ones.")
def tokens_above_pad(targets, bos, eos, pad):
    inputs, _ = _forced(targets, bos, eos, pad)
    labels = torch.cat([targets, torch.full_like(targets[:, :1], pad)], dim=1)
    labels[torch.arange(len(targets)), (targets > pad).sum(dim=1)] = eos
    return inputs, labels


@exercise.mistake("teacher_forcing", "What fills the labels up behind EOS: more EOS, or padding?")
def eos_everywhere(targets, bos, eos, pad):
    inputs, labels = _forced(targets, bos, eos, pad)
    return inputs, labels.masked_fill(labels == pad, eos)


@exercise.mistake(
    "teacher_forcing", "Inputs and labels are both one longer than the targets: what has been cut off in yours?"
)
def last_token_cut(targets, bos, eos, pad):
    inputs, labels = _forced(targets, bos, eos, pad)
    return inputs[:, :-1], labels[:, :-1]


@exercise.mistake("teacher_forcing", "Which number is padding? It is handed to you.")
def forcing_pad_zero(targets, bos, eos, pad):
    inputs, _ = _forced(targets, bos, eos, pad)
    labels = torch.cat([targets, torch.zeros_like(targets[:, :1])], dim=1)
    labels[torch.arange(len(targets)), (targets != pad).sum(dim=1)] = eos
    return inputs, labels


def _costs(logits, labels):
    return -logits.log_softmax(dim=2).gather(2, labels[..., None])[..., 0]


@exercise.mistake("padded_cross_entropy", "Does padding count in your mean?")
def pad_counted(logits, labels, pad):
    return _costs(logits, labels).mean()


@exercise.mistake(
    "padded_cross_entropy", "A long sequence has more labels than a short one. Does it weigh more in your mean?"
)
def per_seq(logits, labels, pad):
    real = labels != pad
    return ((_costs(logits, labels) * real).sum(dim=1) / real.sum(dim=1)).mean()


@exercise.mistake("padded_cross_entropy", "Sum or mean?")
def sum_of_costs(logits, labels, pad):
    return _costs(logits, labels)[labels != pad].sum()


@exercise.mistake("padded_cross_entropy", "Padding costs nothing in your sum. What do you divide by?")
def divides_by_all(logits, labels, pad):
    return _costs(logits, labels)[labels != pad].sum() / labels.numel()


@exercise.mistake(
    "padded_cross_entropy", "Per batch you divide by the number of sequences: by the number of what should it be?"
)
def divides_by_rows(logits, labels, pad):
    return _costs(logits, labels)[labels != pad].sum() / len(labels)


@exercise.mistake(
    "padded_cross_entropy", "Your mask is one position late, as if it had come from the inputs. Whose padding counts?"
)
def mask_input(logits, labels, pad):
    real = torch.cat([torch.ones_like(labels[:, :1], dtype=torch.bool), labels[:, :-1] != pad], dim=1)
    return _costs(logits, labels)[real].mean()


@exercise.mistake("padded_cross_entropy", "Smoothing comes in the next exercise: here the label counts alone.")
def smooth(logits, labels, pad):
    p = logits.log_softmax(dim=2)
    return (0.9 * _costs(logits, labels) - 0.1 * p.mean(dim=2))[labels != pad].mean()


@exercise.mistake("padded_cross_entropy", "Which number is padding? Yours is always 0.")
def loss_pad_zero(logits, labels, pad):
    real = labels != 0
    return (_costs(logits, labels) * real).sum() / real.sum()


@exercise.mistake(
    "padded_cross_entropy", "What is the softmax of 1000, if one starts with exp? Subtract something first."
)
def overflows(logits, labels, pad):
    p = logits.exp() / logits.exp().sum(dim=2, keepdim=True)
    return -p.gather(2, labels[..., None])[..., 0].log()[labels != pad].mean()


@exercise.mistake(
    "padded_cross_entropy", "A softmax may be 0, and log 0 is infinite. Is there a function for both at once?"
)
def log_of_softmax(logits, labels, pad):
    return -logits.softmax(dim=2).log().gather(2, labels[..., None])[..., 0][labels != pad].mean()


@exercise.mistake(
    "padded_cross_entropy", "How large can your loss get, if no probability may be smaller than your bound?"
)
def log_clamped(logits, labels, pad):
    p = logits.softmax(dim=2).clamp(min=1e-12)
    return -p.log().gather(2, labels[..., None])[..., 0][labels != pad].mean()


@exercise.mistake("padded_cross_entropy", "How many softmaxes are there between your logits and the logarithm?")
def double_softmax(logits, labels, pad):
    return _costs(logits.softmax(dim=2), labels)[labels != pad].mean()


@exercise.mistake("padded_cross_entropy", "Over which dimension do probabilities sum to 1: time, or vocabulary?")
def softmax_over_time(logits, labels, pad):
    return -logits.log_softmax(dim=1).gather(2, labels[..., None])[..., 0][labels != pad].mean()


def _gradient(logits, labels):
    return logits.softmax(dim=2) - torch.nn.functional.one_hot(labels, logits.shape[2])


@exercise.mistake(
    "cross_entropy_gradient", "How should the logits at padding move? Not at all: look at your gradient there."
)
def gradient_at_padding(logits, labels, pad):
    return _gradient(logits, labels) / (labels != pad).sum()


@exercise.mistake(
    "cross_entropy_gradient", "What is the softmax of 1000, if one starts with exp? Subtract something first."
)
def gradient_overflows(logits, labels, pad):
    p = logits.exp() / logits.exp().sum(dim=2, keepdim=True)
    real = labels != pad
    return (p - torch.nn.functional.one_hot(labels, logits.shape[2])) * real[..., None] / real.sum()


@exercise.mistake("cross_entropy_gradient", "The loss is a mean. What has become of the division?")
def gradient_of_sum(logits, labels, pad):
    return _gradient(logits, labels) * (labels != pad)[..., None]


@exercise.mistake("cross_entropy_gradient", "Your gradient is divided, but by a number that counts padding.")
def gradient_over_all(logits, labels, pad):
    return _gradient(logits, labels) * (labels != pad)[..., None] / labels.numel()


@exercise.mistake(
    "cross_entropy_gradient", "Going downhill should make the label more probable. Which way does your gradient point?"
)
def gradient_sign(logits, labels, pad):
    return -_gradient(logits, labels) * (labels != pad)[..., None] / (labels != pad).sum()


@exercise.mistake(
    "cross_entropy_gradient", "Softmax depends on all the logits: your gradient is 0 everywhere but at the label."
)
def gradient_at_label(logits, labels, pad):
    hot = torch.nn.functional.one_hot(labels, logits.shape[2])
    return (logits.softmax(dim=2) - 1) * hot * (labels != pad)[..., None] / (labels != pad).sum()


@exercise.mistake("accuracies", "A machine that is good at padding is not a good translator: is padding in your count?")
def counts_padding(logits, labels, pad):
    right = logits.argmax(dim=2) == labels
    return right.double().mean(), right.all(dim=1).double().mean()


@exercise.mistake(
    "accuracies", "The second number is about whole sequences: it is no mean of each sequence's accuracy."
)
def mean_of_rows(logits, labels, pad):
    real = labels != pad
    right = (logits.argmax(dim=2) == labels) & real
    return right.sum() / real.sum(), (right.sum(dim=1) / real.sum(dim=1)).double().mean()


@exercise.mistake(
    "accuracies", "Can a short sequence ever be right in your second number? What must hold at its padding?"
)
def padding_never_right(logits, labels, pad):
    real = labels != pad
    right = (logits.argmax(dim=2) == labels) & real
    return right.sum() / real.sum(), right.all(dim=1).double().mean()


@exercise.mistake(
    "accuracies", "Is pad left out of the largest logit? A model that says pad where a token belongs is wrong."
)
def never_says_pad(logits, labels, pad):
    logits = logits.clone()
    logits[:, :, pad] = -torch.inf
    real = labels != pad
    right = logits.argmax(dim=2) == labels
    return float((right & real).sum() / real.sum()), float((right | ~real).all(dim=1).double().mean())


@exercise.mistake("padded_cross_entropy", "Do you stop at the first pad? Real labels behind it count as well.")
def up_to_the_first_pad(logits, labels, pad):
    cost = -logits.log_softmax(dim=2).gather(2, labels[..., None])[..., 0]
    return cost[(labels != pad).cumprod(dim=1).bool()].mean()


@exercise.mistake("teacher_forcing", "A target without tokens: what should the decoder say right after BOS?")
def nothing_ends_nothing(targets, bos, eos, pad):
    column = torch.full_like(targets[:, :1], pad)
    inputs = torch.cat([torch.full_like(column, bos), targets], dim=1)
    labels = torch.cat([targets, column], dim=1)
    counts = (targets != pad).sum(dim=1)
    rows = torch.arange(len(targets))[counts > 0]
    labels[rows, counts[rows]] = eos
    return inputs, labels
