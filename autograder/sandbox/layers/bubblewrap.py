"""The fork server's confinement: a read-only system without network, home, repository or reference."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import autograder
from autograder.protocol.devices import CPU
from autograder.sandbox.layers import exposure

PLACE = "/opt/autograder"
"""Where the student-side modules lie inside."""
FOR_NAMESPACES = ("CAP_SYS_ADMIN", "CAP_CHOWN", "CAP_KILL", "CAP_SETPCAP")
"""What root keeps to make namespaces, a /proc among them, for submissions that are other users."""


def available() -> str | None:
    """bubblewrap's path, or None."""
    return shutil.which("bwrap")


def command(bwrap: str, descriptor: int, device: str = CPU) -> list[str]:
    """The command line that starts the fork server inside, with the socket `descriptor` kept open."""
    words = [
        bwrap, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
        "--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv",
    ]  # fmt: skip
    if os.getuid() == 0:
        # Started by root, bubblewrap needs no user namespace: inside, students' code runs as an ordinary user.
        words += [] if device == CPU else ["--cap-drop", "ALL"]
        for capability in ("CAP_SETUID", "CAP_SETGID", *(() if device == CPU else FOR_NAMESPACES)):
            words += ["--cap-add", capability]
    else:
        words += ["--unshare-user"]
    for path in exposure.FOLDERS:
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            words += ["--ro-bind", path, path]
    words += _parents("/etc/x")
    for path in exposure.FILES:
        words += ["--ro-bind-try", path, path]
    words += ["--proc", "/proc", "--dev", "/dev", *_second(device), "--perms", "1777", "--tmpfs", "/tmp"]
    words += ["--chdir", "/tmp"]
    for prefix in exposure.prefixes():
        words += [*_parents(prefix), "--ro-bind", prefix, prefix]
    words += _own_modules()
    for name, value in exposure.environment(device=device).items():
        words += ["--setenv", name, value]
    python = os.path.abspath(sys.executable)  # called as ../venv/bin/python it keeps the dots
    return [*words, python, *exposure.interpreter_arguments(PLACE, descriptor)]


def _second(device: str) -> list[str]:
    """What a second device's driver needs."""
    if device == CPU:
        return []
    words = ["--ro-bind-try", "/sys", "/sys"]
    for path in exposure.gpu_files():
        words += ["--dev-bind", path, path]
    return words


def _own_modules() -> list[str]:
    """Binds of the few files that the student's side needs; the rest of the package stays out."""
    root = Path(autograder.__file__).parent
    files = exposure.own_modules()
    folders = sorted({file.relative_to(root).parent.as_posix() for file in files})
    words = [word for folder in folders for word in _parents(f"{PLACE}/autograder/{folder}/x")]
    for file in files:
        words += ["--ro-bind", str(file), f"{PLACE}/autograder/{file.relative_to(root)}"]
    return words


def _parents(path: str) -> list[str]:
    """Makes the folders above `path` for everybody to pass through; bubblewrap alone makes them its owner's only."""
    return [word for parent in reversed(Path(path).parents[:-1]) for word in ("--perms", "0755", "--dir", str(parent))]
