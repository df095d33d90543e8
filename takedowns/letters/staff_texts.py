"""Rendering a text that a member of staff has written: no more than words, values, conditions and partials."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.template import Context, Template, TemplateSyntaxError
from django.template.engine import Engine

from takedowns.letters.facts import Facts, Letter
from takedowns.letters.rendering import UNKNOWN, context, spoken, titled, wrapped
from takedowns.letters.staff_tags import PARTIALS

LONGEST_TEXT = 20_000
LONGEST_LETTER = 100_000
MOST_TAGS = 200
MOST_VALUES = 300
MOST_PARTIALS = 6


class BadTemplate(ValueError):
    """A text that cannot be used; the message is one sentence for whoever wrote it."""


class _StaffEngine(Engine):
    """Knows the tags of `staff_tags`, no filters, and no files at all."""

    default_builtins = ["takedowns.letters.staff_tags"]


def filled(text: str, title: str, code: str, facts: Facts, version: str) -> Letter:
    """The letter from a text of our staff. Raises BadTemplate."""
    facts = spoken(code, facts)
    template = _compiled(text)
    values = {key: _read_only(value) for key, value in context(code, facts).items()}
    try:
        body = template.render(Context(values, autoescape=False))
    except BadTemplate:
        raise
    except Exception as error:
        # Whatever a value or a condition raises in a text that people wrote; nothing of it is worth a page of traces.
        raise BadTemplate("The text cannot be filled in.") from error
    if unknown := UNKNOWN.search(body):
        raise BadTemplate(f'There is no value called "{unknown.group(1)}".')
    if len(body) > LONGEST_LETTER:
        raise BadTemplate("The letter would be too long.")
    return Letter(titled(title, facts), wrapped(body), version, facts.language)


def _compiled(text: str) -> Template:
    if len(text) > LONGEST_TEXT:
        raise BadTemplate(f"The text is longer than {LONGEST_TEXT} characters.")
    if text.count("{%") > MOST_TAGS:
        raise BadTemplate(f"The text has more than {MOST_TAGS} conditions.")
    if text.count("{{") > MOST_VALUES:
        raise BadTemplate(f"The text has more than {MOST_VALUES} values.")
    if len(re.findall(r"{%\s*include", text)) > MOST_PARTIALS:
        raise BadTemplate(f"The text includes more than {MOST_PARTIALS} parts.")
    try:
        return Template(text, engine=_engine())
    except TemplateSyntaxError as error:
        raise BadTemplate(_explained(error)) from error
    except (RecursionError, ValueError) as error:
        raise BadTemplate("The text is too deeply nested.") from error


def _engine() -> Engine:
    return _StaffEngine(autoescape=False, string_if_invalid="{{ %s }}", loaders=[])


def _explained(error: TemplateSyntaxError) -> str:
    """One sentence, without Django's list of everything there is."""
    first = " ".join(str(error).split(". ")[0].split())[:200].rstrip(".")
    allowed = f'{{% if %}} and {{% include "{PARTIALS[0]}" %}}'
    return f"The text is not right: {first}. Beside values in {{{{ }}}} it can have {allowed}."


class _Values(Mapping[str, Any]):
    """Values by their names, which cannot be changed and do not stand in a text as a whole."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        raise BadTemplate(_GROUP)


class _List(tuple[Any, ...]):
    """A list that does not stand in a text as a whole, either: the partials go through it."""

    __slots__ = ()

    def __repr__(self) -> str:
        raise BadTemplate(_GROUP)


_GROUP = "A group of values cannot stand in the text: name one of them, or include the part that lists them."


def _read_only(value: Any) -> Any:
    """Texts and truths as they are, lists and dicts so that nothing in them can be changed."""
    if isinstance(value, dict):
        return _Values({key: _read_only(item) for key, item in value.items()})
    if isinstance(value, list):
        return _List(_read_only(item) for item in value)
    return value
