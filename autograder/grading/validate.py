"""Grade the grader: mutants must lose points where they belong, right solutions none anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, wraps
from types import FunctionType
from typing import Any

from autograder.grading.breaches import KINDS, breach_mutant
from autograder.grading.engine import PRECISIONS, Engine
from autograder.grading.hosts import LocalHost
from autograder.grading.reach import reached
from autograder.grading.slips import odd_return
from autograder.grading.weakness import Weakness, weaknesses
from autograder.model import STOPPED, CheckResult, Outcome
from autograder.protocol.devices import CPU
from autograder.rubric.assignment import Assignment
from autograder.rubric.draw import Draw
from autograder.rubric.exchanges import same_exchanges
from autograder.rubric.exercise import Check
from autograder.rubric.reference import Reference
from autograder.rubric.student import Student
from autograder.rubric.variants import owned

REFERENCE = "reference"
"""What the reference is called among the right solutions."""
SLOW_CHECK = 5.0
"""Seconds that a unit check may take on the reference, in both precisions, without a word about it."""
UNIT_SECONDS, TRAINING_SECONDS = 30.0, 600.0
"""CPU seconds, for a variant in a check without a limit of its own; the second where training is tried, too. A
mistake may be one that never ends."""
UNKNOWN_NAME = re.compile(" raised (NameError|UnboundLocalError): ")


class Death(StrEnum):
    """What gave a mutant away."""

    ANSWER = "a wrong answer"
    EXCEPTION = "an exception"
    LIMIT = "a limit"


@dataclass(frozen=True)
class MutantVerdict:
    """What the rubric made of one mutant: the functions that lost points, and the mistake it was taken for.

    `alike`: where no check could tell it from other mutants, and so none gave a hint, those others. `unrun`: what was
    said where it speaks of a name that there is not: an author's slip, which proves nothing about the rubric. `told`:
    what was said when it first lost points, and `death` by what that was.
    """

    name: str
    of: str
    exercise: str
    lost: tuple[str, ...]
    hinted: str
    alike: tuple[str, ...] = ()
    unrun: str = ""
    death: Death = Death.ANSWER
    told: str = ""

    @property
    def killed(self) -> bool:
        """It ran, and its function lost points."""
        return owned(self.of) in self.lost and not self.unrun

    @property
    def blamed_rightly(self) -> bool:
        """Its function lost points and no other one did."""
        return self.killed and self.lost == (owned(self.of),)


@dataclass(frozen=True)
class LeftOut:
    """What became of the others when one function was not written."""

    function: str
    lost: tuple[str, ...]

    @property
    def alone(self) -> bool:
        """It lost its own points, and no other function lost any."""
        return self.lost == (self.function,)


@dataclass(frozen=True)
class BreachVerdict:
    """What became of a function with right values that breaks its contract: which checks it failed."""

    function: str
    kind: str
    lost: tuple[str, ...]
    checks: int

    @property
    def charged(self) -> bool:
        """It cost its function, no other one, and one check."""
        return self.lost == (self.function,) and self.checks == 1


@dataclass(frozen=True)
class Trial:
    """What the reference itself makes of its checks, before anything else is tried.

    Attributes:
        failures: Where it lost points.
        slow: The checks that took long, with their seconds.
        differing: The checks in which two runs with the same inputs had different answers, with the function.
        silent: The checks that never come to call the function that they are about, with the function.
        odd_returns: What checks return that cannot be meant.
    """

    failures: list[Failure]
    slow: list[tuple[str, float]]
    differing: list[tuple[str, str]]
    silent: list[tuple[str, str]]
    odd_returns: list[str]


@dataclass(frozen=True)
class Failure:
    """A right solution that lost points: which one, in which check, with which seed, and what it was told."""

    solution: str
    check: str
    seed: int
    message: str


@dataclass(frozen=True)
class Disagreement:
    """A unit check that a second device decides otherwise than the CPU: of which variant, and what was said there.

    `answered`: the variant's code ran there. Code that leaves for numpy, say, does not.
    """

    variant: str
    check: str
    here: Outcome
    there: Outcome
    message: str
    answered: bool


@dataclass
class Validation:
    """The findings; `sound` when there is nothing to put right. `right` names the right solutions that were tried."""

    right: list[str]
    mutants: list[MutantVerdict] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    trial: Trial | None = None
    slips: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    broken_bounds: list[str] = field(default_factory=list)
    disagreements: list[Disagreement] = field(default_factory=list)
    weaknesses: list[Weakness] = field(default_factory=list)
    breaches: list[BreachVerdict] = field(default_factory=list)
    starter_points: float = 0.0
    starter_oddities: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Mutants killed and blamed rightly, right solutions at 100 %, the starter at 0, no hint that lies; and a
        second device decides like the CPU where the code runs there."""
        return (
            self.passes_itself
            and not self.slips
            and not (self.trial and (self.trial.silent or self.trial.odd_returns))
            and all(mutant.blamed_rightly for mutant in self.mutants)
            and all(one.alone for one in self.left_out)
            and all(one.charged for one in self.breaches)
            and not self.confusions
            and not self.failures
            and not self.broken_bounds
            and not any(one.answered for one in self.disagreements)
            and self.starter_points == 0
            and not self.starter_oddities
        )

    @property
    def passes_itself(self) -> bool:
        """Whether the reference has all points: nothing else is worth a try before."""
        return not any(failure.solution == REFERENCE for failure in self.failures)

    @property
    def hinted(self) -> list[MutantVerdict]:
        """The mutants that got a hint."""
        return [mutant for mutant in self.mutants if mutant.hinted]

    @property
    def confusions(self) -> list[MutantVerdict]:
        """The mutants that got the hint of another one."""
        return [mutant for mutant in self.hinted if mutant.hinted != mutant.name]

    def starter(self, assignment: Assignment, source: str, seed: int) -> None:
        """Note what the untouched starter earns (nothing) and is told ("not attempted" for each check)."""

        def namespace() -> dict[str, Any]:
            fresh: dict[str, Any] = {"__name__": "submission"}
            exec(compile(source, "starter.py", "exec", dont_inherit=True), fresh)
            return fresh

        given = {name for exercise in assignment.rubric.exercises for name in exercise.given}
        checks = [check for check in assignment.rubric.checks if check.function not in given]
        results = _engine(assignment, seed).run(LocalHost(namespace), "starter", checks=checks)
        self.starter_points = sum(result.earned for result in results)
        self.starter_oddities = [
            f"{result.name}: {result.outcome} ({_sentence(result.message)})"
            for result in results
            if result.outcome is not Outcome.NOT_ATTEMPTED
        ]


