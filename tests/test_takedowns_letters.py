"""Each letter has every element that its ground requires, and says nothing that is not so.

The whole text of each is in tests/letters/. After a wanted change: run this with UPDATE_LETTERS=1, and read the diff.
"""

import os
import re
import textwrap
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedowns import letters
from takedowns.grounds import GROUNDS, decide
from takedowns.letters import Agent, Facts, Place
from takedowns.letters.elements import FOLLOW_UPS, FROM_FACTS
from takedowns.letters.samples import samples
from takedowns.letters.wordings import WORDINGS
from tests.cases import ANSWERS
from tests.test_grounds import answers

GOLDEN = Path(__file__).parent / "letters"
CODES = sorted([*GROUNDS, *FOLLOW_UPS])
AGENT = Agent("Faceward", "1 Test Street, Testville", "+1 555 0100", "notices@faceward.example")
FACTS = Facts(
    reference="FW-7K2M9QXD",
    operator="Loopback Hosting Inc.",
    places=(
        Place("https://shop.example/p?id=1&x=2", "https://cdn.shop.example/1.jpg", datetime(2026, 5, 3, 9, tzinfo=UTC)),
        Place("https://shop.example/2.jpg", "https://shop.example/2.jpg", None),
    ),
    answers=ANSWERS,
    subject_name="Alice Example",
    subject_signature="Alice Example",
    signed_at=datetime(2026, 5, 1, tzinfo=UTC),
    face_at=(0.4, 0.3),
    agent=AGENT,
    today=date(2026, 5, 4),
)
FITTING = {
    "take_it_down": {"intimate": "yes"},
    "uk_intimate": {"intimate": "yes", "lives_in": "uk"},
    "ncii_policy": {"intimate": "yes"},
    "dsa_16": {"photographer": "unknown", "lives_in": "eu"},
    "gdpr_erasure": {"photographer": "unknown", "lives_in": "uk"},
    "host_policy": {"photographer": "unknown"},
    "impersonation": {"context": "profile"},
    "dating_profile": {"context": "dating"},
    "scam_profile": {"context": "scam"},
    "image_right": {"photographer": "unknown", "lives_in": "de"},
    "publicity": {"lives_in": "us_ca", "context": "commercial"},
    "ccpa_delete": {"lives_in": "us_ca"},
    "upstream": {"context": "scam"},
    "registrar": {"context": "scam"},
    "ad_payment": {"context": "commercial"},
    "search_explicit": {"intimate": "yes"},
    "eu_rtbf": {"lives_in": "eu"},
    "dsa_20_complaint": {"lives_in": "eu"},
    "onward_17_2": {"lives_in": "eu"},
    "access_15": {"lives_in": "uk"},
}
# What each statute wants said, in words of its own: written here again, so that a changed sentence is noticed.
DMCA = [
    "not authorized by the copyright owner, its agent, or the law",
    "under penalty of perjury",
    "authorized to act on behalf of the owner of an exclusive right",
    "information in this notification is accurate",
    "took it and owns the copyright",
    "/s/ Alice Example",
    "1 Test Street, Testville",
    "+1 555 0100",
    "notices@faceward.example",
]
MUST_SAY = {
    "dmca_512c": DMCA,
    "dmca_512d": [*DMCA, "reference and link", "512(d)"],
    "take_it_down": [
        "good faith belief",
        "not consensual",
        "never agreed",
        "223a",
        "48 hours",
        "identical copies",
        "/s/ Faceward",
    ],
    "uk_intimate": ["section 66B", "Online Safety Act 2023", "never agreed"],
    "ncii_policy": ["intimate", "no law is claimed"],
    "dsa_16": ["Article 16", "Article 6(1)", "bona fide belief", "accurate and complete", "notices@faceward.example"],
    "gdpr_erasure": ["Alice Example", "17(1)(d)", "17(1)(c)", "21(1)", "17(2)", "12(3)", "one month", "UK GDPR"],
    "host_policy": ["no law is claimed", "not a copyright notice"],
    "impersonation": ["neither run this profile", "no law is claimed"],
    "dating_profile": ["neither run this profile", "look for a partner"],
    "scam_profile": ["neither run this profile", "deceive"],
    "image_right": ["sections 22 and 23", "Alice Example", "exception"],
    "publicity": ["section 3344", "advertise or sell", "lives in California"],
    "ccpa_delete": ["1798.105", "publicly available", "45 calendar days"],
    "owner_request": ["no law is claimed"],
    "cdn_forward": ["forward this report", "name of the hosting provider"],
    "upstream": ["your network", "no law is claimed"],
    "registrar": ["claim nothing beyond"],
    "search_explicit": ["search results", "intimate", "Loopback Search"],
    "search_personal": ["search results", "no law is claimed", "Found with the query: Alice Example"],
    "search_outdated": ["not at these addresses any more"],
    "eu_rtbf": ["C-131/12", "searches for the name Alice Example", "17(1)(d)", "12(3)"],
    "ad_payment": ["use your service", "no law is claimed"],
    "reminder": ["On 20 April 2026 we wrote", "ask you again", "hoped for an answer by 27 April 2026"],
    "retraction": ["take back", "20 April 2026", "please restore it"],
    "info_answer": ["You asked us", "It is the photo on the left."],
    "counter_response": ["512(g)(2)(C)", "restrain your subscriber", "It is the photo on the left."],
    "dsa_20_complaint": ["Article 20", "qualified staff", "Article 6(1)"],
    "onward_17_2": ["Article 19", "17(2)", "Alice Example"],
    "access_15": ["Article 15", "(g)", "where they come from", "Alice Example"],
    "preservation": ["preserve", "do not ask you to hand"],
    "thanks": ["Thank you"],
}
# Words of a threat or a promise have no place in any of them.
NEVER = re.compile(r"\b(sue|lawsuit|lawyer|prosecut\w*|liab\w*|fine of|guarantee\w*|biometric\w*)\b", re.IGNORECASE)


