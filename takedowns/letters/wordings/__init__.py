"""The languages that letters are written in: one module each, named by its ISO 639-1 code."""

import importlib
import pkgutil

from takedowns.letters.wording import Wording

DEFAULT = "en"


def _found() -> dict[str, Wording]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}").WORDING for name in names}


WORDINGS: dict[str, Wording] = _found()


def wording(language: str) -> Wording:
    """The words of a language; English where there are none."""
    return WORDINGS.get(language) or WORDINGS[DEFAULT]
