"""Find the pairs of a class that have most in common of what is rare.

Each shared fingerprint counts by how few hand-ins have it, the logarithm of their inverse share: what everybody writes
counts next to nothing. The sum is divided by the square root of what the smaller of the two would share with itself:
so one long function that two wrote alike does not hide a copy of everything, nor does a short hand-in that is alike by
nature come first. What comes of it decides the order in which a person looks, and is shown nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from autograder.similarity.work import Pair, Work

ROWS = 256
"""Hand-ins that are compared with all others at a time."""


def pairs(works: Sequence[Work], given: Set[int], most: int) -> list[Pair]:
    """Return the pairs with most of what is rare in common, of which one at least is the class's.

    Args:
        works: the class's hand-ins, and others.
        given: the fingerprints of what everybody was given.
        most: so many pairs, at most.
    """
    works = sorted(works, key=lambda one: bool(one.origin))
    rows, columns, digests = _table(works, given)
    counts = np.bincount(columns, minlength=len(digests))
    found = _heaviest(works, rows, columns, counts, most)
    if not found:
        return []
    known = dict(zip(digests.tolist(), counts.tolist(), strict=True))
    result = []
    for one, other in found:
        left, right = works[one], works[other]
        common = left.fingerprints & right.fingerprints
        result.append(
            Pair(
                left, right, {digest: known[digest] for digest in common - given}, frozenset(common & given), len(works)
            )
        )
    return result


def _table(works: Sequence[Work], given: Set[int]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """Return who has what, as the rows and columns of a table, without what is given; and the columns' digests."""
    parts = [np.fromiter(work.fingerprints - given, np.uint64) for work in works]
    rows = np.repeat(np.arange(len(works)), [len(part) for part in parts])
    digests, columns = np.unique(np.concatenate([np.empty(0, np.uint64), *parts]), return_inverse=True)
    return rows, columns, digests


def _heaviest(
    works: Sequence[Work],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    counts: NDArray[np.int64],
    most: int,
) -> list[tuple[int, int]]:
    from scipy.sparse import csr_array

    own = sum(not work.origin for work in works)
    weights = np.log((len(works) + 1) / np.maximum(counts, 1))
    whole = np.maximum(np.bincount(rows, weights[columns], len(works)), 1e-9)
    shared = counts[columns] > 1  # what one hand-in has alone is in no pair
    rows, columns = rows[shared], columns[shared]
    table = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(works), len(counts)))
    weighted = csr_array((weights[columns], (rows, columns)), shape=table.shape)
    found: list[tuple[float, int, int]] = []
    for start in range(0, own, ROWS):
        block = (weighted[start : min(start + ROWS, own)] @ table.T).tocoo()
        left, right = block.row + start, block.col
        once = left < right
        left, right = left[once], right[once]
        weight = block.data[once] / np.sqrt(np.minimum(whole[left], whole[right]))
        order = np.lexsort((right, left, -weight))
        kept = 0
        for place in order:
            one, other = int(left[place]), int(right[place])
            if works[one].people & works[other].people and works[one].origin == works[other].origin:
                continue
            found.append((-float(weight[place]), one, other))
            kept += 1
            if kept == most:
                break
    return [(one, other) for _, one, other in sorted(found)[:most]]
