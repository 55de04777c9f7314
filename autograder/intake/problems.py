"""The two ways in which intake says no: to a student, and to whoever runs the command."""

from __future__ import annotations

from autograder.model import Mendable


class Rejected(Mendable):
    """This submission cannot be read. `reason` tells the student what is wrong and what to do next."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InputError(Mendable):
    """The class folder cannot be used; the message says what to mend."""
