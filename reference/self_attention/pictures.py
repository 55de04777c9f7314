"""Draws `public/masks.svg`, the masks of the assignment: python -m reference.self_attention.pictures"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

TARGET = Path(__file__).parent / "public" / "masks.svg"
SIZE, CELL, GAP, TOP = 7, 16, 26, 24
SHOWN, HIDDEN = "#1f4e79", "#e8edf2"

MASKS: tuple[tuple[str, Callable[[int, int], bool]], ...] = (
    ("padding, 5 real", lambda t, s: s < 5),
    ("causal", lambda t, s: s <= t),
    ("both", lambda t, s: s < 5 and s <= t),
    ("window, radius 1", lambda t, s: abs(t - s) <= 1),
    ("offset 2", lambda t, s: s == t + 2),
)


def drawing() -> str:
    """The five masks side by side, rows queries and columns keys."""
    step = SIZE * CELL + GAP
    width, height = len(MASKS) * step - GAP + 2, TOP + SIZE * CELL + 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12" fill="#333">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for place, (name, seen) in enumerate(MASKS):
        left = place * step + 1
        parts.append(f'<text x="{left}" y="{TOP - 8}">{name}</text>')
        for t in range(SIZE):
            for s in range(SIZE):
                colour = SHOWN if seen(t, s) else HIDDEN
                x, y = left + s * CELL, TOP + t * CELL
                parts.append(f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" fill="{colour}"/>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    TARGET.write_text(drawing(), encoding="utf-8")
