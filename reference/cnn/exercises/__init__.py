"""The exercises of the cnn assignment, one module each: checks, and the mistakes that they must catch."""
