"""Results of an earlier run of the same work: which of them stand, after the rubric was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.model import CheckResult, Outcome


class Earlier:
    """The results of an earlier run.

    A result stands while what it depends on is unchanged, up to the first check that now comes out otherwise: after
    that, other functions are answered by the reference, and so everything is run again.

    Args:
        results: the earlier results, in order.
        depends: what each check depends on now, by name, in the rubric's order.
    """

    def __init__(self, results: Sequence[CheckResult] = (), depends: Mapping[str, str] | None = None) -> None:
        self._results = {result.name: result for result in results}
        self._depends = depends or {}
        kept = [name for name in self._results if name in self._depends]
        gone = (result for name, result in self._results.items() if name not in self._depends)
        in_order = kept == [name for name in self._depends if name in self._results]
        self._moved = not in_order or any(result.outcome is not Outcome.PASSED for result in gone)

    def standing(self, check: str) -> CheckResult | None:
        """Return the result of a check if it stands."""
        result = self._results.get(check)
        if result is None or self._moved or result.outcome is Outcome.GRADER_ERROR or result.doubtful:
            return None
        return result if result.depends and result.depends == self._depends.get(check) else None

    def note(self, result: CheckResult) -> None:
        """Take note of how a check has come out now."""
        before = self._results.get(result.name)
        had_passed = before is None or before.outcome is Outcome.PASSED
        self._moved = self._moved or had_passed != (result.outcome is Outcome.PASSED)
