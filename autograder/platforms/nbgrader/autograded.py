"""The autograded notebook: what the student wrote, the course's cells each in its place once, our words under them.

It is built of plain parts. Nothing of the submission that a browser would run gets into it: a person reads this page
while logged in to the server that the gradebook lies on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mistune.util import escape_url

from autograder.feedback.formats import clip, visible
from autograder.intake.stored import StoredCell, StoredOutput
from autograder.platforms.nbgrader.markdown import Allowed, as_typed, message
from autograder.platforms.nbgrader.source import SCHEMA
from autograder.release.notebook import Cell, cell, defined, notebook_json

MAX_MARKDOWN = 200_000
"""Characters of Markdown of one notebook; what comes after them is shown as it was typed."""
_PAGE_IDS = ("notebook", "notebook-container", "statusmessage", "toc", "top")
_COLOUR = re.compile("\x1b\\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class MasterCell:
    """A cell that the gradebook knows: its place in the released notebook is its place in the list of them."""

    name: str
    kind: str
    source: str
    grade: bool
    solution: bool
    task: bool
    locked: bool
    points: float | None
    checksum: str | None

    @property
    def is_test(self) -> bool:
        """Whether it is the course's alone."""
        return not self.solution and not self.task

    @property
    def metadata(self) -> dict[str, Any]:
        """As nbgrader writes it."""
        points = {} if self.points is None else {"points": self.points}
        checksum = {} if self.checksum is None else {"checksum": self.checksum}
        return {
            "nbgrader": {
                "cell_type": self.kind,
                "grade": self.grade,
                "grade_id": self.name,
                "locked": self.locked,
                "schema_version": SCHEMA,
                "solution": self.solution,
                "task": self.task,
                **points,
                **checksum,
            }
        }


def autograded_notebook(
    written: Sequence[StoredCell],
    master: Sequence[MasterCell],
    results: Mapping[str, str],
    remarks: Sequence[str],
    released: Mapping[str, Cell] | None = None,
) -> str:
    """The notebook as JSON. `results` are the words under each grade cell, `remarks` those at the top; Markdown that
    was `released`, by its text, stays as it is."""
    prose = _Prose(master, released or {})
    places = _places(written, master)
    taken = {at: one for one, at in places.items() if at is not None}
    after: dict[int, list[MasterCell]] = {}
    last = -1
    for one in master:
        at = places[one]
        last = last if at is None else at
        if at is None:
            after.setdefault(last, []).append(one)
    cells = [cell("markdown", "**From the grader**"), cell("markdown", message(remarks))] if remarks else []
    cells += [_absent(one, results) for one in after.get(-1, [])]
    for at, own in enumerate(written):
        if at in taken:
            cells.append(_present(own, taken[at], results, prose))
        else:
            cells.append(_plain(own, prose))
        cells += [_absent(one, results) for one in after.get(at, [])]
    return notebook_json(cells)


def _places(written: Sequence[StoredCell], master: Sequence[MasterCell]) -> dict[MasterCell, int | None]:
    """Which of the student's cells is which of the course's; None where it is gone, or is no longer what it was."""
    free = set(range(len(written)))
    places: dict[MasterCell, int | None] = {}
    for one in master:
        if one.is_test:  # a test that was written over is the student's cell now
            found = [at for at in sorted(free) if written[at].source.strip() == one.source.strip()]
        else:
            found = [at for at in sorted(free) if written[at].grade_id == one.name]
            found = found or [at for at in sorted(free) if _defines_the_same(written[at], one)]
            found = [at for at in found if written[at].source.strip() != one.source.strip()] or found
        places[one] = found[-1] if found else None
        free -= set(found[-1:])
    return places


def _defines_the_same(own: StoredCell, one: MasterCell) -> bool:
    return own.kind == one.kind == "code" and bool(set(defined(own.source)) & set(defined(one.source)))


class _Prose:
    """Turns Markdown of the student's into a cell."""

    def __init__(self, master: Sequence[MasterCell], released: Mapping[str, Cell]) -> None:
        names = [one.name for one in master]
        self._taken = {*_PAGE_IDS, *names}
        for pattern in ("{}-comment", "comment-{}", "{}_extra_credit"):
            self._taken |= {pattern.format(name) for name in names}
        self._released = released
        self._left = MAX_MARKDOWN

    def cell(self, own: StoredCell, metadata: Mapping[str, Any] | None = None) -> Cell:
        """The cell, with the pictures that were pasted into it."""
        if (ours := self._released.get(own.source)) is not None:
            attachments = ours.get("attachments")
            made = cell("markdown", own.source, metadata)
            return {**made, "attachments": attachments} if attachments else made
        self._left -= len(own.source)
        pictures = {**{escape_url(name): data for name, data in own.attachments.items()}, **own.attachments}
        allowed = Allowed(pictures, self._taken)
        text = allowed.shown(own.source) if self._left >= 0 else as_typed(clip(own.source))
        made = cell("markdown", text, metadata)
        return {**made, "attachments": pictures} if pictures else made


def _present(own: StoredCell, one: MasterCell, results: Mapping[str, str], prose: _Prose) -> Cell:
    if one.is_test:
        return _absent(one, results)
    if one.kind != "code":
        return prose.cell(own, one.metadata)
    return {**cell("code", own.source, one.metadata), "outputs": _outputs(own.outputs)}


def _absent(one: MasterCell, results: Mapping[str, str]) -> Cell:
    """A cell of the course's: a test as it was released, a solution as missing."""
    if one.is_test:
        made = cell(one.kind, one.source, one.metadata)
        if one.name in results and one.kind == "code":
            made["outputs"] = [{"output_type": "stream", "name": "stdout", "text": results[one.name]}]
        return made
    missing = "This cell is missing from the submission."
    return cell(one.kind, f"# {missing}" if one.kind == "code" else f"*{missing}*", one.metadata)


def _plain(own: StoredCell, prose: _Prose) -> Cell:
    """A cell that the course asks nothing of."""
    if own.kind != "code":
        return prose.cell(own)
    return {**cell("code", own.source), "outputs": _outputs(own.outputs)}


def _outputs(outputs: Sequence[StoredOutput]) -> list[dict[str, Any]]:
    return [
        {"output_type": "display_data", "data": {"image/png": output.picture}, "metadata": {}}
        if output.picture
        else {"output_type": "stream", "name": "stdout", "text": visible(_COLOUR.sub("", output.text))}
        for output in outputs
    ]
