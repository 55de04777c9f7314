"""Checking at home: the public checks of a released assignment, on the student's own machine, without the reference.

A release carries `public.json`: the public checks' code, their inputs, and what the reference answered to them.
"""

from autograder.errors import PublicReleaseError
from autograder.home.bundle import PublicRelease, find_bundle
from autograder.home.run import check, check_file
from autograder.home.show import Checked

__all__ = ["Checked", "PublicRelease", "PublicReleaseError", "check", "check_file", "find_bundle"]
