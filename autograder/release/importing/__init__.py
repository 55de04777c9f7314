"""Make a `reference/NAME/` that works of a notebook that another tool grades, and list what is left to do."""
