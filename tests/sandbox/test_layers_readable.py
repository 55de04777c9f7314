"""The layers that need no namespaces, tried where Python lies in a place that other users may not enter (/root).

Such a place makes the sandbox refuse, and test_layers skip. Here the place is covered, in mounts that nobody else sees,
by one that may be entered and holds nothing but Python and the project; in there, test_layers runs.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def closed_above(path: Path) -> Path | None:
    """The highest folder on the way to `path` that other users may not enter."""
    return next((one for one in reversed(path.parents) if not one.stat().st_mode & 0o001), None)


def opening(paths: list[Path]) -> list[str]:
    """Shell lines that leave of each closed folder only what leads to `paths`."""
    lines = []
    closed = {path: folder for path in paths if (folder := closed_above(path))}
    for number, path in enumerate(closed):
        lines += [f"mkdir -p /mnt/{number}", f"mount --rbind {shlex.quote(str(path))} /mnt/{number}"]
    for folder in sorted(set(closed.values())):
        lines.append(f"mount -t tmpfs -o mode=755 none {shlex.quote(str(folder))}")
    for number, path in enumerate(closed):
        place = shlex.quote(str(path))
        lines += [f"mkdir -p {place}", f"mount --rbind /mnt/{number} {place}", f"umount -R /mnt/{number}"]
    return lines


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("layers without namespaces")
def test_the_layers_that_need_no_namespaces():
    if os.getuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root and unshare")
    needed = [Path(sys.base_prefix).resolve(), ROOT]
    if not any(map(closed_above, needed)):
        pytest.skip("everybody may read this Python: test_layers runs as it is")
    test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/sandbox/test_layers.py"]
    # /mnt is covered first: what is put there on the way is seen by nobody and leaves nothing
    script = ["set -e", "mount -t tmpfs none /mnt", *opening(needed), f"cd {shlex.quote(str(ROOT))}"]
    script.append(shlex.join([*test, "-k", "no-namespaces"]))
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(script)],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None and int(passed[1]) >= 10, done.stdout[-3000:]
