"""Conversations: utterances of a few speakers, cut into short turns and joined, with a speaker for every frame.

The line is bad: noise is added to every frame. One frame alone then says little about its speaker, and a model gains
much from finding the other frames of the same voice. (Without noise a network of single frames reaches 0.93, one
layer of attention 0.955, two 0.96: too near to one another to grade.)

`tools/datasets/conversations.py` makes the two files from the public data set; nothing is downloaded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

HIDDEN = Path(__file__).parent / "hidden" / "utterances.npz"

FEATURES = 12
SPEAKERS = 9
#: Speakers in one conversation, and how many frames a turn has at least and at most.
TALKING = 3
TURN = (1, 3)
#: Noise on the line, as a multiple of each feature's standard deviation.
NOISE = 0.8


@dataclass(frozen=True)
class Utterances:
    """Frames (length, 12) of one speaker each, and who speaks."""

    frames: list[torch.Tensor]
    speakers: list[int]


@dataclass(frozen=True)
class Conversations:
    """x (N, T, 12), mask (N, T) True for real frames, y (N, T) the speaker of each frame and -1 for padding."""

    x: torch.Tensor
    mask: torch.Tensor
    y: torch.Tensor


@cache
def utterances(part: str) -> Utterances:
    """The utterances to train on ("train") or those nobody has seen ("test")."""
    with np.load(HIDDEN) as file:
        values, lengths, speakers = (file[f"{part}_{name}"] for name in ("frames", "lengths", "speakers"))
    frames = torch.split(torch.from_numpy(values.astype(np.float32)), [int(length) for length in lengths])
    return Utterances(list(frames), [int(speaker) for speaker in speakers])


def join(source: Utterances, generator: torch.Generator, times: int = 1) -> Conversations:
    """Every utterance once in each of `times` rounds: groups of three speakers who keep interrupting one another."""
    talks = [talk for _ in range(times) for talk in _groups(source, generator)]
    joined = [_interleave([source.frames[i] for i in talk], generator) for talk in talks]
    noise = NOISE * torch.cat(source.frames).std(dim=0)
    longest = max(len(who) for _, who in joined)
    x = torch.zeros(len(joined), longest, FEATURES)
    y = torch.full((len(joined), longest), -1)
    for row, (talk, (frames, who)) in enumerate(zip(talks, joined, strict=True)):
        x[row, : len(who)] = frames + noise * torch.randn(frames.shape, generator=generator)
        y[row, : len(who)] = torch.tensor([source.speakers[talk[one]] for one in who])
    return Conversations(x, y >= 0, y)


def rename(talks: Conversations, names: torch.Tensor) -> Conversations:
    """The same conversations where speaker s is called names[s]."""
    return Conversations(talks.x, talks.mask, torch.where(talks.mask, names[talks.y.clamp(min=0)], talks.y))


def _groups(source: Utterances, generator: torch.Generator) -> list[list[int]]:
    """Utterances in groups of `TALKING`, each of another speaker; those left over when speakers run out are dropped."""
    order = [int(i) for i in torch.randperm(len(source.speakers), generator=generator)]
    waiting: dict[int, list[int]] = {}
    for i in order:
        waiting.setdefault(source.speakers[i], []).append(i)
    groups = []
    while len(waiting) >= TALKING:
        weights = torch.tensor([float(len(own)) for own in waiting.values()])
        chosen = torch.multinomial(weights, TALKING, generator=generator)
        names = list(waiting)
        group = [waiting[names[int(c)]].pop() for c in chosen]
        groups.append(group)
        waiting = {speaker: own for speaker, own in waiting.items() if own}
    return groups


def _interleave(parts: list[torch.Tensor], generator: torch.Generator) -> tuple[torch.Tensor, list[int]]:
    """The frames of all parts, in turns: each part stays in order. Also, which part each frame is from."""
    done = [0] * len(parts)
    who: list[int] = []
    while any(done[i] < len(part) for i, part in enumerate(parts)):
        waiting = [i for i, part in enumerate(parts) if done[i] < len(part) and (not who or who[-1] != i)]
        waiting = waiting or [i for i, part in enumerate(parts) if done[i] < len(part)]
        speaker = waiting[int(torch.randint(len(waiting), (1,), generator=generator))]
        turn = int(torch.randint(TURN[0], TURN[1] + 1, (1,), generator=generator))
        turn = min(turn, len(parts[speaker]) - done[speaker])
        who += [speaker] * turn
        done[speaker] += turn
    position = [0] * len(parts)
    frames = []
    for speaker in who:
        frames.append(parts[speaker][position[speaker]])
        position[speaker] += 1
    return torch.stack(frames), who
