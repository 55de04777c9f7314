"""A PostgreSQL server of the tests' own: in a temporary folder, reached through a socket there, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SYSTEM_USER = "postgres"


def program(name: str) -> str | None:
    """Return the path of one of PostgreSQL's programs; Debian does not put them where they are found."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name) or next((str(one / name) for one in places if (one / name).exists()), None)


@contextmanager
def server() -> Iterator[str]:
    """Start a server and yield the URL of its database; skip where there is none to be had."""
    initdb, control = program("initdb"), program("pg_ctl")
    if initdb is None or control is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    pytest.importorskip("psycopg", reason="pip install 'autograder[postgres]'")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user = None
    if os.geteuid() == 0:  # the server refuses to be root's
        user = SYSTEM_USER
        try:
            shutil.chown(folder, user)
        except LookupError:
            pytest.skip(f"PostgreSQL does not run as root, and there is no user {user}")
    data = str(folder / "data")

    def run(*words: str) -> None:
        subprocess.run(words, check=True, capture_output=True, user=user, cwd=folder, stdin=subprocess.DEVNULL)

    try:
        run(initdb, "-D", data, "-A", "trust", "-U", "ta", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        log = str(folder / "log")
        run(control, "-D", data, "-w", "-t", "120", "-l", log, "-o", options, "start")
        try:
            yield f"postgresql+psycopg://ta@/postgres?host={folder}"
        finally:
            run(control, "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
