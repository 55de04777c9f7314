"""A release as one zip for students. The same release gives the same bytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from autograder.files import replace

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold: when a file was written says nothing about it."""


def pack(folder: Path, to: Path, extras: tuple[Path, ...] = ()) -> Path:
    """Zip assignments/NAME, and `extras` beside it, into `to`/NAME.zip; gives its path. Raises `OSError`."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    files |= {extra.name: extra for extra in extras}
    to.mkdir(parents=True, exist_ok=True)
    target = to / f"{folder.name}.zip"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in sorted(files):
            if "__pycache__" in name or ".ipynb_checkpoints" in name:
                continue
            info = zipfile.ZipInfo(f"{folder.name}/{name}", EPOCH)
            info.external_attr = 0o644 << 16
            info.create_system = 3  # the same bytes on every system
            archive.writestr(info, files[name].read_bytes(), zipfile.ZIP_DEFLATED, 9)
    replace(target, data.getvalue())
    return target
