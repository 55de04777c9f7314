"""Places that are hard to write to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """A folder that nothing can be written to for a while: to root, only a file system can say so."""
    root = os.getuid() == 0
    if not root:
        folder.chmod(0o555)
    elif subprocess.run(["mount", "--bind", "-o", "ro", folder, folder], check=False).returncode != 0:
        pytest.skip("root needs to mount a folder read-only, and cannot here")
    try:
        yield folder
    finally:
        if root:
            subprocess.run(["umount", folder], check=True)
        else:
            folder.chmod(0o755)
