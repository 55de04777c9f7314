"""The layers that the kernel gives: a world of its own for each submission."""

from __future__ import annotations

import contextlib
import os
import sys

import msgspec

from autograder.protocol.devices import CPU
from autograder.protocol.limits import Limits
from autograder.sandbox.layers import exposure, kernel, landlock

HOME = "/tmp/work"


class Confinement(msgspec.Struct, frozen=True):
    """How one submission is shut in: the layers that hold, its user (None: the fork server's), its own folder, what
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
        return tuple(path for path in (*places, *exposure.writable(self.device)) if os.path.exists(path))


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
    with contextlib.suppress(OSError):  # not here (Linux 5.12): Landlock keeps contents, this keeps modes and times too
        kernel.read_only("/")
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
    if (
        device == CPU
    ):  # the kernel refuses a fresh procfs here (the outer one is masked), and that one shows the fork server
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


def landlocked(confinement: Confinement) -> None:
    """Apply Landlock. Raises `OSError`."""
    landlock.restrict(confinement.writable, (path for path in confinement.readable if os.path.exists(path)))


def filtered(confinement: Confinement) -> None:
    """Apply seccomp. Raises `OSError` or `ImportError`."""
    from autograder.sandbox.layers import seccomp

    allowed = () if confinement.device == CPU else seccomp.FOR_A_GPU
    seccomp.install(allowed, () if confinement.alone else seccomp.CHANGES_OF_FILES)


def give_up_rights(confinement: Confinement) -> None:
    """What the template does to itself before it meets student code: each layer that the trial saw hold."""
    if confinement.user is not None and os.getuid() != confinement.user:
        become(confinement.user)
    if "pid namespace" in confinement.layers:
        kernel.drop_capabilities()
    if confinement.layers:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in confinement.layers:
        landlocked(confinement)
    if "seccomp" in confinement.layers:
        filtered(confinement)
