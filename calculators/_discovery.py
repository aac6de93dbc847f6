"""Find the calculators: every module of the package whose name does not begin with an underscore.

Owns discovery and the look-up by name. Refuses to hide a broken module: import errors
propagate. Invariant: sorted by name; a module's calculator bears the module's name.
"""

import difflib
import importlib
import pkgutil
from functools import lru_cache

from calculators._base import Calculator, CalculatorError

PACKAGE = __name__.rpartition(".")[0]


@lru_cache(maxsize=1)
def _found() -> dict[str, Calculator]:
    package = importlib.import_module(PACKAGE)
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.name[0] != "_")
    calculators: dict[str, Calculator] = {}
    for name in names:
        calculator: Calculator = importlib.import_module(f"{PACKAGE}.{name}").CALCULATOR
        if calculator.name != name:
            raise ImportError(f"{PACKAGE}.{name} describes a calculator named {calculator.name!r}")
        calculators[name] = calculator
    return calculators


def discover() -> dict[str, Calculator]:
    """Every calculator by name, sorted."""
    return dict(_found())


def find(name: object) -> Calculator:
    """The calculator of that name.

    Raises:
        CalculatorError: on the field `calculator`, with the nearest name.
    """
    calculators = _found()
    if isinstance(name, str) and name in calculators:
        return calculators[name]
    if name is None:
        raise CalculatorError("calculator", name, f"names no calculator; the known ones are {', '.join(calculators)}")
    raise CalculatorError("calculator", name, "is not a known calculator", closest(str(name), calculators))


def closest(word: str, known: object) -> str:
    """The known word nearest to `word`, else all of them."""
    words = [str(item) for item in known]  # type: ignore[attr-defined]
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return near[0] if near else "one of " + ", ".join(words)
