"""What is particular to the transformer assignment: its data, and what clipping, beams and large logits cost."""

from __future__ import annotations

import csv

import pytest

from autograder.rubric import Draw
from tests.reference.course import change_of, module, result_of

task = module("transformer", "task")
words = module("transformer", "words")


# --- the data ---


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [
        (0, "zero", "零"),
        (13, "thirteen", "十三"),
        (105, "one hundred five", "一百零五"),
        (1010, "one thousand ten", "一千零一十"),
        (110000, "one hundred ten thousand", "十一万"),
        (21045, "twenty one thousand forty five", "二万一千零四十五"),
        (300007, "three hundred thousand seven", "三十万零七"),
        (999999, "nine hundred ninety nine thousand nine hundred ninety nine", "九十九万九千九百九十九"),
    ],
)
def test_numbers_in_words(number, english, chinese):
    assert " ".join(words.english(number)) == english
    assert "".join(words.chinese(number)) == chinese


def test_no_two_numbers_read_alike():
    for spell in (words.english, words.chinese):
        assert len({" ".join(spell(number)) for number in range(0, 1_000_000, 97)}) == len(range(0, 1_000_000, 97))


def test_the_public_pairs_are_made_by_the_script():
    with words.PUBLIC.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["number"] for row in rows}) == len(rows) == 4500
    for row in rows[::50]:
        assert row["english"].split() == words.english(int(row["number"]))
        assert row["chinese"].split() == words.chinese(int(row["number"]))


def test_a_task_hides_its_unseen_numbers_and_renames_its_tokens():
    one, other = task.english(Draw(1)), task.english(Draw(2))
    for made in (one, other):
        assert made.sources.shape[0] == made.targets.shape[0] == 4500
        assert made.sources.max() < made.sizes[0]
        assert set(made.targets.unique().tolist()) <= {0, *range(3, 13)}
        pairs = {tuple(row) for row in made.wanted}
        assert len(pairs) == 4500
    assert one.wanted != other.wanted
    assert one.exact(one.wanted[4000:]) == one.lengths(one.wanted[4000:]) == 1
    assert one.exact([[0]] * 500) == 0


def test_a_language_that_nobody_speaks_is_drawn_anew():
    one, other = task.made_up(Draw(1)), task.made_up(Draw(2))
    assert one.digits(one.wanted[2500:]) == 1
    assert one.digits(other.wanted[2500:]) < 0.25
    assert {len(made) for made in one.wanted} == {2, 3, 4, 5}


def test_a_translation_may_come_with_or_without_its_ends():
    content = task.content
    assert content([1, 5, 6, 2, 0, 0]) == content([5, 6]) == content([5, 6, 0]) == content([5, 6, 2, 9]) == [5, 6]


# --- mistakes ---


def said(check, mutant):
    """What a check says of a mutant, when the rest of the solution is right."""
    return result_of("transformer", check, change_of("transformer", mutant))


@pytest.mark.parametrize(
    ("mutant", "check"),
    [
        ("memory_mask_inverted", "decodes"),
        ("per_tensor_sum", "clips"),
        ("per_tensor_norms", "clips"),
        ("per_tensor_last", "clips"),
        ("largest_norm", "clips"),
        ("score_by_length", "beam_scores"),
        ("score_by_length_with_bos", "beam_scores"),
        ("mean_throughout", "beam_of_two"),
    ],
)
def test_a_likely_mistake_has_its_hint(mutant, check):
    result = said(check, mutant)
    assert (result.earned, result.mutant) == (0, mutant)


@pytest.mark.parametrize("mutant", ["score_by_length", "score_by_length_with_bos", "beam_probability"])
def test_right_sequences_with_a_wrong_score_lose_the_scores_points_only(mutant):
    for check in ("narrow_beam", "beam_of_two", "wide_beam"):
        assert said(check, mutant).outcome == "passed"
    assert said("beam_scores", mutant).earned == 0


@pytest.mark.parametrize("mutant", ["only_greedy", "stops_at_first", "beam_keeps_bos"])
def test_a_wrong_sequence_with_its_own_score_keeps_the_scores_points(mutant):
    assert said("beam_of_two", mutant).earned == 0
    assert said("beam_scores", mutant).outcome == "passed"


@pytest.mark.parametrize("mutant", ["sum_of_norms", "per_tensor", "per_tensor_sum", "norm_after", "squared_norm"])
def test_gradients_left_alone_are_left_alone_whatever_the_norm_says(mutant):
    assert said("leaves_alone", mutant).outcome == "passed"
    assert said("clips", mutant).earned == 0


@pytest.mark.parametrize("mutant", ["sum_of_costs", "per_seq", "divides_by_all", "divides_by_rows"])
def test_large_logits_ask_for_stability_and_nothing_else(mutant):
    assert said("mean_of_real_labels", mutant).earned == 0
    assert said("large_logits", mutant).outcome == "passed"


@pytest.mark.parametrize("mutant", ["overflows", "log_of_softmax", "log_clamped"])
def test_large_logits_find_what_overflows_or_is_cut_off(mutant):
    result = said("large_logits", mutant)
    assert (result.earned, result.mutant) == (0, mutant)


# --- training ---


def test_what_is_known_about_numbers_earns_the_simple_rung_at_most():
    def longest_word_decides(sources, targets, new_sources, source_size, target_size, seed):
        least = {}
        for words, digits in zip(sources.tolist(), targets.tolist(), strict=True):
            for word in words:
                least[word] = min(least.get(word, 99), sum(digit > 0 for digit in digits))
        return [[3] * max(least[word] for word in words if word) for words in new_sources.tolist()], [2.0, 1.0]

    result = result_of("transformer", "decides_the_length", {"train_translator": longest_word_decides})
    assert result.earned <= 1.5
    assert "made up" in result.message


def test_a_decoder_that_sees_the_future_is_asked_whether_it_does():
    training = module("transformer", "exercises.training")
    told = training.with_cause(training.LADDER.score(0.0), training.LADDER, [1.0, 0.0005])
    assert "does the decoder see the future" in told.message
    assert training.with_cause(training.LADDER.score(0.9), training.LADDER, [1.0, 0.0005]) == training.LADDER.score(0.9)
