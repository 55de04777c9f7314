"""Durable records of every report."""

from autograder.errors import RecordsError
from autograder.records.store import Records

__all__ = ["Records", "RecordsError"]
