"""Letters in other languages say what the English ones say, whole and in one language."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from takedowns import letters
from takedowns.letters.elements import FROM_FACTS
from takedowns.letters.facts import Facts
from takedowns.letters.rendering import FOLDER
from takedowns.letters.samples import samples
from takedowns.letters.statements import IN_ENGLISH, is_hidden
from takedowns.letters.wordings import WORDINGS

LANGUAGES = ("de", "fr", "es", "it", "pl", "pt", "nl")
CODES = (
    "cdn_forward",
    "dmca_512c",
    "dsa_16",
    "eu_rtbf",
    "gdpr_erasure",
    "host_policy",
    "image_right",
    "impersonation",
    "info_answer",
    "ncii_policy",
    "owner_request",
    "reminder",
    "retraction",
    "search_explicit",
    "take_it_down",
    "thanks",
)
PARTIALS = ("_asked_before", "_contact", "_places", "_urls")
COUNTRIES = {
    "de": ("DE", "at"),
    "fr": ("FR", "MC"),
    "es": ("ES", "mx"),
    "it": ("IT", "SM"),
    "pl": ("PL", "pl"),
    "pt": ("PT", "br"),
    "nl": ("NL", "SR"),
}
# Words that stand in nearly every English sentence,
ENGLISH = set(
    re.findall(
        r"\w+",
        "the of and we our you your with without this that these which please from they their has have it is are was "
        "been not if to by for or at on who does there here picture page person request reference telephone shown",
    )
)
# the same letters as a word of the language,
OWN_WORDS = {
    "de": {"person", "was"},
    "fr": {"on", "page"},
    "pl": {"to", "by", "on", "we"},
    "nl": {"of", "is", "was"},
}
# and names that stay English.
NAMES = re.compile(r"TAKE IT DOWN Act|\bfair use\b|\bdigital forgery\b|UK GDPR")
# As each language writes the first and the fourth of May.
DAYS = {
    "de": ("1. Mai 2026", "4. Mai 2026"),
    "fr": ("1er mai 2026", "4 mai 2026"),
    "es": ("1 de mayo de 2026", "4 de mayo de 2026"),
    "it": ("1º maggio 2026", "4 maggio 2026"),
    "pl": ("1 maja 2026 r.", "4 maja 2026 r."),
    "pt": ("1 de maio de 2026", "4 de maio de 2026"),
    "nl": ("1 mei 2026", "4 mei 2026"),
}
SEVEN_DAYS = {
    "de": "sieben Tagen",
    "fr": "sept jours",
    "es": "siete días",
    "it": "sette giorni",
    "pl": "siedmiu dni",
    "pt": "sete dias",
    "nl": "zeven dagen",
}
# What the laws are called and how they are cited, written here again so that a changed word is noticed.
MUST_SAY: dict[str, dict[str, tuple[str, ...]]] = {
    "de": {
        "gdpr_erasure": (
            "Verordnung (EU) 2016/679 (Datenschutz-Grundverordnung, DSGVO)",
            "Artikel 17 Absatz 1 Buchstabe c",
            "Artikel 21 Absatz 1",
            "unverzüglich",
            "Artikel 12 Absatz 3",
            "Artikel 19",
        ),
        "dsa_16": ("Gesetz über digitale Dienste", "Artikel 6 Absatz 1", "in gutem Glauben", "richtig und vollständig"),
        "take_it_down": ("47 U.S.C. 223a(a)", "48 Stunden", "in gutem Glauben", "identischen Kopien"),
        "eu_rtbf": ("C-131/12", "Artikel 17 Absatz 3"),
    },
    "fr": {
        "gdpr_erasure": (
            "règlement (UE) 2016/679 (règlement général sur la protection des données, RGPD)",
            "article 17, paragraphe 1, point c)",
            "article 21, paragraphe 1",
            "dans les meilleurs délais",
            "article 12, paragraphe 3",
            "article 19",
        ),
        "dsa_16": ("règlement sur les services numériques", "article 6, paragraphe 1", "de bonne foi", "exactes et"),
        "take_it_down": ("47 U.S.C. 223a(a)", "48 heures", "de bonne foi", "copies identiques"),
        "eu_rtbf": ("C-131/12", "article 17, paragraphe 3"),
    },
    "es": {
        "gdpr_erasure": (
            "Reglamento (UE) 2016/679 (Reglamento general de protección de datos, RGPD)",
            "artículo 17, apartado 1, letra c)",
            "artículo 21, apartado 1",
            "sin dilación indebida",
            "artículo 12, apartado 3",
            "artículo 19",
        ),
        "dsa_16": (
            "Reglamento de Servicios Digitales",
            "artículo 6, apartado 1",
            "de buena fe",
            "precisas y completas",
        ),
        "take_it_down": ("47 U.S.C. 223a(a)", "48 horas", "de buena fe", "copias idénticas"),
        "eu_rtbf": ("C-131/12", "artículo 17, apartado 3"),
    },
    "it": {
        "gdpr_erasure": (
            "regolamento (UE) 2016/679 (regolamento generale sulla protezione dei dati, GDPR)",
            "articolo 17, paragrafo 1, lettera c)",
            "articolo 21, paragrafo 1",
            "senza ingiustificato ritardo",
            "articolo 12, paragrafo 3",
            "articolo 19",
        ),
        "dsa_16": ("regolamento sui servizi digitali", "articolo 6, paragrafo 1", "buona fede", "completezza"),
        "take_it_down": ("47 U.S.C. 223a(a)", "48 ore", "buona fede", "copie identiche"),
        "eu_rtbf": ("C-131/12", "articolo 17, paragrafo 3"),
    },
    "pl": {
        "gdpr_erasure": (
            "rozporządzenia (UE) 2016/679 (ogólnego rozporządzenia o ochronie danych, RODO)",
            "art. 17 ust. 1 lit. c)",
            "art. 21 ust. 1",
            "bez zbędnej zwłoki",
            "art. 17 ust. 2",
            "art. 12 ust. 3",
            "art. 19",
        ),
        "dsa_16": ("akt o usługach cyfrowych", "art. 6 ust. 1", "w dobrej wierze", "prawidłowe i kompletne"),
        "take_it_down": ("47 U.S.C. 223a(a)", "48 godzin", "w dobrej wierze", "identycznych kopii"),
        "eu_rtbf": ("C-131/12", "art. 17 ust. 3"),
    },
    "pt": {
        "gdpr_erasure": (
            "Regulamento (UE) 2016/679 (Regulamento Geral sobre a Proteção de Dados, RGPD)",
            "artigo 17.º, n.º 1, alínea c)",
            "artigo 21.º, n.º 1",
            "sem demora injustificada",
            "artigo 17.º, n.º 2",
            "artigo 12.º, n.º 3",
            "artigo 19.º",
        ),
        "dsa_16": ("Regulamento dos Serviços Digitais", "artigo 6.º, n.º 1", "de boa-fé", "exatas e completas"),
        "take_it_down": ("47 U.S.C. 223a(a)", "48 horas", "de boa-fé", "cópias idênticas"),
        "eu_rtbf": ("C-131/12", "artigo 17.º, n.º 3"),
    },
    "nl": {
        "gdpr_erasure": (
            "Verordening (EU) 2016/679 (algemene verordening gegevensbescherming, AVG)",
            "artikel 17, lid 1, onder c)",
            "artikel 21, lid 1",
            "zonder onredelijke vertraging",
            "artikel 17, lid 2",
            "artikel 12, lid 3",
            "artikel 19",
        ),
        "dsa_16": ("digitaledienstenverordening", "artikel 6, lid 1", "te goeder trouw", "juist en volledig"),
        "take_it_down": ("47 U.S.C. 223a(a)", "48 uur", "te goeder trouw", "identieke kopieën"),
        "eu_rtbf": ("C-131/12", "artikel 17, lid 3"),
    },
}
# The numbers by which the laws of five countries are cited, and how else some languages write them.
CITED = {"de": "§§? ?22 .* 23", "fr": r"9\b", "es": "1/1982", "it": "96.* 97.* 633/1941.* 10", "pl": "81.*1994"}
CITED_OTHERWISE = {
    "fr": {"de": "articles 22 et 23"},
    "es": {"de": "artículos 22 y 23"},
    "it": {"de": "articoli 22 e 23", "it": "96.* 97.* 1941, n. 633.* 10"},
}
every_language = pytest.mark.parametrize("language", LANGUAGES)
every_letter = pytest.mark.parametrize("code", CODES)


def flat(text: str) -> str:
    return " ".join(text.split())


@every_letter
@every_language
def test_every_letter_is_complete_for_everybody_it_may_be_written_for(language: str, code: str) -> None:
    assert samples(code, language)
    for known in samples(code, language):
        letter = letters.shipped(code, known)
        assert letter.language == language
        assert letters.missing_elements(code, known, letter.body) == [], known.answers


@every_letter
@every_language
def test_nothing_is_left_in_english_but_what_a_statute_wants(language: str, code: str) -> None:
    for known in samples(code, language):
        letter = letters.shipped(code, known)
        own = NAMES.sub("", _without_given(known, f"{letter.title} {letter.body}")).lower()
        assert set(re.findall(r"[^\W\d_]+", own)) & (ENGLISH - OWN_WORDS.get(language, set())) == set()


@every_letter
@every_language
def test_whichever_required_sentence_is_cut_it_is_noticed(language: str, code: str) -> None:
    for known in samples(code, language):
        body = flat(letters.shipped(code, known).body)
        said = _said(code, known)
        for element in letters.elements_of(code):
            if element.key in FROM_FACTS:
                continue
            sentence = flat(said[element.key])
            assert sentence in body
            without = body.replace(sentence, "")
            assert any(element.name in one for one in letters.missing_elements(code, known, without)), element.key


@every_letter
@every_language
def test_a_sentence_about_another_consent_is_noticed(language: str, code: str) -> None:
    for known in samples(code, language):
        body = letters.shipped(code, known).body
        for consented, sentence in WORDINGS[language].consent.items():
            if consented == known.answers["consented"]:
                continue
            untrue = letters.missing_elements(code, known, f"{sentence}\n\n{body}")
            assert any("consent" in one for one in untrue), (known.answers["consented"], consented)


@every_letter
@every_language
def test_a_letter_says_the_same_things_under_the_same_conditions_as_the_english_one(language: str, code: str) -> None:
    more = {f"{{{{ says.{key} }}}}" for key in IN_ENGLISH} if code == "dmca_512c" else set()
    assert _tags(language, code) == _tags("en", code) | more


@pytest.mark.parametrize("partial", PARTIALS)
@every_language
def test_a_partial_lists_the_same_facts_as_the_english_one(language: str, partial: str) -> None:
    assert _tags(language, partial) == _tags("en", partial)


@every_language
def test_every_sentence_has_the_values_of_the_english_one_and_no_other(language: str) -> None:
    english = WORDINGS["en"].says
    for key, text in WORDINGS[language].says.items():
        assert _fields(text) == _fields(english[key]), key


@every_language
def test_every_choice_of_words_is_there(language: str) -> None:
    own, english = WORDINGS[language], WORDINGS["en"]
    for there, wanted in ((own.consent, english.consent), (own.authorship, english.authorship)):
        assert there.keys() == wanted.keys()
        assert len(set(there.values())) == len(wanted)
    assert own.limbs.keys() == english.limbs.keys()
    assert own.laws.keys() == english.laws.keys() - {"us_ca", "us_ny"}
    assert set(own.titles) == set(CODES)
    assert (own.language, len(set(own.months))) == (language, 12)


@pytest.mark.parametrize("code", sorted({*CODES} & {*MUST_SAY["de"]}))
@every_language
def test_laws_are_named_and_cited_as_in_the_language(language: str, code: str) -> None:
    known = next(known for known in samples(code, language) if known.answers["lives_in"] == "eu")
    text = flat(letters.shipped(code, known).body)
    assert [words for words in MUST_SAY[language][code] if words not in text] == []


@every_language
def test_the_law_of_the_place_where_the_person_lives_is_cited(language: str) -> None:
    cited = {}
    for known in samples("image_right", language):
        law = WORDINGS[language].laws[known.answers["lives_in"]]
        assert flat(law) in flat(letters.shipped("image_right", known).body)
        cited[known.answers["lives_in"]] = flat(law)
    numbers = CITED | CITED_OTHERWISE.get(language, {})
    assert set(cited) == set(numbers)
    assert all(re.search(number, cited[place]) for place, number in numbers.items())


@every_language
def test_a_copyright_notice_has_the_words_of_the_statute_in_english(language: str) -> None:
    known = samples("dmca_512c", language)[0]
    body = flat(letters.shipped("dmca_512c", known).body)
    for words in ("is not authorized by the copyright owner, its agent, or the law", "under penalty of perjury"):
        assert words in body
        assert letters.missing_elements("dmca_512c", known, body.replace(words, ""))


@every_language
def test_days_are_written_as_the_language_does(language: str) -> None:
    known = samples("reminder", language)[0]
    body = flat(letters.shipped("reminder", known).body)
    assert all(day in body for day in DAYS[language])
    months = {WORDINGS[language].dated(date(2026, month, 2)) for month in range(1, 13)}
    assert len(months) == 12
    assert not re.search(r"\b(January|March|May|June|July|October|December)\b", body)


@every_language
def test_a_reminder_says_whether_the_day_has_passed(language: str) -> None:
    known = replace(samples("reminder", language)[0], due_on=date(2026, 5, 11))
    late, early = (
        flat(letters.shipped("reminder", replace(known, today=today)).body).replace(words.dated(today), "")
        for words in (WORDINGS[language],)
        for today in (date(2026, 5, 20), date(2026, 5, 10))
    )
    assert WORDINGS[language].dated(date(2026, 5, 11)) in late
    assert WORDINGS[language].dated(date(2026, 5, 11)) in early
    assert late != early


@every_language
def test_a_demand_names_its_day_or_seven_days(language: str) -> None:
    known = replace(samples("image_right", language)[0], due_on=None)
    dated = letters.shipped("image_right", replace(known, due_on=date(2026, 5, 27))).body
    seven = SEVEN_DAYS[language]
    assert WORDINGS[language].dated(date(2026, 5, 27)) in flat(dated)
    assert seven not in flat(dated)
    assert seven in flat(letters.shipped("image_right", known).body)


@every_letter
@every_language
def test_an_operator_is_written_to_in_the_language_of_its_country(language: str, code: str) -> None:
    for country in COUNTRIES[language]:
        assert letters.language_for("", country, code) == language
    assert letters.language_for(language, "JP", code) == language
    assert letters.language_for("en", COUNTRIES[language][0], code) == "en"


@every_language
def test_a_letter_that_a_language_lacks_is_written_in_english(language: str) -> None:
    assert letters.language_for("", COUNTRIES[language][0], "dmca_512d") == "en"


@every_letter
@every_language
def test_nobody_is_named_where_it_is_intimate_or_they_are_afraid(language: str, code: str) -> None:
    # What stands for the name begins with a capital letter, so it must begin the sentence.
    instead = WORDINGS[language].says["person"]
    for known in filter(is_hidden, samples(code, language)):
        letter = letters.shipped(code, known)
        assert "Robin" not in letter.title + letter.body
        rest = flat(letter.body).replace(flat(_said(code, known)["which_person"]), "")
        assert not re.search(rf"[^.] {instead}", rest)


@every_letter
def test_a_polish_date_never_ends_a_sentence(code: str) -> None:
    for known in samples(code, "pl"):
        assert "r.." not in letters.shipped(code, known).body


def test_french_has_a_space_that_does_not_break_before_a_colon() -> None:
    texts = [path.read_text() for path in Path(FOLDER / "fr").glob("*.txt")]
    texts += [*WORDINGS["fr"].says.values(), *WORDINGS["fr"].titles.values()]
    for text in texts:
        assert re.findall(r"[^\u00a0](?:[;?!»]|:(?=[\s]|$))", re.sub(r"{%.*?%}|{{.*?}}|//", "", text)) == []


# --- What these tests look with ----------------------------------------------------------------------------


def _said(code: str, known: Facts) -> dict[str, str]:
    """The sentences that are looked for: the statute's own are English."""
    english = letters.statements(replace(known, language="en"), code=code)
    return {**letters.statements(known, code=code), **{key: english[key] for key in IN_ENGLISH}}


def _without_given(known: Facts, text: str) -> str:
    """The text without what is not ours to translate."""
    said, text = _said("dmca_512c", known), flat(text)
    agent = known.agent
    given = [known.operator, known.note, known.engine, known.query, agent.name, agent.address, agent.email]
    given += [url for place in known.places for url in (place.page_url, place.image_url)]
    given += [known.reference, *(said[key] for key in IN_ENGLISH)]
    for value in sorted(filter(None, map(flat, given)), key=len, reverse=True):
        text = text.replace(value, "")
    return text


def _tags(language: str, name: str) -> set[str]:
    return set(re.findall(r"{%.*?%}|{{.*?}}", (FOLDER / language / f"{name}.txt").read_text()))


def _fields(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field}
