"""Gradescope: its contract, the files it takes, and containers that run them."""
