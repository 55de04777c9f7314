"""What the warm process does once, and what it may not do, for its forks' sake."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from autograder.protocol.devices import CPU
from autograder.sandbox.guest.warm import count_gpus
from autograder.sandbox.layers import exposure


def warmed(device: str, then: str, **more: str) -> str:
    """What a process prints that has warmed up in the environment of a fork server with that device."""
    code = f"from autograder.sandbox.guest.warm import warm_up; warm_up(('wave', 'missing'), {device!r}); {then}"
    found = exposure.environment(device=device) | {"PYTHONPATH": str(Path(__file__).parents[2])} | more
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=found)
    return done.stdout.strip()


def test_modules_are_there_and_torch_keeps_to_one_thread():
    assert warmed(CPU, "import sys, torch; print('wave' in sys.modules, torch.get_num_threads())") == "True 1"


def test_a_fork_counts_the_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "_cached_device_count", None)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1 + (os.getpid() == here))
    here = os.getpid()
    count_gpus()
    assert torch.cuda._cached_device_count == 1


def test_where_asking_ends_the_process_there_is_none(monkeypatch):
    monkeypatch.setattr(torch.cuda, "_cached_device_count", None)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: os._exit(9))
    count_gpus()
    assert torch.cuda._cached_device_count == 0


@pytest.mark.skipif(not torch.backends.cuda.is_built(), reason="a torch without CUDA (pip's usual one has it)")
@pytest.mark.parametrize(
    ("device", "more"), [(CPU, {}), ("cuda", {}), ("cuda", {"CUDA_VISIBLE_DEVICES": "MIG-3b5f"})], ids=str
)
def test_forks_of_the_warm_process_may_use_a_gpu(device, more):
    """torch marks the forks of a process that has asked CUDA anything, whether or not there is a GPU."""
    then = "import os, torch; torch.cuda.is_available(); print(os.fork() == 0 and torch.cuda._is_in_bad_fork())"
    assert warmed(device, then, **more).split() == ["False", "False"]
