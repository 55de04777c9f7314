"""The exercises of the transformer assignment, one module each: checks, and the mistakes that they must catch."""