def facts(**changes: str) -> Facts:
    return replace(FACTS, answers={**ANSWERS, **changes})


def fitting(code: str) -> Facts:
    """The facts of a letter that is sent on this ground, or after one."""
    known = replace(
        facts(**FITTING.get(code, {})), asked_before=("First Ltd.",), engine="Loopback Search", query="Alice Example"
    )
    if code in GROUNDS:
        return known
    return replace(
        known,
        first_ground="dmca_512c" if code == "counter_response" else "host_policy",
        first_sent_on=date(2026, 4, 20),
        due_on=date(2026, 4, 27),
        note="It is the photo on the left.",
    )


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("code", CODES)
def test_a_fresh_letter_is_complete_and_says_what_the_law_wants(code: str) -> None:
    known = fitting(code)
    letter = letters.shipped(code, known)
    assert letters.missing_elements(code, known, letter.body) == []
    assert [words for words in MUST_SAY[code] if words not in flat(letter.body)] == []
    assert known.reference in letter.title
    assert "\n" not in letter.title
    assert NEVER.search(letter.body) is None
    assert letter.language == "en"


@pytest.mark.parametrize("code", CODES)
def test_the_text_is_the_one_that_was_read_and_found_good(code: str) -> None:
    letter = letters.shipped(code, fitting(code))
    text, golden = f"{letter.title}\n\n{letter.body}", GOLDEN / f"{code}.txt"
    if os.environ.get("UPDATE_LETTERS"):
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("code", CODES)
def test_an_empty_letter_lacks_every_element(code: str) -> None:
    missing = letters.missing_elements(code, fitting(code), "")
    assert len(missing) == len(letters.elements_of(code))


@pytest.mark.parametrize("code", CODES)
def test_every_element_of_a_letter_has_a_sentence_or_a_fact(code: str) -> None:
    said = letters.statements(fitting(code), code=code)
    assert [
        item.key for item in letters.elements_of(code) if not said.get(item.key) and item.key not in FROM_FACTS
    ] == []


