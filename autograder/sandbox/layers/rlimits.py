"""The layer of resource limits: what one process may take, as the kernel counts it."""

from __future__ import annotations

import math
import resource

from autograder.protocol.limits import SUBMISSION_FACTOR, Limits


def limit_resources(limits: Limits, data: int | None) -> None:
    """rlimits of one process. Memory comes on top of `data`, the bytes that the libraries take; with None it has no
    limit here: a GPU's driver maps more than it uses, and what is used is watched from outside."""
    megabyte = 1 << 20
    for name, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, math.ceil(limits.submission_seconds) * SUBMISSION_FACTOR),
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
