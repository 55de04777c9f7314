"""The classification assignment: losses, backpropagation by hand, and how to optimise."""
