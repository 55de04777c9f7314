"""The layers that the kernel gives: a world of its own for each submission."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable

from autograder.sandbox import kernel, landlock
from autograder.sandbox.limits import Limits

WRITABLE = ("/tmp", "/dev/shm", "/dev/null", "/dev/zero", "/dev/full")
HOME = "/tmp/work"


def isolate(limits: Limits, *, trial: bool = False) -> tuple[list[str], list[str]]:
    """Put this process's children into new namespaces. With `trial`, try every layer and say which hold."""
    layers: list[str] = []
    problems: list[str] = []
    data = data_size() if trial else 0

    def attempt(name: str, step: Callable[[], None]) -> bool:
        try:
            step()
        except (OSError, ImportError, RuntimeError) as error:
            problems.append(f"{name}: {error}")
            if not trial:
                raise
            return False
        layers.append(name)
        return True

    if attempt("user namespace", _own_namespaces):
        layers += ["pid namespace", "network namespace", "ipc namespace"]
        if trial:
            child = os.fork()  # the first process in the new pid namespace
            if child == 0:
                os._exit(0 if attempt("mount namespace", lambda: cover(limits)) else 1)
            if os.waitpid(child, 0)[1] == 0:
                layers.append("mount namespace")
            else:
                problems.append("mount namespace: a private /tmp cannot be mounted")
    if trial:
        attempt("no new privileges", lambda: kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1))
        attempt("rlimits", lambda: limit_resources(limits, data))
        attempt("landlock", lambda: landlock.restrict(path for path in WRITABLE if os.path.exists(path)))
        attempt("seccomp", _seccomp)
    return layers, problems


def _own_namespaces() -> None:
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(kernel.NEWUSER | kernel.NEWNS | kernel.NEWPID | kernel.NEWIPC | kernel.NEWNET | kernel.NEWUTS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def cover(limits: Limits) -> None:
    """Fresh, small, private folders over the ones that are shared; nothing of /proc. Raises `OSError`."""
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    private = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", "/tmp", "tmpfs", private, f"size={limits.disk_mb}m,nr_inodes=16k,mode=1777")
    if os.path.isdir("/dev/shm"):
        kernel.mount("tmpfs", "/dev/shm", "tmpfs", private, f"size={limits.disk_mb}m,nr_inodes=1k,mode=1777")
    # The kernel refuses a fresh procfs here (the outer one is masked), and the outer one shows the zygote.
    kernel.mount("tmpfs", "/proc", "tmpfs", private | kernel.MS_RDONLY, "size=4k")
    os.mkdir(HOME)
    os.chdir(HOME)


def _seccomp() -> None:
    from autograder.sandbox import seccomp

    seccomp.install()


def give_up_rights(layers: frozenset[str]) -> None:
    """What the template does to itself before it meets student code: each layer that the trial saw hold."""
    if "user namespace" in layers:
        kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in layers:
        landlock.restrict(path for path in WRITABLE if os.path.exists(path))
    if "seccomp" in layers:
        _seccomp()


def limit_resources(limits: Limits, data: int) -> None:
    """rlimits of one process. Memory comes on top of `data`, the bytes that the libraries take."""
    megabyte = 1 << 20
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.disk_mb * megabyte),
        (resource.RLIMIT_NOFILE, 512),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_DATA, data + limits.memory_mb * megabyte),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(name)[1]
        top = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (top, top))


def data_size() -> int:
    """Bytes of data and stack that this process has mapped (what RLIMIT_DATA counts); needs /proc."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[5]) * resource.getpagesize()
