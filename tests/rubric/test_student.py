"""What rubric code holds: a student who may answer anything, and a reference that answers only what it must."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from autograder.errors import StudentError
from autograder.grading.local import LocalConversation
from autograder.model import Outcome
from autograder.protocol.codec import encode
from autograder.protocol.messages import Ask, Ban, Call, Raised, Read, Request, Returned, StandIn
from autograder.protocol.values import DictValue, GeneratorValue, ListValue, Opaque, TensorValue
from autograder.rubric import Draw, Reference, Student
from autograder.rubric.exchanges import Exchange, same_answer, same_exchanges, same_value
from autograder.rubric.reference import answer_question


class Script:
    """A conversation that gives these answers and keeps what it was asked."""

    used = 0.0

    def __init__(self, *answers: Returned | Raised) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []
        self.answerers: list[Any] = []

    def perform(self, request: Request, answer: Any) -> Returned | Raised:
        self.asked.append(request)
        self.answerers.append(answer)
        return self.answers.pop(0)


REFERENCE = Reference({"f": lambda x: x})


# --- questions ---------------------------------------------------------------------------------------------------


def test_what_is_asked_crosses_as_plain_data() -> None:
    script = Script(*(Returned(None) for _ in range(5)))
    student = Student(script, REFERENCE)
    x = torch.ones(2)
    student.f(x, k=3)
    student.call("f", 1)
    student.read("ANSWERS")
    student.stand_in(("g", "h"))
    student.ban(("torch.relu",))
    assert script.asked == [
        Call("f", [encode(x)], {"k": 3}), Call("f", [1], {}), Read("ANSWERS"), StandIn(["g", "h"]), Ban(["torch.relu"]),
    ]  # fmt: skip
    assert all(answerer == REFERENCE.answer for answerer in script.answerers)


def test_private_names_are_not_the_students() -> None:
    for one in (Student(Script(), REFERENCE), REFERENCE):
        with pytest.raises(AttributeError, match="_repr_html_"):
            one._repr_html_  # noqa: B018


def test_every_answer_is_kept_in_turn() -> None:
    answers = [Returned(1), Returned(2), Raised("error", "ValueError", "no")]
    student = Student(Script(*answers), REFERENCE)
    assert (student.f(1), student.read("ANSWERS")) == (1, 2)
    with pytest.raises(StudentError):
        student.g(1)
    assert student.exchanges == [
        Exchange("f", answers[0]),
        Exchange("ANSWERS", answers[1]),
        Exchange("g", answers[2]),
    ]


def test_what_cannot_be_read_is_the_functions_fault() -> None:
    student = Student(Script(Returned(TensorValue("float64", (2,), b"short"))), REFERENCE)
    with pytest.raises(StudentError) as caught:
        student.f()
    assert caught.value.outcome is Outcome.FAILED
    assert caught.value.message == "`f` returned something that cannot be read: shape and data disagree."


@pytest.mark.parametrize("arrange", [lambda s: s.stand_in(("f",)), lambda s: s.ban(("torch.relu",))])
def test_a_check_that_cannot_be_arranged_does_not_begin(arrange: Any) -> None:
    with pytest.raises(StudentError) as caught:
        arrange(Student(Script(Raised("error", "OSError", "gone")), REFERENCE))
    assert (caught.value.outcome, caught.value.message) == (
        Outcome.FAILED, "the check could not begin: OSError: gone",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("raised", "outcome", "message"),
    [
        (Raised("missing", "NameError", "f"), Outcome.FAILED,
         "`f` is not defined in your submission."),
        (Raised("not attempted", "NotImplementedError", ""), Outcome.NOT_ATTEMPTED, "`f` is still to be written."),
        (Raised("not attempted", "NotImplementedError", "Exercise 1.1: f"), Outcome.NOT_ATTEMPTED,
         "`f` is still to be written."),
        (Raised("not attempted", "NotImplementedError", "Exercise 1.1: g"), Outcome.NOT_ATTEMPTED,
         "`f` calls `g`, which is still to be written."),
        (Raised("not attempted", "NotImplementedError", "Exercise 1.1: g and more"), Outcome.NOT_ATTEMPTED,
         "`f` is still to be written."),
        (Raised("banned", "BannedCallError", "torch.relu"), Outcome.FAILED,
         "`f` calls `torch.relu`: this exercise asks you to write that."),
        (Raised("banned", "BannedCallError", "torch.relu", "line 3"), Outcome.FAILED,
         "`f` calls `torch.relu`: this exercise asks you to write that (line 3)."),
        (Raised("memory", "MemoryError", "", "line 3"), Outcome.OUT_OF_MEMORY,
         "`f` asked for more memory than is allowed (line 3)."),
        (Raised("error", "ValueError", "no", "line 3"), Outcome.FAILED, "`f` raised ValueError: no (line 3)"),
        (Raised("error", "ValueError", ""), Outcome.FAILED, "`f` raised ValueError"),
        (Raised("nonsense", "E" * 101, "m" * 2001, "w" * 2001), Outcome.FAILED,
         f"`f` raised {'E' * 100}: {'m' * 2000} ({'w' * 2000})"),
    ],
)  # fmt: skip
def test_what_the_students_code_raised_is_said_in_words(raised: Raised, outcome: Outcome, message: str) -> None:
    with pytest.raises(StudentError) as caught:
        Student(Script(raised), REFERENCE).f(1)
    assert (caught.value.outcome, caught.value.message) == (outcome, message)


@pytest.mark.parametrize(("used", "times"), [(0.0, 2), (0.24, 2), (0.26, 1)])
def test_what_took_long_is_not_asked_again(used: float, times: int) -> None:
    """Asking again must not be what makes right work too slow."""
    script = Script(Returned(1), Returned(2))
    script.used = used
    student = Student(script, REFERENCE, watched="f")
    student.f(1)
    assert (len(script.asked), student.breach is not None) == (times, times == 2)


@pytest.mark.parametrize(("near", "said"), [("g", " You have `g`: is it that one?"), ("f", "")])
def test_a_near_name_is_told_unless_it_is_asked_for_itself(near: str, said: str) -> None:
    reference = Reference({"f": abs, "h": abs})
    student = Student(Script(Raised("missing", "NameError", "h", near)), reference)
    with pytest.raises(StudentError) as caught:
        student.h()
    assert caught.value.message == f"`h` is not defined in your submission.{said}"


def test_who_repeats_stops_at_the_first_other_answer() -> None:
    """A known mistake is tried against what the student answered: one difference is enough."""
    earlier = (Exchange("f", Returned(1)), Exchange("g", Returned(2)))
    same = Student(Script(Returned(1), Returned(2)), REFERENCE, earlier)
    assert (same.f(), same.g()) == (1, 2)
    for answers, names in (((3,), "f"), ((1, 3), "fg"), ((1, 2), "ff"), ((1, 2, 3), "fgf")):
        other = Student(Script(*map(Returned, answers)), REFERENCE, earlier)
        for name in names[:-1]:
            other.call(name)
        with pytest.raises(StudentError, match=r"^another answer$") as caught:
            other.call(names[-1])
        assert caught.value.outcome is Outcome.FAILED


# --- the reference -----------------------------------------------------------------------------------------------


def test_the_reference_gets_copies_and_may_raise() -> None:
    def grows(parts: list[torch.Tensor], *, by: list[int]) -> Any:
        parts.append(parts[0].add_(1))
        by.append(1)
        return parts, by

    reference = Reference({"grows": grows, "fails": lambda: 1 / 0})
    x, by = torch.ones(1), [3]
    parts, added = reference.grows([x], by=by)
    assert (len(parts), float(parts[0]), added) == (2, 2.0, [3, 1])
    assert (float(x), by) == (1.0, [3])
    with pytest.raises(ZeroDivisionError):
        reference.call("fails")


def test_a_generator_keeps_its_state_from_one_call_to_the_next() -> None:
    """On the student's side it does too: the second draw is another one."""
    reference = Reference({"f": lambda g: torch.rand(2, generator=g).tolist(), "seed": lambda g: g.initial_seed()})
    draw = Draw(3)
    one, other = draw.generator(), draw.generator()
    first = reference.f(one)
    assert reference.f(one) != first and reference.f(other) != first
    assert reference.f(GeneratorValue(9, one.seed)) == first
    assert reference.seed(one) == one.seed and reference.seed(GeneratorValue(1, 5)) == 5


