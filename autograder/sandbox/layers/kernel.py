"""The few kernel calls that Python does not offer: namespaces, mounts, prctl, capabilities."""

from __future__ import annotations

import ctypes
import os

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 16384, 1 << 18
MS_REMOUNT, MS_BIND = 32, 4096
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 1, 4, 24, 38, 36
MADV_COLLAPSE, HUGE_PAGE = 25, 2 << 20

# The same numbers on every machine (Linux 5.2 and later; the last one 5.12).
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR = 428, 429, 442
AT_FDCWD, AT_RECURSIVE, OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH = -100, 0x8000, 1, 4
MOUNT_ATTR_RDONLY = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Leave the given namespaces for new ones. Raises `OSError`."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """mount(2). Raises `OSError`."""
    _check(
        _libc.mount(source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode()),
        f"mount {target}",
    )


def read_only(path: str) -> None:
    """Make the mounts at and below `path` read-only, times of access included. Raises `OSError`."""
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY)  # to set; to clear, propagation and user namespace: none
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    _check(
        _libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), AT_RECURSIVE, ctypes.byref(attributes), size),
        f"mount_setattr {path}",
    )


def prctl(option: int, argument: int = 0) -> None:
    """prctl(2) with one argument. Raises `OSError`."""
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(option, ctypes.c_ulong(argument), zero, zero, zero), "prctl")


def into_huge_pages(start: int, end: int) -> None:
    """Put what lies between two addresses of this process into huge pages, as far as the kernel can."""
    for address in range(-(-start // HUGE_PAGE) * HUGE_PAGE, end - HUGE_PAGE + 1, HUGE_PAGE):
        _libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(HUGE_PAGE), MADV_COLLAPSE)


def all_into_huge_pages() -> None:
    """Put this process's own memory into huge pages.

    A fork copies the page table, and its end takes it down again: with small pages, that is most of what a check costs.
    Where the kernel cannot (before Linux 6.1, or short of memory), they stay small.
    """
    try:
        with open("/proc/self/maps", encoding="utf-8") as file:
            fields = [line.split() for line in file]
    except OSError:
        return
    for place, rights, _, _, inode, *name in fields:
        if rights == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
            start, end = (int(number, 16) for number in place.split("-"))
            into_huge_pages(start, end)


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapData(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def drop_capabilities() -> None:
    """Give up every capability for good, the bounding set included. Raises `OSError`."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # beyond the last one the kernel knows, or already without the right to drop
    header = _CapHeader(0x20080522, 0)
    _check(_libc.capset(ctypes.byref(header), ctypes.byref((_CapData * 2)())), "capset")


def detached_tree(path: str) -> int:
    """A copy of the mounts at and below `path`, held by a descriptor and seen nowhere. Raises `OSError`."""
    found: int = _libc.syscall(SYS_OPEN_TREE, AT_FDCWD, path.encode(), OPEN_TREE_CLONE | os.O_CLOEXEC | AT_RECURSIVE)
    if found < 0:
        _check(found, f"open_tree {path}")
    return found


def attach_tree(descriptor: int, path: str) -> None:
    """Put what `detached_tree` gave at `path`, an existing folder. Raises `OSError`."""
    _check(
        _libc.syscall(SYS_MOVE_MOUNT, descriptor, b"", AT_FDCWD, path.encode(), MOVE_MOUNT_F_EMPTY_PATH),
        f"move_mount {path}",
    )
