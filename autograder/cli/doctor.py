"""`autograder doctor`: which layers of the sandbox hold here, by trying each, and what would bring the others."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from autograder.cli import show
from autograder.sandbox import Sandbox, SandboxUnavailable

LAYERS = {
    "bubblewrap": (
        "a file system with nothing of the course in it",
        "Debian, Ubuntu: apt-get install bubblewrap. Fedora: dnf install bubblewrap",
    ),
    "separate user": (
        "another user for students' code",
        "run the grader as root, with Python where every user can read it",
    ),
    "user namespace": (
        "namespaces without being root",
        "Debian: sysctl kernel.unprivileged_userns_clone=1. Ubuntu 24.04: sysctl "
        "kernel.apparmor_restrict_unprivileged_userns=0. In a container: rules that allow unshare, or do without",
    ),
    "pid namespace": ("no other process in sight", "comes with the user namespace"),
    "network namespace": ("no network", "comes with the user namespace"),
    "ipc namespace": ("no shared memory of others", "comes with the user namespace"),
    "mount namespace": ("a /tmp of a submission's own, limited in size", "comes with the user namespace"),
    "no new privileges": ("set-uid programs give nothing", "any Linux since 3.5"),
    "rlimits": ("memory, processes, files, CPU time", "any Linux"),
    "landlock": ("reads and writes only where allowed", "Linux 5.13 or newer, with landlock in its lsm= setting"),
    "seccomp": ("no sockets, tracing, mounts, kernel doors", "Debian, Ubuntu: apt-get install libseccomp2"),
}


def examine(without: Sequence[str]) -> int:
    """Try the layers and print what was found. Exit code 1: there is no boundary, and `grade` would refuse."""
    console = show.wide_console()
    held: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    refusal = ""
    try:
        with Sandbox(without=without) as sandbox:
            held, proofs, problems = sandbox.boundary, sandbox.proofs, sandbox.problems
    except SandboxUnavailable as error:
        refusal, problems = str(error), ()
    complete = set(LAYERS) <= set(held)
    table = Table(
        "",
        "layer",
        "what it is for",
        "" if complete else "to have it",
        title="The sandbox's layers",
        title_justify="left",
    )
    for name, (purpose, advice) in LAYERS.items():
        holds = name in held
        table.add_row("[green]✓[/]" if holds else "[yellow]–[/]", name, purpose, "" if holds else escape(advice))
    if not refusal:
        console.print(table)
        for proof in proofs:
            console.print(f"[green]✓[/] out of reach for a student's code, as tried: {proof}")
        for problem in problems:
            console.print(f"[yellow]–[/] {escape(problem)}")
        console.print(
            "A layer that is missing is made up for by the others: nothing was in reach. [bold]grade works.[/]"
        )
        return 0
    console.print(f"[red]No boundary:[/] {escape(refusal)}")
    for name in ("bubblewrap", "separate user", "user namespace", "landlock", "seccomp"):
        console.print(f"to have [bold]{name}[/]: {escape(LAYERS[name][1])}")
    console.print("[bold]grade refuses[/] until one of these gives a boundary (or with --unsafe-no-sandbox).")
    return 1
