"""Pack a release into one zip for students. The same release gives the same bytes."""

from __future__ import annotations

from pathlib import Path

from autograder.files import replace, zipped

LEFTOVERS = {"__pycache__", ".ipynb_checkpoints"}
"""What Python and Jupyter leave in a release that was tried."""


def pack(folder: Path, to: Path, extras: tuple[Path, ...] = ()) -> Path:
    """Zip assignments/NAME and the files in `extras` into `to`/NAME.zip; return its path. Raises `OSError`."""
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    files = {name.as_posix(): path for name, path in found.items() if LEFTOVERS.isdisjoint(name.parts)}
    files |= {extra.name: extra for extra in extras}
    to.mkdir(parents=True, exist_ok=True)
    target = to / f"{folder.name}.zip"
    replace(target, zipped({f"{folder.name}/{name}": path.read_bytes() for name, path in files.items()}))
    return target
