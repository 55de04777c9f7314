"""Write what hand-ins have in common as pages: one with all pairs, and one for each with both sources side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import ReportError
from autograder.files import PRIVATE, private_folder, replace
from autograder.reports.pages import environment
from autograder.similarity.regions import Comparison, Shared, caveat

PAIRS = "pairs"
"""The folder of the pages."""
LONGEST = 300
"""Characters of a line that are shown."""
_PAGE = re.compile(r"\d+\.html\Z")


@dataclass(frozen=True)
class NamedPair:
    """A pair as it is shown: the names may be pseudonyms."""

    left: str
    right: str
    comparison: Comparison

    def lines(self, shared: Shared) -> tuple[int, int]:
        """Return how many lines of each side are shared so."""
        left, right = self.comparison.left, self.comparison.right
        return left.lines.get(shared, 0), right.lines.get(shared, 0)

    @property
    def code(self) -> tuple[int, int]:
        """Lines of code of each side."""
        return self.comparison.left.code, self.comparison.right.code


def write_similarity(
    pairs: Sequence[NamedPair], folder: Path, *, course: str, title: str, compared: int, usual: int
) -> Path:
    """Write `index.html` and a page for each pair, for their owner only; return the path of `index.html`.

    Args:
        pairs: in the order in which to look at them.
        folder: the place; pages of an earlier run go.
        course: the course's name.
        title: the assignment's.
        compared: how many hand-ins were compared.
        usual: what so many of them have is usual.

    Raises `ReportError`.
    """
    place = folder / PAIRS
    if place.is_symlink():
        raise ReportError(f"{place} is a link: the pages would lie elsewhere. Remove it, or choose another place: --to")
    said = {
        "course": course,
        "title": title,
        "compared": compared,
        "usual": usual,
        "kinds": Shared,
        "caveat": caveat(compared),
    }
    names = [f"{number:03d}.html" for number in range(1, len(pairs) + 1)]
    try:
        private_folder(place)
        for old in place.iterdir():
            if _PAGE.match(old.name) and old.name not in names:
                old.unlink()
        page = environment().get_template("pair.html.j2")
        for number, (name, pair) in enumerate(zip(names, pairs, strict=True), 1):
            text = page.render(pair=pair, number=number, longest=LONGEST, **said)
            replace(place / name, text.encode(), PRIVATE)
        index = environment().get_template("similarity.html.j2")
        replace(
            folder / "index.html",
            index.render(pairs=list(zip(names, pairs, strict=True)), folder=PAIRS, **said).encode(),
            PRIVATE,
        )
    except OSError as error:
        raise ReportError(
            f"the pages in {folder} are not complete: {error.strerror}. Choose another place: --to"
        ) from error
    return folder / "index.html"
