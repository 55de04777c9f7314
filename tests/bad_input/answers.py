"""What students' functions do when they are called: wrong kinds, wrong shapes, errors, tricks of all sorts.

`halve(x)` is asked to return x / 2 for a vector of three numbers, `facts(x)` a tuple of five plain values about it.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from autograder.model import Outcome

FAILED, PASSED, MISSING = Outcome.FAILED, Outcome.PASSED, Outcome.NOT_ATTEMPTED
CRASHED, TIMED_OUT, MEMORY = Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY

FACTS = 'def facts(x):\n    return 3, float(x.sum()), "three", True, None\n'
HALVE = "def halve(x):\n    return x / 2\n"


@dataclass(frozen=True)
class Answer:
    """A module, the outcome of the check of `asked`, and a part of its message or of some remark (`notes`).

    `double` follows in the same file and is right; where not even that can be kept, `keeps` is False.
    """

    id: str
    source: str
    outcome: Outcome
    says: str
    asked: str = "halve"
    notes: str = ""
    keeps: bool = True


def wrote(
    name: str,
    source: str,
    says: str = "",
    outcome: Outcome = FAILED,
    notes: str = "",
    keeps: bool = True,
) -> Answer:
    """A module of the student's own."""
    return Answer(name, textwrap.dedent(source).lstrip("\n"), outcome, says, "halve", notes, keeps)


def gives(name: str, expression: str, says: str = "", outcome: Outcome = FAILED) -> Answer:
    """`halve` returns this."""
    return wrote(name, f"import torch, numpy as np\ndef halve(x):\n    return {expression}\n", says, outcome)


def states(name: str, expression: str, says: str = "", outcome: Outcome = FAILED) -> Answer:
    """`facts` returns this."""
    source = f"import torch, numpy as np\ndef facts(x):\n    return {expression}\n"
    return Answer(name, source, outcome, says, "facts")


