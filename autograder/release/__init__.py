"""From one source to what every student gets."""

from autograder.errors import LeakError, MarkerError, PublicCheckError
from autograder.release.cut import starter_source
from autograder.release.generate import current, generate, look_through, released, write_files
from autograder.release.leaks import leaks, solution_leaks
from autograder.release.notebook import starter_notebook
from autograder.release.pack import pack
from autograder.release.public import bundle_of

__all__ = [
    "LeakError",
    "MarkerError",
    "PublicCheckError",
    "bundle_of",
    "current",
    "generate",
    "leaks",
    "look_through",
    "pack",
    "released",
    "solution_leaks",
    "starter_notebook",
    "starter_source",
    "write_files",
]
