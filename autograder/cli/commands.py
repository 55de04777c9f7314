"""Add commands to the command line. Each is a module that is called like its function, and has two examples.

A module has a `NAME` where the command is called otherwise: `import` is a word of Python's.
"""

from __future__ import annotations

from types import ModuleType

import typer


def add(app: typer.Typer, *modules: ModuleType) -> None:
    """Add the command of each module; its help ends with the module's `EXAMPLES`."""
    for module in modules:
        command = getattr(module, module.__name__.rpartition(".")[2])
        name = getattr(module, "NAME", None)
        app.command(name, epilog="\n".join(("Examples:", *(f"  {one}" for one in module.EXAMPLES))))(command)
