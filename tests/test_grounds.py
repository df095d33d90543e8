"""Which ground the answers lead to, and which they never do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedowns import deadlines
from takedowns.grounds import (
    GROUNDS,
    QUESTIONS,
    RULES,
    Addressee,
    BadAnswers,
    Lane,
    decide,
)
from tests.cases import ANSWERS

answers = st.fixed_dictionaries(
    {question.key: st.sampled_from([value for value, _ in question.options]) for question in QUESTIONS}
)


@given(answers)
def test_no_copyright_claim_without_authorship_or_assignment(given_answers: dict[str, str]) -> None:
    decision = decide(given_answers)
    claimed = "dmca_512c" in decision.letters or any(
        one.holds for one in decision.considered if one.ground == "dmca_512c"
    )
    if claimed:
        assert given_answers["photographer"] in {"me", "someone_for_me"}
        assert given_answers["synthetic"] == "no"


@given(answers)
def test_a_minor_stops_everything(given_answers: dict[str, str]) -> None:
    decision = decide(given_answers)
    if given_answers["minor"] != "no":
        assert (decision.lane, decision.ground, decision.letters, decision.considered) == (Lane.MINOR, "", (), ())
    else:
        assert decision.lane != Lane.MINOR


@given(answers)
def test_the_same_answers_give_the_same_decision(given_answers: dict[str, str]) -> None:
    assert decide(given_answers) == decide(dict(reversed(given_answers.items())))


@given(answers)
def test_one_letter_for_each_addressee_and_the_ground_is_the_first(given_answers: dict[str, str]) -> None:
    decision = decide(given_answers)
    addressees = [GROUNDS[code].addressee for code in decision.letters]
    assert len(set(addressees)) == len(addressees)
    assert decision.ground == (decision.letters[0] if decision.letters else "")
    assert bool(decision.letters) == (decision.lane in {Lane.ORDINARY, Lane.INTIMATE})
    holding = {one.ground for one in decision.considered if one.holds}
    assert set(decision.letters) <= holding


@given(answers)
def test_an_intimate_picture_never_names_the_person_to_the_sites_owner(given_answers: dict[str, str]) -> None:
    if given_answers["intimate"] == "yes":
        assert all(GROUNDS[code].addressee == Addressee.HOST for code in decide(given_answers).letters)


@pytest.mark.parametrize(
    ("changes", "lane", "letters"),
    [
        ({}, "ordinary", ("dmca_512c",)),
        ({"photographer": "someone_for_me"}, "ordinary", ("dmca_512c",)),
        ({"photographer": "someone_else"}, "ordinary", ("host_policy",)),
        ({"photographer": "unknown", "lives_in": "eu"}, "ordinary", ("dsa_16", "gdpr_erasure")),
        ({"lives_in": "eu"}, "ordinary", ("dmca_512c", "gdpr_erasure")),
        ({"photographer": "unknown", "lives_in": "uk"}, "ordinary", ("host_policy", "gdpr_erasure")),
        ({"synthetic": "yes"}, "ordinary", ("host_policy",)),
        ({"consented": "not_sure"}, "ordinary", ("host_policy",)),
        ({"intimate": "yes"}, "intimate", ("take_it_down",)),
        ({"intimate": "yes", "synthetic": "yes", "lives_in": "uk"}, "intimate", ("take_it_down",)),
        ({"intimate": "yes", "consented": "withdrawn", "lives_in": "eu"}, "intimate", ("dmca_512c",)),
        ({"intimate": "yes", "context": "news_or_satire"}, "intimate", ("take_it_down",)),
        ({"context": "news_or_satire"}, "expression", ()),
        ({"minor": "not_sure", "intimate": "yes"}, "minor", ()),
    ],
)
def test_the_order_of_decision(changes: dict[str, str], lane: str, letters: tuple[str, ...]) -> None:
    decision = decide({**ANSWERS, **changes})
    assert (decision.lane, decision.letters) == (lane, letters)


def test_each_ground_considered_says_why() -> None:
    considered = decide({**ANSWERS, "photographer": "someone_else"}).considered
    assert [one.ground for one in considered] == [rule.ground for rule in RULES]
    copyright_claim = next(one for one in considered if one.ground == "dmca_512c")
    assert not copyright_claim.holds
    assert "whoever took the photo" in copyright_claim.why


@pytest.mark.parametrize(
    "given_answers", [{}, {"minor": "no"}, {**ANSWERS, "lives_in": "mars"}, {**ANSWERS, "more": "x"}]
)
def test_answers_must_be_complete(given_answers: dict[str, str]) -> None:
    with pytest.raises(BadAnswers):
        decide(given_answers)


def test_a_minor_needs_no_other_answer() -> None:
    assert decide({"minor": "not_sure"}).lane == Lane.MINOR


def test_every_ground_is_described_and_has_a_clock() -> None:
    assert set(GROUNDS) == {rule.ground for rule in RULES} == set(deadlines.CLOCKS)
    for ground in GROUNDS.values():
        assert ground.name
        assert ground.citation
        assert ground.elements
        assert ground.url.startswith("https://") or ground.code == "host_policy"
