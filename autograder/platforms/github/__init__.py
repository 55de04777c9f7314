"""GitHub Classroom: the clones of students' repositories."""
