"""What the commands share with which people change scores: who is meant, and what a change does to everybody."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from autograder.cli.terminal import print_json
from autograder.feedback.terminal import escape
from autograder.model import Report
from autograder.scoring.extensions import names_of
from autograder.scoring.settle import number

if TYPE_CHECKING:
    from autograder.records import Records
    from autograder.records.standings import Standings

Reason = Annotated[str, typer.Option("--reason", "-r", help="Why. It is kept, and shown to the student.")]
Author = Annotated[str, typer.Option("--author", help="Who decides this.", show_default="you")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show whose score would change, and keep nothing.")]


def student_named(records: Records, assignment: str, text: str) -> str | None:
    """Return the name in the records of whom a name, id, e-mail address or number belongs to; None if to nobody."""
    wanted = text.casefold()
    found = None
    for report in records.all_latest(assignment):
        if report.student == text:
            return text
        if wanted in names_of(report):
            found = report.student
    return found


def like(records: Records, assignment: str, text: str) -> str:
    """Return a hint at students whose name or address is nearly the same, or nothing."""
    known = {
        _word(name): report.student
        for report in records.all_latest(assignment)
        for name in (*names_of(report), report.person.name if report.person else "")
        if name
    }
    word = _word(text)
    near = [known[one] for one in difflib.get_close_matches(word, known, 3, 0.75)]
    near = list(dict.fromkeys(near or [student for one, student in known.items() if word in one]))
    return f". Do you mean {', '.join(near[:3])}?" if near else ""


def named_like(text: str, names: Iterable[str]) -> str:
    """Return a question about names that contain what was typed, with a space before it; nothing where none does."""
    near = [one for one in names if text.casefold() in one.casefold()][:5]
    return f" Do you mean {', '.join(map(repr, near))}?" if near else ""


def _word(name: str) -> str:
    """Return what of a name tells people apart: no domain of an address, no number in brackets."""
    return name.casefold().partition("@")[0].partition(" (")[0]


def scores_of(standings: Standings) -> dict[str, Report]:
    """Return what stands for every student, without the results."""
    from msgspec.structs import replace

    return {report.student: replace(report, results=(), output="") for report in standings.reports()}


def decide(standings: Callable[[bool], Standings], keep: Callable[[], object], *, dry_run: bool, json: bool) -> None:
    """Take a decision, or just suppose it, and show whose score changes.

    Args:
        standings: returns the scores that stand; given True, with the decision supposed.
        keep: writes the decision down.
    """
    before = scores_of(standings(False))
    if not dry_run:
        keep()
    show_changes(before, scores_of(standings(dry_run)), kept=not dry_run, json=json)


def show_changes(before: dict[str, Report], after: dict[str, Report], *, kept: bool, json: bool) -> None:
    """Print whose score changes, from what to what, and the arithmetic."""
    changed = [(old, after[name]) for name, old in before.items() if _score(old) != _score(after[name])]
    if json:
        print_json({"kept": kept, "changed": [_plain(old, new) for old, new in changed]})
        return
    console = Console(emoji=False, highlight=False, soft_wrap=True)
    if changed:
        table = Table("student", "before", "after", "arithmetic", box=None, pad_edge=False)
        for old, new in changed:
            table.add_row(escape(old.student), _score(old), _score(new), escape(new.arithmetic))
        console.print(table)
    verb = "changed" if kept else "would change; nothing was kept: without --dry-run it counts"
    console.print(f"{len(changed)} of {len(before)} scores {verb}.")


def table_of(rows: Iterable[tuple[str, ...]], *columns: str) -> None:
    """Print rows of text."""
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(escape, row))
    Console(emoji=False, highlight=False).print(table)


def _score(report: Report) -> str:
    return f"{number(report.score)} / {number(report.points)}"


def _plain(old: Report, new: Report) -> dict[str, Any]:
    return {
        "student": old.student, "before": old.score, "after": new.score, "points": new.points,
        "arithmetic": new.arithmetic,
    }  # fmt: skip
