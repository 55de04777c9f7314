"""Wrong implementations that students write, each with the hint for it."""

from __future__ import annotations

from autograder.rubric import Variants

from . import mistakes_heads, mistakes_masks, mistakes_sequences

variants = Variants()
for part in (mistakes_heads, mistakes_masks, mistakes_sequences):
    variants.mutants += part.variants.mutants
