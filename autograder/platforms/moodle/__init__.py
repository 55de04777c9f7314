"""Moodle: its downloads of submissions, and its offline grading worksheet."""
