"""The self-test of an opt-out: the checks themselves, asked about this one opt-out and no other."""

import pytest

from accounts.models import User
from search import optout
from search.models import Enrolment, Face, OptOut
from search.optouts import listed, selftest
from search.states import OptOutState
from tests import photos
from tests.optouts import active_optout, confirmed_optout, passed

HOPPER, ASTRONAUT = photos.jpeg(photos.hopper()), photos.jpeg(photos.astronaut())
CLOSER = photos.jpeg(photos.cropped(photos.hopper(), 0.1, 0, 0.9, 0.8))


def test_safeguard_07_all_three_checks_stop_the_face(db: None) -> None:
    made = active_optout("grace@example.org", HOPPER)
    assert selftest.with_photo(made, CLOSER)
    assert selftest.with_live(made, passed(HOPPER, CLOSER))
    answers = selftest.last(made)
    assert answers
    assert (answers.query, answers.ingest, answers.enrolment) == (True, True, True)
    assert not Face.objects.exists()


def test_it_tells_nothing_about_anybody_else(db: None) -> None:
    """A photo of somebody who opted out too gets the same answer as one of somebody who did not."""
    mine = active_optout("mallory@example.org", HOPPER)
    assert not selftest.with_photo(mine, ASTRONAUT)
    before = selftest.last(mine)
    active_optout("alice@example.org", ASTRONAUT)
    assert not selftest.with_photo(mine, ASTRONAUT)
    after = selftest.last(mine)
    assert before
    assert after
    assert (before.query, before.ingest, before.enrolment) == (after.query, after.ingest, after.enrolment)


@pytest.mark.parametrize("check", ["search.matching.not_opted_out", "search.ingest.not_opted_out"])
def test_it_would_notice_a_check_that_does_not_work(db: None, monkeypatch: pytest.MonkeyPatch, check: str) -> None:
    made = active_optout("grace@example.org", HOPPER)
    shows = {"matching": lambda rows: rows, "ingest": lambda ready: [list(found.faces) for _, found in ready]}
    monkeypatch.setattr(check, shows[check.split(".")[1]])
    assert not selftest.with_photo(made, HOPPER)


def test_one_that_a_person_looks_at_reads_like_any_other(enrolled_alice: Enrolment) -> None:
    held = active_optout("mallory@example.org", ASTRONAUT)
    assert held.state == OptOutState.CONTESTED
    assert selftest.with_photo(held, ASTRONAUT)


def test_only_what_has_a_face_can_be_tested(db: None) -> None:
    made = confirmed_optout("grace@example.org")
    with pytest.raises(optout.OptOutRefused):
        selftest.with_photo(made, HOPPER)
    assert selftest.last(made) is None


def test_after_it_the_list_is_whole_again(carol: User) -> None:
    mine, other = active_optout("grace@example.org", HOPPER), active_optout("alice@example.org", ASTRONAUT)
    with pytest.raises(optout.OptOutRefused):
        selftest.with_photo(mine, b"no picture")
    with pytest.raises(ZeroDivisionError), listed.only(mine):
        raise ZeroDivisionError
    assert set(listed.in_effect()) == {mine, other} == set(OptOut.objects.all())
