"""Know the pictures that a solution's picture cells draw, and show them folded in what is released.

A picture cell stands under `if __name__ == "__main__":` and names its figure, the exercise's number first:

    figure, axes = plt.subplots(num="1.6 the loss and the path down it")

`drawing.py` draws them, with the solution's functions, into reference/NAME/pictures.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import MarkerError
from autograder.rubric.authored import PICTURES, SOLUTION, parsed
from autograder.syntax import is_main_guard

MARK = re.compile(r"<!-- picture(?:s|: (\S+)) -->\n")
"""Marks where a handout shows all pictures, or those of one exercise."""
_NUMBERED = re.compile(r"\d[\w.]* \S")


@dataclass(frozen=True)
class Picture:
    """A figure of a picture cell.

    Attributes:
        name: What the figure is called: "1.6 the loss and the path down it".
        cell: The `if` that draws it, perhaps with others.
    """

    name: str
    cell: ast.stmt

    @property
    def number(self) -> str:
        """The exercise that it belongs to."""
        return self.name.partition(" ")[0]

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{re.sub(r'[^a-z0-9.]+', '-', self.name.lower()).strip('-')}.png"


def pictures_of(tree: ast.Module) -> list[Picture]:
    """Return the pictures of a solution, or of a cell, in their order."""
    guards = [statement for statement in tree.body if is_main_guard(statement)]
    return [Picture(name, guard) for guard in guards for name in _figures(guard)]


def _figures(guard: ast.stmt) -> Iterator[str]:
    for node in ast.walk(guard):
        match node:
            case ast.keyword(arg="num", value=ast.Constant(value=str(name))) if _NUMBERED.match(name):
                yield name


def released_pictures(reference: Path) -> dict[str, bytes]:
    """Return the pictures that there are, by their path in a release."""
    files = [picture.file for picture in pictures_of(parsed(reference / SOLUTION))]
    folder = reference / PICTURES
    return {f"{PICTURES}/{one}": (folder / one).read_bytes() for one in files if (folder / one).is_file()}


def with_pictures(handout: str, starter: str, files: Collection[str]) -> str:
    """Return a handout with folded pictures in place of its marks.

    Args:
        handout: The author's text.
        starter: Its picture cells say which pictures there are.
        files: What is released, by relative path.

    Raises:
        MarkerError: A mark names an exercise that has no picture.
    """
    pictures = [one for one in pictures_of(ast.parse(starter)) if f"{PICTURES}/{one.file}" in files]

    def shown(found: re.Match[str]) -> str:
        chosen = [one for one in pictures if found[1] in (None, one.number)]
        if found[1] and not chosen:
            raise MarkerError(
                f"handout.md: there is no picture of {found[1]}. Name the exercise of a picture cell, and draw it: "
                "autograder pictures NAME"
            )
        return "\n".join(_folded(one, one.name) for one in chosen)

    return MARK.sub(shown, handout)


def expected(cell: str, files: Collection[str]) -> str:
    """Return the text below a notebook's cell: its expected pictures, folded; "" for a cell that draws none."""
    pictures = pictures_of(ast.parse(cell)) if 'num="' in cell else []
    shown = (_folded(one, "What it should look like") for one in pictures if f"{PICTURES}/{one.file}" in files)
    return "\n".join(shown).rstrip()


def _folded(picture: Picture, summary: str) -> str:
    image = f"![{picture.name}]({PICTURES}/{picture.file})"
    return f"<details><summary>{summary}</summary>\n\n{image}\n\n</details>\n"
