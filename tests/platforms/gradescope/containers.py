"""What the tests in real containers share: the image, and docker's rules where podman's are milder."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from autograder.errors import ContainerError
from autograder.platforms.gradescope.build import bundle, pins, write_context
from autograder.platforms.gradescope.simulate import Engine

TAG = "autograder-test-tiny"
PROFILES = (Path("/usr/share/containers/seccomp.json"), Path("/etc/containers/seccomp.json"))
NAMESPACES = {
    "clone", "clone3", "unshare", "setns", "mount", "umount", "umount2", "pivot_root", "mount_setattr", "open_tree",
    "move_mount", "fsopen", "fsconfig", "fsmount", "fspick",
}  # fmt: skip
NO_NEW_NAMESPACE = {"index": 0, "value": 0x7E020000, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
"""clone's flags: none of those that ask for a namespace."""


def build(config, folder):
    """The tiny course's image, and words for running it. Skips where there are no containers."""
    try:
        engine = Engine.find(more=shlex.split(os.environ.get("CONTAINER_BUILD", "")))
    except ContainerError as error:
        pytest.skip(str(error))
    base = os.environ.get("CONTAINER_BASE")
    if not base or not engine.has(base):
        pytest.skip(f"no base image: CONTAINER_BASE is {base!r}")
    write_context(bundle(config, "tiny"), folder, base)
    engine.build(folder, TAG)


def run_words():
    """Further words for `run`, from the environment."""
    return shlex.split(os.environ.get("CONTAINER_RUN", ""))


def without_namespaces(folder):
    """podman's own rules let a process make user namespaces; docker's do not. Words that ask for docker's."""
    found = next((path for path in PROFILES if path.exists()), None)
    if found is None:
        pytest.skip("no seccomp profile to start from")
    profile = json.loads(found.read_text())
    for rule in profile["syscalls"]:
        if rule["action"] == "SCMP_ACT_ALLOW" and not rule.get("includes"):
            rule["names"] = [name for name in rule["names"] if name not in NAMESPACES]
    profile["syscalls"].append({"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [NO_NEW_NAMESPACE]})
    path = folder / "profile.json"
    path.write_text(json.dumps(profile))
    return ["--security-opt", f"seccomp={path}"]


def copy_packages(names, folder):
    """Packages of this environment and what they need, in a folder that can be mounted: for what the image has not.
    They have to be plain Python."""
    for pin in pins(tuple(names)):
        for file in importlib.metadata.distribution(pin.partition("==")[0]).files or ():
            if not file.is_absolute() and ".." not in file.parts and "__pycache__" not in file.parts:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), target)


def command(engine, *words, seconds=3600):
    """Run the image with further words; its exit code and what it said."""
    done = subprocess.run(
        [engine.command, "run", "--rm", *engine.more, *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(errors="replace")
