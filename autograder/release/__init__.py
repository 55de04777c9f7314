"""From one source to what every student gets."""

from autograder.release.cut import MarkerError, starter_source
from autograder.release.generate import LeakError, current, generate, leaks, released
from autograder.release.notebook import starter_notebook

__all__ = [
    "LeakError",
    "MarkerError",
    "current",
    "generate",
    "leaks",
    "released",
    "starter_notebook",
    "starter_source",
]
