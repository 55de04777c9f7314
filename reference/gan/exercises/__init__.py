"""The exercises of the gan assignment, one module each: checks, and the mistakes that they must catch."""
