"""A seccomp filter: the system calls that a student's code has no business with fail."""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
from collections.abc import Collection

import pyseccomp

DENIED = (
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "pidfd_getfd", "kcmp",
    "mount", "umount2", "mount_setattr", "move_mount", "open_tree", "open_tree_attr", "fsopen", "fsconfig", "fsmount",
    "fspick", "pivot_root", "chroot", "unshare", "setns", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup",
    "io_uring_enter", "io_uring_register", "keyctl", "add_key", "request_key", "init_module", "finit_module",
    "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "open_by_handle_at",
    "name_to_handle_at", "personality", "acct", "quotactl", "quotactl_fd", "settimeofday", "clock_settime",
    "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "syslog", "vhangup", "iopl", "ioperm", "modify_ldt",
    "lookup_dcookie", "mknod", "mknodat", "sched_setaffinity",  # a submission stays on the core of its slot
    "memfd_secret", "memfd_create",  # memory that no limit counts
    # What one submission does to a library's file, or leaves in the kernel, and another one could learn of:
    "inotify_init", "inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark", "mincore", "cachestat",
    "shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semtimedop", "semctl",
    "mq_open", "mq_unlink",
)  # fmt: skip

IGNORED = (
    "flock", "fadvise64", "readahead", "sync", "syncfs", "setpriority", "sched_setscheduler", "sched_setparam",
    "sched_setattr", "ioprio_set",
)  # fmt: skip
"""Calls that succeed without effect: honest code makes them, and does without what they do; but a lock, a dropped page
or a priority can be seen from the next submission."""

ABSENT = ("clone3", "preadv2", "pwritev2", "openat2", "futex_waitv", "futex_wake", "futex_wait", "futex_requeue")
"""Newer forms of older calls. Their flags lie behind a pointer, or ask whether the kernel has a file in memory. The C
library makes the older call when these are not there."""

CHANGES_OF_FILES = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes", "utimensat",
    "futimesat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr",
    "removexattrat", "file_setattr", "umask",
)  # fmt: skip
"""What Landlock does not stop. Where the whole file system can be seen, and files in it belong to the user that
students' code runs as, these have no effect either."""

LOCKS = (6, 7, 37, 38)  # F_SETLK, F_SETLKW and those of open files
FILE_COMMANDS = (5, 36, *range(1024, 1030))
"""fcntl's questions about locks; leases, notes of what happens in a folder. From `FIRST_HINT` on, hints that stay with
a file."""
FIRST_HINT = 1035
PAGE_ADVICE = (20, 21)
"""madvise's MADV_COLD and MADV_PAGEOUT, which push a library out of everybody's memory."""

NUMBERS = {
    "process_mrelease": 448, "futex_waitv": 449, "cachestat": 451, "fchmodat2": 452, "futex_wake": 454,
    "futex_wait": 455, "futex_requeue": 456, "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467,
    "file_setattr": 469, "quotactl_fd": 443, "mount_setattr": 442, "memfd_secret": 447,
}  # fmt: skip
"""Calls that an older libseccomp does not know by name. They have the same number on every machine."""

NEW_NAMESPACES = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000


FOR_A_GPU = ("memfd_create",)
"""What CUDA's driver does not start without."""


def install(allowed: Collection[str] = (), ignored: Collection[str] = ()) -> None:
    """Apply the filter to this process and all its descendants. It cannot be taken off. Raises `OSError`.

    Args:
        allowed: calls that are usually denied.
        ignored: further calls that are to have no effect.
    """
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refused, nothing, absent = (pyseccomp.ERRNO(number) for number in (errno.EPERM, 0, errno.ENOSYS))
    for action, names in ((refused, DENIED), (nothing, (*IGNORED, *ignored)), (absent, ABSENT)):
        for name in set(names) - set(allowed):
            _add(rules, action, name)
    equal = pyseccomp.EQ
    for command in LOCKS:
        rules.add_rule(nothing, "fcntl", pyseccomp.Arg(1, equal, command))
    for command in FILE_COMMANDS:
        rules.add_rule(refused, "fcntl", pyseccomp.Arg(1, equal, command))
    rules.add_rule(refused, "fcntl", pyseccomp.Arg(1, pyseccomp.GE, FIRST_HINT))
    for advice in PAGE_ADVICE:
        rules.add_rule(nothing, "madvise", pyseccomp.Arg(2, equal, advice))
    rules.add_rule(refused, "prlimit64", pyseccomp.Arg(0, pyseccomp.NE, 0))  # limits of one's own alone
    for call in ("socket", "socketpair"):
        rules.add_rule(pyseccomp.ERRNO(errno.EACCES), call, pyseccomp.Arg(0, pyseccomp.NE, int(socket.AF_UNIX)))
    bit = 1
    while bit <= NEW_NAMESPACES:  # one rule a flag: a rule can ask for all bits of a mask, not for any
        if bit & NEW_NAMESPACES:
            rules.add_rule(refused, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, bit, bit))
        bit <<= 1
    # The CPU time of children whose end is ignored is nobody's. Otherwise it is their parent's, once it waits for them.
    changes = pyseccomp.Arg(0, pyseccomp.EQ, int(signal.SIGCHLD)), pyseccomp.Arg(1, pyseccomp.NE, 0)
    rules.add_rule(pyseccomp.ERRNO(0), "rt_sigaction", *changes)
    rules.load()


def _add(rules: pyseccomp.SyscallFilter, action: int, name: str) -> None:
    """Add a rule for one call, unless this machine has none of that name."""
    for call in (name, NUMBERS.get(name)):
        with contextlib.suppress(OSError, ValueError):
            if call is not None:
                rules.add_rule(action, call)
                return
