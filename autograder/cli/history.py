"""`autograder history`: every score of a student, and how it came about."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from autograder.cli.decided import student_named, table_of
from autograder.cli.found import open_config
from autograder.cli.options import AsJson, ConfigFile
from autograder.cli.terminal import print_json
from autograder.errors import InputError
from autograder.scoring.extensions import names_of
from autograder.scoring.settle import number
from autograder.zones import shown

EXAMPLES = (
    "autograder history ada@example.edu",
    'autograder history "Ada Lovelace (4521)" --assignment regression --json',
)


def history(
    student: Annotated[str, typer.Argument(help="Name, id or e-mail address.", show_default=False)],
    assignment: Annotated[str, typer.Option("--assignment", "-a", help="Just this one.")] = "",
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Show every score of a student: attempts, regrades, changes of the rules, adjustments, with who and when."""
    from autograder.records import Records
    from autograder.records.history import Event, history_of
    from autograder.records.ledger import Ledger
    from autograder.records.standings import Standings

    settings = open_config(config)
    if assignment:
        settings.assignment(assignment)
    found: dict[str, list[Event]] = {}
    with Records(settings.records_url) as records:
        for name in [assignment] if assignment else settings.assignments:
            known = student_named(records, name, student)
            report = records.latest(name, known) if known else None
            if report is None:
                continue
            for _ in Standings(records, settings, name).reports():  # takes down what has changed since
                pass
            names = [report.student, *names_of(report)]
            found[name] = history_of(Ledger(records), name, names, settings.course.zone)
    if not found:
        raise InputError(f"nobody called {student} is graded{f' in {assignment}' if assignment else ''}")
    if json:
        print_json({name: [_plain(event) for event in events] for name, events in found.items()})
        return
    zone = settings.course.zone
    for name, events in found.items():
        print(f"{name}:")
        rows = (
            (
                shown(event.time.astimezone(zone)), event.what,
                "" if event.score is None else f"{number(event.score)} / {number(event.points or 0.0)}",
                event.who, event.why,
            )
            for event in events
        )  # fmt: skip
        table_of(rows, "when", "what", "score", "who", "how")


def _plain(event: Any) -> dict[str, Any]:
    return {
        "time": event.time.isoformat(), "what": event.what, "score": event.score, "points": event.points,
        "who": event.who, "how": event.why,
    }  # fmt: skip
