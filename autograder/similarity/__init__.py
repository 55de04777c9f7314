"""What hand-ins have in common, beyond what the starter and the handout explain. Nothing of them is executed."""
