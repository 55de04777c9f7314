"""`autograder similarity`: what hand-ins have in common, beyond what the starter and the handout explain."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.intake import problems, understood
from autograder.cli.options import AsJson, ConfigFile, Layout, Name
from autograder.cli.show import wide_console
from autograder.cli.terminal import print_json
from autograder.cli.workers import BoundedPool
from autograder.errors import InputError, RejectedError
from autograder.feedback.terminal import escape
from autograder.files import PRIVATE, replace

EXAMPLES = (
    "autograder similarity regression class.zip",
    "autograder similarity regression class/ --against last_year/ --pseudonyms",
)

if TYPE_CHECKING:
    from autograder.platforms.classroom import Classroom
    from autograder.reports.similarity import NamedPair
    from autograder.similarity.reading import Given
    from autograder.similarity.work import Work


def similarity(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="The class: a folder, or a zip or tar, as it was downloaded.")],
    against: Annotated[
        list[Path] | None, typer.Option("--against", help="Last year's class, or public solutions (repeatable).")
    ] = None,
    given: Annotated[
        list[Path] | None,
        typer.Option("--given", help="Code that everybody was given besides the starter (repeatable)."),
    ] = None,
    most: Annotated[int, typer.Option("--pairs", min=1, help="So many pairs, at most.")] = 30,
    pseudonyms: Annotated[bool, typer.Option("--pseudonyms", help="No names: a sign for each hand-in.")] = False,
    to: Annotated[Path | None, typer.Option("--to", help="The folder to write to.")] = None,
    layout: Layout = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Hand-ins at a time.")] = os.cpu_count() or 1,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Show which hand-ins share what few others have, and write both sides of each pair next to each other.

    It says what is shared, and what the starter or most of the class explains; never why. Nothing handed in is run.

    Exit codes: 0 everything was compared, 1 something could not be read, and a line says what, 2 wrong input.
    """
    from autograder.reports.similarity import NamedPair, write_similarity
    from autograder.similarity.pairs import pairs
    from autograder.similarity.regions import compare, usual

    course = open_course(name, config, submissions=folder)
    console = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        pool = stack.enter_context(BoundedPool(jobs))
        was_given = _given(course, given or [], pool)
        classroom = stack.enter_context(understood(course, folder, layout=layout, roster=None))
        problems(classroom, console)
        works, unread = _read(classroom, "", was_given, pool)
        for place in against or []:
            others = stack.enter_context(understood(course, place, layout=None, roster=None))
            more, refused = _read(others, place.name or str(place), was_given, pool)
            works += more
            unread += refused
        found = pairs(works, was_given.fingerprints, most)
        shown: list[NamedPair] = []
        secret = course.config.secret() if pseudonyms else b""
        for pair, compared in zip(found, pool.map(partial(compare, fixed=was_given.names), found), strict=True):
            left, right = (_sign(work.name, secret) if pseudonyms else work.name for work in (pair.left, pair.right))
            if isinstance(compared, RejectedError):
                unread.append((f"{left} and {right}", compared.reason))
            else:
                shown.append(NamedPair(left, right, compared))
    for who, why in unread:
        console.print(f"[red]Not compared: {escape(who)}: {escape(why)}[/]")
    target = to or course.reports.with_name(f"{name}-similarity")
    page = write_similarity(
        shown, target, course=course.config.course.name, title=course.settings.title, compared=len(works),
        usual=usual(len(works)),
    )  # fmt: skip
    _write_csv(shown, target)
    if json:
        print_json([_plain(pair) for pair in shown])
    else:
        _table(shown, len(works), usual(len(works)))
        print(page)
    raise typer.Exit(1 if unread or classroom.incomplete else 0)


