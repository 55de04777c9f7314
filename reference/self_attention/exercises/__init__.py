"""The exercises of the self_attention assignment, one module each: checks, and the mistakes that they must catch."""