ANSWERS = [
    # --- missing, or with another signature ---
    wrote("nothing", "# to do\n", "`halve` is not defined in your submission"),
    wrote("another name", "def halv(x):\n    return x / 2\n", "You have `halv`: is it that one?"),
    wrote("starter", "def halve(x):\n    raise NotImplementedError\n", "still to be written", MISSING),
    wrote(
        "starter called deep",
        "def halve(x): return half(x)\ndef half(x): raise NotImplementedError('later')\n",
        "still to be written",
        MISSING,
    ),
    wrote("no arguments", "def halve():\n    return 1\n", "takes 0 positional arguments but 1 was given"),
    wrote("too many arguments", "def halve(x, y):\n    return x / y\n", "missing 1 required positional argument: 'y'"),
    wrote(
        "a keyword that must be given", "def halve(x, *, by):\n    return x / by\n", "missing 1 required keyword-only"
    ),
    wrote("pass", "def halve(x):\n    pass\n", "`halve` is still to be written", MISSING),
    wrote("ellipsis", "def halve(x): ...\n", "`halve` is still to be written", MISSING),
    wrote(
        "a syntax error", "def halve(x):\n    return x /\n", "SyntaxError: invalid syntax", notes="`halve` was left out"
    ),
    wrote(
        "a method without self",
        "class C:\n    def halve(x): return x / 2\nhalve = C().halve\n",
        "takes 1 positional argument but 2",
    ),
    # --- what is not a function ---
    wrote("a number", "halve = 3\n", "'int' object is not callable"),
    wrote("None", "halve = None\n", "'NoneType' object is not callable"),
    wrote("a string", "halve = 'x / 2'\n", "'str' object is not callable"),
    wrote("a module", "import math as halve\n", "'module' object is not callable"),
    wrote("a tensor", "import torch\nhalve = torch.tensor(0.5)\n", "'Tensor' object is not callable"),
    wrote(
        "a property",
        "class C:\n    @property\n    def halve(self): return 3\nhalve = C().halve\n",
        "'int' object is not callable",
    ),
    wrote("a bare property", "@property\ndef halve(x): return x / 2\n", "'property' object is not callable"),
    wrote("a static method", "@staticmethod\ndef halve(x): return x / 2\n", "", PASSED),
    wrote(
        "a class method outside a class",
        "@classmethod\ndef halve(x): return x / 2\n",
        "'classmethod' object is not callable",
    ),
    wrote("a class", "class halve:\n    pass\n", "halve() takes no arguments"),
    wrote(
        "a class with the wrong constructor",
        "class halve:\n    def __init__(self): pass\n",
        "takes 1 positional argument but 2",
    ),
    wrote(
        "a class with a constructor", "class halve:\n    def __init__(self, x): self.x = x\n", "an object of type halve"
    ),
    wrote(
        "a module of torch's",
        "import torch\nclass Halve(torch.nn.Module):\n    def forward(self, x): return x / 2\nhalve = Halve()\n",
        "",
        PASSED,
    ),
    wrote(
        "a module without super",
        """
        from torch import nn
        class Halve(nn.Module):
            def __init__(self): self.layer = nn.Linear(1, 1)
        halve = Halve()
        """,
        "line 4 failed: AttributeError: cannot assign module before Module.__init__() call",
    ),
    wrote("a module without forward", "import torch\nhalve = torch.nn.Module()\n", "still to be written", MISSING),
    gives(
        "an operation that torch does not have",
        "x.long().log_softmax(0)",
        "not implemented for 'Long'",
    ),
    wrote(
        "an abstract class",
        "import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self): pass\ndef halve(x): return A()\n",
        "abstract class A",
    ),
    wrote("a lambda", "halve = lambda x: x / 2\n", "", PASSED),
    wrote("partial", "from functools import partial\nhalve = partial(lambda by, x: x / by, 2)\n", "", PASSED),
    wrote("a coroutine", "async def halve(x):\n    return x / 2\n", "a coroutine"),
    wrote("an asynchronous generator", "async def halve(x):\n    yield x / 2\n", "an object of type async_generator"),
    wrote("a generator", "def halve(x):\n    for value in x:\n        yield value / 2\n", "", PASSED),
    wrote("a generator that fails", "def halve(x):\n    yield 1\n    raise KeyError('x')\n", "raised KeyError: 'x'"),
    wrote(
        "a generator without end", "def halve(x):\n    while True:\n        yield 'spam'\n", "too large to hand over"
    ),
    # --- wrong kinds ---
    gives("complex", "complex(1, 2)", "got (1+2j)"),
    gives("complex tensor", "torch.zeros(3, dtype=torch.complex64)", "a tensor of complex numbers of shape (3,)"),
    gives("a bool", "True", "got True"),
    gives("a bool tensor", "x > 0", "values differ"),
    gives("an integer tensor", "(x / 2).long()", "values differ"),
    gives("a half tensor", "(x / 2).half()", "too coarse"),
    gives("a bfloat16 tensor", "(x / 2).bfloat16()", "too coarse"),
    gives("an 8-bit float", "(x / 2).to(torch.float8_e4m3fn)", "a tensor of dtype float8_e4m3fn"),
    gives("a quantized tensor", "torch.quantize_per_tensor(x.float(), 0.1, 0, torch.qint8)", "qint8"),
    gives("a string of it", "str(x / 2)", "expected a tensor of shape (3,)"),
    gives("bytes", "b'abc'", "got b'"),
    gives("a set", "{1, 2}", "a set of length 2"),
    gives("a dict", "{'half': x / 2}", "a dict of length 1"),
    gives("a dict with odd keys", "{(1, 2): 3, None: 4, 1.5: 5, x: 6}", "a dict of length 4"),
    gives("a dict of tensors by tensor", "{x: x}", "a dict of length 1"),
    gives("a dict with unhashable keys in transit", "{(1, (2, 3)): [1], ('a',): {}}", "a dict of length 2"),
    gives("the function itself", "halve", "an object of type function"),
    gives("a type", "torch.Tensor", "an object of type _TensorMeta"),
    gives("an exception", "ValueError('no')", "an object of type ValueError"),
    gives("NotImplemented", "NotImplemented", "an object of type NotImplementedType"),
    gives("ellipsis as a value", "...", "`halve` is still to be written", MISSING),
    gives("a range", "range(3)", "an object of type range"),
    gives("an iterator", "iter((x / 2).tolist())", "", PASSED),
    gives("a list", "(x / 2).tolist()", "", PASSED),
    gives("a list of tensors", "[value / 2 for value in x]", "", PASSED),
    gives("a list of lists", "[[value / 2] for value in x]", "has shape (3, 1)"),
    gives("a ragged list", "[[1], [1, 2], 3]", "a list of length 3"),
    gives("an empty list", "[]", "a list of length 0"),
    gives("a list of strings", "['1', '2', '3']", "a list of length 3"),
    gives(
        "a list nested too deeply",
        "__import__('functools').reduce(lambda a, _: [a], range(500), 1)",
        "cannot be read: nested too deeply",
    ),
    gives("a list in itself", "(lambda a: a.append(a) or a)([])", "cannot be read: nested too deeply"),
    gives("a huge integer", "10 ** 400", "an integer beyond 64 bits"),
    gives("nan", "x * float('nan')", "NaN or infinity"),
    gives("infinity", "x / 0", "NaN or infinity"),
    gives("a float", "1.5", "has shape (); asked for is (3,)"),
    # --- numpy and odd tensors ---
    gives("an array", "x.numpy() / 2", "", PASSED),
    gives("an array in reverse", "x.numpy()[::-1] / 2", "values differ"),
    gives("a scalar of numpy's", "np.float64(1.5)", "has shape ()"),
    gives("a half of numpy's", "np.float16(1.5)", "has shape ()"),
    gives("a long double", "np.longdouble(1.5) * x.numpy()", "dtype"),
    gives("an array of objects", "np.array([1, 'a', None], dtype=object)", "an array of shape (3,) of dtype object"),
    gives("an array of strings", "np.array(['a', 'b', 'c'])", "an array of shape (3,) of dtype <U1"),
    gives("an array of dates", "np.array(['2024-01-01'], dtype='datetime64[D]')", "of dtype datetime64[D]"),
    gives("a structured array", "np.zeros(3, dtype=[('a', 'f8')])", "an array of dtype"),
    gives(
        "a big-endian array",
        "(x.numpy() / 2).astype(x.numpy().dtype.newbyteorder('>'))",
        "",
        PASSED,
    ),
    gives("a masked array", "np.ma.masked_array(x.numpy() / 2, mask=[0, 0, 0])", "", PASSED),
    gives("a matrix of numpy's", "np.matrix(x.numpy() / 2)", "has shape (1, 3)"),
    gives("unsigned of numpy's", "np.uint64([1, 2, 3])", "3 of 3 values differ"),
    gives("a series", "__import__('pandas').Series(x.numpy() / 2)", "an object of type Series"),
    gives("a frame", "__import__('pandas').DataFrame({'a': x.numpy() / 2})", "an object of type DataFrame"),
    gives("a sparse tensor", "(x / 2).to_sparse()", "a tensor that cannot be read"),
    gives("a compressed sparse tensor", "torch.eye(3).to_sparse_csr()", "a tensor that cannot be read"),
    gives("a meta tensor", "torch.empty(3, device='meta')", "a tensor that cannot be read"),
    gives("a nested tensor", "torch.nested.nested_tensor([x, x[:1]])", "a tensor that cannot be read"),
    gives("a tensor with a gradient", "(x.clone().requires_grad_(True)) / 2", "", PASSED),
    gives("a parameter", "torch.nn.Parameter(x / 2)", "", PASSED),
    gives("a conjugate view", "torch.zeros(3, dtype=torch.cfloat).conj()", "a tensor of complex numbers of shape (3,)"),
    gives("an expanded view", "torch.ones(1).expand(10**12)", "a tensor that cannot be read"),
    gives("a tensor without elements", "torch.empty(0)", "has shape (0,); asked for is (3,)"),
    gives("a tensor of twenty dimensions", "x.reshape((1,) * 19 + (3,))", "cannot be read: a shape out of bounds"),
    gives("a column", "(x / 2)[:, None]", "has shape (3, 1); asked for is (3,)"),
    gives("a product by mistake", "x[:, None] * x", "has shape (3, 3); asked for is (3,)"),
    gives("a tensor too large to hand over", "torch.zeros(2_000_000)", "too large to hand over"),
    gives("a string too large to hand over", "'x' * 10_000_000", "too large to hand over"),
    gives("a string of half characters", "'\\ud800'", "expected a tensor of shape (3,)"),
    gives("a tensor subclass", "type('T', (torch.Tensor,), {})(x / 2)", "", PASSED),
    gives(
        "a list that lies about its length", "type('L', (list,), {'__len__': lambda self: 3})()", "an object of type L"
    ),
    gives(
        "a dict subclass that fails",
        "type('D', (dict,), {'keys': lambda self: 1 / 0, 'items': lambda self: 1 / 0})(a=1)",
        "",
    ),
    gives(
        "an array subclass that fails", "type('A', (np.ndarray,), {'__array_finalize__': lambda self, o: 1 / 0})", ""
    ),
    gives("an object with a class that lies", "type('T', (), {'__class__': torch.Tensor})()", ""),
    gives(
        "a type with a name without end",
        "type('N' * 100_000, (), {})()",
        "an object of type NNN",
    ),
    gives("a type with control characters in its name", "type('a\\x1b[31m\\n', (), {})()", "an object of type"),
    # --- errors ---
    gives("an index error", "x[7]", "raised IndexError: index 7 is out of bounds"),
    gives("an unknown name", "y / 2", "raised NameError: name 'y' is not defined"),
    gives("a missing module", "__import__('tensorflow')", "raised ModuleNotFoundError"),
    gives("an attribute error", "x.half_of_it", "raised AttributeError"),
    gives("a shape error", "x @ torch.eye(4, dtype=x.dtype)", "raised RuntimeError"),
    gives("a question", "input('Your name? ')", "raised EOFError"),
    gives("an exit", "exit(3)", "raised SystemExit: 3"),
    gives("an exit by sys", "__import__('sys').exit('bye')", "raised SystemExit: bye"),
    gives("an exit of the process", "__import__('os')._exit(0)", "ended its own process", CRASHED),
    gives("a signal", "__import__('os').kill(__import__('os').getpid(), 9)", "ended its own process", CRASHED),
    gives("a segmentation fault", "__import__('ctypes').string_at(0)", "ended its own process", CRASHED),
    gives("endless recursion", "halve(x)", "raised RecursionError"),
    gives("an assertion without a word", "exec('assert False')", "raised AssertionError"),
    wrote(
        "a broken __str__",
        """
        class Odd(Exception):
            def __str__(self): raise ValueError('no words')
        def halve(x): raise Odd()
        """,
        "raised Odd",
    ),
    wrote(
        "a __str__ that is no text",
        """
        class Odd(Exception):
            def __str__(self): return 3
        def halve(x): raise Odd()
        """,
        "raised Odd",
    ),
    wrote(
        "a broken __repr__",
        """
        class Odd:
            def __repr__(self): raise ValueError('no')
        def halve(x): raise KeyError(Odd())
        """,
        "raised KeyError",
    ),
    wrote(
        "a __str__ that ends the process",
        """
        class Odd(Exception):
            def __str__(self): raise SystemExit
        def halve(x): raise Odd()
        """,
        "raised Odd",
    ),
    wrote(
        "a __str__ without end",
        """
        class Odd(Exception):
            def __str__(self): return str(self)
        def halve(x): raise Odd()
        """,
        "raised Odd",
    ),
    wrote("a huge message", "def halve(x): raise ValueError('no ' * 1_000_000)\n", "raised ValueError: no no"),
    wrote("a message of half characters", "def halve(x): raise ValueError('\\ud800')\n", "raised ValueError"),
    wrote(
        "a message with escape sequences", "def halve(x): raise ValueError('\\x1b[2J\\x07\\0')\n", "raised ValueError"
    ),
    wrote("a message in another script", "def halve(x): raise ValueError('قيمة خاطئة 🙂')\n", "قيمة خاطئة 🙂"),
    wrote("an exception with a huge name", "def halve(x): raise type('E' * 10_000, (Exception,), {})\n", "raised EEE"),
    wrote("a base exception", "def halve(x): raise KeyboardInterrupt\n", "raised KeyboardInterrupt"),
    wrote("a generator's exit", "def halve(x): raise GeneratorExit\n", "raised GeneratorExit"),
    wrote("a stop of an iteration", "def halve(x): raise StopIteration(3)\n", "raised StopIteration"),
    wrote(
        "an exception group",
        "def halve(x): raise ExceptionGroup('several', [ValueError('a'), KeyError('b')])\n",
        "raised ExceptionGroup: several",
    ),
    wrote(
        "raising what is no exception", "def halve(x): raise 'an error'\n", "exceptions must derive from BaseException"
    ),
    wrote(
        "a chain of errors",
        """
        def halve(x):
            try:
                1 / 0
            except ZeroDivisionError as error:
                raise ValueError('that was zero') from error
        """,
        "raised ValueError: that was zero (homework.py, line 5: raise",
    ),
    # --- time, memory, output ---
    wrote("an endless loop", "def halve(x):\n    while True: pass\n", "is there an endless loop?", TIMED_OUT),
    wrote("a long sleep", "import time\ndef halve(x):\n    time.sleep(1_000)\n", "your code waits", TIMED_OUT),
    wrote("too much memory", "def halve(x):\n    return bytearray(1 << 36)\n", "more memory than is allowed", MEMORY),
    wrote(
        "a tensor of a terabyte",
        "import torch\ndef halve(x):\n    return torch.zeros(1 << 40)\n",
        "more memory than is allowed",
        MEMORY,
    ),
    wrote("enormous output", "def halve(x):\n    print('spam ' * 10**6)\n    return x / 2\n", "", PASSED),
    wrote(
        "warnings",
        """
        import sys, warnings
        def halve(x):
            warnings.warn('careful')
            sys.stderr.write('hm')
            return x / 2
        """,
        "",
        PASSED,
    ),
    wrote(
        "closed outputs",
        "import os, sys\ndef halve(x):\n    sys.stdout.close(); sys.stderr = None\n    return x / 2\n",
        "",
        PASSED,
    ),
    wrote("print replaced", "def print(*args): raise ValueError\ndef halve(x): return x / 2\n", "", PASSED),
    wrote(
        "builtins damaged",
        "import builtins\ndef halve(x):\n    builtins.isinstance = None\n    return x / 2\n",
        "ended its own process",
        CRASHED,
    ),
    wrote("inputs changed in place", "def halve(x):\n    x /= 2\n    return x\n", "changes its argument `x` in place"),
    wrote(
        "state between calls",
        "CALLS = []\ndef halve(x):\n    CALLS.append(1)\n    return x / 2 if len(CALLS) == 1 else 0 * x\n",
        "gives another answer when it is asked the same again",
    ),
    wrote("float32 only", "def halve(x):\n    return x.float() / 2\n", "has dtype float32; asked for is float64"),
    wrote(
        "the default dtype changed",
        "import torch\ntorch.set_default_dtype(torch.float64)\ndef halve(x): return x / torch.tensor(2.0)\n",
        "",
        PASSED,
    ),
    wrote(
        "gradients switched off",
        "import torch\ntorch.set_grad_enabled(False)\ndef halve(x): return x / 2\n",
        "",
        PASSED,
    ),
    wrote(
        "threads that stay",
        """
        import threading, time
        def halve(x):
            threading.Thread(target=time.sleep, args=(99,)).start()
            return x / 2
        """,
        "",
        PASSED,
    ),
    # --- loading ---
    wrote("a class body that fails", "class Broken:\n    1 / 0\ndef halve(x): return x / 2\n", "", PASSED),
    wrote("a class body that never ends", "class Forever:\n    while True: pass\n" + HALVE, "", PASSED),
    wrote(
        "a default that fails",
        "import torch\ndef halve(x, w=torch.ones(2)[5]): return x / 2\n",
        "`halve`",
    ),
    wrote("an annotation that fails", "import torch\ndef halve(x: torch.Tensr): return x / 2\n", "`halve`"),
    wrote("a base that is not there", "import torch\nclass Net(torch.nn.Nope): pass\n" + HALVE, "", PASSED),
    wrote(
        "a condition that fails",
        "import sys\nif sys.argv[1] == 'train':\n    MODE = 1\n" + HALVE,
        "",
        PASSED,
    ),
    wrote(
        "a condition on what failed",
        "import sys\nMODE = sys.argv[1]\nif MODE == 'train':\n    LEVEL = 3\n" + HALVE,
        "",
        PASSED,
    ),
    wrote("a subscript that fails", "import sys\nMODE = sys.argv[1]\n" + HALVE, "", PASSED),
    wrote(
        "a package that is not here",
        "import seaborn\ndef halve(x):\n    return seaborn.half(x)\n",
        "seaborn is not available in this assignment (homework.py, line 3: return seaborn.half(x))",
        notes="`seaborn`",
    ),
    wrote(
        "a helper that is left out",
        "half = open('half').read()\ndef halve(x):\n    return half\n",
        "line 1 failed: FileNotFoundError",
    ),
    wrote(
        "a decorator that fails",
        "def loud(f): raise ValueError('no')\n@loud\ndef halve(x): return x / 2\n",
        "`halve`",
    ),
    wrote(
        "a decorator that forgets to return",
        "def loud(f): print(f)\n@loud\ndef halve(x): return x / 2\n",
        "'NoneType' object is not callable",
    ),
    wrote(
        "a relative import of nothing",
        "from . import nothing\nfrom .helpers import half\ndef halve(x): return half(x)\n",
        "name 'half' is not defined",
    ),
    wrote(
        "a script's main",
        HALVE + "if __name__ == '__main__':\n    import argparse\n    argparse.ArgumentParser().parse_args()\n",
        "",
        PASSED,
    ),
    wrote(
        "training at the top", HALVE + "for _ in range(10**12):\n    halve(1)\n", "", PASSED, notes="left out (line 3)"
    ),
    # --- plain values ---
    states("too few", "3, 1.5", "expected 5 values, got 2"),
    states("a dict of facts", "{'count': 3}", "expected 5 values (a tuple or a list), got a dict"),
    states("a list of facts", "[3, float(x.sum()), 'three', True, None]", "", PASSED),
    states(
        "a tuple subclass",
        "__import__('collections').namedtuple('F', 'a b c d e')(3, x.sum(), 'three', True, None)",
        "",
        PASSED,
    ),
    states(
        "numpy's own",
        "np.int64(3), np.float64(x.sum()), np.str_('three'), np.True_, None",
        "",
        PASSED,
    ),
    states("tensors", "torch.tensor(3), x.sum(), 'three', torch.tensor(True), None", "", PASSED),
    states(
        "a number as text", "'3', float(x.sum()), 'three', True, None", "result 1 of 5 is not right: you returned '3'"
    ),
    states(
        "True for one", "True, float(x.sum()), 'three', True, None", "result 1 of 5 is not right: you returned True"
    ),
    states("1 for True", "3, float(x.sum()), 'three', 1, None", "result 4 of 5: expected True or False"),
    states("nothing for a number", "3, None, 'three', True, None", "is a `return` missing?"),
    states("infinity for a number", "3, 10.0 ** 308 * 10, 'three', True, None", "NaN or infinity"),
    states("a huge integer for a number", "3, 10 ** 30, 'three', True, None", "an integer beyond 64 bits"),
    states("a very long text", "3, float(x.sum()), 'three ' * 10_000, True, None", "..."),
    states("text that hides", "3, float(x.sum()), '\\x1b[8m\\u202ethree\\0', True, None", "expected another string"),
    states("a string for the whole", "'3, 1.5'", "expected 5 values"),
    states("opaque parts", "3, float(x.sum()), b'three', {True}, object()", "got b'"),
]
