"""Advice about the layers: only what is missing on a machine, nothing that is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.sandbox.host.advice import Machine, advice

GOOD = Machine()
NAMESPACES = ("user namespace", "pid namespace", "network namespace", "ipc namespace", "mount namespace")
ALL = ("bubblewrap", "separate user", *NAMESPACES, "no new privileges", "rlimits", "landlock", "seccomp")


def but(*absent: str) -> tuple[str, ...]:
    """All layers but some."""
    return tuple(name for name in ALL if name not in absent)


def test_where_all_layers_hold_there_is_nothing_to_do():
    assert advice(GOOD, ALL) == {}


@pytest.mark.parametrize(
    ("machine", "layer", "said"),
    [
        (replace(GOOD, bubblewrap=False), "bubblewrap", "apt-get install bubblewrap"),
        (replace(GOOD, linux=(5, 10), landlock=False), "landlock", "Linux 5.13 or newer; this is 5.10"),
        (replace(GOOD, linux=(6, 1), landlock=False), "landlock", "landlock in the kernel's lsm= setting"),
        (replace(GOOD, libseccomp=False), "seccomp", "apt-get install libseccomp2"),
        (replace(GOOD, pyseccomp=False), "seccomp", r"pip install 'autograder[course]'"),
        (GOOD, "user namespace", "rules, that allow unshare"),
    ],
)
def test_what_is_missing_is_named(machine, layer, said):
    found = advice(machine, but(layer))
    assert list(found) == [layer] and said in found[layer]


@pytest.mark.parametrize("layer", ["bubblewrap", "landlock", "seccomp", "separate user"])
def test_what_is_there_is_not_installed_again(layer):
    """It failed for a reason that the problems tell."""
    assert advice(GOOD, but(layer)) == {}


@pytest.mark.parametrize("layer", ALL)
def test_a_layer_that_was_left_out_on_purpose_is_not_advised(layer):
    poor = Machine(False, False, False, (4, 19), False, False, False)
    assert layer not in advice(poor, (), without=[layer])


def test_only_the_settings_that_refuse_namespaces_are_named():
    settings = {"kernel.unprivileged_userns_clone": "1", "kernel.apparmor_restrict_unprivileged_userns": "1"}
    said = advice(replace(GOOD, settings=settings), but(*NAMESPACES))["user namespace"]
    assert said == "sysctl kernel.apparmor_restrict_unprivileged_userns=0"


def test_an_ordinary_user_with_namespaces_is_not_sent_to_root():
    assert advice(replace(GOOD, root=False), but("separate user")) == {}
    assert advice(replace(GOOD, root=False), ("landlock",))["separate user"] == "run the grader as root"


def test_root_is_told_when_others_cannot_read_python():
    machine = replace(GOOD, python_for_everybody=False)
    assert (
        advice(machine, but("separate user", *NAMESPACES))["separate user"] == "put Python where every user can read it"
    )


def test_this_machine_can_be_looked_at():
    here = Machine.here()
    assert here.linux > (3, 0) and here.pyseccomp
