"""The exercises of the classification assignment, one module each: checks, and the mistakes that they must catch."""
