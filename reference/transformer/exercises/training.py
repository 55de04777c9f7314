"""5.11 Train a translator."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Ladder,
    Reference,
    Rung,
    Score,
    Student,
    as_tensor,
    expect,
)

from ..task import chinese, english, made_up

exercise = Exercise("5.11", "Train a translator", owns=("train_translator",), points=12)


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
        Rung("strong", 0.88, 0.85, "more epochs"),
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


@exercise.check("train_translator", 3, trains=True, seconds=150, lends=HELPERS)
def decides_the_length(student: Student, reference: Reference, draw: Draw) -> Score:
    """The training loss falls, and translations of Chinese numbers have the right number of digits."""
    task = chinese(draw)
    translations, trace = task.translate(student)
    expect(len(trace) > 0, "train_translator: the second result is a list with one loss for each epoch.")
    expect(len(trace) > 1, "train_translator: one loss alone cannot fall: train for at least two epochs.")
    expect(trace[-1] < 0.9 * trace[0], "the training loss hardly falls from the first epoch to the last.")
    score = with_cause(LENGTHS.score(task.lengths(translations), trace), LENGTHS, trace)
    return as_learned(score, LENGTHS, student, draw)


@exercise.check("train_translator", 9, trains=True, seconds=180, lends=HELPERS)
def translates(student: Student, reference: Reference, draw: Draw) -> Score:
    """English numbers below a million, never seen in training, come out right to the last digit."""
    task = english(draw)
    translations, trace = task.translate(student)
    score = with_cause(LADDER.score(task.exact(translations), trace), LADDER, trace)
    return as_learned(score, LADDER, student, draw)


@exercise.practice(LADDER)
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


# --- mistakes ---


def _train(sources, targets, new_sources, model, labels=None, inputs=None, lr=4e-3, epochs=8):
    forced = teacher_forcing(targets, 1, 2, 0)
    inputs, labels = forced[0] if inputs is None else inputs, forced[1] if labels is None else labels
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, epochs * -(-len(sources) // 64), pct_start=0.1)
    losses = []
    for _ in range(epochs):
        losses.append(0.0)
        for rows in torch.randperm(len(sources)).split(64):
            logits = model.decode(inputs[rows], *model.encode(sources[rows]))
            loss = padded_cross_entropy(logits, labels[rows], 0)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses[-1] += loss.item()
    return model.eval().translate(new_sources, targets.shape[1] + 3), losses


@exercise.mistake("train_translator", "Without positions a sentence is a bag of words. Do you add them, on both sides?")
def no_positions(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    model = Translator(source_size, target_size, 64)
    model.positions.zero_()
    return _train(sources, targets, new_sources, model)


@exercise.mistake("train_translator", "How large are your embeddings, beside positions between -1 and 1?")
def positions_drown(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    model = Translator(source_size, target_size, 64)
    for embedding in (model.source, model.target):
        embedding.weight.data *= 8
    return _train(sources, targets, new_sources, model)


@exercise.mistake(
    "train_translator", "In training the decoder copies the answer from the future. Which mask is missing?"
)
def copies_the_future(sources, targets, new_sources, source_size, target_size, seed):
    def decode(tokens, memory, hidden):
        x = model.target(tokens) + model.positions[: tokens.shape[1]]
        return model.output(model.decoder(x, memory, memory_key_padding_mask=hidden))

    torch.manual_seed(seed)
    model = Translator(source_size, target_size, 64)
    model.decode = decode
    return _train(sources, targets, new_sources, model)


@exercise.mistake("train_translator", "How should the machine know when to stop, when no label ever says so?")
def never_ends(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    labels = torch.cat([targets, torch.zeros_like(targets[:, :1])], dim=1)
    return _train(sources, targets, new_sources, Translator(source_size, target_size, 64), labels=labels)


@exercise.mistake(
    "train_translator", "What goes into the decoder in training: the labels themselves, or one step behind them?"
)
def not_shifted(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    _, labels = teacher_forcing(targets, 1, 2, 0)
    return _train(sources, targets, new_sources, Translator(source_size, target_size, 64), labels, labels)


@exercise.mistake("train_translator", "Does your loss move at all? Look at the learning rate.")
def hardly_moves(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    return _train(sources, targets, new_sources, Translator(source_size, target_size, 64), lr=1e-6, epochs=2)
