"""Each letter has every element that its ground requires, and says nothing that is not so."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given

from takedowns import letters
from takedowns.grounds import GROUNDS, decide
from takedowns.letters import Agent, Facts, Place
from tests.cases import ANSWERS
from tests.test_grounds import answers

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
    "dmca_512c": {},
    "take_it_down": {"intimate": "yes"},
    "dsa_16": {"photographer": "unknown", "lives_in": "eu"},
    "gdpr_erasure": {"photographer": "unknown", "lives_in": "uk"},
    "host_policy": {"photographer": "unknown"},
}
# What each statute wants said, in words of its own: written here again, so that a changed sentence is noticed.
MUST_SAY = {
    "dmca_512c": [
        "not authorized by the copyright owner, its agent, or the law",
        "under penalty of perjury",
        "authorized to act on behalf of the owner of an exclusive right",
        "information in this notification is accurate",
        "/s/ Alice Example",
        "1 Test Street, Testville",
        "+1 555 0100",
        "notices@faceward.example",
    ],
    "take_it_down": ["good faith belief", "not consensual", "223a", "48 hours", "/s/ Faceward"],
    "dsa_16": ["Article 16", "Article 6(1)", "bona fide belief", "accurate and complete", "notices@faceward.example"],
    "gdpr_erasure": ["Alice Example", "17(1)(d)", "17(1)(c)", "21(1)", "17(2)", "12(3)", "one month", "UK GDPR"],
    "host_policy": ["no law is claimed", "not a copyright notice"],
}


def facts(**changes: str) -> Facts:
    return replace(FACTS, answers={**ANSWERS, **changes})


@pytest.mark.parametrize("ground", sorted(GROUNDS))
def test_a_fresh_letter_is_complete_and_says_what_the_law_wants(ground: str) -> None:
    known = facts(**FITTING[ground])
    letter = letters.write(ground, known)
    assert letters.missing_elements(ground, known, letter.body) == []
    flat = " ".join(letter.body.split())
    assert [words for words in MUST_SAY[ground] if words not in flat] == []
    assert known.reference in letter.title
    assert "\n" not in letter.title


@pytest.mark.parametrize("ground", sorted(GROUNDS))
def test_an_empty_letter_lacks_every_element(ground: str) -> None:
    missing = letters.missing_elements(ground, facts(**FITTING[ground]), "")
    assert len(missing) == len(GROUNDS[ground].elements)


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
    body = letters.write("dmca_512c", FACTS).body
    assert gone in body
    (sentence,) = letters.missing_elements("dmca_512c", FACTS, body.replace(gone, ""))
    assert named in sentence


def test_an_address_that_is_only_the_start_of_another_does_not_count() -> None:
    known = replace(FACTS, places=(Place("https://a.example/1", "https://a.example/1", None),))
    body = letters.write("host_policy", known).body.replace("https://a.example/1\n", "https://a.example/12\n")
    assert letters.missing_elements("host_policy", known, body)


def test_a_copyright_notice_without_our_address_or_telephone_is_incomplete() -> None:
    known = replace(FACTS, agent=replace(AGENT, address="", phone=" "))
    missing = letters.missing_elements("dmca_512c", known, letters.write("dmca_512c", known).body)
    assert missing == [
        "The notice needs our postal address, which is not set (AGENT_ADDRESS).",
        "The notice needs our telephone number, which is not set (AGENT_PHONE).",
    ]


def test_a_copyright_notice_for_somebody_without_a_copyright_can_never_be_complete() -> None:
    known = facts(photographer="someone_else")
    assert letters.missing_elements("dmca_512c", known, letters.write("dmca_512c", known).body)


@pytest.mark.parametrize("ground", ["take_it_down", "dsa_16", "host_policy"])
def test_the_person_is_not_named_where_the_law_does_not_ask_for_it(ground: str) -> None:
    assert "Alice" not in letters.write(ground, facts(**FITTING[ground])).body


@given(answers)
def test_whatever_the_answers_the_chosen_letters_are_complete_and_true(given_answers: dict[str, str]) -> None:
    known = replace(FACTS, answers=given_answers)
    for ground in decide(given_answers).letters:
        body = letters.write(ground, known).body
        flat = " ".join(body.split())
        assert letters.missing_elements(ground, known, body) == []
        assert "biometric" not in flat
        assert "{" not in body
        if given_answers["consented"] != "never":
            assert "never agreed" not in flat
        if given_answers["consented"] != "withdrawn":
            assert "withdrawn" not in flat
        if given_answers["synthetic"] == "no":
            assert "made with AI" not in flat


def test_markup_in_a_name_stays_as_it_is() -> None:
    known = replace(FACTS, operator="Smith & <b>Sons</b>")
    assert "To: Smith & <b>Sons</b>\n" in letters.write("host_policy", known).body