def test_what_is_allowed_adds_up_and_may_be_answered_elsewhere() -> None:
    reference = Reference({"f": lambda: 1, "g": lambda: 2, "h": lambda: 3})
    reference.allow(("f",))
    reference.allow(("g",))
    assert [reference.answer(Ask(name, [], {})) for name in "fg"] == [Returned(1), Returned(2)]
    assert reference.answer(Ask("h", [], {})) == Raised("error", "PermissionError", "h has no stand-in here")
    long = reference.answer(Ask("x" * 200, [], {}))
    assert isinstance(long, Raised) and long.message == f"{'x' * 100} has no stand-in here"
    reference.answered_by(lambda question: Returned(question.name))
    assert reference.answer(Ask("f", [], {})) == Returned("f")
    assert isinstance(reference.answer(Ask("h", [], {})), Raised)


def test_a_question_is_answered_without_gradients() -> None:
    seen: list[bool] = []
    question = Ask("f", [encode(torch.ones(2, requires_grad=True))], {"k": 2})
    answer = answer_question({"f": lambda x, k: seen.append(torch.is_grad_enabled()) or k * x}, question)
    assert answer == Returned(encode(torch.full((2,), 2.0))) and seen == [False]


def gradients(function: Any, args: list[Any], upstream: list[Any], **kwargs: Any) -> Any:
    question = Ask(
        "f", [encode(x) for x in args], {k: encode(v) for k, v in kwargs.items()}, list(map(encode, upstream))
    )
    with torch.no_grad():
        answer = answer_question({"f": function}, question)
    if isinstance(answer, Raised):
        return answer
    student = Student(Script(answer), REFERENCE)
    return [None if one is None else one.tolist() for one in student.f()]


