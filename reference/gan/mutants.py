"""Wrong implementations that students write, each with the hint for it."""

from __future__ import annotations

from autograder.rubric import Variants

from . import mistakes_losses, mistakes_measures, mistakes_wasserstein

variants = Variants(mistakes_losses.variants, mistakes_wasserstein.variants, mistakes_measures.variants)
