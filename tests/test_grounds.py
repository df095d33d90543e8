"""Which grounds the answers lead to, and which they never do."""

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedowns import deadlines
from takedowns.ground_rules import ORDER, ORDER_IF_INTIMATE, RULES
from takedowns.grounds import (
    GROUNDS,
    GROUPS,
    NATIONAL_LAWS,
    QUESTIONS,
    Addressee,
    BadAnswers,
    Decision,
    Lane,
    completed,
    conflicts,
    decide,
)
from tests.cases import ANSWERS

answers = st.fixed_dictionaries(
    {question.key: st.sampled_from([value for value, _ in question.options]) for question in QUESTIONS}
)
codes = st.sampled_from(sorted(GROUNDS))
# Letters that have to name the person, other than to a search engine.
NAMES_TO_UPLOADER = {"dmca_512c", "gdpr_erasure", "image_right", "publicity", "ccpa_delete"}
EU = {"eu", "de", "fr", "es", "it", "pl"}


def holding(decision: Decision) -> set[str]:
    assert set(decision.holding) == {one.ground for one in decision.considered if one.holds}
    return set(decision.holding)


# --- What never happens ------------------------------------------------------------------------------------


def test_every_combination_of_answers_has_a_decision_and_no_letter_only_where_that_is_meant() -> None:
    keys = [question.key for question in QUESTIONS if question.key != "minor"]
    for values in product(*([value for value, _ in one.options] for one in QUESTIONS if one.key != "minor")):
        chosen = {"minor": "no", **dict(zip(keys, values, strict=True))}
        decision = decide(chosen, released=True)
        assert decision.letters and decision.ground == decision.letters[0], chosen
        assert bool(decide(chosen).letters) == (decision.lane != Lane.EXPRESSION), chosen


@given(answers, st.booleans())
def test_no_copyright_claim_without_authorship_or_assignment(given_answers: dict[str, str], released: bool) -> None:
    if {"dmca_512c", "dmca_512d"} & holding(decide(given_answers, released=released)):
        assert given_answers["photographer"] in {"me", "someone_for_me"}
        assert given_answers["synthetic"] == "no"
        assert given_answers["consented"] != "not_sure"


@given(answers, st.booleans())
def test_a_minor_stops_everything(given_answers: dict[str, str], released: bool) -> None:
    decision = decide(given_answers, released=released)
    if given_answers["minor"] != "no":
        assert decision == Decision("", (), Lane.MINOR)
    else:
        assert decision.lane != Lane.MINOR


