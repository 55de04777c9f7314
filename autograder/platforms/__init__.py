"""The systems that the grader speaks with: their downloads are read, and what they take back is written."""
