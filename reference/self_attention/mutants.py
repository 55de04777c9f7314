"""Wrong implementations that students write, each with the hint for it."""

from __future__ import annotations

from autograder.rubric import Variants

from . import mistakes_heads, mistakes_masks, mistakes_sequences

variants = Variants(mistakes_heads.variants, mistakes_masks.variants, mistakes_sequences.variants)
