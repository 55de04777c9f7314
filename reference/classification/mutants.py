"""Wrong implementations that students write, each with the hint for it."""

from __future__ import annotations

from autograder.rubric import Variants

from . import (
    mistakes_edges,
    mistakes_engine,
    mistakes_landscape,
    mistakes_losses,
    mistakes_normalisation,
    mistakes_steps,
)

variants = Variants(
    mistakes_losses.variants,
    mistakes_engine.variants,
    mistakes_steps.variants,
    mistakes_landscape.variants,
    mistakes_normalisation.variants,
    mistakes_edges.variants,
)
