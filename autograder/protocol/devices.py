"""The names of the devices that students' code computes on."""

CPU = "cpu"
"""The device that every machine has, and that decides unit checks."""
