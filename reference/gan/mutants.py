"""Wrong implementations that students write, each with the hint for it."""

from __future__ import annotations

from autograder.rubric import Variants

from . import mistakes_losses, mistakes_measures, mistakes_wasserstein

variants = Variants()
for part in (mistakes_losses, mistakes_wasserstein, mistakes_measures):
    variants.mutants += part.variants.mutants