@pytest.mark.parametrize("code", CODES)
def test_whichever_required_sentence_is_cut_it_is_noticed(code: str) -> None:
    known = fitting(code)
    body = flat(letters.shipped(code, known).body)
    said = letters.statements(known, code=code)
    for element in letters.elements_of(code):
        if element.key in FROM_FACTS:
            continue
        assert said[element.key] in body
        without = body.replace(said[element.key], "")
        assert any(element.name in problem for problem in letters.missing_elements(code, known, without)), element.key


@pytest.mark.parametrize("code", CODES)
def test_whichever_address_is_changed_it_is_noticed(code: str) -> None:
    known = fitting(code)
    body = letters.shipped(code, known).body
    if code == "thanks":
        return
    for place in known.places:
        for url in {place.page_url, place.image_url}:
            for changed in (body.replace(url, url + "1"), body.replace(url, url[:-1]), body.replace(url, "")):
                assert letters.missing_elements(code, known, changed), url


@pytest.mark.parametrize("code", CODES)
def test_a_letter_that_is_wrapped_otherwise_and_has_more_words_is_as_complete(code: str) -> None:
    known = fitting(code)
    paragraphs = letters.shipped(code, known).body.split("\n\n")
    narrow = [
        part if "://" in part or "/s/" in part else textwrap.fill(part, 40, break_long_words=False)
        for part in paragraphs
    ]
    body = "\n\n".join(["Dear colleagues,", *narrow, "With kind regards"])
    assert letters.missing_elements(code, known, body) == []


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ("/s/ Alice Example", "signature"),
        ("not authorized by", "good faith"),
        ("under penalty of", "perjury"),
        ("https://cdn.shop.example/1.jpg", "address of every page and picture"),
        ("owns the copyright", "which work"),
        ("+1 555 0100", "telephone"),
        ("1 Test Street", "postal address"),
    ],
)
def test_what_is_cut_out_of_a_letter_is_noticed(gone: str, named: str) -> None:
    body = letters.shipped("dmca_512c", FACTS).body
    assert gone in body
    (sentence,) = letters.missing_elements("dmca_512c", FACTS, body.replace(gone, ""))
    assert named in sentence


def test_an_address_that_is_only_the_start_of_another_does_not_count() -> None:
    known = replace(FACTS, places=(Place("https://a.example/1", "https://a.example/1", None),))
    body = letters.shipped("host_policy", known).body.replace("https://a.example/1\n", "https://a.example/12\n")
    assert letters.missing_elements("host_policy", known, body)


def test_a_copyright_notice_without_our_address_or_telephone_is_incomplete() -> None:
    known = replace(FACTS, agent=replace(AGENT, address="", phone=" "))
    missing = letters.missing_elements("dmca_512c", known, letters.shipped("dmca_512c", known).body)
    assert missing == [
        "The notice needs our postal address, which is not set (AGENT_ADDRESS).",
        "The notice needs our telephone number, which is not set (AGENT_PHONE).",
    ]


@pytest.mark.parametrize("code", ["dmca_512c", "dmca_512d"])
def test_a_copyright_notice_for_somebody_without_a_copyright_can_never_be_complete(code: str) -> None:
    known = facts(photographer="someone_else")
    assert letters.missing_elements(code, known, letters.shipped(code, known).body)