@given(st.sampled_from(["yes", "not_sure"]), st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_of_a_minor_nothing_else_is_read(minor: str, rest: dict[str, str]) -> None:
    assert decide({**rest, "minor": minor}).lane == Lane.MINOR


@given(answers, st.booleans())
def test_an_intimate_picture_never_goes_to_the_sites_owner(given_answers: dict[str, str], released: bool) -> None:
    decision = decide(given_answers, released=released)
    if given_answers["minor"] == "no" and given_answers["intimate"] == "yes":
        assert decision.lane == Lane.INTIMATE
        assert all(Addressee.OWNER not in GROUNDS[code].addressees for code in holding(decision))
        # The one that names the person comes only after all those that do not.
        assert decision.ground != "dmca_512c"
        assert "search_explicit" in decision.letters


@given(answers, st.booleans())
def test_whoever_is_afraid_is_never_named_to_whom_they_fear(given_answers: dict[str, str], released: bool) -> None:
    if given_answers["poster"] == "afraid":
        held = holding(decide(given_answers, released=released))
        assert not held & {*NAMES_TO_UPLOADER, "dmca_512d", "owner_request"}


@given(answers)
def test_nobody_says_that_they_never_agreed_who_did_not_say_so(given_answers: dict[str, str]) -> None:
    for code in holding(decide(given_answers)):
        if "no_consent" in {element.key for element in GROUNDS[code].elements}:
            assert given_answers["consented"] == "never"


@given(answers)
def test_laws_of_a_place_are_for_those_who_live_there(given_answers: dict[str, str]) -> None:
    held, home = holding(decide(given_answers)), given_answers["lives_in"]
    assert "dsa_16" not in held or home in EU
    assert not {"gdpr_erasure", "eu_rtbf"} & held or home in EU | {"uk"}
    assert "uk_intimate" not in held or home == "uk"
    assert "ccpa_delete" not in held or home == "us_ca"
    assert not {"image_right", "publicity"} & held or home in NATIONAL_LAWS


# --- What always holds -------------------------------------------------------------------------------------


@given(answers)
def test_the_same_answers_give_the_same_decision(given_answers: dict[str, str]) -> None:
    assert decide(given_answers) == decide(dict(reversed(given_answers.items())))


@given(answers, st.booleans())
def test_letters_hold_and_go_each_to_somebody_else(given_answers: dict[str, str], released: bool) -> None:
    decision = decide(given_answers, released=released)
    assert set(decision.letters) <= holding(decision)
    sent_to = [GROUNDS[code].addressees for code in decision.letters]
    assert all(not set(one) & set(other) for one in sent_to for other in sent_to if one is not other)
    order = ORDER_IF_INTIMATE if decision.lane == Lane.INTIMATE else ORDER
    assert list(decision.holding) == sorted(decision.holding, key=order.index)


@given(answers)
def test_a_release_only_adds(given_answers: dict[str, str]) -> None:
    before, after = decide(given_answers), decide(given_answers, released=True)
    assert before.lane == after.lane
    assert holding(before) <= holding(after)
    if before.lane != Lane.EXPRESSION:
        assert before == after


@given(answers)
def test_answers_from_before_a_question_was_asked_mean_its_default(given_answers: dict[str, str]) -> None:
    older = {key: value for key, value in given_answers.items() if key != "poster"}
    assert decide(older) == decide({**older, "poster": "unknown"}) == decide(completed(older))
    assert completed(given_answers) == given_answers
    assert completed(completed(older)) == completed(older)


@given(answers)
def test_every_ground_is_considered_once_and_says_why_and_to_whom(given_answers: dict[str, str]) -> None:
    decision = decide(given_answers)
    if decision.lane == Lane.MINOR:
        return
    assert sorted(one.ground for one in decision.considered) == sorted(GROUNDS)
    for one in decision.considered:
        assert one.why.endswith(".")
        assert one.addressees == (GROUNDS[one.ground].addressees if one.holds else ())


@given(codes, codes)
def test_grounds_contradict_each_other_mutually_and_never_themselves(one: str, other: str) -> None:
    assert conflicts(one, other) == conflicts(other, one)
    assert not conflicts(one, one)


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ("host_policy", "dmca_512c", True),
        ("host_policy", "dsa_16", True),
        ("owner_request", "gdpr_erasure", True),
        ("ccpa_delete", "publicity", True),
        ("search_personal", "eu_rtbf", True),
        ("dmca_512c", "dsa_16", False),
        ("impersonation", "dmca_512c", False),
        ("take_it_down", "ncii_policy", False),
        ("gdpr_erasure", "image_right", False),
        ("host_policy", "impersonation", False),
    ],
)
def test_a_letter_that_claims_no_law_contradicts_one_that_does(one: str, other: str, contradict: bool) -> None:
    assert bool(conflicts(one, other)) == contradict


# --- The order of decision ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "lane", "letters"),
    [
        ({}, "ordinary", ("dmca_512c",)),
        ({"photographer": "someone_for_me"}, "ordinary", ("dmca_512c",)),
        ({"photographer": "someone_else"}, "ordinary", ("host_policy",)),
        ({"photographer": "unknown", "lives_in": "eu"}, "ordinary", ("dsa_16", "gdpr_erasure")),
        ({"lives_in": "de"}, "ordinary", ("dmca_512c", "gdpr_erasure")),
        ({"lives_in": "de", "poster": "afraid"}, "ordinary", ("dsa_16",)),
        ({"photographer": "unknown", "lives_in": "uk"}, "ordinary", ("host_policy", "gdpr_erasure")),
        ({"lives_in": "us_ca"}, "ordinary", ("dmca_512c",)),
        ({"lives_in": "us_ny", "context": "commercial"}, "ordinary", ("dmca_512c", "publicity")),
        (
            {"lives_in": "us_ny", "context": "commercial", "consented": "withdrawn", "photographer": "unknown"},
            "ordinary",
            ("host_policy",),
        ),
        ({"context": "profile"}, "ordinary", ("impersonation",)),
        ({"context": "dating", "lives_in": "fr"}, "ordinary", ("dating_profile", "gdpr_erasure")),
        ({"context": "scam", "photographer": "unknown"}, "ordinary", ("scam_profile",)),
        ({"synthetic": "yes"}, "ordinary", ("host_policy",)),
        ({"consented": "not_sure"}, "ordinary", ("host_policy",)),
        ({"intimate": "yes"}, "intimate", ("take_it_down", "search_explicit")),
        ({"intimate": "yes", "synthetic": "yes", "lives_in": "uk"}, "intimate", ("take_it_down", "search_explicit")),
        ({"intimate": "yes", "consented": "withdrawn", "lives_in": "it"}, "intimate", ("dsa_16", "search_explicit")),
        ({"intimate": "yes", "consented": "withdrawn"}, "intimate", ("ncii_policy", "search_explicit")),
        ({"intimate": "yes", "context": "news_or_satire"}, "intimate", ("take_it_down", "search_explicit")),
        ({"context": "news_or_satire"}, "expression", ()),
        ({"minor": "not_sure", "intimate": "yes"}, "minor", ()),
    ],
)
def test_the_order_of_decision(changes: dict[str, str], lane: str, letters: tuple[str, ...]) -> None:
    decision = decide({**ANSWERS, **changes})
    assert (decision.lane, decision.letters) == (lane, letters)


