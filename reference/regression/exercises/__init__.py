"""The exercises of the regression assignment, one module each: checks, and the mistakes that they must catch."""
