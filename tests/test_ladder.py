"""Whom to write to at once, whom next, and what is left when nobody acts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takedowns.grounds import GROUNDS, Addressee, Lane, claims_law, conflicts, decide
from takedowns.ladder import Situation, after_removal, at_start, packs, tracks
from tests.cases import ANSWERS
from tests.test_grounds import answers

PROVIDERS = ["platform", "host", "page_host", "cdn", "upstream", "registrar"]


def situation(
    changes: dict[str, str], *, left_out: str = "", repeated: bool = False, released: bool = False
) -> Situation:
    decision = decide({**ANSWERS, **changes}, released=released)
    out = frozenset({Addressee(left_out)} if left_out else ())
    return Situation(decision, {**ANSWERS, **changes}, decision.lane == Lane.INTIMATE, out, repeated)


def shown(given_situation: Situation) -> list[str]:
    return [" > ".join(f"{step.addressee}:{step.ground}" for step in track) for track in tracks(given_situation)]


situations = st.builds(
    lambda chosen, released, left_out, repeated: Situation(
        decide(chosen, released=released), chosen, chosen["intimate"] == "yes", left_out, repeated
    ),
    answers,
    st.booleans(),
    st.frozensets(st.sampled_from(Addressee)),
    st.booleans(),
)


# --- What never happens ------------------------------------------------------------------------------------


@given(situations)
def test_nothing_is_written_without_a_decision_to_write(one: Situation) -> None:
    if not one.decision.letters:
        assert tracks(one) == packs(one) == at_start(one) == after_removal(one) == ()


@given(situations)
def test_every_step_holds_goes_to_whom_its_ground_is_for_and_says_why(one: Situation) -> None:
    grave = {"upstream", "registrar"}
    for track in tracks(one):
        assert track, "no track is empty"
        for step in track:
            assert step.addressee in GROUNDS[step.ground].addressees
            assert step.addressee not in one.left_out
            assert step.ground in one.decision.holding or (step.ground in grave and step.ground == step.addressee)
            assert step.why.endswith(".")


@given(situations)
def test_one_addressee_never_gets_two_letters_that_contradict_each_other_nor_the_same_twice(one: Situation) -> None:
    steps = [step for track in tracks(one) for step in track]
    assert len({(step.addressee, step.ground) for step in steps}) == len(steps)
    for step in steps:
        for other in steps:
            assert step.addressee != other.addressee or not conflicts(step.ground, other.ground)


@given(situations)
def test_no_owner_hears_of_an_intimate_picture_or_of_somebody_who_is_afraid(one: Situation) -> None:
    if one.intimate or one.answers["poster"] == "afraid":
        assert all(step.addressee != Addressee.OWNER for track in tracks(one) for step in track)


@given(situations)
def test_the_providers_are_asked_from_the_platform_outwards(one: Situation) -> None:
    for track in tracks(one):
        rungs = [PROVIDERS.index(step.addressee) for step in track if step.addressee in PROVIDERS]
        assert rungs == sorted(rungs)


@given(situations)
def test_the_networks_far_from_the_picture_hear_of_grave_things_only(one: Situation) -> None:
    grave = one.repeated or one.intimate or one.answers["context"] == "scam"
    asked = {step.addressee for track in tracks(one) for step in track}
    assert grave or Addressee.REGISTRAR not in asked
    assert grave or Addressee.HOST in one.left_out or Addressee.UPSTREAM not in asked


@given(answers)
def test_what_is_written_at_once_is_what_the_decision_says(chosen: dict[str, str]) -> None:
    decision = decide(chosen)
    found = tracks(Situation(decision, chosen, decision.lane == Lane.INTIMATE))
    assert {track[0].ground for track in found} == set(decision.letters)
    assert not found or found[0][0].ground == decision.ground


# --- The ladders -------------------------------------------------------------------------------------------


def test_an_ordinary_photo_of_ones_own_starts_with_one_letter_to_whoever_stores_it() -> None:
    assert shown(situation({})) == [
        "platform:dmca_512c > host:dmca_512c > page_host:dmca_512c > cdn:cdn_forward > owner:owner_request"
        " > search:dmca_512d"
    ]


def test_in_the_eu_the_owner_is_asked_at_the_same_time_by_law() -> None:
    assert shown(situation({"lives_in": "de", "photographer": "unknown"})) == [
        "platform:dsa_16 > host:dsa_16 > page_host:dsa_16 > cdn:cdn_forward > search:eu_rtbf",
        "owner:gdpr_erasure > owner:image_right",
    ]


def test_an_intimate_picture_goes_to_platform_host_and_search_at_once() -> None:
    assert shown(situation({"intimate": "yes", "lives_in": "uk"})) == [
        "platform:take_it_down > platform:uk_intimate > platform:dmca_512c",
        "host:take_it_down > page_host:take_it_down > cdn:cdn_forward > upstream:upstream > registrar:registrar",
        "search:search_explicit",
    ]


def test_a_letter_that_names_the_person_says_so_to_staff() -> None:
    platform = tracks(situation({"intimate": "yes"}))[0]
    assert [("names the person" in step.why) for step in platform] == [False, True]


def test_fraud_goes_all_the_way_out_and_to_whoever_pays() -> None:
    (track,) = tracks(situation({"context": "scam", "photographer": "unknown"}))
    assert [step.addressee for step in track] == [*PROVIDERS, "owner", "search", "ads"]


def test_what_sells_goes_to_whoever_pays_last() -> None:
    provider, owner = tracks(situation({"context": "commercial", "photographer": "unknown", "lives_in": "us_ny"}))
    assert provider[-1].addressee == Addressee.ADS
    assert [step.ground for step in owner] == ["publicity"]


def test_a_weak_ground_waits_until_the_hosts_did_nothing() -> None:
    (track,) = tracks(situation({"lives_in": "us_ca"}))
    assert [step.ground for step in track if step.addressee == Addressee.OWNER] == ["ccpa_delete"]
    assert not claims_law("ccpa_delete")


def test_a_picture_that_was_put_back_goes_further() -> None:
    before, after = (shown(situation({}, repeated=again))[0] for again in (False, True))
    assert "registrar" not in before and "cdn:cdn_forward > upstream:upstream > registrar:registrar" in after


def test_past_a_host_that_ignores_notices_to_whoever_connects_it() -> None:
    (track,) = shown(situation({"photographer": "unknown"}, left_out="host"))
    assert "> cdn:cdn_forward > upstream:upstream > owner" in track
    assert " host:" not in track and "registrar" not in track


def test_a_hostile_owner_is_left_out() -> None:
    assert len(tracks(situation({"lives_in": "fr"}, left_out="owner"))) == 1


def test_news_has_a_ladder_once_it_is_allowed() -> None:
    news = {"context": "news_or_satire"}
    assert tracks(situation(news)) == ()
    assert shown(situation(news, released=True)) == shown(situation({}))


# --- Documents ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "at_first", "at_last"),
    [
        ({}, (), ()),
        ({"photographer": "someone_else"}, ("photographer_authorisation",), ()),
        ({"poster": "friendly"}, ("friendly_request",), ()),
        ({"poster": "afraid"}, (), ("police_summary",)),
        ({"lives_in": "pl"}, (), ("dpa_complaint", "dsa_21_referral")),
        ({"lives_in": "uk"}, (), ("dpa_complaint",)),
        ({"context": "scam"}, (), ("regulator_pack", "police_summary")),
        ({"intimate": "yes"}, ("ncii_referral",), ("regulator_pack", "police_summary")),
        (
            {"intimate": "yes", "lives_in": "eu"},
            ("ncii_referral",),
            ("dpa_complaint", "dsa_21_referral", "regulator_pack", "police_summary"),
        ),
    ],
)
def test_the_documents(changes: dict[str, str], at_first: tuple[str, ...], at_last: tuple[str, ...]) -> None:
    assert (at_start(situation(changes)), packs(situation(changes))) == (at_first, at_last)


def test_after_a_removal_search_engines_may_still_show_it() -> None:
    assert [step.ground for step in after_removal(situation({}))] == ["search_outdated"]
