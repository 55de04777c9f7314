"""How a child interpreter is started: isolated, with the standard library before everything else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable


def isolated(statements: str, package: str, places: Iterable[str] = ()) -> list[str]:
    """Return what follows the interpreter's name to run statements of ours.

    Isolated mode leaves out the folder one stands in, PYTHONPATH and the user's own packages. What else is to be found
    comes after the standard library, so that nothing can take a name of its modules.

    Args:
        statements: Python that imports from `autograder` and calls it.
        package: the folder that `autograder` lies in. It is taken from there, wherever else it is installed.
        places: further folders to import from.
    """
    behind = [*dict.fromkeys((package, *places))]
    code = (
        f"import sys; sys.path += [place for place in {behind!r} if place not in sys.path]; "
        "from importlib.machinery import PathFinder; from importlib.util import module_from_spec; "
        f"found = PathFinder.find_spec('autograder', [{package!r}]); "
        "sys.modules['autograder'] = module_from_spec(found); found.loader.exec_module(sys.modules['autograder']); "
    )
    return ["-I", "-c", code + statements]


def places() -> list[str]:
    """Return where this process imports from, for a child that has to find the same packages."""
    return [place for place in sys.path if os.path.isabs(place)]
