"""What alerts say, in every language: complete, with every plural form that the language has, and readable."""

import re
import string
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from alerts import wording, words
from alerts.kinds import NATURE
from alerts.models import Kind
from alerts.wording import Happened
from alerts.words import LANGUAGES, Language

ENGLISH = words.language("en")
NUMBERS = [1, 2, 3, 4, 5, 8, 11, 12, 13, 21, 22, 25, 100, 1_000, 1_000_000]
every_language = pytest.mark.parametrize("code", LANGUAGES)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def phrases(language: Language) -> list[str]:
    return [*language.said.values(), *(form for forms in language.counted.values() for form in forms.values())]


def everything(language: Language, count: int = 2) -> list[str]:
    """All text of a letter that tells of everything."""
    now = datetime(2025, 5, 3, 12, tzinfo=UTC)
    told = [Happened(kind, now, f"{kind} {number}") for kind in Kind for number in range(count)]
    letter = wording.compose(told, language=language, zone=ZoneInfo("UTC"), earlier=count)
    lines = [line.text for section in letter.sections for line in section.lines]
    return [letter.subject, *(section.title for section in letter.sections), *lines, *letter.closing]


@every_language
def test_every_phrase_is_there_and_no_other(code: str) -> None:
    language = words.language(code)
    assert language.name == LANGUAGES[code]
    assert language.said.keys() == ENGLISH.said.keys()
    assert language.counted.keys() == ENGLISH.counted.keys()


@every_language
def test_every_plural_form_is_there_and_no_other(code: str) -> None:
    language = words.language(code)
    categories = {*language.locale.plural_form.tags, "other"}
    for name, forms in language.counted.items():
        assert forms.keys() == categories, name


@every_language
def test_the_placeholders_are_those_that_are_filled(code: str) -> None:
    language = words.language(code)
    for name, text in language.said.items():
        assert fields(text) == ({"contact"} if name == "contact" else set()), name
    for name, forms in language.counted.items():
        assert fields(forms["one"]) == set(), f"{name}: one is part of the sentence"
        for category in forms.keys() - {"one"}:
            assert len(fields(forms[category]) & {"n", "n_f"}) == len(fields(forms[category])) == 1, name


@every_language
def test_the_words_are_plain(code: str) -> None:
    for text in phrases(words.language(code)):
        assert text == text.strip()
        assert "!" not in text
        assert "  " not in text
        assert "'" not in text, "apostrophes are the typographic ones"


@every_language
@pytest.mark.parametrize("number", NUMBERS)
def test_every_number_makes_a_sentence(code: str, number: int) -> None:
    language = words.language(code)
    for name in language.counted:
        text = language.count(name, number)
        assert not text[0].islower()
        assert "{" not in text
        if not name.startswith("subject_"):
            assert text.endswith(".")


@every_language
def test_numbers_up_to_twelve_are_words(code: str) -> None:
    language = words.language(code)
    assert len(language.numbers) == 11
    assert set(language.feminine) <= set(language.numbers)
    for text in everything(language, 12):
        assert not re.search(r"\d", text)
    assert "13" in language.count("match", 13)


@every_language
def test_other_languages_are_not_english_left_over(code: str) -> None:
    if code == "en":
        return
    same = set(phrases(ENGLISH)) & set(phrases(words.language(code)))
    assert same == set()


@every_language
def test_every_kind_of_alert_is_told(code: str) -> None:
    language = words.language(code)
    assert NATURE.keys() == set(Kind)
    text = everything(language)
    for kind in Kind:
        assert any(language.count(kind, 2) in line for line in text), kind


def test_gender_and_plural_where_a_language_has_them() -> None:
    polish, portuguese, german = (words.language(code) for code in ("pl", "pt", "de"))
    assert polish.count("match", 2).startswith("Znaleźliśmy dwa zdjęcia")
    assert polish.count("match", 5).startswith("Znaleźliśmy pięć zdjęć")
    assert polish.count("match", 22).startswith("Znaleźliśmy 22 zdjęcia")
    assert polish.count("ended", 2).startswith("Dwie Twoje sprawy")
    assert portuguese.count("match", 2).startswith("Encontrámos duas imagens")
    assert portuguese.count("ended", 2).startswith("Dois dos seus casos")
    assert german.count("match", 1_200).startswith("Wir haben 1.200 Bilder")


def test_a_subject_names_three_things_at_most() -> None:
    now = datetime(2025, 5, 3, 12, tzinfo=UTC)
    told = [Happened(kind, now, kind) for kind in Kind]
    letter = wording.compose(told, language=ENGLISH, zone=ZoneInfo("UTC"))
    assert letter.subject == "A question for you, a picture that is back and a picture to look at"


def test_an_unknown_language_is_english() -> None:
    assert words.language("xx") is ENGLISH
    assert words.language("../en") is ENGLISH
