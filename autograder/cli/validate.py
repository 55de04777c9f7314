"""`autograder validate`: the validation in several processes, and its summary."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, as_completed
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from autograder.cli import show
from autograder.cli.calibrate import broken_bounds
from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.found import open_config
from autograder.cli.options import AsJson, ConfigFile, OnDevice, Quiet
from autograder.cli.terminal import print_json
from autograder.cli.workers import worker_pool
from autograder.config import Device
from autograder.feedback.terminal import escape
from autograder.protocol.devices import CPU

EXAMPLES = (
    "autograder validate regression",
    "autograder validate --all --seeds 5",
)

if TYPE_CHECKING:
    from autograder.grading.validate import (
        BreachVerdict,
        Disagreement,
        Failure,
        LeftOut,
        MutantVerdict,
        Trial,
        Validation,
        Validator,
    )
    from autograder.grading.weakness import Weakness


def validate(
    name: Annotated[str | None, typer.Argument(help="The assignment.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every assignment of the course.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds for the right solutions.")] = 20,
    training: Annotated[bool, typer.Option("--training", help="The training checks too (slow).")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = os.cpu_count() or 1,
    device: OnDevice = None,
    json: AsJson = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
) -> None:
    """Grade the grader: mutants lose points where they belong, right solutions none. Exit 1 if not."""
    names = sorted(open_config(config).assignments) if everything else [name] if name else []
    if not names:
        raise typer.BadParameter("name an assignment, or give --all")
    courses = [open_course(one, config) for one in names]
    codes = [
        validate_assignment(
            course, range(seeds), training=training, jobs=jobs, json=json, quiet=quiet, device=device or Device.CPU
        )
        for course in courses
    ]
    raise typer.Exit(max(codes))


def validate_assignment(
    course: CourseAssignment,
    seeds: Sequence[int],
    *,
    training: bool,
    jobs: int,
    json: bool,
    quiet: bool,
    device: str = CPU,
) -> int:
    """Validate and show. Returns the exit code: 0 when the rubric is sound."""
    found = _validate(course, seeds, training=training, jobs=jobs, quiet=quiet or json, device=device)
    if json:
        print_json(_plain(found))
    else:
        _show(course, found, seeds, device)
    return 0 if found.sound else 1


def _validate(
    course: CourseAssignment, seeds: Sequence[int], *, training: bool, jobs: int, quiet: bool, device: str
) -> Validation:
    """Mutants and (solution, seed) pairs are independent of each other: spread them over processes."""
    from autograder.grading.slips import notes, slips
    from autograder.grading.validate import REFERENCE, Validation
    from autograder.release import refuse_outside, refuse_uncut, starter_of

    assignment = course.assignment
    starter = starter_of(assignment.solution_source)
    refuse_uncut(assignment.solution_source, assignment.rubric)
    refuse_outside(assignment, course.settings.packages)
    found = Validation(right=[REFERENCE, *(one.name for one in assignment.equivalents)])
    found.slips, found.notes = list(slips(assignment)), list(notes(assignment))
    place = (assignment.folder, training)
    console = Console(stderr=True)
    with (
        worker_pool(jobs) as pool,
        Progress(console=console, disable=quiet or not console.is_terminal) as progress,
    ):
        trial = pool.submit(_trial, *place, seeds[0])
        others = [pool.submit(_right, *place, REFERENCE, seed) for seed in seeds[1:]]
        found.trial = trial.result()
        for check, seconds in found.trial.slow:
            console.print(f"autograder: this check alone took {seconds:.0f} s: {check}", markup=False, soft_wrap=True)
        found.failures = found.trial.failures + [one for future in others for one in future.result()]
        if not found.passes_itself:
            return found
        owned = [mutant for mutant in assignment.mutants if mutant.owned in assignment.rubric.functions]
        tried = [mutant for mutant in owned if training or not assignment.owner(mutant).trains]
        mutants = [pool.submit(_mutant, *place, mutant.name, seeds[0]) for mutant in tried]
        absent = [
            pool.submit(_left_out, *place, function, seeds[0])
            for exercise in assignment.rubric.exercises
            if training or not exercise.trains
            for function in exercise.owns
            if function not in exercise.given
        ]
        solutions = [pool.submit(_right, *place, name, seed) for name in found.right[1:] for seed in seeds]
        variants = [] if device == CPU else [*found.right, *(mutant.name for mutant in tried)]
        breaches = [
            pool.submit(_breaches, *place, function, seeds[0])
            for exercise in assignment.rubric.exercises
            if not exercise.trains
            for function in exercise.owns
        ]
        weak = pool.submit(_weaknesses, *place, seeds[0])
        elsewhere = [pool.submit(_elsewhere, *place, name, seeds[0], device) for name in variants]
        futures: list[Future[Any]] = [*mutants, *absent, *solutions, *breaches, weak, *elsewhere]
        task = progress.add_task("validating", total=len(futures))
        for _ in as_completed(futures):
            progress.advance(task)
        found.mutants = [future.result() for future in mutants]
        found.left_out = [future.result() for future in absent]
        found.breaches = [one for future in breaches for one in future.result()]
        found.weaknesses = weak.result()
        found.failures = [failure for future in solutions for failure in future.result()]
        found.disagreements = [one for future in elsewhere for one in future.result()]
        bounds = pool.submit(broken_bounds, assignment.folder, again=training)
        found.broken_bounds = bounds.result()
    found.starter(assignment, starter, seeds[0])
    return found


@cache
def _validator(folder: Path, training: bool) -> Validator:
    """The assignment is loaded once in each process."""
    import torch

    from autograder.grading.validate import Validator
    from autograder.release import starter_source
    from autograder.rubric.assignment import load

    torch.set_num_threads(1)
    assignment = load(folder)
    return Validator(assignment, starter_source(assignment.solution_source), training=training)


def _mutant(folder: Path, training: bool, name: str, seed: int) -> MutantVerdict:
    return _validator(folder, training).mutant(name, seed)


def _trial(folder: Path, training: bool, seed: int) -> Trial:
    return _validator(folder, training).trial(seed)


def _breaches(folder: Path, training: bool, function: str, seed: int) -> list[BreachVerdict]:
    return _validator(folder, training).breaches(function, seed)


def _weaknesses(folder: Path, training: bool, seed: int) -> list[Weakness]:
    return _validator(folder, training).weaknesses(seed)


def _left_out(folder: Path, training: bool, function: str, seed: int) -> LeftOut:
    return _validator(folder, training).left_out(function, seed)


def _right(folder: Path, training: bool, name: str, seed: int) -> list[Failure]:
    return _validator(folder, training).right(name, seed)


def _elsewhere(folder: Path, training: bool, name: str, seed: int, device: str) -> list[Disagreement]:
    return _validator(folder, training).elsewhere(name, seed, device)


def _show(course: CourseAssignment, found: Validation, seeds: Sequence[int], device: str) -> None:
    from autograder.grading.validate import REFERENCE

    console = show.wide_console()
    title = f"Reference: {course.assignment.rubric.points:g} points, {len(course.assignment.rubric.checks)} checks"
    console.print(escape(f"{course.assignment.name}. {title}."))
    _show_trial(console, found)
    _show_lost(console, course, found, seeds)
    if not found.passes_itself:
        lost = len({failure.seed for failure in found.failures if failure.solution == REFERENCE})
        console.print(
            f"[red]The reference does not pass its own checks[/] on {lost} of {len(seeds)} seeds: fix that first. "
            "Nothing else was tried."
        )
        return
    console.print(_table(course, found))
    _show_mutants(console, course, found.mutants)
    _show_rest(console, found)
    _show_sums(console, found, seeds)
    if device != CPU:
        _show_device(console, found, device)
    console.print("[green]The rubric is sound.[/]" if found.sound else "[red]The rubric is not sound yet.[/]")


def _place(file: str, line: int) -> str:
    from autograder.rubric.authored import shown

    return f"{shown(Path(file))}, line {line}"


def _show_trial(console: Console, found: Validation) -> None:
    """What is said before anything else: it may be why the reference does not pass."""
    for slip in found.slips:
        console.print(f"[red]slip[/] {escape(slip)}")
    for note in found.notes:
        console.print(f"[yellow]note[/] {escape(note)}")
    if found.trial is None:
        return
    for check, function in found.trial.silent:
        console.print(f"[red]slip[/] {escape(f'{check} never calls `{function}`, which it is about')}")
    for said in found.trial.odd_returns:
        console.print(f"[red]slip[/] {escape(said)}")
    for check, function in found.trial.differing:
        said = (
            f"{check}: two runs of the reference differ, `{function}` answers the same question otherwise. Hand it a "
        )
        console.print(f"[yellow]chance[/] {escape(f'{said}generator: `draw.generator()`')}")
    for check, seconds in found.trial.slow:
        said = f"this check alone took {seconds:.0f} s: {check}. A class waits as long for each student"
        console.print(f"[yellow]slow[/] {escape(said)}")


def _show_lost(console: Console, course: CourseAssignment, found: Validation, seeds: Sequence[int]) -> None:
    places = {check.name: _place(*check.line) for check in course.assignment.rubric.checks}
    lost = Counter((failure.solution, failure.check) for failure in found.failures)
    for (solution, check), times in lost.items():
        message = next(f.message for f in found.failures if (f.solution, f.check) == (solution, check))
        said = f"{solution} in {check} ({places[check]}), {times} of {len(seeds)} seeds: {message}"
        console.print(f"[red]right, but lost points[/] {escape(said)}")


def _table(course: CourseAssignment, found: Validation) -> Table:
    name = escape(course.assignment.name)
    grid = Table(title=f"{name}: the rubric against its mutants", title_justify="left")
    for column in ("exercise", "points", "checks", "mutants", "killed", "blamed rightly", "hinted rightly"):
        grid.add_column(column, justify="left" if column == "exercise" else "right")
    for exercise in course.assignment.rubric.exercises:
        own = [mutant for mutant in found.mutants if mutant.exercise == exercise.number]
        title = escape(f"{exercise.number} {exercise.title}")
        grid.add_row(title, f"{exercise.points:g}", str(len(exercise.checks)), *_counts(own))
    grid.add_section()
    rubric = course.assignment.rubric
    grid.add_row("all", f"{rubric.points:g}", str(len(rubric.checks)), *_counts(found.mutants))
    return grid


def _counts(mutants: Sequence[MutantVerdict]) -> tuple[str, ...]:
    killed, blamed = sum(m.killed for m in mutants), sum(m.blamed_rightly for m in mutants)
    return str(len(mutants)), str(killed), str(blamed), str(sum(m.hinted == m.name for m in mutants))


def _show_mutants(console: Console, course: CourseAssignment, mutants: Sequence[MutantVerdict]) -> None:
    codes = {one.name: getattr(one.change, "__code__", None) for one in course.assignment.mutants}
    for mutant in mutants:
        code = codes[mutant.name]
        place = f", {_place(code.co_filename, code.co_firstlineno)}" if code else ""
        who = f"{mutant.name} ({mutant.of}, exercise {mutant.exercise}{place})"
        if mutant.unrun:
            console.print(f"[red]does not run[/] {escape(f'{who}: {mutant.unrun}')}")
        elif not mutant.killed:
            console.print(f"[red]survives[/] {escape(who)}: no check tells it from the reference")
        elif not mutant.blamed_rightly:
            lost = ", ".join(mutant.lost) or "nothing"
            console.print(f"[red]blamed wrongly[/] {escape(f'{mutant.name} of {mutant.of}: {lost} lost')}")
        elif mutant.hinted not in ("", mutant.name):
            console.print(f"[red]mistaken for[/] {escape(f'{mutant.name} is taken for {mutant.hinted}')}")
        elif not mutant.hinted:
            why = f"{mutant.of}: answers like {', '.join(mutant.alike)}" if mutant.alike else mutant.of
            console.print(f"[dim]no hint[/] {escape(f'{mutant.name} ({why})')}")
        if mutant.killed and mutant.death != "a wrong answer":
            told = mutant.told.partition("\n")[0]
            console.print(f"[yellow]died of {mutant.death}[/] {escape(f'{mutant.name} of {mutant.of}: {told}')}")


def _show_rest(console: Console, found: Validation) -> None:
    for one in found.left_out:
        if not one.alone:
            said = f"{one.function}: {', '.join(one.lost) or 'nothing'} lost points"
            console.print(f"[red]left out[/] {escape(said)}")
    for breach in found.breaches:
        if not breach.charged:
            costs = f"{', '.join(breach.lost) or 'nothing'} lost points, in {breach.checks} checks"
            console.print(f"[red]contract[/] {escape(f'{breach.function} that {breach.kind}: {costs}')}")
    for weakness in found.weaknesses:
        console.print(f"[yellow]weak[/] {escape(weakness.where)}: {escape(weakness.what)}")
    for bound in found.broken_bounds:
        console.print(f"[red]ladder[/] {escape(bound)}")
    for oddity in found.starter_oddities:
        console.print(f"[red]starter[/] {escape(oddity)}")


def _show_sums(console: Console, found: Validation, seeds: Sequence[int]) -> None:
    deaths = Counter(str(mutant.death) for mutant in found.mutants if mutant.killed)
    died = ", ".join(f"{count} of {death}" for death, count in deaths.items()) or "none"
    console.print(
        f"Mutants that died: {died}. "
        f"Hints: {len(found.hinted) - len(found.confusions)} of {len(found.hinted)} given are right; "
        f"{len(found.mutants) - len(found.hinted)} mutants get none. "
        f"Broken contracts: {sum(one.charged for one in found.breaches)} of {len(found.breaches)} charged once. "
        f"Functions left out: {sum(one.alone for one in found.left_out)} of {len(found.left_out)} cost only themselves."
    )
    perfect = len(set(found.right) - {failure.solution for failure in found.failures})
    console.print(
        f"Reference and {len(found.right) - 1} equivalents: {perfect} of {len(found.right)} at 100 % "
        f"on {len(seeds)} seeds. Untouched starter: {found.starter_points:g} points."
    )


def _show_device(console: Console, found: Validation, device: str) -> None:
    otherwise = [one for one in found.disagreements if one.answered]
    console.print(f"On {device}, unit checks of all variants: {len(otherwise)} decide otherwise than on the CPU.")
    for odd in otherwise:
        said = f"{odd.variant} in {odd.check}, {odd.here} on the CPU: {odd.message}"
        console.print(f"[red]{odd.there} on {device}[/] {escape(said)}")
    for variant, times in Counter(one.variant for one in found.disagreements if not one.answered).items():
        console.print(f"[dim]does not run on {device}[/] {escape(variant)} ({times} checks)")


def _plain(found: Validation) -> dict[str, Any]:
    from autograder.grading.validate import Trial

    trial = found.trial or Trial([], [], [], [], [])
    return {
        "sound": found.sound,
        "passes_itself": found.passes_itself,
        "slips": [*found.slips, *(f"{check} never calls `{name}`" for check, name in trial.silent), *trial.odd_returns],
        "notes": found.notes,
        "slow": [{"check": check, "seconds": seconds} for check, seconds in trial.slow],
        "differing": [{"check": check, "function": function} for check, function in trial.differing],
        "mutants": [
            {
                "name": m.name,
                "of": m.of,
                "exercise": m.exercise,
                "lost": m.lost,
                "hinted": m.hinted,
                "killed": m.killed,
                "alike": m.alike,
                "unrun": m.unrun,
                "death": str(m.death) if m.killed else "",
            }
            for m in found.mutants
        ],
        "breaches": [
            {"function": one.function, "kind": one.kind, "lost": one.lost, "checks": one.checks}
            for one in found.breaches
        ],
        "weaknesses": [{"where": one.where, "what": one.what} for one in found.weaknesses],
        "left_out": [{"function": one.function, "lost": one.lost} for one in found.left_out],
        "right": found.right,
        "failures": [{"solution": f.solution, "check": f.check, "seed": f.seed} for f in found.failures],
        "broken_bounds": found.broken_bounds,
        "disagreements": [{"variant": d.variant, "check": d.check, "there": d.there} for d in found.disagreements],
        "starter_points": found.starter_points,
        "starter_oddities": found.starter_oddities,
    }
