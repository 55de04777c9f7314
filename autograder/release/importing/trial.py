"""Try what was converted: the solution has to pass its own checks, or they say why not."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path

from autograder.errors import AssignmentError
from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.model import Outcome
from autograder.rubric.assignment import load


def stumbles(name: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """Run the checks of an assignment on its own solution.

    Args:
        name: The assignment's name.
        files: The files of its reference folder.

    Returns:
        For each check that does not pass, by its function's name, what was said.

    Raises:
        AssignmentError: It cannot be loaded.
    """
    with tempfile.TemporaryDirectory() as folder:
        reference = Path(folder).resolve() / "reference" / name
        for file, data in files.items():
            target = reference / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        try:
            with redirect_stdout(io.StringIO()):
                assignment = load(reference)
        except AssignmentError as error:
            raise AssignmentError(str(error).replace(f"{reference}/", "")) from error
        with redirect_stdout(io.StringIO()):
            results = Engine(assignment, b"import").run(LocalHost(assignment.solution), "import", hints=False)
        return {
            result.name.rpartition(" ")[2]: result.message.partition("\n")[0]
            for result in results
            if result.outcome is not Outcome.PASSED
        }
