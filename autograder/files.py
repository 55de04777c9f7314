"""Writing a file so that nobody sees it half written."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def replace(path: Path, data: bytes, mode: int | None = None) -> None:
    """Write a file whole or not at all: whoever looks finds what was there before, or this. Raises `OSError`.

    `mode` is what it is, whatever the umask; until then only its owner can read it.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
        with open(descriptor, "wb") as file:
            file.write(data)
        if mode is not None:
            draft.chmod(mode)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
