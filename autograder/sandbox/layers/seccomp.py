"""A seccomp filter: the system calls that a student's code has no business with fail."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Collection

import pyseccomp

DENIED = (
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp", "mount", "umount2",
    "mount_setattr", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "pivot_root", "chroot",
    "unshare", "setns", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "keyctl", "add_key", "request_key", "init_module", "finit_module", "delete_module",
    "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "open_by_handle_at", "name_to_handle_at",
    "personality", "acct", "quotactl", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname",
    "setdomainname", "syslog", "vhangup", "iopl", "ioperm", "modify_ldt", "lookup_dcookie", "fanotify_init",
    "mknod", "mknodat", "sched_setaffinity",  # a submission stays on the core of its slot
    "shmget", "msgget", "semget", "mq_open", "memfd_secret",
    "memfd_create",  # memory that no limit counts
)  # fmt: skip

NEW_NAMESPACES = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000


FOR_A_GPU = ("memfd_create",)
"""What CUDA's driver does not start without."""


def install(allowed: Collection[str] = ()) -> None:
    """Apply the filter to this process and all its descendants. It cannot be taken off. Raises `OSError`."""
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in set(DENIED) - set(allowed):
        try:
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
        except (OSError, ValueError):
            continue  # not a system call of this machine or not known to this libseccomp
    rules.add_rule(pyseccomp.ERRNO(errno.EACCES), "socket", pyseccomp.Arg(0, pyseccomp.NE, int(socket.AF_UNIX)))
    rules.add_rule(pyseccomp.ERRNO(errno.EACCES), "socketpair", pyseccomp.Arg(0, pyseccomp.NE, int(socket.AF_UNIX)))
    bit = 1
    while bit <= NEW_NAMESPACES:  # one rule a flag: a rule can ask for all bits of a mask, not for any
        if bit & NEW_NAMESPACES:
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, bit, bit))
        bit <<= 1
    # The CPU time of children whose end is ignored is nobody's. Otherwise it is their parent's, once it waits for them.
    changes = pyseccomp.Arg(0, pyseccomp.EQ, int(signal.SIGCHLD)), pyseccomp.Arg(1, pyseccomp.NE, 0)
    rules.add_rule(pyseccomp.ERRNO(0), "rt_sigaction", *changes)
    # clone3 hides its flags behind a pointer: glibc falls back to clone when it is not there.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.load()
