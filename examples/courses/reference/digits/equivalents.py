"""Right implementations, written differently: they must get full marks."""

from autograder.rubric import Variants

variants = Variants()
