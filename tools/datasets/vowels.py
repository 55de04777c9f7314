"""Convert the Japanese Vowels recordings for the classification assignment.

    pip download aeon==1.6.0 --no-deps --dest WHEELS
    python tools/datasets/vowels.py WHEELS/aeon-1.6.0-py3-none-any.whl

Writes `reference/classification/public/vowels.npz` (the published training part) and `hidden/vowels.npz` (the published
test part): `frames` (F, 12) float16, `utterance` (F,) int16 and `speaker` (F,) uint8. The source and what is known of
its licence are in `reference/classification/DATA.md`.
"""

from __future__ import annotations

import argparse
import zipfile
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "classification"
INSIDE = "aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts"
PARTS = {"TRAIN": FOLDER / "public" / "vowels.npz", "TEST": FOLDER / "hidden" / "vowels.npz"}


def parse(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames, utterance numbers and speakers of a .ts file: a line holds 12 series and, last, the speaker from 1."""
    lines = [line for line in text.splitlines() if line and line[0] not in "#@"]
    frames, utterance, speaker = [], [], []
    for number, line in enumerate(lines):
        *series, label = line.split(":")
        values = np.array([[float(value) for value in one.split(",")] for one in series]).T
        frames.append(values)
        utterance += [number] * len(values)
        speaker += [int(label) - 1] * len(values)
    return np.concatenate(frames).astype(np.float16), np.array(utterance, np.int16), np.array(speaker, np.uint8)


def main() -> None:
    """Convert both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="the wheel of aeon 1.6.0")
    with zipfile.ZipFile(parser.parse_args().wheel) as wheel:
        for part, target in PARTS.items():
            frames, utterance, speaker = parse(wheel.read(INSIDE.format(part=part)).decode("utf-8"))
            target.parent.mkdir(exist_ok=True)
            np.savez_compressed(target, frames=frames, utterance=utterance, speaker=speaker)
            print(f"{target.name}: {len(frames)} frames, {utterance[-1] + 1} utterances, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
