"""The handout: the author's text, with how to check one's work, which is the same for every assignment."""

from __future__ import annotations

from pathlib import Path

from autograder import __version__
from autograder.home.bundle import PublicRelease

PLACE = "<!-- how to check -->"
"""Where the section goes; without it, it goes to the end."""
TEMPLATE = Path(__file__).parent / "checking.md.txt"
PRACTICE = """
**Training.** `autograder check --practice -e {number}` (in a notebook: `autograder.check("{number}", practice=True)`)
trains exercise {number} on the data you have, and shows where you stand on the ladder that its points come from.

"""


def handout(text: str, bundle: PublicRelease | None) -> str:
    """The handout as students get it. Without a bundle there is nothing to check with."""
    if bundle is None:
        return text.replace(f"{PLACE}\n\n", "")
    first = next((exercise for exercise in bundle.exercises if exercise.public), bundle.exercises[0])
    trains = [exercise.number for exercise in bundle.exercises if exercise.practices]
    section = TEMPLATE.read_text(encoding="utf-8")
    for word, value in (
        ("VERSION", __version__),
        ("FIRST", first.number),
        ("FUNCTION", first.owns[0]),
        ("PRACTICE\n", PRACTICE.format(number=trains[0]) if trains else "\n"),
    ):
        section = section.replace(word, value)
    section = section.rstrip() + "\n"
    if PLACE in text:
        return text.replace(PLACE + "\n", section)
    return f"{text.rstrip()}\n\n{section}"
