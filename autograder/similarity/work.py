"""The data that travels between reading, finding pairs and showing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """One hand-in. `people` are those whose it is; `origin` is where it comes from, empty for the class itself."""

    name: str
    people: frozenset[str]
    files: Mapping[str, str]
    fingerprints: frozenset[int]
    origin: str = ""


@dataclass(frozen=True)
class Pair:
    """Two hand-ins, and what they share. `counts` says of each fingerprint how many hand-ins have it; those of the
    starter and the handout are `given`."""

    left: Work
    right: Work
    counts: Mapping[int, int]
    given: frozenset[int]
    of: int
