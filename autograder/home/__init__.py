"""Check at home: run the public checks of a released assignment on the student's own machine, without the reference.

A release carries `public.json`: the public checks' code, their inputs, and the reference's answers to them.
"""

from autograder.errors import PublicReleaseError
from autograder.home.public_release import PublicRelease, find_release
from autograder.home.run import check, check_file
from autograder.home.show import Checked

__all__ = ["Checked", "PublicRelease", "PublicReleaseError", "check", "check_file", "find_release"]