class Validator:
    """Runs the rubric on the assignment's own variants, in this process.

    `training` includes training checks, for the reference and for variants of what such a check asks for or uses:
    they are slow, and another variant cannot change their outcome. `starter` is the untouched starter's source.
    """

    def __init__(self, assignment: Assignment, starter: str = "", *, training: bool = False) -> None:
        self._assignment = assignment
        self._starter_source = starter
        self._training = training
        self._seen: dict[int, dict[str, set[str]]] = {}

    def trial(self, seed: int) -> Trial:
        """What the reference makes of its checks."""
        results = self._run({}, seed, hints=False)
        checks = {check.name: check for check in self._assignment.rubric.checks}
        slow = [(r.name, r.seconds) for r in results if r.seconds > SLOW_CHECK and not checks[r.name].trains]
        engine = Engine(self._assignment, f"validate {seed}".encode(), precisions=PRECISIONS[:1])
        host = LocalHost(self._assignment.solution)
        failures = self._failures(REFERENCE, results, seed)
        failed = {failure.check for failure in failures}
        differing, silent, odd_returns = [], [], []
        for check in checks.values():
            if check.trains or any(check.name == name for name, _ in slow):
                continue
            returned: list[Any] = []
            one, other = (engine.verdict(host, _noting(check, returned), "validate").exchanges for _ in range(2))
            if said := next((said for value in returned if (said := odd_return(value))), ""):
                odd_returns.append(f"{check.name} {said}")
            odd = next((a.name for a, b in zip(one, other, strict=False) if not same_exchanges([a], [b])), "")
            if odd:
                differing.append((check.name, odd))
            asked = callable(self._assignment.solution().get(check.function)) and check.name not in failed
            if asked and check.function not in self._met(seed)[check.name]:
                silent.append((check.name, check.function))
        return Trial(failures, slow, differing, silent, odd_returns)

    def mutant(self, name: str, seed: int) -> MutantVerdict:
        """One mutant's verdict."""
        mutant = next(one for one in self._assignment.mutants if one.name == name)
        changes = {mutant.of: mutant.change}
        results = self._run(changes, seed, hints=True)
        lost = self._lost(results)
        hinted = next((r.mutant for r in results if r.mutant), "")
        host = self._host(changes)
        alike = [] if hinted else _engine(self._assignment, seed).alike(host, mutant.owned, "validate")
        unrun = next((r.message for r in results if UNKNOWN_NAME.search(r.message)), "")
        exercise = self._assignment.owner(mutant).number
        others = tuple(other for other in alike if other != name)
        charged = {check.name for check in self._assignment.rubric.checks if check.function == mutant.owned}
        first = next((r for r in results if r.name in charged and r.outcome is not Outcome.PASSED), None)
        told = first.message if first else ""
        death = Death.EXCEPTION if f"`{mutant.owned}` raised " in told else Death.ANSWER
        if first is not None and first.outcome in STOPPED:
            death = Death.LIMIT
        return MutantVerdict(name, mutant.of, exercise, lost, hinted, others, unrun, death, told)

    def _lost(self, results: list[CheckResult]) -> tuple[str, ...]:
        """Return the functions that lost points."""
        about = {check.name: check.function for check in self._assignment.rubric.checks}
        return tuple(dict.fromkeys(about[r.name] for r in results if r.outcome is not Outcome.PASSED))

    def left_out(self, function: str, seed: int) -> LeftOut:
        """One function as the starter has it, everything else right."""
        return LeftOut(function, self._lost(self._run({function: self._unwritten(function)}, seed, hints=False)))

    def _unwritten(self, name: str) -> Any:
        """What the untouched starter has in place of a function or an answer."""
        starter = self._starter.get(name)
        return starter if starter is not None else {}

    @cached_property
    def _starter(self) -> dict[str, Any]:
        fresh: dict[str, Any] = {"__name__": "submission"}
        exec(compile(self._starter_source, "starter.py", "exec", dont_inherit=True), fresh)
        return fresh

    def right(self, name: str, seed: int) -> list[Failure]:
        """The checks in which the reference or an equivalent lost points."""
        return self._failures(name, self._run(self._changes(name), seed, hints=False), seed)

    @staticmethod
    def _failures(name: str, results: list[CheckResult], seed: int) -> list[Failure]:
        return [
            Failure(name, result.name, seed, _sentence(result.message))
            for result in results
            if result.outcome is not Outcome.PASSED
        ]

    def breaches(self, function: str, seed: int) -> list[BreachVerdict]:
        """What breaking a function's contract costs, in each way that there is something to break."""
        if not isinstance(self._assignment.solution().get(function), FunctionType):
            return []
        found = []
        for kind in KINDS:
            mutant = breach_mutant(self._assignment, function, kind)
            results = self._run({function: mutant.change}, seed, hints=False)
            failed = [result for result in results if result.outcome is not Outcome.PASSED]
            if mutant.applied:
                found.append(BreachVerdict(function, kind, self._lost(failed), len(failed)))
        return found

    def weaknesses(self, seed: int) -> list[Weakness]:
        """What no check would notice."""
        return list(weaknesses(self._assignment, seed))

    def elsewhere(self, name: str, seed: int, device: str) -> list[Disagreement]:
        """The unit checks of any variant, in float32, that `device` decides otherwise than the CPU."""
        changes = self._changes(name)
        engine = Engine(self._assignment, f"validate {seed}".encode(), precisions=PRECISIONS[-1:])
        here, there = (LocalHost(lambda: self._assignment.solution(changes), where) for where in (CPU, device))
        found = []
        for check in self._assignment.rubric.checks:
            if not check.trains and self._concerns(check, changes, seed):
                one, other = engine.verdict(here, check, "validate"), engine.verdict(there, check, "validate")
                if (one.outcome, one.fraction) != (other.outcome, other.fraction):
                    message = other.message or one.message
                    found.append(Disagreement(name, check.name, one.outcome, other.outcome, message, other.answered))
        return found

    def _changes(self, name: str) -> dict[str, Any]:
        """What a mutant or an equivalent changes in the reference; the reference changes nothing."""
        mutants = {one.name: {one.of: one.change} for one in self._assignment.mutants}
        return mutants.get(name) or next((one.changes for one in self._assignment.equivalents if one.name == name), {})

    def _run(self, changes: dict[str, Any], seed: int, *, hints: bool) -> list[CheckResult]:
        host = self._host(changes)
        checks = [check for check in self._assignment.rubric.checks if self._concerns(check, changes, seed)]
        return _engine(self._assignment, seed).run(host, "validate", checks=checks, hints=hints)

    def _host(self, changes: dict[str, Any]) -> LocalHost:
        seconds = TRAINING_SECONDS if self._training else UNIT_SECONDS
        return LocalHost(lambda: self._assignment.solution(changes), timed=True, seconds=seconds, computing=True)

    def _concerns(self, check: Check, changes: dict[str, Any], seed: int) -> bool:
        """Whether the changes can make a difference to a check. No changes is the reference: it meets them all.

        A check in which the reference never comes to a changed function goes as it goes for the reference; or, with
        stand-ins for others of the same exercise, as it goes when that exercise is left out.
        """
        if check.trains and not self._training:
            return False
        return not changes or not self._met(seed)[check.name].isdisjoint(map(owned, changes))

    def _met(self, seed: int) -> dict[str, set[str]]:
        """What each check meets of the reference: the functions that it comes to call, itself or through others, and
        every global that is not a function: nobody sees who reads it."""
        if seed not in self._seen:
            checks = [check for check in self._assignment.rubric.checks if self._training or not check.trains]
            engine = _engine(self._assignment, seed)
            self._seen[seed] = {}
            for check in checks:
                self._seen[seed][check.name] = reached(self._assignment, check, engine, "validate")
        return self._seen[seed]


def _sentence(message: str) -> str:
    """Return a message without the traceback that may stand below it."""
    return message.partition("\n")[0]


def _noting(check: Check, returned: list[Any]) -> Check:
    """Return a check that notes what it returns."""

    @wraps(check.run)
    def run(student: Student, reference: Reference, draw: Draw) -> Any:
        value = check.run(student, reference, draw)
        returned.append(value)
        return value

    return replace(check, run=run)


def _engine(assignment: Assignment, seed: int) -> Engine:
    return Engine(assignment, f"validate {seed}".encode())
