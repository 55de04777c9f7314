"""The grader's side of the boundary: start the fork server, hold a session for each submission, watch it."""
