"""Turn whatever a student hands in (module, notebook, zip, folder) into a `Submission`."""

from autograder.errors import InputError, RejectedError
from autograder.intake.classroom import ClassFolder, Entry, choose, find_class
from autograder.intake.read import WholeSubmission, read_sources, read_submission, read_whole

__all__ = [
    "ClassFolder",
    "Entry",
    "InputError",
    "RejectedError",
    "WholeSubmission",
    "choose",
    "find_class",
    "read_sources",
    "read_submission",
    "read_whole",
]
