"""Papers for the subject and for authorities: they have the facts, claim nothing else, and leave room to fill in."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedowns.letters import DocumentFacts, Place, documents
from tests.cases import ANSWERS
from tests.test_takedowns_letters import AGENT, FACTS

FACTS_OF_ALICE = DocumentFacts(
    reference="FW-7K2M9QXD",
    today=date(2026, 5, 20),
    agent=AGENT,
    places=FACTS.places,
    answers=ANSWERS,
    subject_name="Alice Example",
    operator="Loopback Hosting Inc.",
    ground="Erasure of personal data",
    authority="Commission of Example",
    events=("4 May 2026: a notice was sent to Loopback Hosting Inc.", "5 May 2026: it confirmed the receipt."),
    first_sent_on=date(2026, 5, 4),
    provider_received_on=date(2026, 5, 6),
    window_opens_on=date(2026, 5, 20),
    window_ends_on=date(2026, 5, 27),
)
MUST_SAY = {
    "agent_mandate": ["I, Alice Example, authorise Faceward", "under penalty of perjury", "at any time", "Signature:"],
    "photographer_authorisation": ["took the photograph", "not allowed its publication", "512(f)", "Signature:"],
    "copyright_assignment": ["assigns the copyright", "17 U.S.C. 204(a)", "Germany and Austria", "Signature:"],
    "counter_notice_info": [
        "from 20 May 2026 to 27 May 2026",
        "received the counter-notification on 6 May 2026",
        "Copyright Claims Board",
        "Go to court",
        "put back",
        "another ground",
        "not legal advice",
    ],
    "ncii_referral": ["https://stopncii.org", "https://takeitdown.ncmec.org", "your own device"],
    "dpa_complaint": ["Article 77", "Alice Example", "asked on 4 May 2026", "Article 58(2)", "I never agreed"],
    "dsa_21_referral": ["Article 21", "Article 16 of 4 May 2026", "Loopback Hosting Inc."],
    "regulator_pack": ["Commission of Example", "Loopback Hosting Inc.", "Erasure of personal data"],
    "police_summary": ["I never agreed", "5 May 2026: it confirmed the receipt.", "checksum"],
    "friendly_request": ["Could you please take it down?", "Alice Example"],
}
WITH_EVENTS = {"dpa_complaint", "dsa_21_referral", "regulator_pack", "police_summary"}
WITHOUT_PLACES = {"ncii_referral"}


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("code", documents.CODES)
def test_a_document_says_what_it_is_for(code: str) -> None:
    letter = documents.write(code, FACTS_OF_ALICE)
    text = flat(letter.body)
    assert [words for words in MUST_SAY[code] if words not in text] == []
    assert letter.title.endswith("[FW-7K2M9QXD]")
    assert re.search(r"[{}]|\bNone\b|biometr", letter.body) is None
    lines = letter.body.splitlines()
    for place in () if code in WITHOUT_PLACES else FACTS.places:
        assert {place.page_url, place.image_url} <= set(lines)
    if code in WITH_EVENTS:
        assert all(f"- {event}" in text for event in FACTS_OF_ALICE.events)


@pytest.mark.parametrize("code", documents.CODES)
@pytest.mark.parametrize("consented", ["never", "withdrawn", "not_sure"])
def test_no_document_says_more_of_the_consent_than_the_person_did(code: str, consented: str) -> None:
    known = replace(FACTS_OF_ALICE, answers={**ANSWERS, "consented": consented, "intimate": "yes", "lives_in": "uk"})
    text = flat(documents.write(code, known).body)
    if consented != "never":
        assert "never agreed" not in text
    if consented != "withdrawn":
        assert "withdrawn" not in text
    assert "without my agreement" not in text


@pytest.mark.parametrize("code", documents.CODES)
def test_a_document_is_whole_when_little_is_known(code: str) -> None:
    known = DocumentFacts("FW-7K2M9QXD", date(2026, 5, 20), replace(AGENT, address="", phone=""), (), {}, "")
    body = documents.write(code, known).body
    assert re.search(r"[{}]|\bNone\b", body) is None
    assert "Date: \n" not in body


@pytest.mark.parametrize(("lives_in", "wanted"), [("us", "Federal Trade Commission"), ("uk", "Ofcom"), ("de", "_____")])
def test_the_regulator_is_that_of_where_the_person_lives(lives_in: str, wanted: str) -> None:
    known = replace(FACTS_OF_ALICE, authority="", answers={**ANSWERS, "lives_in": lives_in, "intimate": "yes"})
    assert f"To: {wanted}" in documents.write("regulator_pack", known).body


def test_the_law_on_intimate_pictures_is_cited_for_them_only() -> None:
    assert "223a" not in documents.write("regulator_pack", FACTS_OF_ALICE).body
    intimate = replace(FACTS_OF_ALICE, answers={**ANSWERS, "intimate": "yes"})
    assert "223a" in documents.write("regulator_pack", intimate).body


def test_a_friendly_message_speaks_of_no_law_and_not_of_us() -> None:
    body = documents.write("friendly_request", FACTS_OF_ALICE).body
    assert re.search(r"law|copyright|notice|Faceward|Article", body) is None


def test_there_are_no_other_documents() -> None:
    for code in ("dmca_512c", "../host_policy", ""):
        with pytest.raises(KeyError):
            documents.write(code, FACTS_OF_ALICE)


def test_an_unknown_language_is_english() -> None:
    assert documents.write("police_summary", replace(FACTS_OF_ALICE, language="xx")).language == "en"


@given(st.text(max_size=100))
def test_no_name_or_address_breaks_a_document(text: str) -> None:
    known = replace(
        FACTS_OF_ALICE,
        operator=text,
        note=text,
        events=(text,),
        places=(Place(f"https://a.example/{text}", text, None),),
    )
    for code in documents.CODES:
        assert documents.write(code, known).body
