"""Exports: reports become what other systems keep, such as nbgrader's gradebook."""
