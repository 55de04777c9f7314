"""5.10 BLEU."""

from __future__ import annotations

import math
from collections import Counter

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

from .common import all_match

exercise = Exercise("5.10", "BLEU", owns=("ngram_matches", "brevity_penalty", "bleu"), points=5)


@exercise.check("ngram_matches", 1, public=True)
def the_the_the(student: Student, reference: Reference, draw: Draw) -> None:
    """[7, 7, 7] against [7, 8, 7] has 2 matches of 3 single tokens, and 0 of 2 pairs."""
    matches(student, reference, "ngram_matches", [7, 7, 7], [7, 8, 7], 1)
    matches(student, reference, "ngram_matches", [7, 7, 7], [7, 8, 7], 2)


def translation(draw: Draw, length: int, keep: float) -> tuple[list[int], list[int]]:
    """A candidate and a reference from few tokens, so that n-grams repeat: the candidate is a disturbed reference."""
    wanted = draw.integers(0, 4, length).tolist()
    found = [token if draw.number(0, 1) < keep else draw.integer(0, 5) for token in wanted]
    cut = draw.integer(0, 3)
    return (found[cut:] if draw.integer(0, 2) else found + draw.integers(0, 4, cut).tolist()), wanted


@exercise.check("ngram_matches", 1.5)
def clipped_counts(student: Student, reference: Reference, draw: Draw) -> None:
    """ngram_matches counts an n-gram at most as often as it occurs in the reference; short candidates have 0 of 0."""
    for length, n in ((4, 1), (6, 2), (12, 3), (15, 4), (15, 1)):
        matches(student, reference, "ngram_matches", *translation(draw, length, 0.7), n)
    matches(student, reference, "ngram_matches", [3, 2, 2, 2, 3], [2, 2, 3, 3], 1)
    matches(student, reference, "ngram_matches", [3, 2], [2, 3, 2], 3)
    matches(student, reference, "ngram_matches", [1, 12, 3], [11, 2, 3], 2)  # tokens are numbers, not digits
    matches(student, reference, "ngram_matches", [], [2, 3], 1)


@exercise.check("brevity_penalty", 1)
def brevity(student: Student, reference: Reference, draw: Draw) -> None:
    """brevity_penalty is 1 for candidates of the reference's length or longer, and less for shorter ones."""
    short, same, long = sorted(draw.distinct(3, 3, 40))
    all_match(student, reference, "brevity_penalty", [(short, same), (same, same), (long, same), (short, long), (4, 7)])
    matches(student, reference, "brevity_penalty", 0, same)


@exercise.check("bleu", 1.5)
def corpus(student: Student, reference: Reference, draw: Draw) -> None:
    """bleu adds the counts over the corpus, takes n = 1 to 4 alike, and is 0 when there is no match."""
    corpora = []
    for lengths, short in (((14,), True), ((9, 17), True), ((10, 15), False), ((12, 8, 20, 15), True)):
        while True:
            pairs = [translation(draw, length, 0.8) for length in lengths]
            candidates, references = [list(side) for side in zip(*pairs, strict=True)]
            shorter = sum(map(len, candidates)) < sum(map(len, references))
            if shorter == short and reference.bleu(candidates, references) > 0.05:
                break
        corpora.append((candidates, references))
    all_match(student, reference, "bleu", corpora)
    matches(student, reference, "bleu", [[1, 2, 3, 4, 5, 6]], [[1, 2, 3, 7, 4, 5]])
    matches(student, reference, "bleu", [[1, 2, 3], [4, 5, 6, 7, 8]], [[1, 2, 3], [4, 5, 6, 7, 8]])
    fewer_than_four: list[list[list[int]]] = [[[1, 2, 3]], [[]]]
    for nothing in fewer_than_four:  # no candidate has four tokens: no matches of none
        matches(student, reference, "bleu", nothing, [[1, 2, 3]])


# --- mistakes ---


def _grams(tokens, n):
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


@exercise.mistake("ngram_matches", "Saying one right word ten times should not pay: how often may an n-gram count?")
def unclipped(candidate, reference, n):
    wanted = set(_grams(reference, n))
    found = _grams(candidate, n)
    return sum(gram in wanted for gram in found), len(found)


@exercise.mistake(
    "ngram_matches",
    "The second number counts the candidate's n-grams: that is precision. Yours counts the reference's.",
)
def recall(candidate, reference, n):
    found, wanted = Counter(_grams(candidate, n)), Counter(_grams(reference, n))
    return (found & wanted).total(), wanted.total()


@exercise.mistake("ngram_matches", "Different n-grams, or all of them? One that occurs twice can match twice.")
def distinct_grams(candidate, reference, n):
    found, wanted = set(_grams(candidate, n)), set(_grams(reference, n))
    return len(found & wanted), len(found)


@exercise.mistake("ngram_matches", "How many n-grams has a sequence of n tokens? Your last one is missing.")
def last_gram_missing(candidate, reference, n):
    found, wanted = Counter(_grams(candidate, n)[:-1]), Counter(_grams(reference, n)[:-1])
    return (found & wanted).total(), found.total()


