"""The transformer assignment: positions, blocks, losses, decoding, and a small translator."""
