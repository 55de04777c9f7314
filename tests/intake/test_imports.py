"""Packages outside the allowed list cost only the functions that use them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.intake import read_submission
from autograder.model import Submission

Module = Callable[..., Submission]
Load = Callable[[Submission], dict[str, Any]]


@pytest.mark.parametrize(
    ("line", "use"),
    [
        ("import seaborn as sns", "sns.heatmap(x)"),
        ("import seaborn", "seaborn.heatmap(x)"),
        ("import jax.numpy", "jax.numpy.dot(x, x)"),
        ("from seaborn import heatmap", "heatmap(x)"),
        ("from seaborn import (\n    heatmap as hm,\n    lineplot,\n)", "hm(x)"),
        ("import math, seaborn", "seaborn.x()"),
    ],
)
def test_only_functions_that_use_a_missing_package_are_affected(
    module: Module, load: Load, line: str, use: str
) -> None:
    namespace = load(module(f"{line}\ndef plot(x):\n    return {use}\ndef f():\n    return 1\n"))
    assert namespace["f"]() == 1
    with pytest.raises(ModuleNotFoundError, match="not available in this assignment"):
        namespace["plot"](1)


def test_the_note_names_the_package_and_says_how_to_go_on(module: Module) -> None:
    assert module("import seaborn as sns\n").notes == (
        "`seaborn` is not among this assignment's packages. "
        "Only functions that use it are affected; write those without it.",
    )


def test_a_star_import_of_a_missing_package_is_dropped(module: Module, load: Load) -> None:
    submission = module("from keras import *\ndef f(): return 1\n")
    assert load(submission)["f"]() == 1
    assert "keras" in submission.notes[0]


def test_the_students_own_way_around_a_missing_package_works(module: Module, load: Load) -> None:
    source = (
        "try:\n    import seaborn as sns\n    sns.set()\nexcept ImportError:\n    sns = None\ndef f(): return sns\n"
    )
    submission = module(source)
    assert load(submission)["f"]() is None
    assert not any("seaborn" in note for note in submission.notes)


def test_a_missing_package_in_annotations_does_no_harm(module: Module, load: Load) -> None:
    source = "from jaxtyping import Float\nimport torch\ndef f(x: Float[torch.Tensor, 'n d']) -> Float: return x\n"
    assert load(module(source))["f"](3) == 3


def test_a_missing_decorator_or_base_costs_only_what_it_decorates(module: Module, load: Load) -> None:
    source = (
        "from numba import njit\nimport lightning as L\n"
        "@njit\ndef f(): return 1\nclass N(L.Module): pass\ndef g(): return 2\n"
    )
    namespace = load(module(source))
    assert namespace["g"]() == 2
    for name in "fN":
        with pytest.raises(ModuleNotFoundError):
            namespace[name]()


def test_the_allowed_packages_are_the_assignments(module: Module) -> None:
    assert not module("import seaborn\n", packages=frozenset({"seaborn"})).notes
    assert module("import pandas\n", packages=frozenset({"torch"})).notes


def test_the_standard_library_is_always_allowed(module: Module) -> None:
    assert not module("from __future__ import annotations\nimport math, os.path\nfrom itertools import chain\n").notes


def test_an_import_that_fails_costs_only_its_names(module: Module, load: Load) -> None:
    assert load(module("from torch import no_such_thing\ndef f(): return 1\n"))["f"]() == 1


def test_a_helper_never_takes_the_place_of_a_library(tmp_path: Path, load: Load) -> None:
    (tmp_path / "regression.py").write_text("import random\ndef f(): return random.seed\n")
    (tmp_path / "random.py").write_text("x = 1\n")
    submission = read_submission(tmp_path, "ada")
    assert load(submission)["f"]() is random.seed
    assert submission.notes == ("random.py was left out: it has the name of a library. Rename it to use it.",)
