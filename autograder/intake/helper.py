"""The module that is added to a submission which calls it: what stands in for what is not there."""

from autograder.protocol.messages import HELPER as HELPER

HELPER_SOURCE = '''\
"""Added at intake: stands in for packages that are not here, and lets a failing line cost only itself."""

import contextlib
import sys


class _Absent:
    """Raises, whatever is done with it."""

    def __init__(self, kind, problem, **more):
        self.__dict__["_error"] = (kind, problem, more)

    def _refuse(self, *args, **kwargs):
        kind, problem, more = self.__dict__["_error"]
        raise kind(problem, **more)

    __call__ = __iter__ = __enter__ = __exit__ = __bool__ = __len__ = __setattr__ = __mro_entries__ = _refuse


class _Missing(_Absent):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self


class _Failed(_Absent):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    __getitem__ = __setitem__ = __contains__ = __index__ = __float__ = _Absent._refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _Absent._refuse
    __matmul__ = __rmatmul__ = __pow__ = __rpow__ = __neg__ = __lt__ = __le__ = __gt__ = __ge__ = _Absent._refuse


class _Nothing:
    """Takes whatever is done with it, and does nothing."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args, **kwargs):
        decorates = len(args) == 1 and not kwargs and callable(args[0]) and not isinstance(args[0], _Nothing)
        return args[0] if decorates else self

    def __getitem__(self, key):
        return self

    def __enter__(self):
        return self

    def __mro_entries__(self, bases):
        return ()

    def __iter__(self):
        return iter(())

    def __exit__(self, *args):
        return False

    def __bool__(self):
        return False

    def __len__(self):
        return 0

    def __setitem__(self, key, value):
        pass


def missing(package):
    return _Missing(ModuleNotFoundError, f"{package} is not available in this assignment", name=package)


def nothing():
    return _Nothing()


@contextlib.contextmanager
def attempt(place, names=(), namespace=None):
    """Run a block; after an error, `names` say which one when they are used."""
    try:
        yield
    except (Exception, SystemExit) as error:
        problem = f"{place} failed: {_described(error)}"
        with contextlib.suppress(Exception):
            print(problem, file=sys.stderr)
        for name in names:
            namespace.setdefault(name, _Failed(RuntimeError, problem))


def _described(error):
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


_code = _Absent._refuse.__code__
_Absent._refuse.__code__ = _code.replace(co_filename="intake")  # an error is the line's that led here
'''
