"""Wrong implementations that students write, each with the hint for it."""

from __future__ import annotations

from autograder.rubric import Variants

from . import mistakes_convolution, mistakes_layers, mistakes_pictures

variants = Variants(mistakes_convolution.variants, mistakes_layers.variants, mistakes_pictures.variants)
