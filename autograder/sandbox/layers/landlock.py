"""Landlock: the file system is for reading, but for the folders named. Works without any privilege.

Numbers are from linux/landlock.h and the generic system-call table.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RULE_PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
READ_ONLY = EXECUTE | READ_FILE | READ_DIR
FS_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many file-system rights each ABI version knows (the newest for later ones)."""
FILE_ONLY = EXECUTE | WRITE_FILE | READ_FILE | 1 << 14 | 1 << 15
"""The rights that a rule for a single file may grant."""

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def abi() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    version = _libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return max(0, int(version))


def restrict(writable: Iterable[str], readable: Iterable[str] = ("/",)) -> None:
    """From now on this process reads below `readable` and writes below `writable`, and nothing else.

    TCP is refused where the kernel knows how, abstract sockets and signals to the outside too. Raises `OSError`.
    """
    version = abi()
    if version == 0:
        raise OSError("this kernel has no Landlock")
    rights = (1 << FS_RIGHTS.get(version, 16)) - 1
    ruleset = _Ruleset(rights, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    size = 8 if version < 4 else (16 if version < 6 else 24)
    descriptor = _called(_libc.syscall(CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), 0))
    try:
        for path in readable:
            _allow(descriptor, path, READ_ONLY if os.path.isdir(path) else READ_ONLY & FILE_ONLY)
        for path in writable:
            _allow(descriptor, path, rights if os.path.isdir(path) else rights & FILE_ONLY)
        _called(_libc.syscall(RESTRICT_SELF, descriptor, 0))
    finally:
        os.close(descriptor)


def _allow(ruleset: int, path: str, rights: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(rights, parent)
        _called(_libc.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(parent)


def _called(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