# --- What a letter must not say ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "more", "reason"),
    [
        ("host_policy", "Dear {operator},", "placeholder"),
        ("host_policy", "Dear {{ operator }},", "placeholder"),
        ("host_policy", "TODO: the date", "placeholder"),
        ("host_policy", "Sent on None.", "placeholder"),
        ("host_policy", "This infringes our copyright.", "copyright"),
        ("dsa_16", "We declare under penalty of perjury that it is so.", "copyright"),
        ("gdpr_erasure", "The picture is biometric data.", "biometric"),
        ("gdpr_erasure", "Das Bild ist ein biometrisches Datum.", "biometric"),
        ("host_policy", "/s/ Somebody Else", "another name"),
        ("take_it_down", "Her name is alice  example.", "names the person"),
        (
            "host_policy",
            "The person shown once agreed to its being published there, and has withdrawn that agreement.",
            "consent",
        ),
    ],
)
def test_what_is_put_into_a_letter_and_must_not_be_there_is_noticed(code: str, more: str, reason: str) -> None:
    known = fitting(code)
    (problem,) = letters.missing_elements(code, known, f"{letters.shipped(code, known).body}\n{more}\n")
    assert reason in problem


def test_what_others_call_themselves_and_their_pages_is_no_reason_to_refuse_a_letter() -> None:
    place = Place("https://copyright.example/biometric/{id}", "https://copyright.example/None.jpg", None)
    known = replace(FACTS, operator="TODO Biometric Copyright {name} Inc.", places=(place,))
    body = letters.shipped("host_policy", known).body
    assert letters.missing_elements("host_policy", known, body) == []


def test_a_further_letter_about_a_copyright_notice_may_speak_of_copyright_and_no_other_may() -> None:
    known = replace(fitting("reminder"), first_ground="dmca_512c")
    body = letters.shipped("reminder", known).body
    assert "claimed copyright infringement" in flat(body)
    assert letters.missing_elements("reminder", known, body) == []
    assert letters.missing_elements("reminder", fitting("reminder"), body)


def test_a_colleagues_words_are_checked_as_everything_else() -> None:
    known = replace(fitting("info_answer"), note="It is her copyright, and biometric data.")
    problems = letters.missing_elements("info_answer", known, letters.shipped("info_answer", known).body)
    assert len(problems) == 2


@pytest.mark.parametrize("code", ["info_answer", "counter_response"])
def test_an_answer_without_an_answer_is_incomplete(code: str) -> None:
    known = replace(fitting(code), note="")
    assert letters.missing_elements(code, known, letters.shipped(code, known).body)


@pytest.mark.parametrize("code", sorted(FOLLOW_UPS))
def test_a_further_letter_needs_the_day_of_the_first(code: str) -> None:
    known = replace(fitting(code), first_sent_on=None)
    problems = letters.missing_elements(code, known, letters.shipped(code, known).body)
    assert bool(problems) is (code != "access_15")


# --- Who is named ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["take_it_down", "dsa_16", "host_policy", "owner_request", "cdn_forward", "retraction"]
)
def test_the_person_is_not_named_where_the_law_does_not_ask_for_it(code: str) -> None:
    assert "Alice" not in letters.shipped(code, fitting(code)).body


@pytest.mark.parametrize("why", [{"intimate": "yes"}, {"poster": "afraid"}])
@pytest.mark.parametrize("code", CODES)
def test_nobody_is_named_where_it_is_intimate_or_they_are_afraid(code: str, why: dict[str, str]) -> None:
    known = replace(fitting(code), answers={**fitting(code).answers, **why})
    letter = letters.shipped(code, known)
    assert "Alice" not in letter.title + letter.body
    needs_name = any(element.key == "subject_name" for element in letters.elements_of(code))
    assert bool(letters.missing_elements(code, known, letter.body)) is needs_name


@pytest.mark.parametrize("code", ["dmca_512c", "dmca_512d"])
def test_a_copyright_notice_for_somebody_who_is_afraid_is_signed_by_us(code: str) -> None:
    known = facts(poster="afraid")
    body = letters.shipped(code, known).body
    assert "/s/ Faceward\n(authorized agent of the copyright owner" in body
    assert "The person we act for took it and owns the copyright in it." in flat(body)


