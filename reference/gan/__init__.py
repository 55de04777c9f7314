"""Assignment 6: generative adversarial networks."""
