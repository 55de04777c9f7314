"""Dotted names of library objects, such as `torch.nn.functional.softmax`."""

from __future__ import annotations

import importlib
from typing import Any


def resolve(name: str) -> Any:
    """The object of a dotted name such as `torch.nn.functional.softmax`. Raises `LookupError` if there is none."""
    parts = name.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        try:
            for part in parts[split:]:
                found = getattr(found, part)
        except AttributeError:
            break
        return found
    raise LookupError(f"there is no {name}")
