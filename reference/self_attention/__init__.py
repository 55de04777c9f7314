"""Self-attention: solution, rubric, mutants, equivalents and data of the fourth assignment."""
