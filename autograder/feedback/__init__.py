"""How results are told, once, for every medium: outcomes, signs, sentences and formats."""
