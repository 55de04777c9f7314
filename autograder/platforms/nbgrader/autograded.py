"""The autograded notebook: what the student wrote, the course's cells each in its place once, our words under them.

It is built of plain parts. Nothing of the submission that a browser would run gets into it: a person reads this page
while logged in to the server that the gradebook lies on.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.feedback.formats import clip, visible
from autograder.intake.notebook import StoredCell
from autograder.platforms.nbgrader.source import SCHEMA
from autograder.platforms.nbgrader.words import inert
from autograder.release.notebook import Cell, cell, defined, notebook_json

MAX_PICTURE = 500_000
MAX_OUTPUTS = 20
MAX_TEXT = 4_000
_PNG = b"\x89PNG\r\n\x1a\n"
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
    released: Collection[str] = (),
) -> str:
    """The notebook as JSON. `results` are the words under each grade cell, `remarks` those at the top; text that was
    `released` stays as it is."""
    places = _places(written, master)
    taken = {at: one for one, at in places.items() if at is not None}
    after: dict[int, list[MasterCell]] = {}
    last = -1
    for one in master:
        at = places[one]
        last = last if at is None else at
        if at is None:
            after.setdefault(last, []).append(one)
    cells = [cell("markdown", "\n\n".join(("**From the grader**", *remarks)))] if remarks else []
    cells += [_absent(one, results) for one in after.get(-1, [])]
    for at, own in enumerate(written):
        if at in taken:
            cells.append(_present(own, taken[at], results))
        else:
            cells.append(_plain(own, released))
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


def _present(own: StoredCell, one: MasterCell, results: Mapping[str, str]) -> Cell:
    if one.is_test:
        return _absent(one, results)
    made = cell(one.kind, own.source if one.kind == "code" else inert(own.source), one.metadata)
    if one.kind == "code":
        made["outputs"] = list(_outputs(own.outputs))
    return made


def _absent(one: MasterCell, results: Mapping[str, str]) -> Cell:
    """A cell of the course's: a test as it was released, a solution as missing."""
    if one.is_test:
        made = cell(one.kind, one.source, one.metadata)
        if one.name in results and one.kind == "code":
            made["outputs"] = [{"output_type": "stream", "name": "stdout", "text": results[one.name]}]
        return made
    missing = "This cell is missing from the submission."
    return cell(one.kind, f"# {missing}" if one.kind == "code" else f"*{missing}*", one.metadata)


def _plain(own: StoredCell, released: Collection[str]) -> Cell:
    """A cell that the course asks nothing of."""
    if own.kind != "code":
        return cell("markdown", own.source if own.source in released else inert(own.source))
    return {**cell("code", own.source), "outputs": list(_outputs(own.outputs))}


def _outputs(outputs: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """The text and the pictures of what a cell had put out; no HTML, no script, no widget."""
    for output in outputs[:MAX_OUTPUTS]:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        if isinstance(data, dict) and (picture := _picture(data.get("image/png"))):
            yield {"output_type": "display_data", "data": {"image/png": picture}, "metadata": {}}
            continue
        shown = data.get("text/plain") if isinstance(data, dict) else output.get("text") or output.get("traceback")
        if text := _text(shown):
            yield {"output_type": "stream", "name": "stdout", "text": text}


def _picture(value: Any) -> str | None:
    """A PNG of a decent size, encoded anew so that it holds nothing else."""
    text = "".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else value
    if not isinstance(text, str) or len(text) > MAX_PICTURE:
        return None
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(raw).decode() if raw.startswith(_PNG) else None


def _text(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return visible(_COLOUR.sub("", clip("".join(part for part in parts if isinstance(part, str)), MAX_TEXT)))
