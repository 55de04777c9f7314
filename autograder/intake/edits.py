"""Change parts of a source text without moving any line."""

from __future__ import annotations

import ast
from bisect import bisect_left, insort


class Edits:
    """Replacements collected by syntax node and applied together."""

    def __init__(self, text: str) -> None:
        self._data = text.encode("utf-8")
        self._line_starts = [0]
        for line in self._data.split(b"\n"):
            self._line_starts.append(self._line_starts[-1] + len(line) + 1)
        self._changes: list[tuple[int, int, bytes]] = []  # sorted

    def replace(self, node: ast.stmt | ast.expr, by: str) -> None:
        """Put the one-line `by` in place of a statement or a part of one, and keep the number of lines."""
        start, end = self._span(node)
        self._forget(start, end)
        missing = self._data.count(b"\n", start, end)
        insort(self._changes, (start, end, by.encode("utf-8") + b"\n" * missing))

    def remove(self, node: ast.stmt) -> None:
        """Remove a statement: comment it out where it has its lines for itself, else leave an empty expression."""
        start, end = self._span(node)
        self._forget(start, end)
        line_start = self._data.rfind(b"\n", 0, start) + 1
        line_end = self._data.find(b"\n", end)
        rest = self._data[end : line_end if line_end >= 0 else len(self._data)].strip()
        if start == line_start and (not rest or rest.startswith(b"#")):
            lines = self._data[start:end].split(b"\n")
            insort(self._changes, (start, end, b"\n".join(b"# " + line if line.strip() else b"" for line in lines)))
        else:
            insort(self._changes, (start, end, b"(" + b"\n" * self._data.count(b"\n", start, end) + b")"))

    def prefix(self, node: ast.stmt, by: str) -> bool:
        """Write `by` before a statement if it is the first on its line; return whether it is."""
        start, _ = self._span(node)
        line_start = self._data.rfind(b"\n", 0, start) + 1
        if self._data[line_start:start].strip():
            return False
        insort(self._changes, (start, start, by.encode("utf-8")))
        return True

    def apply(self) -> str:
        """Return the changed text, with as many lines as before."""
        out, at = [], 0
        for start, end, by in self._changes:
            out += [self._data[at:start], by]
            at = end
        out.append(self._data[at:])
        return b"".join(out).decode("utf-8")

    def _forget(self, start: int, end: int) -> None:
        """Drop the changes inside a span: a later decision about a statement replaces earlier ones about its parts."""
        first = bisect_left(self._changes, (start,))
        last = bisect_left(self._changes, (end,), first)
        self._changes[first:last] = []

    def _span(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        decorators = getattr(node, "decorator_list", None)
        first = decorators[0] if decorators else node
        assert node.end_lineno is not None and node.end_col_offset is not None
        start = self._line_starts[first.lineno - 1] + first.col_offset
        if decorators:
            start = self._data.rfind(b"@", 0, start)
        return start, self._line_starts[node.end_lineno - 1] + node.end_col_offset
