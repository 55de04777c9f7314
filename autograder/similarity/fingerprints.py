"""Fingerprints: digests of a few tokens in a row.

S. Schleimer, D. Wilkerson, A. Aiken, "Winnowing: local algorithms for document fingerprinting", SIGMOD 2003, as MOSS
and Dolos have it. Every run of tokens is kept, a window of one in their terms: a class of 1,000 needs no thinning, and
so what a page shows as shared is what was counted.

Of what the index has, copydetect comes nearest. Its digests are Python's salted `hash`, which no two processes share,
it knows neither rarity nor the functions asked for, and what it says of a pair is a percentage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from autograder.similarity.tokens import Token, tokenize

LENGTH = 12
"""Tokens of a fingerprint: a statement and a half."""
SHORTEST = 6
"""Tokens of a function that is shorter than that, and still counts."""


@dataclass(frozen=True)
class Print:
    """A fingerprint, and the tokens that it is of: from `start` to before `end` in its unit."""

    digest: int
    start: int
    end: int


def prints(unit: Sequence[Token]) -> Iterator[Print]:
    """Yield the fingerprints of one function's tokens; a short one has one."""
    texts = [token.text for token in unit]
    if SHORTEST <= len(texts) < LENGTH:
        yield Print(_digest(texts), 0, len(texts))
    for start in range(len(texts) - LENGTH + 1):
        yield Print(_digest(texts[start : start + LENGTH]), start, start + LENGTH)


def fingerprints(files: Mapping[str, str], fixed: frozenset[str] = frozenset()) -> frozenset[int]:
    """Return all fingerprints of some sources. Raises `RejectedError` for more than any homework holds."""
    return frozenset(one.digest for unit in tokenize(files, fixed) for one in prints(unit))


def _digest(texts: Sequence[str]) -> int:
    return int.from_bytes(blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
