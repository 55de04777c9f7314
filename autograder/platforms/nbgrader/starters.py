"""For `nbgrader_config.py`: nbgrader leaves in place of each solution what the assignment's starter has there."""

from __future__ import annotations

from typing import Any

from nbgrader import preprocessors
from nbgrader.converters import GenerateAssignment

from autograder.release.cut import BEGIN, STARTER, without_regions

CONFIG = """\
from autograder.platforms.nbgrader.starters import use_starters

use_starters(get_config())
"""
"""What `nbgrader_config.py` needs."""


class ClearSolutions(preprocessors.ClearSolutions):  # type: ignore[misc]
    """nbgrader's own has one stub for all solutions; half a dictionary of answers would not be Python."""

    def _replace_solution_region(self, cell: Any, language: str) -> bool:
        if BEGIN in cell.source and f"### {STARTER}" in cell.source:
            cell.source = without_regions(cell.source)
            return True
        return bool(super()._replace_solution_region(cell, language))


def use_starters(config: Any) -> None:
    """Put it in the place of nbgrader's own."""
    usual = GenerateAssignment.class_traits()["preprocessors"].default()
    config.GenerateAssignment.preprocessors = [
        ClearSolutions if one is preprocessors.ClearSolutions else one for one in usual
    ]
