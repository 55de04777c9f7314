"""What is particular to the self-attention assignment: its bans and its conversations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from autograder.rubric import Draw
from tests.reference.course import REFERENCE, assignment, module

FOLDER = REFERENCE / "self_attention"
RUBRIC = assignment("self_attention").rubric
training = module("self_attention", "exercises.training")
conversations = module("self_attention", "conversations")


@pytest.fixture(scope="module")
def talks():
    """One draw of the training exercise's conversations."""
    return training.Talks(Draw(3), 1, 1)


# --- the rubric ---


def test_attention_and_softmax_are_written_by_hand():
    for exercise in RUBRIC.exercises:
        banned = "torch.nn.functional.scaled_dot_product_attention" in exercise.bans
        assert banned == (exercise.number not in ("4.2", "4.9"))
    assert "torch.softmax" in RUBRIC.owner("softmax").bans
    assert "torch.autograd.grad" in RUBRIC.owner("attention_backward").bans


# --- the data ---


def test_the_utterances_are_the_published_ones():
    train, test = (conversations.utterances(part) for part in ("train", "test"))
    assert (len(train.frames), len(test.frames)) == (270, 370)
    assert np.bincount(train.speakers).tolist() == [30] * 9
    assert np.bincount(test.speakers).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    assert all(7 <= len(frames) <= 29 and frames.shape[1] == 12 for frames in train.frames + test.frames)


def test_a_conversation_joins_three_speakers_in_short_turns(talks):
    for y, mask in zip(talks.train.y, talks.train.mask, strict=True):
        speakers = y[mask].tolist()
        assert len(set(speakers)) == conversations.TALKING
        assert bool((y[~mask] == -1).all())
    assert not talks.train.x[~talks.train.mask].any()


def test_speakers_are_numbered_afresh_by_draw(talks):
    other = training.Talks(Draw(4), 1, 1)
    counts = [torch.bincount(one.unseen.y[one.unseen.mask], minlength=9).tolist() for one in (talks, other)]
    assert counts[0] != counts[1]


def test_practice_conversations_hold_no_test_utterance():
    with np.load(FOLDER / "public" / "conversations.npz") as data:
        assert set(data) == {f"{name}_{part}" for name in ("x", "mask", "y") for part in ("train", "valid")}
        for part in ("train", "valid"):
            x, mask, y = (data[f"{name}_{part}"] for name in ("x", "mask", "y"))
            assert x.shape[:2] == mask.shape == y.shape
            assert ((y >= 0) == mask).all()


def test_labels_that_were_given_are_never_the_answer():
    talks = training.Talks(Draw(1), 2, 1)
    for asked in (talks.again, talks.unseen):
        assert asked.x.shape != talks.train.x.shape
        nearest = torch.cdist(asked.x[asked.mask], talks.train.x[talks.train.mask]).min(dim=1).values
        assert nearest.min() > 0
