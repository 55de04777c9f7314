"""What is particular to the classification assignment: its words, its engine, its recordings and their disguises."""

from __future__ import annotations

import pytest
import torch

from autograder.model import Outcome
from autograder.rubric import Draw
from tests.reference.course import REFERENCE, assignment, module, results_of

FOLDER = REFERENCE / "classification"
ASSIGNMENT = assignment("classification")
VOWELS = module("classification", "vowels")


# --- the rubric ---


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (" Saddle", ""),
        ("maximum", "`classify_point` in 2 dimensions is not right: you answered 'maximum'."),
        (
            "min",
            '`classify_point` gives one of "not critical", "minimum", "maximum", "saddle", "undecided"; '
            "you returned 'min'.",
        ),
    ],
)
def test_a_kind_of_point_may_be_written_in_capitals_and_no_other_word_is_taken(word, message):
    results = results_of("classification", "2.10", {"classify_point": lambda *_: word})
    result = next(one for one in results if one.name == "2.10 saddle_at_the_origin")
    assert result.message == message


def test_a_wrong_sign_in_the_prediction_costs_the_prediction_alone():
    change = {"predicted_dC": lambda gw, gb, eta: eta * (gw @ gw + gb**2)}
    results = results_of("classification", "2.6", change)
    lost = {result.name for result in results if result.earned < result.points}
    assert lost == {"2.6 minus_five", "2.6 prediction"}


# --- the engine ---


def test_an_engine_that_follows_every_path_does_not_end_in_time():
    """Why there is a check with sixty doublings: right, but 2^60 steps long. Here with 12."""
    graph = {"x0": 0.5} | {f"x{i + 1}": ("add", f"x{i}", f"x{i}") for i in range(12)}
    visits = []

    def follow(name):
        visits.append(name)
        for source in graph[name][1:] if isinstance(graph[name], tuple) else ():
            follow(source)

    follow("x12")
    assert len(visits) == 2**13 - 1
    value, grads = ASSIGNMENT.solution()["scalar_grads"](graph, "x12")
    assert (value, grads["x0"]) == (0.5 * 2**12, 2.0**12)


# --- the recordings ---


def test_the_recordings_are_whole():
    for path, utterances, count in (("public", 270, 4274), ("hidden", 370, 5687)):
        recording = VOWELS.Recording.load(FOLDER / path / "vowels.npz")
        assert recording.frames.shape == (count, 12)
        assert bool(recording.frames.isfinite().all())
        assert recording.utterance.unique().tolist() == list(range(utterances))
        assert recording.speaker.unique().tolist() == list(range(9))


def test_a_disguise_changes_names_and_numbers_but_no_utterance():
    first, second = (VOWELS.Frames(Draw(seed)) for seed in (1, 2))
    for frames in (first, second):
        _, utterance, speaker, new, utterance_new = frames.given
        assert len(new) == len(frames.hidden) == len(utterance_new)
        for labels, numbers in ((speaker, utterance), (frames.hidden, utterance_new)):
            assert bool((numbers.diff() >= 0).all())
            for number in numbers.unique():
                assert len(labels[numbers == number].unique()) == 1
    assert first.given[0].shape != second.given[0].shape  # utterances are cut
    assert not torch.allclose(first.given[0].std(dim=0), second.given[0].std(dim=0))
    assert first.accuracy(first.hidden) == 1
    assert first.accuracy((first.hidden + 1) % 9) == 0


@pytest.mark.exhaustive
def test_training_reaches_the_last_baseline():
    for seed in range(3):
        results = results_of("classification", "2.13", {}, f"training {seed}")
        assert {result.outcome for result in results} == {Outcome.PASSED}, [result.message for result in results]
