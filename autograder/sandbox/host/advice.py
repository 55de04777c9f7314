"""What would bring the layers that do not hold: found by looking, so that nobody is told to install what is there."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from autograder.sandbox.layers import bubblewrap, kernel, landlock
from autograder.sandbox.layers.probe import for_everybody

SYSCTLS = {
    "kernel.unprivileged_userns_clone": ("0", "1"),
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0"),
    "user.max_user_namespaces": ("0", "15000"),
}
"""Settings that refuse user namespaces: the value that does, and one that does not."""
LANDLOCK_SINCE = (5, 13)


@dataclass(frozen=True)
class Machine:
    """What a machine has of all that the layers need."""

    root: bool = True
    python_for_everybody: bool = True
    bubblewrap: bool = True
    linux: tuple[int, ...] = LANDLOCK_SINCE
    landlock: bool = True
    pyseccomp: bool = True
    libseccomp: bool = True
    settings: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def here() -> Machine:
        """Look at this one."""
        pyseccomp, libseccomp = _seccomp()
        return Machine(
            os.getuid() == 0,
            for_everybody(os.__file__) and for_everybody(kernel.__file__),
            bubblewrap.available() is not None,
            tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2]),
            landlock.abi() > 0,
            pyseccomp,
            libseccomp,
            {name: value for name in SYSCTLS if (value := _setting(name))},
        )


def advice(machine: Machine, held: Collection[str] = (), without: Collection[str] = ()) -> dict[str, str]:
    """What to do for each layer that could hold, by its name. Layers that hold, or that were left out on purpose, need
    nothing; namespaces and another user stand in for each other."""
    found = {
        "bubblewrap": _for_bubblewrap(machine),
        "separate user": "" if "user namespace" in held else _for_another_user(machine),
        "user namespace": _for_namespaces(machine),
        "landlock": _for_landlock(machine),
        "seccomp": _for_seccomp(machine),
    }
    return {name: words for name, words in found.items() if words and name not in held and name not in without}


def _for_bubblewrap(machine: Machine) -> str:
    return "" if machine.bubblewrap else "Debian, Ubuntu: apt-get install bubblewrap. Fedora: dnf install bubblewrap"


def _for_another_user(machine: Machine) -> str:
    if not machine.python_for_everybody:
        return ("" if machine.root else "run the grader as root, and ") + "put Python where every user can read it"
    return "" if machine.root else "run the grader as root"


def _for_namespaces(machine: Machine) -> str:
    refusing = [f"sysctl {name}={good}" for name, (bad, good) in SYSCTLS.items() if machine.settings.get(name) == bad]
    return ", ".join(refusing) or "a kernel, or in a container rules, that allow unshare; or do without"


def _for_landlock(machine: Machine) -> str:
    if machine.landlock:
        return ""
    if machine.linux < LANDLOCK_SINCE:
        return f"Linux 5.13 or newer; this is {'.'.join(map(str, machine.linux))}"
    return "landlock in the kernel's lsm= setting, or in a container rules that allow it"


def _for_seccomp(machine: Machine) -> str:
    if not machine.pyseccomp:
        return "pip install 'autograder[course]'"
    return "" if machine.libseccomp else "Debian, Ubuntu: apt-get install libseccomp2. Fedora: dnf install libseccomp"


def _seccomp() -> tuple[bool, bool]:
    """Whether there is the Python package, and the library that it loads."""
    try:
        importlib.import_module("pyseccomp")
    except ModuleNotFoundError:
        return False, True
    except (ImportError, OSError, RuntimeError):
        return True, False
    return True, True


def _setting(name: str) -> str:
    """A kernel setting; nothing where this kernel does not have it."""
    try:
        return Path("/proc/sys", *name.split(".")).read_text(encoding="ascii").strip()
    except OSError:
        return ""
