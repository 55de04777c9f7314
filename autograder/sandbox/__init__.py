"""The boundary: a submission goes in, its live code comes out, and only plain data crosses.

`host` is the grader's side, `guest` runs inside, `layers` are what holds between them.
"""
