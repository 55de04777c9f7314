"""Wrong implementations that students write, each with the hint for it."""

from __future__ import annotations

from autograder.rubric import Variants

from . import mistakes_blocks, mistakes_decoding, mistakes_losses

variants = Variants(mistakes_blocks.variants, mistakes_losses.variants, mistakes_decoding.variants)
