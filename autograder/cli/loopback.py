"""Pages that are served on this machine alone, until Ctrl-C."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from autograder.errors import InputError

if TYPE_CHECKING:
    from starlette.applications import Starlette

LOOPBACK = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """Return a socket that listens on this machine alone; port 0 takes a free one. Raises `InputError`."""
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise InputError(f"port {port} cannot be had ({said}): give another with --port, or 0 for a free one") from None


def address(listening: socket.socket) -> str:
    """Return the address of what listens, without a slash at its end."""
    return f"http://{LOOPBACK}:{listening.getsockname()[1]}"


def serve_until_interrupted(app: Starlette, listening: socket.socket) -> None:
    """Answer requests until Ctrl-C."""
    import uvicorn

    settings = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
    uvicorn.Server(settings).run([listening])
