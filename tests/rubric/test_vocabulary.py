"""The words of a rubric: gradients, trajectories, orderings, ladders, short answers."""

import hmac
import math

import pytest
import torch

from autograder.errors import ConversationEndedError
from autograder.grading.local import LocalConversation
from autograder.model import Curve, Outcome
from autograder.rubric import (
    Draw,
    Ladder,
    MismatchError,
    Reference,
    Rubric,
    Rung,
    Student,
    StudentError,
    agrees_with_numerical,
    answer,
    expect,
    in_order,
    matches,
    numerical_gradient,
    same_trajectory,
    short_answers,
    tensor_of,
)
from autograder.rubric.compare import shown
from autograder.rubric.draw import seed_of

LADDER = Ladder(
    "unseen MAE",
    (Rung("simple", 1.0, 0.2, "run it"), Rung("strong", 0.5, 0.8, "use a week"), Rung("boss", 0.4, 1.0, "go deep")),
)


def student(**namespace):
    return Student(LocalConversation(namespace), Reference({"f": lambda x: x * 2}))


def test_matches_gives_back_the_students_result():
    reference = Reference({"f": lambda x: x * 2})
    assert torch.equal(matches(student(f=lambda x: x + x), reference, "f", torch.ones(2)), torch.full((2,), 2.0))


def test_the_reference_never_sees_what_the_student_did_to_the_input():
    x = torch.ones(3)
    with pytest.raises(MismatchError):
        matches(student(f=lambda x: x.zero_()), Reference({"f": lambda x: x * 2}), "f", x)
    assert torch.equal(x, torch.ones(3))


def test_numerical_gradient_of_a_cube():
    x = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    assert torch.allclose(numerical_gradient(lambda x: (x**3).sum(), x), 3 * x**2, rtol=1e-8)


def test_a_gradient_by_hand_is_held_against_the_numerical_one():
    x = torch.tensor([1.0, -2.0], dtype=torch.float64)
    agrees_with_numerical(2 * x, lambda x: (x * x).sum(), x, "the gradient")
    with pytest.raises(MismatchError, match="the gradient"):
        agrees_with_numerical(-2 * x, lambda x: (x * x).sum(), x, "the gradient")


def test_numerical_gradient_keeps_the_shape_and_the_input():
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    weights = torch.tensor([[1.0, -2.0], [0.0, 5.0]], dtype=torch.float64)
    gradient = numerical_gradient(lambda x: (weights * x).sum(), x.requires_grad_())
    assert gradient.dtype is torch.float64 and torch.allclose(gradient, weights, atol=1e-8)
    assert x.tolist() == [[1, 2], [3, 4]]


def test_numerical_gradient_is_centred_with_the_step_it_is_given():
    seen = []
    numerical_gradient(lambda x: seen.append(x.tolist()) or x.sum(), torch.tensor([1.0, 2.0]), h=0.25)
    assert seen == [[1.25, 2], [0.75, 2], [1, 2.25], [1, 1.75]]
    seen.clear()
    numerical_gradient(lambda x: seen.append(float(x)) or x.sum(), torch.tensor([1.0]))
    assert seen == [1 + 1e-5, 1 - 1e-5]


@pytest.mark.parametrize(("off", "right"), [(0.9e-4, True), (2e-4, False)])
def test_a_gradient_by_hand_is_right_within_the_error_of_differences(off, right):
    def cost(x):
        return 3 * x.sum()

    x = torch.zeros(2, dtype=torch.float64)
    for slope in (3 * (1 + off), 3 * (1 - off)):
        got = torch.tensor([slope, 3.0], dtype=torch.float64)
        if right:
            agrees_with_numerical(got, cost, x, "the gradient")
        else:
            with pytest.raises(MismatchError):
                agrees_with_numerical(got, cost, x, "the gradient")


