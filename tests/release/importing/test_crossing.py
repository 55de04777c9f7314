"""Test code becomes a check: the calls cross, and what comes back is compared on the grader's side."""

from __future__ import annotations

import pytest

from autograder.release.importing.crossing import Crossing
from autograder.release.importing.master import Case
from autograder.release.importing.names import Kind, Names
from autograder.release.importing.testcode import parsed

NAMES = Names(
    kinds={
        "f": Kind.FUNCTION, "g": Kind.FUNCTION, "read": Kind.FUNCTION, "answer": Kind.VARIABLE, "Net": Kind.CLASS,
        "count": Kind.GENERATOR,
    }
)  # fmt: skip


def converted(source: str, *, output: str = "", public: bool = True, failure: str = "") -> str:
    crossing = Crossing(NAMES, "f", public, failure)
    return "\n".join(line for one in parsed(Case(1, source, output)) for line in crossing.convert(one).code)


@pytest.mark.parametrize(
    ("source", "check"),
    [
        ("assert f(2) == 4", "compare(student.f(2), 4, '`f(2)`')"),
        ("assert 4 == f(2)", "compare(student.f(2), 4, '`f(2)`')"),
        ("assert f(2) == 4, 'it squares'", "compare(student.f(2), 4, 'it squares: `f(2)`')"),
        ("assert answer == 3", "compare(student.read('answer'), 3, '`answer`')"),
        ("assert answer is None", "compare(student.read('answer'), None, '`answer`')"),
        ("assert (f(x) == y).all()", "compare(student.f(x), y, '`f(x)`')"),
        ("assert np.all(f(x) == y)", "compare(student.f(x), y, '`f(x)`')"),
        ("assert np.array_equal(f(x), y)", "compare(student.f(x), y, '`f(x)`')"),
        ("assert torch.equal(f(x), y)", "compare(student.f(x), y, '`f(x)`')"),
        ("assert np.allclose(f(x), y)", "compare(student.f(x), y, '`f(x)`', rtol=1e-05, atol=1e-08)"),
        ("assert torch.allclose(f(x), y, atol=1e-4)", "compare(student.f(x), y, '`f(x)`', rtol=1e-05, atol=0.0001)"),
        ("assert np.isclose(f(x), y, 0.1).all()", "compare(student.f(x), y, '`f(x)`', rtol=0.1, atol=1e-08)"),
        ("assert np.allclose(f(x), 0)",
         "expect(np.allclose(student.f(x), 0), '`np.allclose(f(x), 0)` does not hold.')"),
        ("assert math.isclose(f(1), 2, abs_tol=1e-3)", "compare(student.f(1), 2.0, '`f(1)`', rtol=1e-09, atol=0.001)"),
        ("assert f(1) == pytest.approx(2)", "compare(student.f(1), 2.0, '`f(1)`', rtol=1e-06, atol=1e-12)"),
        ("assert abs(f(1) - 2) < 1e-3", "compare(student.f(1), 2.0, '`f(1)`', rtol=0, atol=0.001)"),
        ("assert 1e-3 > np.abs(y - f(x)).max()", "compare(student.f(x), y, '`f(x)`', rtol=0, atol=0.001)"),
        ("assert (f(x) - y).abs().max().item() < 1e-3", "compare(student.f(x), y, '`f(x)`', rtol=0, atol=0.001)"),
        ("np.testing.assert_allclose(f(x), y)", "compare(student.f(x), y, '`f(x)`', rtol=1e-07, atol=0.0)"),
        ("assert_array_almost_equal(f(x), y, 3)", "compare(student.f(x), y, '`f(x)`', rtol=0, atol=0.0015)"),
        ("torch.testing.assert_close(f(x), y)", "compare(student.f(x), y, '`f(x)`')"),
        ("assert_equal(f(1), 'a')", "compare(student.f(1), 'a', '`f(1)`')"),
        ("self.assertAlmostEqual(f(1), 2, places=3)", "compare(student.f(1), 2.0, '`f(1)`', rtol=0, atol=0.0005)"),
        ("self.assertTrue(f(1) > 0)", "expect(student.f(1) > 0, '`f(1) > 0` does not hold.')"),
        ("assert isinstance(f(1), list)",
         "expect(isinstance(student.f(1), list), '`isinstance(f(1), list)` does not hold.')"),
        ("assert f(1).shape == (2, 3)", "compare(student.f(1).shape, (2, 3), '`f(1).shape`')"),
        ("assert f(1) == 1 and f(2) == 2", "compare(student.f(1), 1, '`f(1)`')\ncompare(student.f(2), 2, '`f(2)`')"),
        ("assert f(g(1)) == 2", "compare(student.f(student.g(1)), 2, '`f(g(1))`')"),
        ("assert read('x') == 1", "compare(partial(student.call, 'read')('x'), 1, \"`read('x')`\")"),
        ("y = f(1)\nassert y == 2", "y = student.f(1)\ncompare(y, 2, '`y`')"),
        ("for k in (1, 2):\n    assert f(k) == k", "for k in (1, 2):\n    compare(student.f(k), k, '`f(k)`')"),
        ("print(f(1))", ""),
        ("f = lambda x: x\nassert f(1) == g(1)", "f = lambda x: x\ncompare(student.g(1), f(1), '`g(1)`')"),
        ("assert [f(x) for x in (1, 2)] == [1, 4]",
         "compare([student.f(x) for x in (1, 2)], [1, 4], '`[f(x) for x in (1, 2)]`')"),
        ("with pytest.raises(ValueError):\n    f(-1)", "raises(student, 'ValueError', 'f', -1)"),
        ("self.assertRaises(ValueError, f, -1)", "raises(student, 'ValueError', 'f', -1)"),
        ("try:\n    f(-1)\n    assert False\nexcept ValueError:\n    pass", "raises(student, 'ValueError', 'f', -1)"),
        ("### AUTOTEST f(3)", "compare(student.f(3), reference.f(3), '`f(3)`')"),
        ("### HASHED AUTOTEST f(3); g(1)",
         "compare(student.f(3), reference.f(3), '`f(3)`')\ncompare(student.g(1), reference.g(1), '`g(1)`')"),
        (">>> f(2)\n4\n>>> f(3) > 4\nTrue",
         "compare(student.f(2), 4, '`f(2)`')\nexpect(student.f(3) > 4, '`f(3) > 4` does not hold.')"),
        ("def test_f(f, g):\n    assert f(1) == 1", "compare(student.f(1), 1, '`f(1)`')"),
        ("def test_f(env):\n    assert env['f'](1) == 1", "compare(student.f(1), 1, '`f(1)`')"),
    ],
)  # fmt: skip
def test_an_assertion_becomes_a_comparison_outside(source: str, check: str) -> None:
    assert converted(source) == check


