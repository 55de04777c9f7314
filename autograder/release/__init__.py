"""Make what students get from the reference folder: starter, notebooks, handout, public checks and data."""

from autograder.errors import LeakError, MarkerError, PublicCheckError
from autograder.release.coverage import refuse_uncut
from autograder.release.cut import starter_source
from autograder.release.generate import current, generate, look_through, released, starter_of, write_files
from autograder.release.leaks import leaks, solution_leaks
from autograder.release.notebook import starter_notebook
from autograder.release.outside import refuse_outside
from autograder.release.pack import pack
from autograder.release.public import public_release

__all__ = [
    "LeakError",
    "MarkerError",
    "PublicCheckError",
    "current",
    "generate",
    "leaks",
    "look_through",
    "pack",
    "public_release",
    "refuse_outside",
    "refuse_uncut",
    "released",
    "solution_leaks",
    "starter_notebook",
    "starter_of",
    "starter_source",
    "write_files",
]
