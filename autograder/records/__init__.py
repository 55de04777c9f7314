"""Durable records of every report."""

from autograder.records.store import Records, RecordsError

__all__ = ["Records", "RecordsError"]
