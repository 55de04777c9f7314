"""What the boundary is made of, one file a layer, and the probe that tries them."""
