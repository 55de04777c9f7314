"""Wrong implementations that students write, each with the hint for it."""

from __future__ import annotations

from autograder.rubric import Variants

from . import mistakes_engine, mistakes_landscape, mistakes_losses, mistakes_normalisation, mistakes_steps

variants = Variants()
for part in (mistakes_losses, mistakes_engine, mistakes_steps, mistakes_landscape, mistakes_normalisation):
    variants.mutants += part.variants.mutants