@exercise.mistake("ngram_matches", "In an n-gram, order counts.")
def bags(candidate, reference, n):
    found, wanted = (Counter(tuple(sorted(gram)) for gram in _grams(tokens, n)) for tokens in (candidate, reference))
    return (found & wanted).total(), found.total()


@exercise.mistake("ngram_matches", "Neighbours share tokens: n-grams start at every token, not at every n-th.")
def blocks_of_n(candidate, reference, n):
    found, wanted = (Counter(_grams(tokens, n)[::n]) for tokens in (candidate, reference))
    return (found & wanted).total(), found.total()


@exercise.mistake("brevity_penalty", "r / c is a fraction: does yours drop what is left over?")
def whole_ratio(candidate_length, reference_length):
    return math.exp(min(0, 1 - reference_length // candidate_length)) if candidate_length else 0.0


@exercise.mistake("brevity_penalty", "Long candidates are rewarded in yours: what is b for them?")
def rewards_length(candidate_length, reference_length):
    return math.exp(1 - reference_length / candidate_length) if candidate_length else 0.0


@exercise.mistake("brevity_penalty", "Which of the lengths is on top of the fraction?")
def ratio_upside_down(candidate_length, reference_length):
    if candidate_length == 0:
        return 0.0
    return math.exp(min(0.0, 1 - candidate_length / reference_length))


@exercise.mistake("brevity_penalty", "There is an exponential in the formula, not just a ratio.")
def plain_ratio(candidate_length, reference_length):
    return min(1.0, candidate_length / reference_length)


@exercise.mistake("brevity_penalty", "An empty candidate: what do you divide by?")
def empty_divides(candidate_length, reference_length):
    return math.exp(min(0.0, 1 - reference_length / candidate_length))


@exercise.mistake("brevity_penalty", "Does your penalty hit the long ones?")
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


@exercise.mistake("bleu", "What keeps a machine from saying only the one word that it is sure of?")
def no_penalty(candidates, references):
    return _bleu(candidates, references, list(_precisions(candidates, references)), 0.25, 1.0)


@exercise.mistake(
    "bleu", "BLEU of a corpus is not the mean of its sentences' BLEU. What is added up, and when is it divided?"
)
def mean_of_sentences(candidates, references):
    each = [_bleu([c], [r], list(_precisions([c], [r])), 0.25) for c, r in zip(candidates, references)]
    return sum(each) / len(each)


@exercise.mistake("bleu", "A product or a mean of products: the fourth root is missing.")
def no_root_of_product(candidates, references):
    return _bleu(candidates, references, list(_precisions(candidates, references)), 1.0)


@exercise.mistake("bleu", "The geometric mean, or the arithmetic one?")
def arithmetic(candidates, references):
    precisions = list(_precisions(candidates, references))
    if any(m == 0 for m, _ in precisions):
        return 0.0
    b = brevity_penalty(sum(map(len, candidates)), sum(map(len, references)))
    return b * sum(m / t for m, t in precisions) / 4


@exercise.mistake("bleu", "How long are the longest n-grams that count?")
def up_to_three(candidates, references):
    return _bleu(candidates, references, list(_precisions(candidates, references, 3)), 1 / 3)


@exercise.mistake("bleu", "Precisions of single sentences are averaged in yours: add the counts up first.")
def mean_precisions(candidates, references):
    product = 1.0
    for n in range(1, 5):
        counts = [ngram_matches(c, r, n) for c, r in zip(candidates, references)]
        product *= sum(m / max(1, t) for m, t in counts) / len(counts)
    return brevity_penalty(sum(map(len, candidates)), sum(map(len, references))) * product**0.25


@exercise.mistake("bleu", "Smoothing by one is another BLEU: without a match it is 0.")
def plus_one(candidates, references):
    precisions = [(m + 1, t + 1) for m, t in _precisions(candidates, references)]
    return _bleu(candidates, references, precisions, 0.25)


@exercise.mistake("bleu", "The brevity penalty belongs to the corpus, once. In yours, each sentence has its own.")
def penalty_each(candidates, references):
    each = [brevity_penalty(len(c), len(r)) for c, r in zip(candidates, references)]
    return _bleu(candidates, references, list(_precisions(candidates, references)), 0.25, sum(each) / len(each))


@exercise.mistake(
    "ngram_matches", "Are (1, 12) and (11, 2) the same pair in yours? Compare tokens, not their digits in a row."
)
def joined_to_text(candidate, reference, n):
    wanted, found = (
        Counter("".join(map(str, run)) for run in zip(*(tokens[i:] for i in range(n)), strict=False))
        for tokens in (reference, candidate)
    )
    return (found & wanted).total(), found.total()


@exercise.mistake("bleu", "If no candidate has four tokens, no four tokens match either: what is BLEU then?")
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
