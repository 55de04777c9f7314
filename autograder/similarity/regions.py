"""Say line by line what two hand-ins share, and whether the starter or most of the class explains it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from autograder.similarity.fingerprints import prints
from autograder.similarity.tokens import Token, tokenize
from autograder.similarity.work import Pair

USUAL_SHARE, USUAL_LEAST = 0.1, 4
"""What so large a part of all hand-ins have, and so many of them at least, is usual."""
SHOWN = 3_000
"""Lines of a file that are shown."""
FEW = 20
"""Fewer hand-ins say little about what is usual."""


def usual(compared: int) -> int:
    """Return how many of so many hand-ins make something usual."""
    return max(USUAL_LEAST, math.ceil(USUAL_SHARE * compared))


def caveat(compared: int) -> str:
    """Return what to say where too few were compared to tell what is usual; else nothing."""
    return f"Only {compared} were compared: that says little about what is usual." if compared < FEW else ""


class Shared(IntEnum):
    """What is to be said of a token or a line; the one that explains most comes last."""

    NOT = 0
    RARE = 1
    USUAL = 2
    GIVEN = 3


@dataclass(frozen=True)
class Line:
    """One line of a source. `region` numbers what is shared: the same number on both sides belongs together."""

    number: int
    text: str
    shared: Shared
    region: int = 0


@dataclass(frozen=True)
class Source:
    """The lines of one file that are shown, and how many more there are."""

    lines: tuple[Line, ...]
    more: int = 0


@dataclass(frozen=True)
class Side:
    """One hand-in's sources in a pair, by file; and how many lines of code there are, by what is to be said of them."""

    files: Mapping[str, Source]
    lines: Mapping[Shared, int]

    @property
    def code(self) -> int:
        """Lines with code in them."""
        return sum(self.lines.values())


@dataclass(frozen=True)
class Comparison:
    """Both sides of a pair."""

    left: Side
    right: Side


Place = tuple[str, int]
"""A file and a line of it."""


def compare(pair: Pair, fixed: frozenset[str] = frozenset()) -> Comparison:
    """Compare a pair line by line. Raises `RejectedError` for more than any homework holds."""
    many = usual(pair.of)
    labels = {digest: Shared.USUAL if count >= many else Shared.RARE for digest, count in pair.counts.items()}
    labels |= dict.fromkeys(pair.given, Shared.GIVEN)
    left, right = (_Marked.of(work.files, fixed, labels) for work in (pair.left, pair.right))
    own = _runs(left)
    theirs = _linked(right, _owners(left, own))
    return Comparison(_side(pair.left.files, left, own), _side(pair.right.files, right, theirs))


@dataclass(frozen=True)
class _Marked:
    """The lines of code with what is to be said of each, the function that each is in, and the shared fingerprints
    that begin there."""

    lines: dict[Place, Shared]
    functions: dict[Place, int]
    digests: dict[Place, list[int]]

    @staticmethod
    def of(files: Mapping[str, str], fixed: frozenset[str], labels: Mapping[int, Shared]) -> _Marked:
        """Mark the lines of some sources. What explains most decides for a token, what most tokens say for a line."""
        found: dict[Place, Counter[Shared]] = defaultdict(Counter)
        digests: dict[Place, list[int]] = defaultdict(list)
        functions: dict[Place, int] = {}
        for number, unit in enumerate(tokenize(files, fixed)):
            marks = [Shared.NOT] * len(unit)
            for one in prints(unit):
                label = labels.get(one.digest)
                if label is None:
                    continue
                for place in range(one.start, one.end):
                    marks[place] = max(marks[place], label)
                digests[_place(unit[one.start])].append(one.digest)
            for token, mark in zip(unit, marks, strict=True):
                found[_place(token)][mark] += 1
                functions[_place(token)] = number
        lines = {place: max(counts, key=lambda mark: (counts[mark], mark)) for place, counts in found.items()}
        return _Marked(lines, functions, digests)


def _place(token: Token) -> Place:
    return token.file, token.line


def _runs(marked: _Marked) -> dict[Place, int]:
    """Number the runs of lines of one function that are shared and not given. Blank lines and comments end no run."""
    regions: dict[Place, int] = {}
    number = 0
    before: tuple[int, Shared] = (-1, Shared.NOT)
    for place, shared in sorted(marked.lines.items()):
        here = marked.functions[place], shared
        if shared in (Shared.RARE, Shared.USUAL):
            number += here != before
            regions[place] = number
        before = here
    return regions


def _owners(marked: _Marked, regions: Mapping[Place, int]) -> dict[int, int]:
    """Return in which region each fingerprint begins."""
    return {
        digest: regions[place] for place, digests in marked.digests.items() if place in regions for digest in digests
    }


def _linked(marked: _Marked, regions: Mapping[int, int]) -> dict[Place, int]:
    """Give each run of lines the number of the region on the other side with which it shares most."""
    runs = _runs(marked)
    votes: dict[int, Counter[int]] = defaultdict(Counter)
    for place, run in runs.items():
        votes[run].update(regions[digest] for digest in marked.digests.get(place, ()) if digest in regions)
    best = {run: found.most_common(1)[0][0] for run, found in votes.items() if found}
    return {place: best[run] for place, run in runs.items() if run in best}


def _side(files: Mapping[str, str], marked: _Marked, regions: Mapping[Place, int]) -> Side:
    shown = {}
    for file, source in sorted(files.items()):
        texts = source.split("\n")
        lines = tuple(
            Line(number, text, marked.lines.get((file, number), Shared.NOT), regions.get((file, number), 0))
            for number, text in enumerate(texts[:SHOWN], 1)
        )
        shown[file] = Source(lines, len(texts) - len(lines))
    return Side(shown, Counter(marked.lines.values()))
