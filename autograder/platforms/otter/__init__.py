"""What otter-grader writes and reads."""
