"""`autograder check`: the public checks at home, once or whenever the file is saved."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from autograder.home import check_file


def check_at_home(file: Path | None, exercises: Sequence[str], *, watch: bool, practice: bool) -> int:
    """Exit code 0 when every public check passed."""
    if watch:
        return _watch(file, exercises, practice=practice)
    console = Console()
    with console.status("Training on your data: this can take a minute." if practice else "Checking…"):
        checked = check_file(file, exercises, practice=practice)
    checked.to_terminal(console)
    return 0 if checked.passed else 1


def _watch(file: Path | None, exercises: Sequence[str], *, practice: bool) -> int:
    """A process of its own each time: what the last run left behind does not matter. Ends with Ctrl-C."""
    command = [sys.executable, "-m", "autograder", "check", *([str(file)] if file else [])]
    for exercise in exercises:
        command += ["--exercise", exercise]
    command += ["--practice"] if practice else []
    seen: dict[Path, int] = {}
    try:
        while True:
            now = _saved(file.resolve().parent if file else Path.cwd())
            if now != seen:
                seen = now
                subprocess.run(command, check=False)
                print("Waiting for you to save. Ctrl-C ends this.", flush=True)
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0


def _saved(folder: Path) -> dict[Path, int]:
    """When each module and notebook here was written."""
    return {path: path.stat().st_mtime_ns for path in folder.iterdir() if path.suffix in (".py", ".ipynb")}
