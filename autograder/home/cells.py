"""Read a running notebook as the grader will read it: from the cells that were run, not from what the kernel holds."""

from __future__ import annotations

import ast
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any


def cells_run() -> list[str] | None:
    """Return the sources of this notebook's cells in the order in which they were run; None outside of a notebook.

    Cell number n has place n - 1. Of a cell that was run several times only the last run is there, the others are
    empty.
    """
    shell = _shell()
    return None if shell is None else latest(shell.history_manager.input_hist_raw[1:])


def _shell() -> Any:
    """Return IPython's shell, if this is one."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def latest(cells: Sequence[str]) -> list[str]:
    """Empty the runs of cells that were run again later: the same text, or all that they define is defined again."""
    found: list[str] = []
    texts: set[str] = set()
    defined: set[str] = set()
    for cell in reversed(cells):
        names = _defined(cell)
        again = cell in texts or (bool(names) and names <= defined)
        found.append("" if again else cell)
        texts.add(cell)
        defined |= names
    return found[::-1]


def _defined(cell: str) -> set[str]:
    """Return the functions and classes that a cell defines at its top level, magics left aside."""
    lines = ["" if line.lstrip().startswith(("%", "!", "?")) else line for line in cell.splitlines()]
    try:
        body = ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError):
        return set()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {statement.name for statement in body if isinstance(statement, kinds)}


def as_notebook(cells: Sequence[str], folder: Path) -> Path:
    """Write cells as a notebook's file into a folder; return its path."""
    made: list[dict[str, Any]] = [
        {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None} for cell in cells
    ]
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path


def differences(live: Mapping[str, Any], read: Mapping[str, str], names: Sequence[str]) -> Iterator[str]:
    """Yield a note for each function whose kernel holds another one than the grader reads.

    Args:
        live: What the kernel holds.
        read: What the grader reads, each name with its `fingerprint`.
        names: The functions that are asked for.
    """
    for name in names:
        if name not in live:
            continue
        if name not in read:
            yield (
                f"`{name}` is in your kernel, but the grader finds it in none of your cells: write it there as a "
                f"function at the top level, `def {name}(...)`, and run the cell."
            )
        elif callable(live[name]) and fingerprint(live[name]) != read[name]:
            yield (
                f"`{name}` is another one in your kernel than in your cells, and the cells count: run its cell again. "
                "What is checked here is the one in the cells."
            )


def fingerprint(value: Any) -> str:
    """Return what a function does, whoever compiled it; of what is no function, its type."""
    code = getattr(value, "__code__", None)
    return repr(_parts(code)) if isinstance(code, CodeType) else type(value).__name__


def _parts(code: CodeType) -> tuple[Any, ...]:
    constants = tuple(_parts(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, constants


def saved_file(namespace: Mapping[str, Any]) -> Path | None:
    """Return this notebook's file, where Jupyter or VS Code say which it is."""
    told = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    path = Path(str(told))
    return path if told and path.suffix == ".ipynb" and path.is_file() else None


def unsaved(read: Collection[str], saved: Collection[str], file: str) -> Iterator[str]:
    """Yield a note where functions that were run are not in the notebook's file, which is what is handed in."""
    absent = [f"`{name}`" for name in sorted(set(read) - set(saved))]
    if absent:
        yield (
            f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not in {file} as it is saved: save the "
            "notebook before you hand it in, or was a cell deleted?"
        )
