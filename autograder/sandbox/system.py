"""What of the machine the student's side may see: libraries, Python and our few modules that run there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import autograder

FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")
FILES = ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def prefixes() -> list[str]:
    """Where Python and its packages lie, outside the system's own folders."""
    return [p for p in sorted({sys.base_prefix, sys.prefix}) if not p.startswith("/usr/") and p != "/usr"]


def own_modules() -> list[Path]:
    """The files of this package that the student's side needs; the rest stays out."""
    root = Path(autograder.__file__).parent
    return [root / "__init__.py", root / "model.py", *sorted((root / "sandbox").glob("*.py"))]


def readable() -> tuple[str, ...]:
    """All that may be read where no private file system can be had, and Landlock stands in for it."""
    own = [str(path) for path in own_modules()]
    return tuple(p for p in (*FOLDERS, *FILES, *DEVICES, *prefixes(), *own) if os.path.exists(p))


def interpreter_arguments(place: str, descriptor: int) -> list[str]:
    """What follows the interpreter's name: isolated mode, our student-side modules first."""
    code = f"import sys; sys.path.insert(0, {place!r}); from autograder.sandbox.zygote import main; main({descriptor})"
    return ["-I", "-B", "-c", code]


def environment(home: str = "/tmp") -> dict[str, str]:
    """All that the zygote finds in its environment."""
    return {
        "PATH": "/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "MPLBACKEND": "agg", "MPLCONFIGDIR": f"{home}/mpl",
    }  # fmt: skip
