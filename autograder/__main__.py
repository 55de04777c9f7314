"""`python -m autograder` is the command line."""

import sys

if not sys.flags.safe_path:  # Python has put the folder one stands in before its own: what lies there is not for us
    del sys.path[0]

from autograder.cli import main

main()
