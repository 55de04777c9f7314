"""The command line: parses, calls one of the rooms, shows progress."""

from autograder.cli.app import main

__all__ = ["main"]
