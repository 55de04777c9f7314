"""5.9 Decoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    MismatchError,
    Reference,
    Student,
    as_tensor,
    compare,
    expect,
    matches,
)

from ..task import tokens_of

exercise = Exercise("5.9", "Decoding", owns=("log_probability", "greedy_decode", "beam_search"), points=12)


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


@exercise.check("greedy_decode", 1, public=True)
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


@exercise.check("log_probability", 2)
def sums_log_probabilities(student: Student, reference: Reference, draw: Draw) -> None:
    """log_probability adds log p of each token, given BOS and the tokens before it."""
    for classes, count in ((4, 1), (5, 3), (7, 6)):
        table, bos, _, _ = table_of(draw, 8, classes)
        tokens = draw.integers(0, classes, count).tolist()
        matches(student, reference, "log_probability", table, tokens, bos)


@exercise.check("greedy_decode", 3)
def greedy(student: Student, reference: Reference, draw: Draw) -> None:
    """greedy_decode takes the most probable token each time and ends with EOS, which is returned; BOS is not."""
    at_once, bos, eos, limit = ending(reference, draw, 5, 4, 1)
    at_once[0, bos, eos] = 20.0
    tables = [ending(reference, draw, *size) for size in ((6, 4, 1), (8, 5, 3), (12, 7, 4), (12, 6, 5))]
    for given in (*tables, (at_once, bos, eos, limit)):
        same_sequence(student.greedy_decode(*given), reference.greedy_decode(*given), "greedy_decode")


@exercise.check("greedy_decode", 1)
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


@exercise.check("beam_search", 1)
def narrow_beam(student: Student, reference: Reference, draw: Draw) -> None:
    """With width 1, beam search is greedy decoding."""
    tables = [ending(reference, draw, *size) for size in ((6, 4, 1), (9, 6, 3))]
    same_beams(student, reference, tables, 1)


@exercise.check("beam_search", 2)
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


def cut_short(draw: Draw, limit: int, classes: int) -> Table:
    """A decoder that may end at once, and whose best sequence has not ended when the limit comes."""
    table, bos, eos, limit = endless(draw, limit, classes)
    again = next(token for token in range(classes) if token not in (bos, eos))
    table[0, bos, again], table[0, bos, eos] = 9.0, 8.0
    table[1:, again, again] = 12.0
    return table, bos, eos, limit


@exercise.check("beam_search", 1)
def wide_beam(student: Student, reference: Reference, draw: Draw) -> None:
    """It works for other widths, more than there are tokens too, and without EOS ends after `limit` rounds."""
    same_beams(student, reference, [ending(reference, draw, 7, 5, 2)], 3)
    same_beams(student, reference, [ending(reference, draw, 6, 4, 2)], 6)
    same_beams(student, reference, [endless(draw, 4, 5), cut_short(draw, 4, 5)], 2)


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


@exercise.check("beam_search", 1)
def beam_scores(student: Student, reference: Reference, draw: Draw) -> None:
    """The second result of beam_search is the log-probability of the sequence that it returns."""
    tables = [[ending(reference, draw, 8, 5, 3), endless(draw, 4, 5), short_and_long(draw, 6, 5)] for _ in range(3)]
    answers = [beams(student, some, width) for width, some in enumerate(tables, 1)]
    for width, (some, pairs) in enumerate(zip(tables, answers, strict=True), 1):
        for given, (found, score) in zip(some, pairs, strict=True):
            # A wrong sequence has lost its points above: its own score is right here, and so is the best one's.
            right = [reference.beam_search(*given, width)[1], *own_score(reference, given, found)]
            compare(score, nearest(right, score), "the log-probability")


# --- mistakes ---


@exercise.mistake("log_probability", "Is it logits or log-probabilities that you add?")
def sums_logits(table, tokens, bos):
    return decoder_logits(table, [bos, *tokens[:-1]])[range(len(tokens)), tokens].sum()


@exercise.mistake("log_probability", "Nothing is divided by the length here.")
def mean_log_probability(table, tokens, bos):
    logits = decoder_logits(table, [bos, *tokens[:-1]])
    return logits.log_softmax(dim=1)[range(len(tokens)), tokens].mean()


@exercise.mistake("log_probability", "A probability or its logarithm: which is asked for?")
def probability(table, tokens, bos):
    logits = decoder_logits(table, [bos, *tokens[:-1]])
    return logits.log_softmax(dim=1)[range(len(tokens)), tokens].sum().exp()


@exercise.mistake("log_probability", "A loss is minus this. What is the sign of the logarithm of a probability?")
def negative_log_probability(table, tokens, bos):
    logits = decoder_logits(table, [bos, *tokens[:-1]])
    return -logits.log_softmax(dim=1)[range(len(tokens)), tokens].sum()


@exercise.mistake(
    "log_probability", "Row t is about the token behind tokens[t]. What goes in to ask for the first one?"
)
def unshifted(table, tokens, bos):
    return decoder_logits(table, tokens).log_softmax(dim=1)[range(len(tokens)), tokens].sum()


@exercise.mistake("log_probability", "The first token has a probability too: it follows BOS.")
def first_token_free(table, tokens, bos):
    logits = decoder_logits(table, [bos, *tokens[:-1]])
    return logits.log_softmax(dim=1)[range(len(tokens)), tokens][1:].sum()


def _greedy(table, bos, eos, limit, row):
    tokens = [bos]
    while len(tokens) <= limit:
        tokens.append(int(decoder_logits(table, tokens)[row(len(tokens))].argmax()))
        if tokens[-1] == eos:
            break
    return tokens[1:]


@exercise.mistake("greedy_decode", "Which row of the logits is about the next token? You always read the same one.")
def first_pos(table, bos, eos, limit):
    return _greedy(table, bos, eos, limit, lambda count: 0)


@exercise.mistake("greedy_decode", "You read the row before the last: that one is about a token you have already.")
def pos_off(table, bos, eos, limit):
    return _greedy(table, bos, eos, limit, lambda count: max(0, count - 2))


@exercise.mistake("greedy_decode", "EOS is part of the sequence: do you return it?")
def drop_eos(table, bos, eos, limit):
    return [token for token in _greedy(table, bos, eos, limit, lambda count: -1) if token != eos]


@exercise.mistake("greedy_decode", "Who decides when it is over? Your sequence goes on behind EOS.")
def no_stop(table, bos, eos, limit):
    return _greedy(table, bos, -1, limit, lambda count: -1)


@exercise.mistake("greedy_decode", "BOS only starts the decoder. Does it belong in the translation?")
def keeps_bos(table, bos, eos, limit):
    return [bos, *_greedy(table, bos, eos, limit, lambda count: -1)]


@exercise.mistake("greedy_decode", "Does the limit count BOS? One token is missing at the end.")
def limit_counts_bos(table, bos, eos, limit):
    return _greedy(table, bos, eos, limit - 1, lambda count: -1)


@exercise.mistake("greedy_decode", "Each token that comes out goes in again. What does your decoder get to see?")
def sees_only_last(table, bos, eos, limit):
    tokens, last = [], bos
    while len(tokens) < limit:
        last = int(decoder_logits(table, [last])[-1].argmax())
        tokens.append(last)
        if last == eos:
            break
    return tokens


@exercise.mistake("greedy_decode", "The most probable token, or the least?")
def least_probable(table, bos, eos, limit):
    return _greedy(-table, bos, eos, limit, lambda count: -1)


def _beam(table, bos, eos, limit, width, *, grow=True, step=None, rank=None, stop=all, carry=True, per_parent=0):
    """Beam search with one thing changed."""
    step = step or (lambda logits: logits.log_softmax(dim=0))
    rank = rank or (lambda tokens, score: score)
    beam = [([bos], torch.zeros((), dtype=table.dtype))]
    for _ in range(limit):
        candidates = []
        for tokens, total in beam:
            if tokens[-1] == eos and grow:
                candidates += [(tokens, total)] if carry else []
                continue
            children = [([*tokens, t], total + s) for t, s in enumerate(step(decoder_logits(table, tokens)[-1]))]
            if per_parent:
                children = sorted(children, key=lambda c: -float(c[1]))[:per_parent]
            candidates += children
        if not candidates:
            break
        beam = sorted(candidates, key=lambda c: -float(rank(c[0], c[1])))[:width]
        if stop(tokens[-1] == eos for tokens, _ in beam):
            break
    return beam[0][0][1:], beam[0][1]


@exercise.mistake("beam_search", "The beam is wider than one. Does your search ever keep the second best?")
def only_greedy(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, 1)


@exercise.mistake("beam_search", "Logits of different steps cannot be added: make log-probabilities of them first.")
def beam_of_logits(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, step=lambda logits: logits)


@exercise.mistake("beam_search", "A sequence that has ended stays as it is. Yours are continued behind EOS.")
def grows_ended(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, grow=False)


@exercise.mistake("beam_search", "You stop as soon as one sequence has ended. What if the other one gets better?")
def stops_at_first(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, stop=any)


@exercise.mistake("beam_search", "Nothing is divided by the length here: short and long compete as they are.")
def by_length(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, rank=lambda tokens, score: score / (len(tokens) - 1))


@exercise.mistake("beam_search", "Your sequence is right. Is its score still a sum when you return it?")
def score_by_length(table, bos, eos, limit, width):
    tokens, total = _beam(table, bos, eos, limit, width)
    return tokens, total / len(tokens)


@exercise.mistake(
    "beam_search", "Your sequence is right, but its score is divided: and BOS is even counted among the tokens."
)
def score_by_length_with_bos(table, bos, eos, limit, width):
    tokens, total = _beam(table, bos, eos, limit, width)
    return tokens, total / (len(tokens) + 1)


@exercise.mistake(
    "beam_search", "Both to compare sequences and to score the best one, you divide by the length: just add."
)
def mean_throughout(table, bos, eos, limit, width):
    tokens, total = _beam(table, bos, eos, limit, width, rank=lambda tokens, score: score / (len(tokens) - 1))
    return tokens, total / len(tokens)


@exercise.mistake("beam_search", "A sequence that has ended still competes. Yours are lost.")
def loses_ended(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, carry=False, stop=all)


@exercise.mistake("beam_search", "The best one wins, ended or not: yours prefers one that has ended.")
def prefers_ended(table, bos, eos, limit, width):
    beam = [([bos], torch.zeros((), dtype=table.dtype))]
    for _ in range(limit):
        candidates = [one for one in beam if one[0][-1] == eos]
        for tokens, total in beam:
            if tokens[-1] != eos:
                steps = decoder_logits(table, tokens)[-1].log_softmax(dim=0)
                candidates += [([*tokens, token], total + step) for token, step in enumerate(steps)]
        beam = sorted(candidates, key=lambda c: -float(c[1]))[:width]
        if all(tokens[-1] == eos for tokens, _ in beam):
            break
    tokens, total = next((one for one in beam if one[0][-1] == eos), beam[0])
    return tokens[1:], total


@exercise.mistake(
    "beam_search",
    "Of all continuations together the best are kept: both may come from one parent. Yours keep one a parent.",
)
def one_a_parent(table, bos, eos, limit, width):
    tokens = [bos]
    firsts = decoder_logits(table, tokens)[-1].log_softmax(dim=0).topk(min(width, table.shape[2]))
    beam = [([bos, int(t)], s) for s, t in zip(*firsts)]
    for _ in range(limit - 1):
        if all(tokens[-1] == eos for tokens, _ in beam):
            break
        grown = []
        for tokens, total in beam:
            if tokens[-1] == eos:
                grown.append((tokens, total))
                continue
            best, token = decoder_logits(table, tokens)[-1].log_softmax(dim=0).max(dim=0)
            grown.append(([*tokens, int(token)], total + best))
        beam = grown
    best = max(beam, key=lambda c: float(c[1]))
    return best[0][1:], best[1]


@exercise.mistake("beam_search", "The score of a sequence is a sum over all its tokens. Is yours only the last one's?")
def last_step_only(table, bos, eos, limit, width):
    beam = [([bos], torch.zeros((), dtype=table.dtype))]
    for _ in range(limit):
        candidates = []
        for tokens, score in beam:
            if tokens[-1] == eos:
                candidates.append((tokens, score))
                continue
            steps = decoder_logits(table, tokens)[-1].log_softmax(dim=0)
            candidates += [([*tokens, token], step) for token, step in enumerate(steps)]
        beam = sorted(candidates, key=lambda c: -float(c[1]))[:width]
        if all(tokens[-1] == eos for tokens, _ in beam):
            break
    return beam[0][0][1:], beam[0][1]


@exercise.mistake("beam_search", "Your sequence is right; its score is not a log-probability any more.")
def beam_probability(table, bos, eos, limit, width):
    tokens, total = _beam(table, bos, eos, limit, width)
    return tokens, total.exp()


@exercise.mistake("beam_search", "Does BOS belong in the sequence that you return?")
def beam_keeps_bos(table, bos, eos, limit, width):
    tokens, total = _beam(table, bos, eos, limit, width)
    return [bos, *tokens], total


@exercise.mistake("beam_search", "How many rounds are there? In yours, BOS uses one up.")
def beam_limit_counts_bos(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit - 1, width)


@exercise.mistake("beam_search", "Most probable means largest. Which end of your sorted list do you keep?")
def keeps_worst(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, rank=lambda tokens, score: -score)


@exercise.mistake(
    "beam_search", "A sequence that has ended keeps its place in the beam: do you let another one take it?"
)
def beam_refilled(table, bos, eos, limit, width):
    beam, done = [([bos], torch.zeros((), dtype=table.dtype))], []
    for _ in range(limit):
        longer = []
        for tokens, score in beam:
            steps = decoder_logits(table, tokens)[-1].log_softmax(dim=0)  # noqa: F821
            longer += [([*tokens, token], score + step) for token, step in enumerate(steps)]
        best = sorted(longer, key=lambda candidate: float(candidate[1]), reverse=True)[:width]
        done += [candidate for candidate in best if candidate[0][-1] == eos]
        beam = [candidate for candidate in best if candidate[0][-1] != eos]
        if not beam:
            break
    tokens, score = max(done + beam, key=lambda candidate: float(candidate[1]))
    return tokens[1:], score
