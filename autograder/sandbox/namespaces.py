"""The layers that the kernel gives: a world of its own for each submission."""

from __future__ import annotations

import os
import resource
import sys

import msgspec

from autograder.sandbox import kernel, landlock, system
from autograder.sandbox.devices import CPU
from autograder.sandbox.limits import Limits

HOME = "/tmp/work"


CPU_GRACE = 5
"""Seconds after which the kernel ends a process that the grader, who would say why, has not ended."""


class World(msgspec.Struct, frozen=True):
    """How one submission is shut in: the layers that hold, its user (None: the zygote's), its own folder, what
    Landlock lets it read (a world built by bubblewrap holds nothing that may not be read), whether it may use
    /dev/shm, without which there are no worker processes, and the device that it computes on."""

    layers: frozenset[str]
    user: int | None = None
    home: str = HOME
    readable: tuple[str, ...] = ("/",)
    shared_memory: bool = True
    device: str = CPU

    @property
    def alone(self) -> bool:
        """Whether it has a file system and processes to itself."""
        return "mount namespace" in self.layers

    @property
    def temporary(self) -> str:
        """Its folder for temporary files."""
        return "/tmp" if self.alone else self.home

    @property
    def writable(self) -> tuple[str, ...]:
        """All that Landlock lets it write."""
        places = (self.temporary, "/dev/null", "/dev/zero", "/dev/full", *(("/dev/shm",) if self.shared_memory else ()))
        return tuple(path for path in (*places, *system.writable(self.device)) if os.path.exists(path))


def own_namespaces(device: str) -> None:
    """Leave every shared namespace; children start in a new pid namespace. Raises `OSError`.

    The kernel lets only its own root make a new /proc below bubblewrap's: where that has to be, there is no user
    namespace, and rights are given up later.
    """
    uid, gid = os.getuid(), os.getgid()
    flags = kernel.NEWNS | kernel.NEWPID | kernel.NEWIPC | kernel.NEWNET | kernel.NEWUTS
    if stays_root(device):
        return kernel.unshare(flags)
    kernel.unshare(flags | kernel.NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def stays_root(device: str) -> bool:
    """Whether root makes a submission's namespaces, and only what is in them becomes another user."""
    return device != CPU and os.getuid() == 0


def cover(limits: Limits, device: str) -> None:
    """Fresh, small, private folders over the ones that are shared; nothing of /proc, or for a second device one of its
    own. Raises `OSError`."""
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    private = kernel.MS_NOSUID | kernel.MS_NODEV
    kept = {path: kernel.detached_tree(path) for path in _libraries_below("/tmp")}
    kernel.mount("tmpfs", "/tmp", "tmpfs", private, f"size={limits.disk_mb}m,nr_inodes=16k,mode=1777")
    for path, tree in kept.items():
        os.makedirs(path)
        kernel.attach_tree(tree, path)
        os.close(tree)
        # Landlock lets a student write below /tmp: the mount itself must not.
        kernel.mount("none", path, "", kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | private)
    if os.path.isdir("/dev/shm"):
        kernel.mount("tmpfs", "/dev/shm", "tmpfs", private, f"size={limits.disk_mb}m,nr_inodes=1k,mode=1777")
    if device == CPU:  # the kernel refuses a fresh procfs here (the outer one is masked), and that one shows the zygote
        kernel.mount("tmpfs", "/proc", "tmpfs", private | kernel.MS_RDONLY, "size=4k")
    else:
        kernel.mount("proc", "/proc", "proc", private | kernel.MS_NOEXEC)
    os.mkdir(HOME)
    os.chdir(HOME)


def _libraries_below(folder: str) -> list[str]:
    """Python's own folders that lie in one that is about to be covered: a project checked out in /tmp."""
    found = {os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix)}
    return sorted(path for path in found if path.startswith(f"{folder}/"))


def become(user: int) -> None:
    """Be another, ordinary user for good. Raises `OSError`."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def landlocked(world: World) -> None:
    """Apply Landlock. Raises `OSError`."""
    landlock.restrict(world.writable, (path for path in world.readable if os.path.exists(path)))


def filtered(world: World) -> None:
    """Apply seccomp. Raises `OSError` or `ImportError`."""
    from autograder.sandbox import seccomp

    seccomp.install(() if world.device == CPU else seccomp.FOR_A_GPU)


def give_up_rights(world: World) -> None:
    """What the template does to itself before it meets student code: each layer that the trial saw hold."""
    if world.user is not None:
        become(world.user)
    if "pid namespace" in world.layers:
        kernel.drop_capabilities()
    if world.layers:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in world.layers:
        landlocked(world)
    if "seccomp" in world.layers:
        filtered(world)


def limit_resources(limits: Limits, data: int | None) -> None:
    """rlimits of one process. Memory comes on top of `data`, the bytes that the libraries take; with None it has no
    limit here: a GPU's driver maps more than it uses, and what is used is watched from outside."""
    megabyte = 1 << 20
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, limits.cpu_seconds + CPU_GRACE),
        (resource.RLIMIT_FSIZE, limits.disk_mb * megabyte),
        (resource.RLIMIT_NOFILE, 512),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_DATA, resource.RLIM_INFINITY if data is None else data + limits.memory_mb * megabyte),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(name)[1]
        top = min((one for one in (value, hard) if one != resource.RLIM_INFINITY), default=resource.RLIM_INFINITY)
        resource.setrlimit(name, (top, top))


def data_size() -> int:
    """Bytes of data and stack that this process has mapped (what RLIMIT_DATA counts); needs /proc."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[5]) * resource.getpagesize()
