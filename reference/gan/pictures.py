"""Make the handout's picture: real digits, and those of a generator as it learns.

python -m reference.gan.pictures
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import torch

from autograder.rubric import Draw

from . import calibration, judge

TARGET = Path(__file__).parent / "public" / "progress.png"
COLUMNS = 16


def main() -> None:
    """Train a generator for a few epochs, for more, and for many; draw a row of each."""
    torch.set_num_threads(1)
    images, _ = judge.digits()
    rows = []
    for epochs in (5, 20, 120):
        torch.manual_seed(0)
        generator = calibration.train(images, rate=4e-3, epochs=epochs, gamma=0.2, average=0.98)
        rows.append((f"{epochs} epochs", judge.generate([one.detach() for one in generator], Draw(0), COLUMNS)))
    rows.append(("real", images[torch.randperm(len(images))[:COLUMNS]]))
    figure, axes = plt.subplots(len(rows), 1, figsize=(8, 2.4))
    for axis, (name, made) in zip(axes, rows, strict=True):
        strip = made.reshape(COLUMNS, judge.SIDE, judge.SIDE).permute(1, 0, 2).reshape(judge.SIDE, -1)
        axis.imshow(strip, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        axis.set_ylabel(name, rotation=0, ha="right", va="center")
        axis.set(xticks=[], yticks=[])
        for side in axis.spines.values():
            side.set_visible(False)
    figure.tight_layout(pad=0.3)
    figure.savefig(TARGET, dpi=90)


if __name__ == "__main__":
    main()
