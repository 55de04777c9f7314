"""The leaderboard as a class may see it: with names, or with pseudonyms."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.config import Leaderboard
from autograder.identity import page_name
from autograder.reports.pseudonyms import pseudonym


@dataclass(frozen=True, slots=True)
class Board:
    """A leaderboard's page: its file, and what a student is called there."""

    assignment: str
    file: str
    named: bool
    secret: bytes

    @staticmethod
    def of(kind: Leaderboard, assignment: str, secret: bytes) -> Board | None:
        """Return the board that an assignment is to have, or None. Its page has a name that nobody can guess."""
        if kind is Leaderboard.NONE:
            return None
        file = page_name("leaderboard", f"{assignment}\0board", secret)  # no student's page, whatever he is called
        return Board(assignment, file, kind is Leaderboard.NAMES, secret)

    def name_of(self, student: str) -> str:
        """Return what a student is called on it."""
        return student if self.named else pseudonym(student, self.assignment, self.secret)
