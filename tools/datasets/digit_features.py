"""Convert scikit-learn's 8x8 digits for the GAN assignment, and train the fixed classifier that scores its images.

    python tools/datasets/digit_features.py

writes `reference/gan/public/digits.npz` (images and labels, as students get them),
`reference/gan/hidden/features.npz` (the classifier's weights, which they do not) and
`reference/gan/public/classifier.npz` (one of another seed, to practise with). The same seed gives the same images
everywhere; the weights may differ in the last digits from machine to machine, and with them every measured figure.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits

GAN = Path(__file__).parents[2] / "reference" / "gan"
SEED, PUBLIC_SEED, EPOCHS, SIZES = 6, 7, 40, (64, 128, 64, 10)


def train_classifier(images: torch.Tensor, labels: torch.Tensor, seed: int = SEED) -> torch.nn.Sequential:
    """64 pixels in [0, 1] - 128 ReLU - 64 ReLU - 10 classes, with Adam and a little noise on the pixels."""
    torch.manual_seed(seed)
    layers: list[torch.nn.Module] = []
    for inside, outside in pairwise(SIZES):
        layers += [torch.nn.Linear(inside, outside), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(32):
            noisy = images[batch] + 0.05 * torch.randn(len(batch), 64)
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(noisy), labels[batch]).backward()
            optimiser.step()
    return model


def main() -> None:
    """Write the files and say how well the classifier does on the fifth of the images it has not seen."""
    torch.set_num_threads(1)
    data = load_digits()
    pixels, labels = data.data.astype(np.uint8), data.target.astype(np.uint8)
    (GAN / "public").mkdir(parents=True, exist_ok=True)
    (GAN / "hidden").mkdir(parents=True, exist_ok=True)
    np.savez_compressed(GAN / "public" / "digits.npz", images=pixels, labels=labels)

    x, y = torch.from_numpy(pixels).float() / 16, torch.from_numpy(labels).long()
    unseen = torch.arange(len(x)) % 5 == 0
    classifier = train_classifier(x[~unseen], y[~unseen])
    with torch.no_grad():
        accuracy = (classifier(x[unseen]).argmax(1) == y[unseen]).float().mean()
    print(f"accuracy on unseen images: {accuracy:.3f}")

    for path, seed in ((GAN / "hidden" / "features.npz", SEED), (GAN / "public" / "classifier.npz", PUBLIC_SEED)):
        weights = train_classifier(x, y, seed).parameters()
        np.savez_compressed(path, *(weight.detach().numpy().astype(np.float16) for weight in weights))


if __name__ == "__main__":
    main()