def _given(course: CourseAssignment, more: Sequence[Path], pool: BoundedPool) -> Given:
    """Read the starter, the handout and what else everybody has. Raises `InputError`."""
    from autograder.similarity.reading import read_given

    starter = course.config.root / "assignments" / course.name
    if not starter.is_dir() and not more:
        raise InputError(
            f"there is no {starter}, so nobody knows what the starter explains: run `autograder release "
            f"{course.name}`, or name what students got with --given FOLDER"
        )
    for path in more:
        if not path.exists():
            raise InputError(f"--given {path}: it does not exist")
    paths = (*([starter] if starter.is_dir() else []), *more)
    (result,) = pool.map(read_given, [paths])
    if isinstance(result, RejectedError):
        raise InputError(f"what everybody was given cannot be read: {result.reason}")
    return result


def _read(
    classroom: Classroom, origin: str, given: Given, pool: BoundedPool
) -> tuple[list[Work], list[tuple[str, str]]]:
    """Read the hand-ins of a class; return them, and which could not be read and why."""
    from autograder.grading.settings import MAX_BYTES
    from autograder.similarity.reading import Place, read_work
    from autograder.similarity.work import Work

    works: list[Work] = []
    unread: list[tuple[str, str]] = []
    places = [Place(entry.path, entry.base) for entry in classroom.entries]
    reading = partial(read_work, given=given, max_bytes=MAX_BYTES)
    for entry, read in zip(classroom.entries, pool.map(reading, places), strict=True):
        owners = classroom.owners.get(entry.student, ())
        people = frozenset(student.name for student, _ in owners) or frozenset([entry.student])
        attempts = {student.number_of(hand_in) for student, hand_in in owners if len(student.counting) > 1}
        name = f"{origin}/" if origin else ""
        name += " and ".join(sorted(people)) + "".join(f", attempt {number}" for number in sorted(attempts))
        if isinstance(read, RejectedError):
            unread.append((name, read.reason))
        else:
            works.append(Work(name, people, read.files, read.fingerprints, origin))
    return works, unread


def _sign(name: str, secret: bytes) -> str:
    """Return what stands for a name: the same in every run, and nobody can tell it who does not know the secret."""
    message = "\0".join(("similarity", name)).encode("utf-8", "surrogatepass")
    return f"hand-in {hmac.digest(secret, message, 'sha256').hex()[:8]}"


def _columns(pair: NamedPair) -> Iterator[tuple[str, tuple[int, int]]]:
    from autograder.similarity.regions import Shared

    yield "rare", pair.lines(Shared.RARE)
    yield "usual", pair.lines(Shared.USUAL)
    yield "given", pair.lines(Shared.GIVEN)
    yield "lines", pair.code


def _table(shown: Sequence[NamedPair], compared: int, usual: int) -> None:
    from autograder.similarity.regions import caveat

    console = wide_console()
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    grid.add_column("", justify="right")
    grid.add_column("hand-in", overflow="fold")
    grid.add_column("hand-in", overflow="fold")
    for title in ("rare", "usual", "given", "of lines"):
        grid.add_column(title, justify="right", no_wrap=True)
    for number, pair in enumerate(shown, 1):
        counts = [str(one) if one == other else f"{one}·{other}" for _, (one, other) in _columns(pair)]
        grid.add_row(str(number), escape(pair.left), escape(pair.right), *counts)
    if shown:
        console.print(grid)
    console.print(
        f"{compared} hand-ins compared. Lines of code in common: rare, fewer than {usual} have them; usual, more have "
        "them; given, the starter or the handout has them. Why they are shared is for people to find out.",
        highlight=False,
    )
    if said := caveat(compared):
        console.print(said, highlight=False)


def _plain(pair: NamedPair) -> dict[str, Any]:
    return {"left": pair.left, "right": pair.right} | {
        f"{title}_{side}": count
        for title, counts in _columns(pair)
        for side, count in zip(("left", "right"), counts, strict=True)
    }


def _write_csv(shown: Sequence[NamedPair], folder: Path) -> None:
    from autograder.platforms.grades import harmless, written

    rows = [_plain(pair) for pair in shown]
    titles = list(rows[0]) if rows else ["left", "right"]
    cells = [[harmless(str(value)) for value in row.values()] for row in rows]
    replace(folder / "pairs.csv", written([titles, *cells]), PRIVATE)
