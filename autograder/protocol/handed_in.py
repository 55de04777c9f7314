"""Files that are handed in beside code, or alone: how they travel with it, and what they are to the student's code.

A table is its text. Weights are read where the student's code runs, by readers that run nothing: no pickled objects.
"""

from __future__ import annotations

import base64
import importlib
import io
import re
from pathlib import PurePosixPath
from typing import Any

TEXTS = (".csv", ".tsv", ".json", ".txt")
WEIGHTS = (".npz", ".pt", ".pth", ".safetensors")
KINDS = (*TEXTS, *WEIGHTS)
"""How a file's name may end."""
HOW = {
    ".npz": "numpy.savez(FILE, **arrays), with numbers only",
    ".pt": "torch.save(model.state_dict(), FILE)",
    ".pth": "torch.save(model.state_dict(), FILE)",
    ".safetensors": "safetensors.torch.save_file(model.state_dict(), FILE)",
}
"""How each kind is written so that it can be read here."""


def kind_of(file: str) -> str:
    """Return how a file's name ends: ".csv"."""
    return PurePosixPath(file).suffix.lower()


def is_handed_in(file: str) -> bool:
    """Return whether a file of a submission is no code. Code has the name of its file, a notebook's too."""
    return kind_of(file) in KINDS


def global_of(file: str) -> str:
    """Return the name of the variable that holds a file's content: PREDICTIONS for "predictions.csv"."""
    return re.sub(r"\W", "_", PurePosixPath(file).stem).upper()


def packed(file: str, data: bytes) -> str:
    """Return a file's content as the text that travels with the sources. Raises `UnicodeDecodeError`."""
    return data.decode("utf-8-sig") if kind_of(file) in TEXTS else base64.b64encode(data).decode()


def unpacked(file: str, text: str) -> Any:
    """Return the value that a file is: text, or a dictionary of arrays or tensors.

    Raises:
        ValueError: It cannot be read; the message says how to write it.
    """
    kind = kind_of(file)
    if kind in TEXTS:
        return text
    try:
        found = _weights(kind, base64.b64decode(text))
    except ImportError as error:
        raise ValueError(f"{file} cannot be read: {error.name} is not installed here") from None
    except Exception as error:  # a damaged file is answered with a dozen kinds of exception
        said = str(error).strip().partition("\n")[0][:200] or type(error).__name__
        raise ValueError(
            f"{file} cannot be read. Write it with {HOW[kind].replace('FILE', repr(file))} ({said})"
        ) from None
    if not isinstance(found, dict):
        raise ValueError(f"{file} holds no dictionary: write it with {HOW[kind].replace('FILE', repr(file))}")
    return dict(found)


def _weights(kind: str, data: bytes) -> Any:
    if kind == ".npz":
        import numpy as np

        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    if kind == ".safetensors":
        # Named as text: who hands in such files has the package, and the grader itself needs none.
        return importlib.import_module("safetensors.torch").load(data)
    import torch

    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
