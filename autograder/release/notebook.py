"""The starter as a notebook. The same starter gives the same bytes."""

from __future__ import annotations

import json

import jupytext

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def starter_notebook(starter: str) -> str:
    """A percent-format module as notebook JSON (nbformat 4.5, no outputs, numbered cell ids)."""
    notebook = jupytext.reads(starter, fmt="py:percent")
    cells = []
    for number, cell in enumerate(notebook.cells, 1):
        plain = {"cell_type": cell.cell_type, "id": f"cell-{number:03d}", "metadata": {}, "source": cell.source}
        if cell.cell_type == "code":
            plain |= {"execution_count": None, "outputs": []}
        cells.append(plain)
    whole = {
        "cells": cells,
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
