"""Where a person gives points for written answers: on a page, or in a table."""