def tensor(*values: float, grad: bool = True) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=grad)


def test_gradients_come_for_every_tensor_among_the_arguments_in_order() -> None:
    assert gradients(lambda x, y: x * y, [tensor(2, 3), tensor(5, 7)], [torch.ones(2)]) == [[5, 7], [2, 3]]
    assert gradients(lambda x, y: x * y, [tensor(2, grad=False), tensor(5)], [tensor(10)]) == [None, [20]]
    assert gradients(lambda x, y: x * y, [tensor(2)], [tensor(10)], y=tensor(5)) == [[50], [20]]
    assert gradients(lambda parts: parts["b"], [{"a": tensor(1), "b": tensor(2)}], [tensor(3)]) == [None, [3]]


def test_gradients_are_summed_over_the_results_that_have_one() -> None:
    def two(x: torch.Tensor) -> Any:
        return 2 * x, [torch.ones(1), x * x]

    assert gradients(two, [tensor(3)], [tensor(1), None, tensor(1)]) == [[8]]
    assert gradients(two, [tensor(3)], [None, None, tensor(1)]) == [[6]]
    assert gradients(two, [tensor(3)], [tensor(1), tensor(9), None]) == [[2]]


def test_what_a_question_breaks_is_told_and_not_raised() -> None:
    answer = gradients(lambda x: x, [tensor(3)], [])
    assert isinstance(answer, Raised) and (answer.kind, answer.type_name) == ("error", "ValueError")

    def fails(x: Any) -> None:
        raise KeyError("k" * 600)

    answer = answer_question({"f": fails}, Ask("f", [1], {}))
    assert answer == Raised("error", "KeyError", ("'" + "k" * 600)[:500])
    assert answer_question({}, Ask("f", [], {})) == Raised("error", "KeyError", "'f'")


def test_each_question_has_its_generators_afresh() -> None:
    question = Ask("f", [GeneratorValue(1, 7)], {"h": GeneratorValue(1, 7)})

    def draws(g: torch.Generator, h: torch.Generator) -> Any:
        return [torch.rand(1, generator=g).item(), torch.rand(1, generator=h).item(), g.initial_seed()]

    answer = answer_question({"f": draws}, question)
    assert isinstance(answer, Returned)
    first, second, seed = answer.value.items  # type: ignore[union-attr]
    assert first == second and seed == 7
    assert answer_question({"f": draws}, question) == answer


# --- when two answers are the same mistake -----------------------------------------------------------------------


