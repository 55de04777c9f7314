"""The sign of each outcome: one symbol, one word and one tone, the same in every medium."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from autograder.model import Outcome


class Tone(StrEnum):
    """What a sign's colour says. Each medium has its own colour for each; the pages use the value as a CSS class."""

    GOOD = "good"
    PART = "part"
    BAD = "bad"
    STOPPED = "stop"
    NEUTRAL = "none"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Sign:
    """A symbol, its word, and its tone. The symbol alone tells two signs apart: colour never has to."""

    symbol: str
    word: str
    tone: Tone

    @property
    def title(self) -> str:
        """Return the word as a sentence begins with it."""
        return self.word[:1].upper() + self.word[1:]


# Letters rather than emoji for what stops a process: every font has them, and they are one column wide.
SIGNS: Mapping[Outcome, Sign] = MappingProxyType(
    {
        Outcome.PASSED: Sign("✓", "passed", Tone.GOOD),
        Outcome.PARTLY: Sign("◐", "partly", Tone.PART),
        Outcome.FAILED: Sign("✗", "failed", Tone.BAD),
        Outcome.NOT_ATTEMPTED: Sign("○", "not attempted", Tone.NEUTRAL),
        Outcome.SKIPPED: Sign("–", "skipped", Tone.NEUTRAL),
        Outcome.NOT_GRADED: Sign("✎", "not graded yet", Tone.PART),
        Outcome.TIMED_OUT: Sign("T", "timed out", Tone.STOPPED),
        Outcome.OUT_OF_MEMORY: Sign("M", "out of memory", Tone.STOPPED),
        Outcome.CRASHED: Sign("C", "crashed", Tone.STOPPED),
        Outcome.GRADER_ERROR: Sign("!", "grader error", Tone.OURS),
    }
)
"""What became of a check, or of an exercise."""

NO_RESULT = Sign("·", "no result", Tone.NEUTRAL)
"""An exercise of which nothing was checked."""

REJECTED = Sign("⊘", "rejected", Tone.BAD)
"""A submission that could not be read."""

NOT_LOADED = Sign("L", "load problem", Tone.BAD)
"""A file that stopped before its end while it was loaded."""

TO_READ = Sign("?", "to be read", Tone.PART)
"""A place that a person should look at. It costs nothing by itself."""

_STATUSES = MappingProxyType({"rejected": REJECTED, "grader error": SIGNS[Outcome.GRADER_ERROR]})


def sign_of(outcome: Outcome | None) -> Sign:
    """Return the sign of an outcome; None stands for no result."""
    return NO_RESULT if outcome is None else SIGNS[outcome]


def status_sign(status: str) -> Sign | None:
    """Return the sign of a report's status, or None for a graded one: there each exercise has its own."""
    return _STATUSES.get(status)


def legend() -> str:
    """Return a line that says what each outcome's symbol means."""
    return "  ".join(f"{sign.symbol} {sign.word}" for sign in SIGNS.values())
