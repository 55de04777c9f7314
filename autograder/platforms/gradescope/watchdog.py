"""`run_autograder`: starts the grader, outlives it, and writes results.json whatever becomes of it.

This file is copied to the root of the zip as `run_autograder`. It needs Python's standard library alone, so that a
broken environment still ends in a valid file. Three things only are ever published: the grader's finished results;
what it had when it failed; or a fallback that charges nobody.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

GRADING, WAITING = 0.8, 0.9
"""The parts of Gradescope's time-out after which grading ends by itself, and after which it is ended."""
FAILED = (
    "! Grader error: The grader met an error of its own. It is not your fault and costs you nothing. "
    "This attempt does not count, and the points of your last one stand. Please hand in again; if this comes back, "
    "tell your instructor."
)
"""As results.py says it, which cannot be imported here; a test holds the two together."""


def main(root: Path) -> int:
    """Grade what lies in `root` (/autograder). Returns 0: Gradescope shows results.json."""
    began = time.monotonic()
    results, work = root / "results", root / "grading"
    shutil.rmtree(work, ignore_errors=True)
    for folder in (work, results):
        folder.mkdir(parents=True, exist_ok=True)
    _adopt_orphans()
    _lock(root)
    fallback = _fallback(root / "submission_metadata.json")
    publish(fallback, results)
    finished = False
    try:
        settings = json.loads((root / "source" / "container.json").read_text(encoding="utf-8"))
        timeout = float(settings["timeout_seconds"])
        finished = _grade(root, settings, timeout * GRADING, began + timeout * WAITING)
    except Exception as error:
        print(f"run_autograder: {type(error).__name__}: {error}", file=sys.stderr)
    _end_all()
    for name in ("final.json", "partial.json") if finished else ("partial.json",):
        data = _read(work / name)
        if data is not None:
            publish(data, results)
            break
    shutil.rmtree(work, ignore_errors=True)
    return 0


def publish(data: dict[str, Any], results: Path) -> None:
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


def _fallback(metadata: Path) -> dict[str, Any]:
    """What stands when all else fails: the last score, and a note to ourselves that this attempt does not count."""
    data = _read(metadata) or {}
    earlier = data.get("previous_submissions")
    earlier = [one for one in earlier if isinstance(one, dict)] if isinstance(earlier, list) else []
    done = [one for one in earlier if not one.get("autograder_error") and _score(one) is not None]
    latest: dict[str, Any] = max(earlier, key=_time, default={})
    extra = latest.get("results")
    extra = extra.get("extra_data") if isinstance(extra, dict) else None
    extra = extra if isinstance(extra, dict) else {}
    kept = extra.get("uncounted_attempts")
    kept = [time for time in kept if isinstance(time, str)] if isinstance(kept, list) else []
    if latest.get("autograder_error") or extra.get("grader_error") or extra.get("refused"):
        kept.append(_time(latest))
    return {
        "score": _score(max(done, key=_time)) if done else 0.0,
        "output": FAILED,
        "output_format": "text",
        "extra_data": {"grader_error": True, "uncounted_attempts": kept},
    }


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _score(attempt: dict[str, Any]) -> float | None:
    try:
        score = float(attempt["score"])
    except (KeyError, TypeError, ValueError):
        return None
    return score if math.isfinite(score) else None


def _time(attempt: dict[str, Any]) -> str:
    return str(attempt.get("submission_time") or "")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder")))
