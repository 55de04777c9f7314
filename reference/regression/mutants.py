"""Wrong implementations that students write, each with the hint for it."""

from __future__ import annotations

from autograder.rubric import Variants

from . import mistakes_data, mistakes_lines, mistakes_networks

variants = Variants()
for part in (mistakes_data, mistakes_lines, mistakes_networks):
    variants.mutants += part.variants.mutants
