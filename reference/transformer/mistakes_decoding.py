"""Wrong implementations that students write, each with the hint for it: decoding, BLEU and training (5.9 to 5.11).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math
from collections import Counter

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 5.9 decoding ---


@mutant("log_probability", "Is it logits or log-probabilities that you add?")
def sums_logits(table, tokens, bos):
    return decoder_logits(table, [bos, *tokens[:-1]])[range(len(tokens)), tokens].sum()


@mutant("log_probability", "Nothing is divided by the length here.")
def mean_log_probability(table, tokens, bos):
    logits = decoder_logits(table, [bos, *tokens[:-1]])
    return logits.log_softmax(dim=1)[range(len(tokens)), tokens].mean()


@mutant("log_probability", "A probability or its logarithm: which is asked for?")
def probability(table, tokens, bos):
    logits = decoder_logits(table, [bos, *tokens[:-1]])
    return logits.log_softmax(dim=1)[range(len(tokens)), tokens].sum().exp()


@mutant("log_probability", "A loss is minus this. What is the sign of the logarithm of a probability?")
def negative_log_probability(table, tokens, bos):
    logits = decoder_logits(table, [bos, *tokens[:-1]])
    return -logits.log_softmax(dim=1)[range(len(tokens)), tokens].sum()


@mutant("log_probability", "Row t is about the token behind tokens[t]. What goes in to ask for the first one?")
def unshifted(table, tokens, bos):
    return decoder_logits(table, tokens).log_softmax(dim=1)[range(len(tokens)), tokens].sum()


@mutant("log_probability", "The first token has a probability too: it follows BOS.")
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


@mutant("greedy_decode", "Which row of the logits is about the next token? You always read the same one.")
def first_pos(table, bos, eos, limit):
    return _greedy(table, bos, eos, limit, lambda count: 0)


@mutant("greedy_decode", "You read the row before the last: that one is about a token you have already.")
def pos_off(table, bos, eos, limit):
    return _greedy(table, bos, eos, limit, lambda count: max(0, count - 2))


@mutant("greedy_decode", "EOS is part of the sequence: do you return it?")
def drop_eos(table, bos, eos, limit):
    return [token for token in _greedy(table, bos, eos, limit, lambda count: -1) if token != eos]


@mutant("greedy_decode", "Who decides when it is over? Your sequence goes on behind EOS.")
def no_stop(table, bos, eos, limit):
    return _greedy(table, bos, -1, limit, lambda count: -1)


@mutant("greedy_decode", "BOS only starts the decoder. Does it belong in the translation?")
def keeps_bos(table, bos, eos, limit):
    return [bos, *_greedy(table, bos, eos, limit, lambda count: -1)]


@mutant("greedy_decode", "Does the limit count BOS? One token is missing at the end.")
def limit_counts_bos(table, bos, eos, limit):
    return _greedy(table, bos, eos, limit - 1, lambda count: -1)


@mutant("greedy_decode", "Each token that comes out goes in again. What does your decoder get to see?")
def sees_only_last(table, bos, eos, limit):
    tokens, last = [], bos
    while len(tokens) < limit:
        last = int(decoder_logits(table, [last])[-1].argmax())
        tokens.append(last)
        if last == eos:
            break
    return tokens


@mutant("greedy_decode", "The most probable token, or the least?")
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


@mutant("beam_search", "The beam is wider than one. Does your search ever keep the second best?")
def only_greedy(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, 1)


@mutant("beam_search", "Logits of different steps cannot be added: make log-probabilities of them first.")
def beam_of_logits(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, step=lambda logits: logits)


@mutant("beam_search", "A sequence that has ended stays as it is. Yours are continued behind EOS.")
def grows_ended(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, grow=False)


@mutant("beam_search", "You stop as soon as one sequence has ended. What if the other one gets better?")
def stops_at_first(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, stop=any)


@mutant("beam_search", "Nothing is divided by the length here: short and long compete as they are.")
def by_length(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, rank=lambda tokens, score: score / (len(tokens) - 1))


@mutant("beam_search", "Your sequence is right. Is its score still a sum when you return it?")
def score_by_length(table, bos, eos, limit, width):
    tokens, total = _beam(table, bos, eos, limit, width)
    return tokens, total / len(tokens)


@mutant("beam_search", "Your sequence is right, but its score is divided: and BOS is even counted among the tokens.")
def score_by_length_with_bos(table, bos, eos, limit, width):
    tokens, total = _beam(table, bos, eos, limit, width)
    return tokens, total / (len(tokens) + 1)


@mutant("beam_search", "Both to compare sequences and to score the best one, you divide by the length: just add.")
def mean_throughout(table, bos, eos, limit, width):
    tokens, total = _beam(table, bos, eos, limit, width, rank=lambda tokens, score: score / (len(tokens) - 1))
    return tokens, total / len(tokens)


@mutant("beam_search", "A sequence that has ended still competes. Yours are lost.")
def loses_ended(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, carry=False, stop=all)


@mutant(
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


@mutant("beam_search", "The score of a sequence is a sum over all its tokens. Is yours only the last one's?")
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


@mutant("beam_search", "Your sequence is right; its score is not a log-probability any more.")
def beam_probability(table, bos, eos, limit, width):
    tokens, total = _beam(table, bos, eos, limit, width)
    return tokens, total.exp()


@mutant("beam_search", "Does BOS belong in the sequence that you return?")
def beam_keeps_bos(table, bos, eos, limit, width):
    tokens, total = _beam(table, bos, eos, limit, width)
    return [bos, *tokens], total


@mutant("beam_search", "How many rounds are there? In yours, BOS uses one up.")
def beam_limit_counts_bos(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit - 1, width)


@mutant("beam_search", "Most probable means largest. Which end of your sorted list do you keep?")
def keeps_worst(table, bos, eos, limit, width):
    return _beam(table, bos, eos, limit, width, rank=lambda tokens, score: -score)


# --- 5.10 BLEU ---


def _grams(tokens, n):
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


@mutant("ngram_matches", "Saying one right word ten times should not pay: how often may an n-gram count?")
def unclipped(candidate, reference, n):
    wanted = set(_grams(reference, n))
    found = _grams(candidate, n)
    return sum(gram in wanted for gram in found), len(found)


@mutant(
    "ngram_matches",
    "The second number counts the candidate's n-grams: that is precision. Yours counts the reference's.",
)
def recall(candidate, reference, n):
    found, wanted = Counter(_grams(candidate, n)), Counter(_grams(reference, n))
    return (found & wanted).total(), wanted.total()


@mutant("ngram_matches", "Different n-grams, or all of them? One that occurs twice can match twice.")
def distinct_grams(candidate, reference, n):
    found, wanted = set(_grams(candidate, n)), set(_grams(reference, n))
    return len(found & wanted), len(found)


@mutant("ngram_matches", "How many n-grams has a sequence of n tokens? Your last one is missing.")
def last_gram_missing(candidate, reference, n):
    found, wanted = Counter(_grams(candidate, n)[:-1]), Counter(_grams(reference, n)[:-1])
    return (found & wanted).total(), found.total()


@mutant("ngram_matches", "In an n-gram, order counts.")
def bags(candidate, reference, n):
    found, wanted = (Counter(tuple(sorted(gram)) for gram in _grams(tokens, n)) for tokens in (candidate, reference))
    return (found & wanted).total(), found.total()


@mutant("ngram_matches", "Neighbours share tokens: n-grams start at every token, not at every n-th.")
def blocks_of_n(candidate, reference, n):
    found, wanted = (Counter(_grams(tokens, n)[::n]) for tokens in (candidate, reference))
    return (found & wanted).total(), found.total()


@mutant("brevity_penalty", "Long candidates are rewarded in yours: what is b for them?")
def rewards_length(candidate_length, reference_length):
    return math.exp(1 - reference_length / candidate_length) if candidate_length else 0.0


@mutant("brevity_penalty", "Which of the lengths is on top of the fraction?")
def ratio_upside_down(candidate_length, reference_length):
    if candidate_length == 0:
        return 0.0
    return math.exp(min(0.0, 1 - candidate_length / reference_length))


@mutant("brevity_penalty", "There is an exponential in the formula, not just a ratio.")
def plain_ratio(candidate_length, reference_length):
    return min(1.0, candidate_length / reference_length)


@mutant("brevity_penalty", "An empty candidate: what do you divide by?")
def empty_divides(candidate_length, reference_length):
    return math.exp(min(0.0, 1 - reference_length / candidate_length))


@mutant("brevity_penalty", "Does your penalty hit the long ones?")
def punishes_length(candidate_length, reference_length):
    return (
        1.0 if 0 < candidate_length <= reference_length else math.exp(1 - reference_length / max(1, candidate_length))
    )


def _precisions(candidates, references, longest=4):
    for n in range(1, longest + 1):
        counts = [ngram_matches(c, r, n) for c, r in zip(candidates, references)]
        yield sum(m for m, _ in counts), sum(t for _, t in counts)


def _bleu(candidates, references, precisions, power, penalty=None):
    if any(m == 0 for m, _ in precisions):
        return 0.0
    b = brevity_penalty(sum(map(len, candidates)), sum(map(len, references))) if penalty is None else penalty
    return b * math.prod(m / t for m, t in precisions) ** power


@mutant("bleu", "What keeps a machine from saying only the one word that it is sure of?")
def no_penalty(candidates, references):
    return _bleu(candidates, references, list(_precisions(candidates, references)), 0.25, 1.0)


@mutant("bleu", "BLEU of a corpus is not the mean of its sentences' BLEU. What is added up, and when is it divided?")
def mean_of_sentences(candidates, references):
    each = [_bleu([c], [r], list(_precisions([c], [r])), 0.25) for c, r in zip(candidates, references)]
    return sum(each) / len(each)


@mutant("bleu", "A product or a mean of products: the fourth root is missing.")
def no_root_of_product(candidates, references):
    return _bleu(candidates, references, list(_precisions(candidates, references)), 1.0)


@mutant("bleu", "The geometric mean, or the arithmetic one?")
def arithmetic(candidates, references):
    precisions = list(_precisions(candidates, references))
    if any(m == 0 for m, _ in precisions):
        return 0.0
    b = brevity_penalty(sum(map(len, candidates)), sum(map(len, references)))
    return b * sum(m / t for m, t in precisions) / 4


@mutant("bleu", "How long are the longest n-grams that count?")
def up_to_three(candidates, references):
    return _bleu(candidates, references, list(_precisions(candidates, references, 3)), 1 / 3)


@mutant("bleu", "Precisions of single sentences are averaged in yours: add the counts up first.")
def mean_precisions(candidates, references):
    product = 1.0
    for n in range(1, 5):
        counts = [ngram_matches(c, r, n) for c, r in zip(candidates, references)]
        product *= sum(m / max(1, t) for m, t in counts) / len(counts)
    return brevity_penalty(sum(map(len, candidates)), sum(map(len, references))) * product**0.25


@mutant("bleu", "Smoothing by one is another BLEU: without a match it is 0.")
def plus_one(candidates, references):
    precisions = [(m + 1, t + 1) for m, t in _precisions(candidates, references)]
    return _bleu(candidates, references, precisions, 0.25)


@mutant("bleu", "The brevity penalty belongs to the corpus, once. In yours, each sentence has its own.")
def penalty_each(candidates, references):
    each = [brevity_penalty(len(c), len(r)) for c, r in zip(candidates, references)]
    return _bleu(candidates, references, list(_precisions(candidates, references)), 0.25, sum(each) / len(each))


# --- 5.11 training ---


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


@mutant("train_translator", "Without positions a sentence is a bag of words. Do you add them, on both sides?")
def no_positions(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    model = Translator(source_size, target_size, 64)
    model.positions.zero_()
    return _train(sources, targets, new_sources, model)


@mutant("train_translator", "How large are your embeddings, beside positions between -1 and 1?")
def positions_drown(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    model = Translator(source_size, target_size, 64)
    for embedding in (model.source, model.target):
        embedding.weight.data *= 8
    return _train(sources, targets, new_sources, model)


@mutant("train_translator", "In training the decoder copies the answer from the future. Which mask is missing?")
def copies_the_future(sources, targets, new_sources, source_size, target_size, seed):
    def decode(tokens, memory, hidden):
        x = model.target(tokens) + model.positions[: tokens.shape[1]]
        return model.output(model.decoder(x, memory, memory_key_padding_mask=hidden))

    torch.manual_seed(seed)
    model = Translator(source_size, target_size, 64)
    model.decode = decode
    return _train(sources, targets, new_sources, model)


@mutant("train_translator", "How should the machine know when to stop, when no label ever says so?")
def never_ends(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    labels = torch.cat([targets, torch.zeros_like(targets[:, :1])], dim=1)
    return _train(sources, targets, new_sources, Translator(source_size, target_size, 64), labels=labels)


@mutant("train_translator", "What goes into the decoder in training: the labels themselves, or one step behind them?")
def not_shifted(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    _, labels = teacher_forcing(targets, 1, 2, 0)
    return _train(sources, targets, new_sources, Translator(source_size, target_size, 64), labels, labels)


@mutant("train_translator", "Does your loss move at all? Look at the learning rate.")
def hardly_moves(sources, targets, new_sources, source_size, target_size, seed):
    torch.manual_seed(seed)
    return _train(sources, targets, new_sources, Translator(source_size, target_size, 64), lr=1e-6, epochs=2)


# --- boundaries ---


@mutant("beam_search", "A sequence that has ended keeps its place in the beam: do you let another one take it?")
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


@mutant("ngram_matches", "Are (1, 12) and (11, 2) the same pair in yours? Compare tokens, not their digits in a row.")
def joined_to_text(candidate, reference, n):
    wanted, found = (
        Counter("".join(map(str, run)) for run in zip(*(tokens[i:] for i in range(n)), strict=False))
        for tokens in (reference, candidate)
    )
    return (found & wanted).total(), found.total()


@mutant("bleu", "If no candidate has four tokens, no four tokens match either: what is BLEU then?")
def nothing_of_nothing(candidates, references):
    product = 1.0
    for n in range(1, 5):
        pairs = zip(candidates, references, strict=True)
        counts = [ngram_matches(candidate, reference, n) for candidate, reference in pairs]  # noqa: F821
        found, total = (sum(column) for column in zip(*counts, strict=True))
        if total and not found:
            return 0.0
        product *= found / total if total else 1.0
    return brevity_penalty(sum(map(len, candidates)), sum(map(len, references))) * product**0.25  # noqa: F821
