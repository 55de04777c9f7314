"""Draw what students should see: the pictures of a solution's picture cells, made with the solution's functions.

Beside them lie digests of all that they come from, so that a change shows without drawing.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.errors import AssignmentError
from autograder.files import replace
from autograder.release.pictures import Picture, pictures_of
from autograder.rubric.assignment import Assignment, load
from autograder.rubric.authored import PICTURES, SOLUTION, authored, parsed
from autograder.rubric.dependencies import digests_behind

DIGESTS = "digests.json"
DPI, COLOURS = 84, 256
"""Enough to read, and some 30 KB a picture."""


def draw(reference: Path, assignments: Path, *, fresh: bool = False) -> list[Path]:
    """Draw the pictures that are not current, or all; return what was written. What no cell draws any more is removed.

    Raises `AssignmentError` where a cell does not run, or does not draw what it names.
    """
    pictures, home = pictures_of(parsed(reference / SOLUTION)), assignments / reference.name
    folder, digests = reference / PICTURES, _digests(reference, home, pictures)
    wanted = set(digests) if fresh else set(_stale(folder, digests))
    assignment = load(reference) if wanted else None
    written = []
    drawn: dict[ast.stmt, dict[str, bytes]] = {}
    for picture in pictures:
        if assignment is None or picture.file not in wanted:
            continue
        if picture.cell not in drawn:
            drawn[picture.cell] = _drawn(assignment, home, picture.cell)
        if picture.name not in drawn[picture.cell]:
            line = picture.cell.lineno
            raise AssignmentError(f'{SOLUTION}, line {line}: the cell draws no figure with num="{picture.name}"')
        folder.mkdir(exist_ok=True)
        replace(folder / picture.file, drawn[picture.cell][picture.name])
        written.append(folder / picture.file)
    for file in _drawn_before(folder) - digests.keys():
        (folder / file).unlink()
    if written or folder.is_dir():
        told = json.dumps(digests, indent=1, sort_keys=True)
        replace(folder / DIGESTS, f"{told}\n".encode())
    return written


def stale(reference: Path, assignments: Path) -> list[str]:
    """Return the files of pictures that are missing, that come from something else by now, or that no cell draws."""
    pictures = pictures_of(parsed(reference / SOLUTION))
    return _stale(reference / PICTURES, _digests(reference, assignments / reference.name, pictures))


def _stale(folder: Path, digests: Mapping[str, str]) -> list[str]:
    known = json.loads((folder / DIGESTS).read_bytes()) if (folder / DIGESTS).is_file() else {}
    there = _drawn_before(folder)
    found = [file for file, digest in digests.items() if file not in there or known.get(file) != digest]
    return found + sorted(there - digests.keys())


def _drawn_before(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.png")}


def _digests(reference: Path, home: Path, pictures: Sequence[Picture]) -> dict[str, str]:
    """Return, by file, a digest of a picture's cell, the solution's code that it reaches and the data that it reads."""
    digests = {}
    behind = digests_behind(reference, [picture.cell for picture in pictures])
    for picture, code in zip(pictures, behind, strict=True):
        told = hashlib.sha256(code.encode())
        strings = {node.value for node in ast.walk(picture.cell) if isinstance(node, ast.Constant)}
        for name in sorted(one for one in strings if isinstance(one, str) and one.startswith("data/")):
            told.update((home / name).read_bytes() if (home / name).is_file() else b"")
        digests[picture.file] = told.hexdigest()[:16]
    return digests


def _drawn(assignment: Assignment, home: Path, guard: ast.stmt) -> dict[str, bytes]:
    """Run a picture cell as a student would, in the assignment's folder, and return its figures by their name."""
    import matplotlib
    import torch

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.close("all")
    torch.set_num_threads(1)
    namespace: dict[str, Any] = {**assignment.solution(), "__name__": "__main__"}
    code = compile(ast.Module([guard], []), SOLUTION, "exec", dont_inherit=True)
    with contextlib.chdir(home), matplotlib.rc_context(), contextlib.redirect_stdout(io.StringIO()):
        matplotlib.rcdefaults()
        shown, plt.show = plt.show, lambda *_, **__: None
        try:
            with authored(assignment.folder / SOLUTION):
                exec(code, namespace)
            figures = [plt.figure(one) for one in plt.get_fignums()]
            return {str(figure.get_label()): _png(figure) for figure in figures}
        finally:
            plt.show = shown
            plt.close("all")


def _png(figure: Any) -> bytes:
    """Return a figure as a small PNG, the same bytes each time."""
    from PIL import Image

    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    with Image.open(whole) as image:
        flat = image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        flat.save(small, format="png", optimize=True)
    return small.getvalue()
