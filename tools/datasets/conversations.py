"""Rebuild the self-attention assignment's data from the JapaneseVowels files inside the package `aeon`.

    pip download --no-deps aeon==1.6.0
    python -m tools.datasets.conversations aeon-1.6.0-py3-none-any.whl

Writes `reference/self_attention/hidden/utterances.npz` (the published training and test utterances) and
`reference/self_attention/public/conversations.npz` (practice conversations, joined from training utterances only).
The same wheel gives the same bytes.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from reference.self_attention import conversations

MEMBER = "aeon/datasets/data/JapaneseVowels/JapaneseVowels_{}.ts"
PUBLIC = Path(conversations.__file__).parent / "public" / "conversations.npz"

#: Of each speaker's 30 training utterances, these many are for practising; the rest measures them.
PRACTISE = 22
SEED = 2027

Arrays = dict[str, npt.NDArray[np.generic]]


def read(text: str) -> conversations.Utterances:
    """The utterances of a .ts file: 12 dimensions joined by colons, then the speaker, 1 to 9."""
    frames, speakers = [], []
    for line in text.split("@data", 1)[1].split():
        *dimensions, label = line.split(":")
        values = [[float(value) for value in dimension.split(",")] for dimension in dimensions]
        frames.append(torch.tensor(values).T.contiguous())
        speakers.append(int(label) - 1)
    return conversations.Utterances(frames, speakers)


def pack(part: str, source: conversations.Utterances) -> Arrays:
    """All frames behind one another as float16, the length of each utterance, and who speaks."""
    return {
        f"{part}_frames": torch.cat(source.frames).numpy().astype(np.float16),
        f"{part}_lengths": np.array([len(one) for one in source.frames], dtype=np.uint8),
        f"{part}_speakers": np.array(source.speakers, dtype=np.uint8),
    }


def practice(source: conversations.Utterances) -> Arrays:
    """Two sets of conversations that share no utterance: to train on, and to measure."""
    generator = torch.Generator().manual_seed(SEED)
    seen = dict.fromkeys(range(conversations.SPEAKERS), 0)
    parts: dict[str, list[int]] = {"train": [], "valid": []}
    for index in map(int, torch.randperm(len(source.speakers), generator=generator)):
        speaker = source.speakers[index]
        parts["train" if seen[speaker] < PRACTISE else "valid"].append(index)
        seen[speaker] += 1
    arrays: Arrays = {}
    for part, indices in parts.items():
        own = conversations.Utterances(
            [source.frames[i].half().float() for i in indices], [source.speakers[i] for i in indices]
        )
        joined = conversations.join(own, generator, times=4)
        arrays[f"x_{part}"] = joined.x.numpy().astype(np.float16)
        arrays[f"mask_{part}"] = joined.mask.numpy()
        arrays[f"y_{part}"] = joined.y.numpy().astype(np.int8)
    return arrays


def save(path: Path, arrays: Arrays) -> None:
    """An .npz whose bytes depend on nothing but the arrays (numpy's own stores the time)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, buffer.getvalue())


def main() -> None:
    """Read the wheel named on the command line and write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="the package aeon as a wheel")
    with zipfile.ZipFile(parser.parse_args().wheel) as wheel:
        train, test = (read(wheel.read(MEMBER.format(part)).decode()) for part in ("TRAIN", "TEST"))
    save(conversations.HIDDEN, pack("train", train) | pack("test", test))
    save(PUBLIC, practice(train))
    for path in (conversations.HIDDEN, PUBLIC):
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
