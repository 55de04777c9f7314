"""How well each rung of exercise 4.9 really does: `autograder calibrate self_attention` measures it on many seeds.

Every seed joins, disturbs and numbers the conversations afresh, as the grader does for each submission.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from autograder.rubric import Draw, Level

from . import conversations
from .exercises.training import LADDER, ROUNDS, UNSEEN_ROUNDS, Talks

WIDTH, HEADS, EPOCHS, BATCH = 64, 4, 15, 32


class Linear(nn.Module):
    """One frame, no hidden layer."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(conversations.FEATURES, conversations.SPEAKERS)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.last(x)
        return out


class Frame(nn.Module):
    """One frame, two hidden layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(conversations.FEATURES, WIDTH),
            nn.ReLU(),
            nn.Linear(WIDTH, WIDTH),
            nn.ReLU(),
            nn.Linear(WIDTH, conversations.SPEAKERS),
        )

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layers(x)
        return out


class Attentive(nn.Module):
    """Self-attention between a hidden layer and the last one, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(conversations.FEATURES, WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.last = nn.Linear(WIDTH, conversations.SPEAKERS)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.first(x))
        found = self.attention(hidden, hidden, hidden, key_padding_mask=~mask, need_weights=False)[0]
        out: torch.Tensor = self.last(found)
        return out


def by(model: Callable[[], nn.Module], rate: float, scaled: bool = True) -> Callable[[int], float]:
    """The share of unseen frames that a model of this kind labels right, by seed."""

    def run(seed: int) -> float:
        talks = Talks(Draw(seed), ROUNDS, UNSEEN_ROUNDS)
        train, unseen = talks.train, talks.unseen
        torch.manual_seed(talks.seed)
        real = train.x[train.mask]
        mean, std = (real.mean(dim=0), real.std(dim=0)) if scaled else (torch.tensor(0.0), torch.tensor(1.0))
        x, x_new, net = (train.x - mean) / std, (unseen.x - mean) / std, model()
        optimiser = torch.optim.AdamW(net.parameters(), lr=rate)
        updates = EPOCHS * math.ceil(len(x) / BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=updates)
        for _ in range(EPOCHS):
            for batch in torch.split(torch.randperm(len(x)), BATCH):
                mask = train.mask[batch]
                logits = net(x[batch], mask)[mask]
                optimiser.zero_grad()
                nn.functional.cross_entropy(logits, train.y[batch][mask]).backward()
                optimiser.step()
                schedule.step()
        with torch.no_grad():
            return _right(talks, net(x_new, unseen.mask).argmax(dim=-1))

    return run


def reference(seed: int) -> float:
    """The share that the reference solution labels right."""
    namespace: dict[str, Any] = {"__name__": "solution"}
    exec(compile((Path(__file__).parent / "solution.py").read_text(encoding="utf-8"), "solution.py", "exec"), namespace)
    talks = Talks(Draw(seed), ROUNDS, UNSEEN_ROUNDS)
    train, unseen = talks.train, talks.unseen
    labels, _ = namespace["fit_predict"](train.x, train.mask, train.y, unseen.x, unseen.mask, talks.seed)
    return _right(talks, labels)


def _right(talks: Talks, labels: torch.Tensor) -> float:
    return float((labels == talks.unseen.y)[talks.unseen.mask].double().mean())


LEVELS = (
    Level("4.9", LADDER, "simple", by(Linear, 1e-2, scaled=False)),
    Level("4.9", LADDER, "medium", by(Frame, 2e-3)),
    Level("4.9", LADDER, "strong", by(Attentive, 2e-3)),
    Level("4.9", LADDER, "boss", reference),
)
