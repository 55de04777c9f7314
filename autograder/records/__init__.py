"""Keep every report durably."""

from autograder.errors import RecordsError
from autograder.records.store import Records

__all__ = ["Records", "RecordsError"]
