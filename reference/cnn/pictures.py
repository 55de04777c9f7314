"""Draw `public/convolution.svg`, the handout's picture: python reference/cnn/pictures.py

A 3x2 kernel with stride (2, 1) and padding (1, 0) on a 5x4 image: where the windows lie, and which output each makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).parent / "public" / "convolution.svg"
CELL = 26
INK, FAINT, IMAGE, WINDOW, OTHER = "#333333", "#bbbbbb", "#e8eef7", "#f2a65a", "#7fb685"


def square(row: float, column: float, fill: str, rows: int = 1, columns: int = 1, opacity: float = 1.0) -> str:
    """A block of cells with its top left corner at (row, column)."""
    place = f'x="{column * CELL:g}" y="{row * CELL:g}" width="{columns * CELL}" height="{rows * CELL}"'
    return f'<rect {place} fill="{fill}" fill-opacity="{opacity:g}" stroke="{INK}" stroke-width="0.7"/>'


def text(row: float, column: float, words: str, size: int = 12) -> str:
    """Words centred on (row, column)."""
    return (
        f'<text x="{column * CELL:g}" y="{row * CELL:g}" font-family="sans-serif" font-size="{size}" '
        f'fill="{INK}" text-anchor="middle" dominant-baseline="middle">{words}</text>'
    )


def drawing() -> Iterator[str]:
    """All parts, back to front."""
    yield '<rect width="100%" height="100%" fill="white"/>'
    for row in range(7):
        for column in range(4):
            padding = row in (0, 6)
            yield square(row + 1, column + 1, "white" if padding else IMAGE)
            yield text(row + 1.5, column + 1.5, "0" if padding else "x", 10)
    yield square(1, 1, WINDOW, rows=3, columns=2, opacity=0.55)
    yield square(3, 2, OTHER, rows=3, columns=2, opacity=0.55)
    for row in range(3):
        for column in range(3):
            fill = {(0, 0): WINDOW, (1, 1): OTHER}.get((row, column), "white")
            yield square(row + 3, column + 9, fill, opacity=0.55)
            yield text(row + 3.5, column + 9.5, f"{row},{column}", 10)
    yield text(0.5, 3, "x, 5x4, padding (1, 0)")
    yield text(2.4, 10.5, "y, 3x3")
    yield text(8.6, 7.5, "kernel 3x2, stride (2, 1): two windows and the outputs they make")


def main() -> None:
    """Write the picture."""
    size = f'width="{15 * CELL}" height="{int(9.2 * CELL)}"'
    parts = "\n".join(drawing())
    TARGET.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{parts}\n</svg>\n', encoding="utf-8")


if __name__ == "__main__":
    main()
