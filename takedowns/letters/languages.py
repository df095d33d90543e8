"""In which language an operator is written to. Pure but for the files that say which letters there are."""

from takedowns.letters.rendering import exists
from takedowns.letters.wordings import DEFAULT, WORDINGS

# Countries (ISO 3166) where most people read one of our languages; Belgium and others with several are left out.
_SPOKEN = {
    "de": "DE AT LI CH",
    "fr": "FR MC",
    "es": "ES MX AR CL CO PE UY PY BO EC VE CR PA GT HN NI SV DO CU",
    "it": "IT SM VA",
    "pl": "PL",
    "pt": "PT BR AO MZ CV",
    "nl": "NL SR",
}
_BY_COUNTRY = {country: language for language, countries in _SPOKEN.items() for country in countries.split()}


def language_for(operator_language: str, country: str, code: str) -> str:
    """The operator's own language, or else its country's, if the letter exists in it; otherwise English."""
    language = operator_language.lower() or _BY_COUNTRY.get(country.upper(), DEFAULT)
    return language if language in WORDINGS and exists(code, language) else DEFAULT
