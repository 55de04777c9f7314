"""The recordings that exercise 2.13 is graded on, disguised for each grading so that no stored answer fits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from autograder.rubric import Draw

FOLDER = Path(__file__).parent
SPEAKERS, NUMBERS = 9, 12


@dataclass(frozen=True)
class Recording:
    """Frames (F, 12) in the order of their utterances, with utterance numbers (F,) and speakers (F,)."""

    frames: torch.Tensor
    utterance: torch.Tensor
    speaker: torch.Tensor

    @classmethod
    def load(cls, path: Path) -> Recording:
        """The recording that tools/datasets/vowels.py wrote."""
        with np.load(path) as data:
            return cls(
                torch.tensor(data["frames"].astype(np.float64)),
                torch.tensor(data["utterance"].astype(np.int64)),
                torch.tensor(data["speaker"].astype(np.int64)),
            )


class Disguise:
    """Another order of the speakers, and 12 other numbers: each a sum of all, with weights that are drawn anew.

    The numbers are made equally large before they are mixed, and so they stay: what is learnt from them stays the same.
    """

    def __init__(self, draw: Draw, like: Recording) -> None:
        self._speakers = draw.permutation(SPEAKERS)
        self._mean, self._std = like.frames.mean(dim=0), like.frames.std(dim=0)
        turn, again = (torch.linalg.qr(draw.normal(NUMBERS, NUMBERS)).Q for _ in range(2))
        self._mix = turn * draw.uniform(NUMBERS, low=0.7, high=1.5) @ again * SIZE
        self._shift = draw.normal(NUMBERS, scale=0.3)

    def of(self, recording: Recording, draw: Draw) -> Recording:
        """The recording disguised, with a little noise; utterances are cut a little, shuffled and numbered anew."""
        lengths = recording.utterance.bincount()
        ends = lengths.cumsum(0)
        rows = []
        for i in draw.permutation(len(lengths)).tolist():
            length, end = int(lengths[i]), int(ends[i])
            before, after = (draw.integer(0, CUT + 1) for _ in range(2)) if length > 3 * CUT else (0, 0)
            rows.append(torch.arange(end - length + before, end - after))
        chosen = torch.cat(rows)
        frames = (recording.frames[chosen] - self._mean) / self._std
        frames = frames + draw.normal(*frames.shape, scale=NOISE)
        return Recording(
            frames @ self._mix + self._shift,
            torch.unique_consecutive(recording.utterance[chosen], return_inverse=True)[1],
            self._speakers[recording.speaker[chosen]],
        )


SIZE, NOISE, CUT = 0.3, 0.03, 1


class Frames:
    """One grading: what the student is `given`, and the `hidden` labels of the new frames."""

    def __init__(self, draw: Draw) -> None:
        seen, unseen = (Recording.load(FOLDER / part / "vowels.npz") for part in ("public", "hidden"))
        disguise = Disguise(draw, seen)
        train, new = disguise.of(seen, draw), disguise.of(unseen, draw)
        self.given = (train.frames, train.utterance, train.speaker, new.frames, new.utterance)
        self.hidden = new.speaker
        self.seed = draw.integer(0, 2**31)

    def accuracy(self, labels: torch.Tensor) -> float:
        """The share of the new frames whose label is right."""
        return float((labels == self.hidden).double().mean())
