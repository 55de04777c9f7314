"""What of the machine the student's side may see: libraries, Python and our few modules that run there."""

from __future__ import annotations

import glob
import os
import sys
from pathlib import Path

import autograder
from autograder.protocol.devices import CPU
from autograder.sandbox.layers.interpreter import isolated

FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")
FILES = ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
GPU = ("/dev/nvidia*", "/dev/nvidia-caps/*", "/dev/dxg")
"""What CUDA's driver opens; the last one is WSL's."""
KERNEL = ("/proc", "/sys")
"""Where it looks for the GPU's place in the machine. In /proc it writes too, its threads' names, or it gives up."""


def prefixes() -> list[str]:
    """Where Python and its packages lie, outside the system's own folders."""
    return [p for p in sorted({sys.base_prefix, sys.prefix}) if not p.startswith("/usr/") and p != "/usr"]


def own_modules() -> list[Path]:
    """The files of this package that the student's side needs; the rest stays out."""
    root = Path(autograder.__file__).parent
    rooms = [root / "protocol", root / "sandbox", root / "sandbox" / "guest", root / "sandbox" / "layers"]
    shared = [root / name for name in ("__init__.py", "errors.py")]
    return [*shared, *(path for room in rooms for path in sorted(room.glob("*.py")))]


def readable(device: str = CPU) -> tuple[str, ...]:
    """All that may be read where no private file system can be had, and Landlock stands in for it."""
    own = [str(path) for path in own_modules()]
    kernel = () if device == CPU else KERNEL
    return tuple(p for p in (*FOLDERS, *FILES, *DEVICES, *kernel, *prefixes(), *own) if os.path.exists(p))


def writable(device: str) -> tuple[str, ...]:
    """What has to be written for the device's sake."""
    if device == CPU:
        return ()
    return ("/proc", *gpu_files())


def gpu_files() -> list[str]:
    """The GPU's device files, as far as there are any."""
    return [path for pattern in GPU for path in sorted(glob.glob(pattern)) if not os.path.isdir(path)]


def interpreter_arguments(place: str, descriptor: int) -> list[str]:
    """What follows the interpreter's name: isolated mode, and our student-side modules from `place`."""
    return ["-B", *isolated(f"from autograder.sandbox.guest.fork_server import main; main({descriptor})", place)]


def environment(home: str = "/tmp", device: str = CPU) -> dict[str, str]:
    """All that the fork server finds in its environment."""
    found = {
        "PATH": "/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "MPLBACKEND": "agg", "MPLCONFIGDIR": f"{home}/mpl",
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # asking whether there is a GPU must not start it: forks come later
    }  # fmt: skip
    if device == CPU:
        return found
    del found["CUDA_VISIBLE_DEVICES"]
    ours = ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")  # which GPU, and where its driver lies
    return found | {name: os.environ[name] for name in ours if name in os.environ}
