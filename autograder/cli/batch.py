"""What the commands that grade share: the sandboxes, the slots, and an end that loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.cli.course import CourseAssignment
from autograder.grading.executors.local import LocalExecutor
from autograder.grading.executors.parts import Sandboxes
from autograder.grading.second import second_sandbox
from autograder.grading.settings import MAX_BYTES
from autograder.protocol.devices import CPU
from autograder.sandbox.host.sandbox import Sandbox


@dataclass(frozen=True)
class Opened:
    """Everything that a batch needs: where slots come from, and the layers that hold."""

    executor: LocalExecutor
    boundary: tuple[str, ...]


@contextmanager
def opened(
    course: CourseAssignment,
    private: Iterable[Path] = (),
    *,
    unsafe: bool = False,
    max_bytes: int = MAX_BYTES,
    keep_cells: bool = False,
) -> Iterator[Opened]:
    """Start the warm grader and the sandboxes side by side; end them, with all that runs there, afterwards.

    `keep_cells`: what is done tells the cells of the graded file too.

    Raises:
        AssignmentError: when the assignment cannot be loaded.
        SandboxUnavailableError: when there is no sandbox to be had.
    """
    sandboxes: dict[str, Sandboxes] = {}
    private = (*course.private, *private)
    typical = (course.folder / "solution.py").read_text(encoding="utf-8")
    device = course.settings.device
    with (
        LocalExecutor(course.grading_settings(max_bytes, keep_cells=keep_cells), sandboxes) as executor,
        Sandbox(typical=typical, unsafe=unsafe, private=private) as sandbox,
        second_sandbox(device, private, typical=typical, unsafe=unsafe) as second,
    ):
        sandboxes[CPU] = sandbox
        if second is not None:
            sandboxes[device] = second
        _ = executor.info  # an assignment that cannot be loaded is said before anything is graded
        yield Opened(executor, sandbox.boundary)
