"""What a notebook shows besides its code, kept small: to be put before a person, never to be run."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.intake.notebook import cells_of, looks_like_notebook, source_of

MAX_CELLS = 2_000
MAX_OUTPUTS = 20
MAX_TEXT = 4_000
"""Characters of one output: what is beyond is left out of its middle."""
MAX_SOURCE = 200_000
"""Characters of one cell."""
MAX_PICTURE = 4_000_000
"""Characters of one picture, as a notebook writes it."""
MAX_PICTURES = 30_000_000
"""Characters of all pictures."""

_SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}


@dataclass(frozen=True)
class StoredOutput:
    """What a cell had put out: text, or a PNG in base64."""

    text: str = ""
    picture: str = ""


@dataclass(frozen=True)
class StoredCell:
    """A cell as the file has it. `attachments` are the pictures pasted into it: by name, the type and the base64."""

    kind: str
    source: str
    grade_id: str = ""
    outputs: tuple[StoredOutput, ...] = ()
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def stored_cells(data: bytes, name: str) -> tuple[StoredCell, ...]:
    """Return every cell of a notebook, in order, or a module as one cell. Raises `RejectedError`."""
    if not looks_like_notebook(data):
        return (StoredCell("code", _shortened(data.decode("utf-8", "replace"), MAX_SOURCE)),)
    room = _Room(MAX_PICTURES)
    return tuple(_stored(cell, room) for cell in cells_of(data, name)[:MAX_CELLS])


class _Room:
    """What is left for pictures."""

    def __init__(self, left: int) -> None:
        self._left = left

    def picture(self, value: Any, kind: str) -> str:
        """Return a picture of this kind, encoded anew so that it holds nothing else; nothing where it is not one."""
        text = _joined(value)
        if not text or len(text) > min(MAX_PICTURE, self._left):
            return ""
        try:
            raw = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            return ""
        if not raw.startswith(_SIGNATURES[kind]):
            return ""
        encoded = base64.b64encode(raw).decode()
        self._left -= len(encoded)
        return encoded


def _stored(cell: Mapping[str, Any], room: _Room) -> StoredCell:
    kind = cell.get("cell_type")
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return StoredCell(
        kind if kind in ("code", "raw") else "markdown",
        _shortened(_encodable(source_of(cell)), MAX_SOURCE),
        _encodable(grade_id) if isinstance(grade_id, str) else "",
        tuple(_outputs(cell.get("outputs"), room)),
        dict(_attachments(cell.get("attachments"), room)),
    )


def _outputs(outputs: Any, room: _Room) -> Iterator[StoredOutput]:
    """Yield the text and the pictures of what a cell had put out; no HTML, no script, no widget."""
    for output in outputs[:MAX_OUTPUTS] if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        if isinstance(data, dict) and (picture := room.picture(data.get("image/png"), "image/png")):
            yield StoredOutput(picture=picture)
            continue
        shown = data.get("text/plain") if isinstance(data, dict) else output.get("text") or output.get("traceback")
        if text := _shortened(_joined(shown), MAX_TEXT):
            yield StoredOutput(_encodable(text))


def _attachments(attachments: Any, room: _Room) -> Iterator[tuple[str, dict[str, str]]]:
    for name, data in attachments.items() if isinstance(attachments, dict) else ():
        for kind in _SIGNATURES if isinstance(data, dict) else ():
            if picture := room.picture(data.get(kind), kind):
                yield _encodable(name), {kind: picture}
                break


def _joined(value: Any) -> str:
    parts: Sequence[Any] = value if isinstance(value, list) else [value]
    return "".join(part for part in parts if isinstance(part, str))


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head, tail = text[: limit * 2 // 3], text[-(limit // 4) :]
    return f"{head}\n… {len(text) - len(head) - len(tail):,} characters left out …\n{tail}"


def _encodable(text: str) -> str:
    """Return the text without halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode()