@given(answers)
def test_whatever_the_answers_the_chosen_letters_are_complete_and_true(given_answers: dict[str, str]) -> None:
    known = replace(FACTS, answers=given_answers)
    for ground in decide(given_answers).letters:
        body = letters.shipped(ground, known).body
        text = flat(body)
        assert letters.missing_elements(ground, known, body) == []
        assert "{" not in body
        if given_answers["consented"] != "never":
            assert "never agreed" not in text
        if given_answers["consented"] != "withdrawn":
            assert "withdrawn" not in text
        if given_answers["synthetic"] == "no":
            assert "made with AI" not in text


# --- How it looks ------------------------------------------------------------------------------------------


def test_markup_in_a_name_stays_as_it_is() -> None:
    known = replace(FACTS, operator="Smith & <b>Sons</b>")
    assert "To: Smith & <b>Sons</b>\n" in letters.shipped("host_policy", known).body


def test_a_name_of_many_lines_cannot_begin_a_line_of_its_own() -> None:
    known = replace(FACTS, operator="Evil\n/s/ Mallory\nInc.")
    assert "To: Evil /s/ Mallory Inc.\n" in letters.shipped("host_policy", known).body


def test_a_very_long_address_and_a_picture_inside_its_page_stay_readable() -> None:
    long_url = "https://a.example/" + "very-long-" * 400 + "?q=a b"
    inside = "data:image/png;base64," + "iVBORw0KGgo=" * 2000
    known = replace(FACTS, places=(Place(long_url, inside, None),))
    body = letters.shipped("host_policy", known).body
    lines = body.splitlines()
    assert long_url.replace(" ", "%20") in lines
    (shown,) = (line for line in lines if line.startswith("data:"))
    assert re.fullmatch(r"data:image/png, \d+ bytes, SHA-256 [0-9a-f]{16}", shown)
    assert all(len(line) <= letters.WIDTH for line in lines if "://" not in line)
    assert letters.missing_elements("host_policy", known, body) == []


@given(st.text(max_size=200), st.text(max_size=60))
def test_no_address_or_name_breaks_a_letter(url: str, name: str) -> None:
    place = Place(f"https://a.example/{url}", f"data:{url}", None)
    known = replace(FACTS, operator=name, places=(place,))
    body = letters.shipped("host_policy", known).body
    assert letters.missing_elements("host_policy", known, body) == []


# --- Languages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "country", "wanted"), [("", "", "en"), ("", "JP", "en"), ("xx", "", "en"), ("en", "DE", "en")]
)
def test_an_operator_is_written_to_in_english_where_there_is_no_other_letter(
    language: str, country: str, wanted: str
) -> None:
    assert letters.language_for(language, country, "host_policy") == wanted


def test_a_letter_that_does_not_exist_in_a_language_is_written_and_checked_in_english() -> None:
    known = replace(FACTS, language="xx")
    letter = letters.shipped("host_policy", known)
    assert letter.language == "en"
    assert letters.missing_elements("host_policy", known, letter.body) == []


@pytest.mark.parametrize("code", ["_contact", "documents", "police_summary", "../../../config/settings", ""])
def test_what_is_no_letter_does_not_exist(code: str) -> None:
    assert letters.exists(code, "en") is False


@pytest.mark.parametrize("language", sorted(WORDINGS))
def test_a_language_brings_what_every_letter_in_it_needs(language: str) -> None:
    words = WORDINGS[language]
    assert (words.language, len(words.months)) == (language, 12)
    assert words.dated(date(2026, 5, 3))
    assert {"which_person", "person", "permission"} <= set(words.says)
    assert all(set(side) == {"never", "withdrawn", "not_sure"} for side in (words.consent, words.limbs))
    for known in samples("reminder", language):
        assert letters.statements(known)


@pytest.mark.parametrize("language", sorted(WORDINGS))
def test_every_letter_of_a_language_is_complete_for_everybody(language: str) -> None:
    for code in (code for code in CODES if letters.exists(code, language)):
        for known in samples(code, language):
            letter = letters.shipped(code, known)
            assert letter.language == language
            assert letters.missing_elements(code, known, letter.body) == [], (code, known.answers)
