"""Turn whatever a student hands in (module, notebook, zip, folder) into a `Submission`."""

from autograder.errors import InputError, RejectedError
from autograder.intake.classroom import ClassFolder, Entry, choose, find_class
from autograder.intake.read import read_submission

__all__ = ["ClassFolder", "Entry", "InputError", "RejectedError", "choose", "find_class", "read_submission"]
