"""Write the handout: the author's text, with what is to be written by hand, and a section on checking one's work."""

from __future__ import annotations

from pathlib import Path

from autograder import __version__
from autograder.home.public_release import PublicRelease
from autograder.release import by_hand
from autograder.rubric.contracts import IN_WORDS

PLACE = "<!-- how to check -->"
"""Marks where the section goes; without it, the section goes to the end."""
PYTHON, TORCH = "3.11", "2.13"
"""What work is graded with: the lowest Python that is promised, and the torch that is pinned."""
TEMPLATE = Path(__file__).parent / "checking.md.txt"
CONTRACT = "<!-- contract -->"
"""Marks where it is said what every function keeps to."""
PRACTICE = """
**Training.** `autograder check --practice -e {number}` (in a notebook: `autograder.check("{number}", practice=True)`)
trains exercise {number} on the data you have, and shows where you stand on the ladder that its points come from.

"""


def handout(text: str, public: PublicRelease | None) -> str:
    """Return the handout as students get it. Without `public` there is no section about checking one's work."""
    if public is None:
        return text.replace(f"{PLACE}\n\n", "").replace(f"{by_hand.PLACE}\n\n", "").replace(CONTRACT, IN_WORDS.rstrip())
    first = next((exercise for exercise in public.exercises if exercise.public), public.exercises[0])
    trains = [exercise.number for exercise in public.exercises if exercise.practices]
    section = TEMPLATE.read_text(encoding="utf-8")
    for word, value in (
        ("VERSION", __version__),
        ("PYTHON", PYTHON),
        ("TORCH", TORCH),
        ("FIRST", first.number),
        ("FUNCTION", first.owns[0]),
        ("PRACTICE\n", PRACTICE.format(number=trains[0]) if trains else "\n"),
    ):
        section = section.replace(word, value)
    section = section.rstrip() + "\n"
    text = text.replace(CONTRACT, IN_WORDS.rstrip())
    rules = by_hand.table(public.bans)
    if by_hand.PLACE in text:
        text = text.replace(f"{by_hand.PLACE}\n", rules)
    elif rules:
        text = f"{text.rstrip()}\n\n## By hand\n\n{rules}"
    if PLACE in text:
        return text.replace(PLACE + "\n", section)
    return f"{text.rstrip()}\n\n{section}"
