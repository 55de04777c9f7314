"""`run_autograder`: starts the grader, outlives it, and writes results.json whatever becomes of it.

This file is copied to the root of the zip as `run_autograder`. It needs Python's standard library alone, and of the
package two small files that need no more, so that a broken environment still ends in a valid file. Three things only
are ever published: the grader's finished results; what it had when it failed; or a fallback that charges nobody. Each
goes through `publication.withheld`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

GRADING, WAITING = 0.8, 0.9
"""The parts of Gradescope's time-out after which grading ends by itself, and after which it is ended."""


def main(root: Path) -> int:
    """Grade what lies in `root` (/autograder). Returns 0: Gradescope shows results.json."""
    began = time.monotonic()
    results, work = root / "results", root / "grading"
    shutil.rmtree(work, ignore_errors=True)
    for folder in (work, results):
        folder.mkdir(parents=True, exist_ok=True)
    _adopt_orphans()
    _lock(root)
    publication, metadata = _package(root / "source")
    settings = _read(root / "source" / "container.json") or {}

    def publish(data: dict[str, Any]) -> None:
        _replace(publication.withheld(data, settings.get("hidden_checks")), results)

    found = metadata.read_metadata(_bytes(root / "submission_metadata.json"))
    publish(publication.unchanged(found, publication.OURS, publication.FAILED))
    finished = False
    try:
        timeout = float(settings["timeout_seconds"])
        finished = _grade(root, settings, timeout * GRADING, began + timeout * WAITING)
    except Exception as error:
        print(f"run_autograder: {type(error).__name__}: {error}", file=sys.stderr)
    _end_all()
    for name in ("final.json", "partial.json") if finished else ("partial.json",):
        data = _read(work / name)
        if data is not None:
            publish(data)
            break
    shutil.rmtree(work, ignore_errors=True)
    return 0


def _package(source: Path) -> tuple[ModuleType, ModuleType]:
    """What is published, and what Gradescope tells: from the package next to this file, whatever is installed."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(source))
    from autograder.platforms.gradescope import metadata, publication

    return publication, metadata


def _replace(data: dict[str, Any], results: Path) -> None:
    """Write results.json: there in whole, or as it was before."""
    draft = results / ".results.json.part"
    with open(draft, "w", encoding="utf-8", newline="\n") as file:
        json.dump(data, file, allow_nan=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, results / "results.json")


def _grade(root: Path, settings: dict[str, Any], budget: float, deadline: float) -> bool:
    """Run the grader and wait for its end, by itself or by force. Whether it finished well."""
    engine = str(settings["engine"])
    code = f"import sys; sys.path.append({engine!r}); from autograder.platforms.gradescope.harness import main; main()"
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "HOME": str(root / "grading"),
        "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    process = subprocess.Popen(
        [str(settings["python"]), "-I", "-B", "-c", code, str(root), str(budget)],
        env=environment, stdin=subprocess.DEVNULL, cwd=str(root), start_new_session=True,
    )  # fmt: skip
    try:
        return process.wait(max(1.0, deadline - time.monotonic())) == 0
    except subprocess.TimeoutExpired:
        print("run_autograder: the grader took too long and was ended", file=sys.stderr)
        return False
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            process.kill()
        process.wait()


def _lock(root: Path) -> None:
    """Nothing of the grader's is for the student's user to read: the reference, earlier results, these ones."""
    for name in ("source", "submission", "submission_metadata.json", "results", "grading"):
        path = root / name
        if path.exists() and not path.is_symlink():
            if os.getuid() == 0:
                os.chown(path, 0, 0)
            path.chmod(0o700 if path.is_dir() else 0o600)


def _adopt_orphans() -> None:
    """Whatever is left by a process below this one becomes a child of this one, so that it can be found."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _end_all() -> None:
    """Kill every process below this one, until a round finds none: nothing of a student's outlives its results."""
    for _ in range(500):
        found = _below(os.getpid())
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not found:
            return
        time.sleep(0.01)


def _below(root: int) -> set[int]:
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError, ValueError), open(f"/proc/{name}/stat", encoding="utf-8") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    parents[int(name)] = int(parent)
    found, more = {root}, {root}
    while more:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
    return found - {root}


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(_bytes(path))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder")))