@pytest.mark.parametrize(
    ("source", "output", "check"),
    [
        ("f(2)", "4", "compare(student.f(2), 4, '`f(2)`')"),
        ("f(2) == 4", "True", "compare(student.f(2), 4, '`f(2)`')"),
        ("f(2) == 5", "False", "expect(not student.f(2) == 5, '`not f(2) == 5` does not hold.')"),
        ("print(f(2))", "0.5", "compare(student.f(2), 0.5, '`f(2)`', rtol=1e-06, atol=1e-06)"),
        ("f(2)", "array([1., 2.])", "compare(student.f(2), [1.0, 2.0], '`f(2)`', rtol=1e-06, atol=1e-06)"),
        ("f(2)", "tensor([1.2346])", "compare(student.f(2), [1.2346], '`f(2)`', rtol=0.0001, atol=0.0001)"),
        ("f(2)", "np.float64(0.5)", "compare(student.f(2), 0.5, '`f(2)`', rtol=1e-06, atol=1e-06)"),
        ("f(2)", "'word'", "compare(student.f(2), 'word', '`f(2)`')"),
        ("x = f(2)\nx", "[1, 2]", "x = student.f(2)\ncompare(x, [1, 2], '`x`')"),
    ],
)
def test_an_expression_is_compared_with_the_output_that_the_notebook_has(source: str, output: str, check: str) -> None:
    assert converted(source, output=output) == check


def test_a_hidden_test_shows_nothing_but_the_functions_name() -> None:
    assert converted("assert f(2) == 4", public=False) == "compare(student.f(2), 4, '`f`')"
    assert converted("assert f(2) > 4", public=False) == "expect(student.f(2) > 4, '`f` does not do what is asked.')"
    told = "compare(student.f(2), 4, 'Did you square it?: `f`')"
    assert converted("assert f(2) == 4", public=False, failure="Did you square it?") == told


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("assert f(lambda x: x) == 1", "`f` is handed a function"),
        ("assert f(g) == 1", "`f` is handed a function"),
        ("assert Net(3).size == 3", "it makes objects of `Net`"),
        ("assert next(count()) == 0", "`count` is a generator"),
        ("assert 'for' not in inspect.getsource(f)", "it looks at the student's source"),
        ("del g\nassert f(1) == 1", "it takes `g` away"),
        ("try:\n    y = f(-1)\nexcept ValueError:\n    y = 0", "an error of the student's code is caught"),
        ("with pytest.raises(ValueError):\n    f(g(1)).item()", "an error is asked for, on the way through other code"),
        ("### AUTOTEST answer", "the value of `answer` is tested against the solution's"),
    ],
)
def test_what_cannot_cross_stays_as_a_comment_with_the_reason(source: str, why: str) -> None:
    made = converted(source)
    assert made.startswith(f"# Not converted: {why}")
    first = source.split("\n")[0].removeprefix("### AUTOTEST ")
    assert f"# {first}" in made


def test_what_needs_a_part_that_was_not_converted_is_not_converted_either() -> None:
    assert "# Not converted: it needs `net`, which was not converted.\n# assert net.size == 3" in converted(
        "net = Net(3)\nassert net.size == 3"
    )
