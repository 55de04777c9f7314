"""Wrong implementations that students write, each with the hint for it."""

from __future__ import annotations

from autograder.rubric import Variants

from . import mistakes_data, mistakes_edges, mistakes_lines, mistakes_networks

variants = Variants(
    mistakes_data.variants, mistakes_lines.variants, mistakes_networks.variants, mistakes_edges.variants
)
