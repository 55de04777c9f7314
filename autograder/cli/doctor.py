"""`autograder doctor`: which layers of the sandbox hold here, by trying each, and what would bring the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from autograder.cli import show
from autograder.cli.options import OnDevice
from autograder.config import Device
from autograder.errors import SandboxUnavailableError
from autograder.feedback.terminal import escape

EXAMPLES = (
    "autograder doctor",
    "autograder doctor --device cuda",
)

LAYERS = {
    "bubblewrap": "a file system with nothing of the course in it",
    "separate user": "another user for students' code",
    "user namespace": "namespaces without being root",
    "pid namespace": "no other process in sight",
    "network namespace": "no network",
    "ipc namespace": "no shared memory of others",
    "mount namespace": "a /tmp of a submission's own, limited in size",
    "no new privileges": "set-uid programs give nothing",
    "rlimits": "memory, processes, files, CPU time",
    "landlock": "reads and writes only where allowed",
    "seccomp": "no sockets, tracing, mounts, kernel doors",
}
"""What each layer is for."""


def doctor(
    without: Annotated[
        list[str] | None, typer.Option("--without", help="See what holds without a layer, as named here (repeatable).")
    ] = None,
    device: OnDevice = None,
) -> None:
    """Start the sandbox, try to break out of it, show what holds and what to install. Exit 1 without a boundary."""
    _tell_leftovers()
    layers = _examine_layers(without or ())
    raise typer.Exit(max(layers, 0 if device in (None, Device.CPU) else _examine_device(device)))


def _tell_leftovers() -> None:
    """Say what killed runs have left; the sandbox that is started next clears it."""
    from autograder.sandbox.host.workspace import leftovers

    for left in leftovers():
        show.wide_console().print(f"Cleared what a killed run has left: {escape(str(left))}", soft_wrap=True)


def _examine_device(device: str) -> int:
    from autograder.grading.second import device_name
    from autograder.sandbox.host.sandbox import Sandbox

    console = show.wide_console()
    try:
        with Sandbox(device=device) as sandbox:
            name = device_name(sandbox)
            console.print(f"[green]✓[/] {device} computes in a sandbox of its own: {escape(name)}")
            console.print(f"  layers there: {', '.join(sandbox.boundary)}")
    except SandboxUnavailableError as error:
        console.print(f"[red]No {device}:[/] {escape(str(error))}")
        return 1
    return 0


def _examine_layers(without: Sequence[str]) -> int:
    from autograder.sandbox.host.advice import Machine, advice
    from autograder.sandbox.host.sandbox import Sandbox

    console = show.wide_console()
    try:
        with Sandbox(without=without) as sandbox:
            held, proofs, problems = sandbox.boundary, sandbox.proofs, sandbox.problems
    except SandboxUnavailableError as error:
        console.print(f"[red]No boundary:[/] {escape(str(error))}", soft_wrap=True)
        console.print("[bold]grade refuses[/] without a boundary (or it is told --unsafe-no-sandbox).")
        return 1
    table = Table("", "layer", "what it is for", title="The sandbox's layers", title_justify="left")
    for name, purpose in LAYERS.items():
        table.add_row("[green]✓[/]" if name in held else "[yellow]–[/]", name, purpose)
    console.print(table)
    for proof in proofs:
        console.print(f"[green]✓[/] out of reach for a student's code, as tried: {proof}")
    for problem in problems:
        console.print(f"[yellow]–[/] {escape(problem)}")
    for name, words in advice(Machine.here(), held, without).items():
        console.print(f"To have [bold]{name}[/]: {escape(words)}.", soft_wrap=True)
    missing = set(LAYERS) - set(held)
    others = "The others make up for a layer that is missing: nothing was in reach. " if missing else ""
    console.print(f"{others}[bold]grade works.[/]")
    return 0
