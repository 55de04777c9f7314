"""Convolutional networks: by hand, as a dense matrix, and trained on shifted digits."""
