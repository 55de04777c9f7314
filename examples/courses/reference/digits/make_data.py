"""Write the data: scikit-learn's digits, moved and under noise. Run by hand when the task changes.

    python reference/digits/make_data.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

HERE = Path(__file__).parent
SEEN = 1200


def main() -> None:
    """Write public/train.npz, public/unseen.npz and hidden/labels.json."""
    rng = np.random.default_rng(0)
    images, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(labels))
    images, labels = images[order].reshape(-1, 8, 8), labels[order]
    moved = np.stack([np.roll(one, rng.integers(-1, 2, size=2), axis=(0, 1)) for one in images])
    noisy = np.clip(moved + rng.normal(0, 2, moved.shape), 0, 16).round().astype(np.uint8)
    np.savez_compressed(HERE / "public" / "train.npz", images=noisy[:SEEN], labels=labels[:SEEN].astype(np.uint8))
    np.savez_compressed(HERE / "public" / "unseen.npz", images=noisy[SEEN:])
    (HERE / "hidden" / "labels.json").write_text(json.dumps(labels[SEEN:].tolist()), encoding="utf-8")


if __name__ == "__main__":
    main()
