"""Intake: any shape a student hands in (module, notebook, zip, folder) becomes a `Submission`."""

from autograder.errors import InputError, RejectedError
from autograder.intake.classroom import Entry, choose, find_class
from autograder.intake.imports import DEFAULT_PACKAGES
from autograder.intake.read import read_submission

__all__ = ["DEFAULT_PACKAGES", "Entry", "InputError", "RejectedError", "choose", "find_class", "read_submission"]