def t(*values: float, dtype: torch.dtype = torch.float64) -> Any:
    return encode(torch.tensor(values, dtype=dtype))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, t(1), True),
        (1.0, encode(torch.tensor([[1.0]])), True),
        (t(1, 2), t(1, 2), True),
        (t(1, 2), t(1, 3), False),
        (t(1, 2), encode(torch.tensor([[1.0, 2.0]])), False),
        (t(1), t(1, 1), False),
        (t(), t(), True),
        (t(math.nan), t(math.nan), True),
        (t(math.inf), t(math.inf), True),
        (t(math.inf), t(-math.inf), False),
        (math.nan, 1.0, False),
        (t(1000), t(1000 * (1 + 0.9e-6)), True),
        (t(1000), t(1000 * (1 + 1.2e-6)), False),
        (t(0), t(0.9e-9), True),
        (t(0), t(1.2e-9), False),
        (t(100, dtype=torch.float32), t(100.005), True),
        (t(100), t(100.005, dtype=torch.float32), True),
        (t(100, dtype=torch.float32), t(100.02), False),
        (t(0, dtype=torch.float32), t(0.9e-4), True),
        (t(0, dtype=torch.float32), t(1.2e-4), False),
        (t(1), "1", False),
        ("a", "a", True),
        ("a", "b", False),
        (None, None, True),
        (None, 0, False),
        (True, True, True),
        (True, False, False),
        (encode([1, 2.0]), encode([1, 2.0]), True),
        (encode([1, 2.0]), encode([1, 2.0 + 1e-9]), True),
        (encode([1, 2.0]), encode([1, 3.0]), False),
        (encode([1]), encode([1, 2]), False),
        (encode({"a": 1.0}), encode({"a": 1.0 + 1e-9}), True),
        (encode({"a": 1.0}), encode({"a": 2.0}), False),
        (encode({"a": 1.0}), encode({"b": 1.0}), False),
        (encode([1]), 1, False),
        (encode([[1, (2, "x")]]), encode([[1, (2, "x")]]), True),
        (encode([[1, (2, "x")]]), encode([[1, (2, "y")]]), False),
        (Opaque("generator"), Opaque("generator"), True),
        (Opaque("generator"), Opaque("object"), False),
        (TensorValue("float64", (2,), b"bad"), TensorValue("float64", (2,), b"bad"), False),
        (2**64 - 1, 2**64 - 1, False),
    ],
)
def test_values_are_the_same_within_their_precision(one: Any, other: Any, same: bool) -> None:
    assert same_value(one, other) is same
    assert same_value(other, one) is same
    assert same_answer(Returned(one), Returned(other)) is same


def test_a_tolerance_reaches_the_parts() -> None:
    for wrap in (lambda x: x, lambda x: ListValue([x]), lambda x: DictValue([("a", x)])):
        assert same_value(wrap(t(1.0)), wrap(t(1.2)), rtol=0.25, atol=0.0)
        assert same_value(wrap(t(1.0)), wrap(t(1.2)), rtol=0.0, atol=0.25)
        assert same_answer(Returned(wrap(t(1.0))), Returned(wrap(t(1.2))), rtol=0.25, atol=0.0)
        assert same_answer(Returned(wrap(t(1.0))), Returned(wrap(t(1.2))), rtol=0.0, atol=0.25)
        assert not same_value(wrap(t(1.0)), wrap(t(1.2)), rtol=0.1, atol=0.05)


def test_an_error_is_like_another_of_its_type_and_like_no_answer() -> None:
    error = Raised("error", "ValueError", "no")
    assert same_answer(error, Raised("error", "ValueError", "never"))
    assert not same_answer(error, Raised("error", "TypeError", "no"))
    assert not same_answer(error, Returned(1)) and not same_answer(Returned(1), error)


def test_exchanges_are_the_same_where_questions_and_answers_are() -> None:
    def exchanges(*parts: tuple[str, Any]) -> list[Exchange]:
        return [Exchange(name, Returned(value)) for name, value in parts]

    one = exchanges(("f", 1), ("g", 2))
    assert same_exchanges(one, exchanges(("f", 1), ("g", 2)))
    assert not same_exchanges(one, exchanges(("f", 1), ("h", 2)))
    assert not same_exchanges(one, exchanges(("h", 1), ("g", 2)))
    assert not same_exchanges(one, exchanges(("f", 1), ("g", 3)))
    assert not same_exchanges(one, exchanges(("f", 3), ("g", 2)))
    assert not same_exchanges(one, one[:1]) and not same_exchanges(one[:1], one)
    assert not same_exchanges([], [])


def test_a_local_student_answers_like_any_other() -> None:
    student = Student(LocalConversation({"f": lambda x: x + 1}), REFERENCE)
    assert student.f(torch.ones(2)).tolist() == [2, 2]
