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
    """Another order of the speakers and of the 12 numbers, each with its own sign, scale and offset."""

    def __init__(self, draw: Draw) -> None:
        self._speakers = draw.permutation(SPEAKERS)
        self._columns = draw.permutation(NUMBERS)
        self._scale = draw.uniform(NUMBERS, low=0.7, high=1.5) * (draw.integers(0, 2, NUMBERS) * 2 - 1)
        self._shift = draw.normal(NUMBERS, scale=0.3)

    def of(self, recording: Recording, draw: Draw) -> Recording:
        """The recording disguised, its utterances in another order and numbered anew."""
        utterances = list(recording.utterance.bincount().cumsum(0).tolist())
        starts = [0, *utterances]
        order = draw.permutation(len(utterances)).tolist()
        rows = torch.cat([torch.arange(starts[i], starts[i + 1]) for i in order])
        return Recording(
            recording.frames[rows][:, self._columns] * self._scale + self._shift,
            torch.unique_consecutive(recording.utterance[rows], return_inverse=True)[1],
            self._speakers[recording.speaker[rows]],
        )


class Frames:
    """One grading: what the student is `given`, and the `hidden` labels of the new frames."""

    def __init__(self, draw: Draw) -> None:
        disguise = Disguise(draw)
        train = disguise.of(Recording.load(FOLDER / "public" / "vowels.npz"), draw)
        new = disguise.of(Recording.load(FOLDER / "hidden" / "vowels.npz"), draw)
        self.given = (train.frames, train.utterance, train.speaker, new.frames, new.utterance)
        self.hidden = new.speaker
        self.seed = draw.integer(0, 2**31)

    def accuracy(self, labels: torch.Tensor) -> float:
        """The share of the new frames whose label is right."""
        return float((labels == self.hidden).double().mean())
