"""What alerts say, in every language we write to subscribers in: one file each in `alerts/languages/`. No Django.

`said` are phrases as they are; `counted` have a form for each plural category that CLDR gives the language. In the
singular the number is part of the sentence ("a picture"); up to twelve it is a word, above that it is in figures.
`{n}` is the number with nouns that are masculine or neuter, `{n_f}` with feminine ones, where that matters.

German, French, Dutch and Portuguese address the reader formally; Spanish, Italian and Polish do not, as is usual in
mails of this kind.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.lists import format_list
from babel.numbers import format_decimal

FOLDER = Path(__file__).parent / "languages"
DEFAULT = "en"
# Of English we write the British kind, and of Portuguese the European: it is in their dates.
_LOCALES = {"en": "en_GB", "pt": "pt_PT"}
_FIRST_WORD = 2


@dataclass(frozen=True)
class Language:
    """The phrases of one language."""

    code: str
    name: str
    locale: Locale
    numbers: tuple[str, ...]
    feminine: dict[str, str]
    said: dict[str, str]
    counted: dict[str, dict[str, str]]

    def say(self, phrase: str, **values: str) -> str:
        """A phrase that counts nothing. Raises KeyError for one that does not exist."""
        return self.said[phrase].format(**values)

    def count(self, phrase: str, number: int) -> str:
        """A phrase about so many, as a sentence begins."""
        return first_upper(self.count_inside(phrase, number))

    def count_inside(self, phrase: str, number: int) -> str:
        """The same as it stands inside a sentence."""
        form = self.counted[phrase][self.locale.plural_form(number)]
        return form.format(n=self.number(number), n_f=self.number(number, feminine=True))

    def number(self, number: int, *, feminine: bool = False) -> str:
        """In words from two to twelve."""
        if not _FIRST_WORD <= number < _FIRST_WORD + len(self.numbers):
            return str(format_decimal(number, locale=self.locale))
        plain = self.numbers[number - _FIRST_WORD]
        return self.feminine.get(plain, plain) if feminine else plain

    def listed(self, parts: list[str]) -> str:
        """Several phrases as one sentence."""
        return first_upper(format_list(parts, locale=self.locale))


def first_upper(text: str) -> str:
    """As a sentence begins; the rest stays as it is."""
    return text[:1].upper() + text[1:]


@cache
def language(code: str) -> Language:
    """A language by its code; English where we do not have it."""
    if code not in LANGUAGES:
        return language(DEFAULT)
    found = json.loads((FOLDER / f"{code}.json").read_text(encoding="utf-8"))
    return Language(
        code=code,
        name=found["name"],
        locale=Locale.parse(_LOCALES.get(code, code)),
        numbers=tuple(found["numbers"]),
        feminine=found["feminine"],
        said=found["said"],
        counted=found["counted"],
    )


# By code, each by its own name.
LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
}