@pytest.mark.parametrize(("off", "right"), [(0.9e-6, True), (2e-6, False)])
def test_a_gradient_of_zero_has_an_absolute_tolerance(off, right):
    got, x = torch.tensor([off], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    if right:
        agrees_with_numerical(got, lambda x: 0 * x.sum(), x, "the gradient")
    else:
        with pytest.raises(MismatchError):
            agrees_with_numerical(got, lambda x: 0 * x.sum(), x, "the gradient")


def test_matches_passes_names_on_and_says_whose_result_it_is():
    reference = Reference({"f": lambda x, scale: x * scale})
    one = student(f=lambda x, scale: x * scale + (scale == 4))
    assert matches(one, reference, "f", 2, scale=3) == 6
    with pytest.raises(MismatchError, match=r"^`f` is not right: you returned 9\.$"):
        matches(one, reference, "f", 2, scale=4)


@pytest.mark.parametrize("given", [[1.0, 2.0], (1.0, 2.0), torch.tensor([1.0, 2.0])])
def test_a_trajectory_is_a_list_a_tuple_or_a_tensor(given):
    same_trajectory(given, [1.0, 2.0], "the losses")


@pytest.mark.parametrize("given", [3.0, torch.tensor(3.0), None, {}])
def test_what_has_no_steps_is_no_trajectory(given):
    with pytest.raises(MismatchError) as caught:
        same_trajectory(given, [1.0, 2.0], "the losses")
    assert caught.value.message == f"the losses: expected one value for each of 2 steps, got {shown(given)}."


def test_a_trajectory_names_the_first_step_that_differs():
    with pytest.raises(MismatchError, match="step 2"):
        same_trajectory([1.0, 2.0, 9.0], [1.0, 2.0, 3.0], "the losses")
    with pytest.raises(MismatchError, match="expected 3 entries, got 2"):
        same_trajectory([1.0, 2.0], [1.0, 2.0, 3.0], "the losses")


def test_order_may_be_kept_within_a_slack():
    in_order([("1 day", 0.6), ("7 days", 0.5), ("28 days", 0.505)], "unseen loss falls", slack=0.02)
    with pytest.raises(MismatchError, match="28 days"):
        in_order([("7 days", 0.5), ("28 days", 0.52)], "unseen loss falls", slack=0.02)
    with pytest.raises(MismatchError):
        in_order([("7 days", 0.5), ("28 days", math.nan)], "unseen loss falls")
    in_order([("7 days", 0.5), ("28 days", 0.5)], "unseen loss falls")
    with pytest.raises(MismatchError) as caught:
        in_order([("1 day", 0.6), ("7 days", 0.5), ("28 days", 0.51234)], "unseen loss falls")
    assert caught.value.message == "unseen loss falls: 28 days gives 0.512, which is not below 7 days with 0.5."
    in_order([("one", 1.0), ("other", 1.5)], "falls", slack=0.5)


@pytest.mark.parametrize(
    ("value", "fraction"), [(1.1, 0.0), (1.0, 0.2), (0.75, 0.5), (0.5, 0.8), (0.45, 0.9), (0.4, 1.0), (0.1, 1.0)]
)
def test_points_between_rungs_are_interpolated(value, fraction):
    assert LADDER.fraction(value) == pytest.approx(fraction)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_metric_that_is_not_a_number_earns_points(value):
    assert LADDER.fraction(value) == 0.0


def test_a_ladder_names_the_next_technique():
    assert LADDER.score(0.8).message == "unseen MAE: 0.8. Next baseline, strong: 0.5 (use a week)."
    assert LADDER.score(2.0).message == "unseen MAE: 2. Next baseline, simple: 1 (run it)."
    assert LADDER.score(0.5).message == "unseen MAE: 0.5. Next baseline, boss: 0.4 (go deep)."
    assert LADDER.score(0.31234).message == "unseen MAE: 0.312."
    assert LADDER.score(0.83456).message == "unseen MAE: 0.835. Next baseline, strong: 0.5 (use a week)."


def test_a_ladder_draws_the_losses_the_metric_and_its_rungs():
    score = LADDER.score(0.8, [3.0, math.inf, math.nan, 2], "epoch")
    rungs = (("simple", 1.0), ("strong", 0.5), ("boss", 0.4))
    assert score.curve == Curve("unseen MAE", "epoch", (3.0, 2.0), 0.8, "unseen MAE", rungs)
    assert score.fraction == LADDER.fraction(0.8)
    assert len(LADDER.score(0.8, [1.0] * 2_001).curve.losses) == 2_000
    assert LADDER.score(0.8).curve.losses == () and LADDER.score(0.8).curve.unit == ""


def test_the_last_rung_may_be_worth_less_than_everything():
    ladder = Ladder("error", (Rung("simple", 1.0, 0.25, ""), Rung("boss", 0.5, 0.75, "")))
    assert [ladder.fraction(value) for value in (1.0, 0.75, 0.5, 0.1)] == [0.25, 0.5, 0.75, 0.75]


def test_a_near_miss_is_shown_with_as_many_digits_as_it_takes():
    near = LADDER.rungs[0].bound + 1e-6
    assert LADDER.score(near).message == "unseen MAE: 1.000001. Next baseline, simple: 1 (run it)."
    assert LADDER.score(1.004).message == "unseen MAE: 1.004. Next baseline, simple: 1 (run it)."
    nearest = math.nextafter(1.0, 2.0)
    assert LADDER.score(nearest).message == f"unseen MAE: {nearest:.17g}. Next baseline, simple: 1 (run it)."


def test_a_number_as_text_is_called_text():
    with pytest.raises(MismatchError, match="is text, '150': a number is asked for"):
        answer(student(ANSWERS={"updates": "150"}), "ANSWERS", "updates", 150)


def test_higher_can_be_better():
    ladder = Ladder("accuracy", (Rung("simple", 0.5, 0.5, ""), Rung("boss", 0.9, 1.0, "")), lower_is_better=False)
    assert [ladder.fraction(v) for v in (0.4, 0.5, 0.7, 0.95)] == pytest.approx([0.0, 0.5, 0.75, 1.0])


def test_a_short_answer_is_right_wrong_or_missing():
    one = student(ANSWERS={"updates": 1000, "why": " Overfitting ", "later": None})
    answer(one, "ANSWERS", "updates", 1000)
    answer(one, "ANSWERS", "why", "overfitting")
    with pytest.raises(MismatchError, match="not right"):
        answer(one, "ANSWERS", "updates", 999)
    with pytest.raises(StudentError) as caught:
        answer(one, "ANSWERS", "later", 1)
    assert caught.value.outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize("blank", [None, ...])
def test_an_answer_left_blank_is_still_to_be_given(blank):
    with pytest.raises(StudentError, match=r"ANSWERS\['a'\] has no answer yet\.") as caught:
        answer(student(ANSWERS={"a": blank}), "ANSWERS", "a", 1)
    assert caught.value.outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize("answers", [{}, None, [1], 3])
def test_where_there_is_no_dictionary_of_answers_none_has_been_given(answers):
    with pytest.raises(StudentError, match="has no answer yet"):
        answer(student(ANSWERS=answers), "ANSWERS", "a", 1)


@pytest.mark.parametrize(
    ("given", "expected", "tolerance", "right"),
    [
        (2.0, 2.0, 0.0, True),
        (2.5, 2.0, 0.5, True),
        (1.5, 2.0, 0.5, True),
        (2.75, 2.0, 0.5, False),
        (1.25, 2.0, 0.5, False),
        (math.nan, 2.0, 9.0, False),
        (torch.tensor([2.0]), 2.0, 0.0, True),
        (torch.tensor([2.0, 2.0]), 2.0, 9.0, False),
        ([2.0], 2.0, 0.0, True),
        ({}, 2.0, 9.0, False),
        (True, 1.0, 9.0, False),
        (" Over\n", "over", 0.0, True),
        ("over", "Over", 0.0, True),
        ("overt", "over", 0.0, False),
        (3, "3", 0.0, False),
    ],
)
def test_a_number_is_right_within_its_tolerance_and_a_word_whatever_its_case(given, expected, tolerance, right):
    one = student(ANSWERS={"a": given})
    if right:
        answer(one, "ANSWERS", "a", expected, tolerance)
        return
    with pytest.raises(MismatchError, match=r"^ANSWERS\['a'\] is not right: you answered "):
        answer(one, "ANSWERS", "a", expected, tolerance)


def test_short_answers_are_worth_their_share():
    questions = {"a": 1, "b": "yes", "c": 3, "d": 4}
    score = short_answers(student(ANSWERS={"a": 1, "b": "no", "c": 3}), "ANSWERS", questions)
    assert (score.fraction, score.message) == (0.5, "ANSWERS['b'] is not right: you answered 'no'.")
    score = short_answers(student(ANSWERS={"a": 1, "b": "yes", "c": 3, "d": 4}), "ANSWERS", questions)
    assert (score.fraction, score.message) == (1.0, "")


def test_where_no_short_answer_is_right_the_first_problem_is_the_checks():
    with pytest.raises(StudentError) as caught:
        short_answers(student(ANSWERS={"b": "no"}), "ANSWERS", {"a": 1, "b": "yes"})
    assert caught.value.outcome is Outcome.NOT_ATTEMPTED
    with pytest.raises(MismatchError, match="'b'"):
        short_answers(student(ANSWERS={"b": "no"}), "ANSWERS", {"b": "yes", "a": 1})


def test_a_conversation_that_is_over_is_no_wrong_answer():
    class Over:
        def perform(self, request, answer):
            raise ConversationEndedError(Outcome.TIMED_OUT, "stopped")

    with pytest.raises(ConversationEndedError):
        short_answers(Student(Over(), Reference({})), "ANSWERS", {"a": 1})


def test_tensor_of_names_both_shapes():
    with pytest.raises(MismatchError, match=r"^x has shape \(2,\); asked for is \(3,\)\.$"):
        tensor_of(torch.ones(2), (3,), "x")
    with pytest.raises(MismatchError, match=r"^x: expected a tensor of shape \(3,\), got 'text'\.$"):
        tensor_of("text", (3,), "x")


@pytest.mark.parametrize("given", [2.0, torch.tensor(2), torch.tensor([[2.0]]), [2.0]])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_tensor_of_takes_one_element_in_any_shape(given, shape):
    tensor = tensor_of(given, shape, "x")
    assert tuple(tensor.shape) == shape and tensor.dtype is torch.float64 and tensor.item() == 2


@pytest.mark.parametrize(("given", "shape"), [((2,), (1,)), ((1,), (2,)), ((1, 2), (2, 1)), ((0,), ())])
def test_tensor_of_broadcasts_nothing(given, shape):
    with pytest.raises(MismatchError, match="has shape"):
        tensor_of(torch.ones(given), shape, "x")


def test_expect_takes_a_tensor_too():
    expect(torch.tensor(True), "")
    with pytest.raises(MismatchError, match="rows"):
        expect(torch.tensor(False), "rows sum to 1")


def test_draws_repeat_with_the_seed_and_differ_without():
    assert torch.equal(Draw(3).normal(4), Draw(3).normal(4))
    assert not torch.equal(Draw(3).normal(4), Draw(4).normal(4))
    assert len(set(Draw(5).distinct(6, 2, 12))) == 6


def test_seeds_depend_on_every_part():
    seeds = {seed_of(b"s", "a", "b"), seed_of(b"t", "a", "b"), seed_of(b"s", "ab", ""), seed_of(b"s", "a", "c")}
    assert len(seeds) == 4
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_seed_is_the_same_in_every_version():
    """Another seed is another homework: a regrade would no longer say what the first grading said."""
    digest = hmac.digest(b"secret", b"tiny\0random\0\xed\xa0\x80", "sha256")
    assert seed_of(b"secret", "tiny", "random", "\ud800") == int.from_bytes(digest[:8], "big") >> 1


def test_draws_are_what_torch_draws_with_that_seed():
    def torchs():
        return torch.Generator().manual_seed(3)

    normal, uniform = (
        torch.randn(2, 3, generator=torchs(), dtype=torch.float64),
        torch.rand(2, 3, generator=torchs(), dtype=torch.float64),
    )
    assert torch.equal(Draw(3).normal(2, 3), normal)
    assert torch.equal(Draw(3).normal(2, 3, scale=4.0), normal * 4)
    assert torch.equal(Draw(3).uniform(2, 3), uniform)
    assert torch.equal(Draw(3).uniform(2, 3, low=-1.0, high=5.0), uniform * 6 - 1)
    assert Draw(3).number(2.0, 6.0) == float(uniform[0, 0]) * 4 + 2
    assert torch.equal(Draw(3).integers(2, 6, 4), torch.randint(2, 6, (4,), generator=torchs()))
    assert torch.equal(Draw(3).permutation(5), torch.randperm(5, generator=torchs()))
    assert Draw(3).integer(2, 60) == int(torch.randint(2, 60, (1,), generator=torchs()))
    assert Draw(3).distinct(3, 10, 20) == [10 + int(i) for i in torch.randperm(10, generator=torchs())[:3]]


def test_draws_have_the_dtype_asked_for_and_the_same_values_in_each():
    coarse, fine = Draw(3, torch.float32), Draw(3)
    assert (coarse.dtype, fine.dtype, fine.seed) == (torch.float32, torch.float64, 3)
    for draw in (lambda one: one.normal(4), lambda one: one.uniform(4)):
        assert draw(coarse).dtype is torch.float32
        assert torch.equal(draw(Draw(3, torch.float32)), draw(Draw(3)).float())
    assert coarse.integers(0, 9, 2).dtype is torch.int64 and coarse.permutation(3).dtype is torch.int64


def test_a_choice_may_fall_on_every_option():
    assert {Draw(seed).choice("abc") for seed in range(40)} == set("abc")


def test_each_generator_has_a_key_of_its_own():
    draw = Draw(3)
    one, other = draw.generator(), draw.generator()
    assert (one.key, other.key) == (1, 2) and one.seed != other.seed
    assert one.seed == int(torch.randint(0, 2**62, (1,), generator=torch.Generator().manual_seed(3)))


def test_every_draw_can_be_recorded():
    class Recorder(Draw):
        def _made(self, value):
            made.append(value)
            return value

    made: list = []
    draw = Recorder(3)
    drawn = [draw.normal(1), draw.uniform(1), draw.integers(0, 9, 1), draw.number(0, 1), draw.permutation(2)]
    assert len(made) == 5 and all(one is other for one, other in zip(made, drawn, strict=True))


def test_a_rubric_that_contradicts_itself_is_refused():
    rubric = Rubric()
    exercise = rubric.exercise("1", "One", owns=("f",), points=3)

    @exercise.check(2)
    def only(student, reference, draw):
        """Is asked."""

    with pytest.raises(ValueError, match="add up to 2"):
        rubric.verify()


def test_a_check_without_a_docstring_is_refused():
    exercise = Rubric().exercise("1", "One", owns=("f",), points=1)
    with pytest.raises(ValueError, match="docstring"):
        exercise.check(1)(lambda student, reference, draw: None)