def test_news_gets_a_letter_only_if_a_colleague_allows_it() -> None:
    news = {**ANSWERS, "context": "news_or_satire"}
    assert all("senior colleague" in one.why for one in decide(news).considered)
    assert decide(news, released=True).letters == ("dmca_512c",)


@pytest.mark.parametrize(
    ("changes", "ground", "says"),
    [
        ({"photographer": "someone_else"}, "dmca_512c", "whoever took the photo"),
        ({"synthetic": "yes"}, "dmca_512c", "not the photo that you took"),
        ({"poster": "afraid"}, "dmca_512c", "gets a copy of it"),
        ({"intimate": "yes", "consented": "withdrawn"}, "take_it_down", "you never agreed"),
        ({}, "dsa_16", "you live elsewhere"),
        ({}, "upstream", "pictures that were put back"),
        ({}, "search_outdated", "after the removal"),
        ({"intimate": "yes", "lives_in": "eu"}, "gdpr_erasure", "no owner"),
    ],
)
def test_what_does_not_hold_says_why(changes: dict[str, str], ground: str, says: str) -> None:
    one = next(one for one in decide({**ANSWERS, **changes}).considered if one.ground == ground)
    assert not one.holds
    assert says in one.why


@pytest.mark.parametrize(
    "given_answers",
    [{}, {"minor": "no"}, {**ANSWERS, "lives_in": "mars"}, {**ANSWERS, "more": "x"}, {**ANSWERS, "poster": ""}],
    ids=["nothing", "only one", "no such place", "no such question", "an empty answer"],
)
def test_answers_must_be_complete(given_answers: dict[str, str]) -> None:
    with pytest.raises(BadAnswers):
        decide(given_answers)


def test_a_minor_needs_no_other_answer() -> None:
    assert decide({"minor": "not_sure"}).lane == Lane.MINOR


# --- The tables --------------------------------------------------------------------------------------------


def test_every_ground_has_a_rule_a_place_in_the_order_and_a_clock() -> None:
    for table in (RULES, ORDER, ORDER_IF_INTIMATE, deadlines.CLOCKS):
        assert sorted(table) == sorted(GROUNDS)


@pytest.mark.parametrize("code", sorted(GROUNDS))
def test_every_ground_is_described(code: str) -> None:
    ground = GROUNDS[code]
    keys = [element.key for element in ground.elements]
    assert ground.code == code and ground.name and ground.citation and ground.addressees
    assert len(set(keys)) == len(keys)
    assert {"addresses", "agent_email", "signature", "reference"} <= set(keys)
    # Whatever claims a law names its source, and whatever says that none is claimed names none.
    claims = bool({"accuracy", "illegality", "law_cited", "no_consent", "rights"} & set(keys))
    assert ground.url.startswith("https://") if claims else not ground.url


def test_letters_to_the_owner_and_to_others_are_not_the_same() -> None:
    for ground in GROUNDS.values():
        assert ground.addressees == (Addressee.OWNER,) or Addressee.OWNER not in ground.addressees


def test_the_conditions_ask_what_is_asked() -> None:
    options: Mapping[str, set[str]] = {one.key: {value for value, _ in one.options} for one in QUESTIONS}
    for rule in RULES.values():
        for condition in rule.conditions:
            for one in getattr(condition, "conditions", (condition,)):
                assert one.accepts <= options[one.question], (rule.ground, one)


def test_every_question_has_a_part_of_the_page_and_a_default_that_is_an_option() -> None:
    parts = [key for key, _ in GROUPS]
    assert [one.group for one in QUESTIONS] == sorted((one.group for one in QUESTIONS), key=parts.index)
    for one in QUESTIONS:
        assert one.default in {"", *(value for value, _ in one.options)}
