"""One click on a relapse: the same letters, about the new places, once the subject has said yes."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from search.models import Enrolment
from takedowns import contacts, delivery, mandates, notices, relapse, verification, workflow
from takedowns.cases import NotAllowed
from takedowns.models import Case
from takedowns.states import CaseState, NoticeState, Outcome
from tests import cases, photos
from tests.cases import ANSWERS
from tests.sites import Reply, Site, page

GONE = Reply(b"Gone", status=410)


@pytest.fixture(autouse=True)
def _registry(settings: Any) -> Iterator[None]:
    settings.VERIFICATION_INTERVAL_SECONDS = 0
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        yield


@pytest.fixture
def back(enrolled_alice: Enrolment, carol: User, site: Site) -> Case:
    """A relapse case: the picture was removed, and an altered copy was seen."""
    old = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    relapse.screen_new_matches()
    delivery.send(cases.approved(old, carol))
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    for _ in range(2):
        verification.verify(old.urls.get())
    match = cases.match_of(old.subject, photos.mirrored(photos.astronaut()), "b")
    cases.sighting(match.image, site, "/new", "/new.jpg")
    site.answers.update({"/new": page('<img src="/new.jpg">'), "/new.jpg": cases.photo()})
    (case,) = relapse.screen_new_matches()
    return case


def say_yes(case: Case, **answers: str) -> Case:
    workflow.open_case(case.match, case.subject.user, {**ANSWERS, **answers})
    return Case.objects.get(pk=case.pk)


def test_one_click_writes_and_approves_the_same_letters_about_the_new_places(back: Case, carol: User) -> None:
    case = say_yes(back)
    (notice,) = relapse.reissue(case, carol)
    before = case.relapse_of.notices.get() if case.relapse_of else None
    assert before is not None
    assert (notice.ground, notice.addressee, notice.operator) == (before.ground, before.addressee, before.operator)
    assert (notice.state, notice.approved_by) == (NoticeState.APPROVED, carol)
    assert [url.page_url for url in notice.urls.all()] == [url.page_url for url in case.urls.all()]
    case.refresh_from_db()
    assert case.state == CaseState.DRAFTING
    assert case.events.get(kind="relapse.reissued").data["letters"] == 1
    assert delivery.send_approved() == [notice]
    assert relapse.reissue(case, carol) == [], "nothing is written twice"


def test_nothing_is_written_before_the_subject_says_yes(back: Case, carol: User) -> None:
    with pytest.raises(NotAllowed, match="has not said"):
        relapse.reissue(back, carol)
    assert not back.notices.exists()


def test_it_is_for_staff_and_for_relapses_that_are_open(back: Case, alice: User, carol: User) -> None:
    case = say_yes(back)
    with pytest.raises(NotAllowed):
        relapse.reissue(case, alice)
    assert case.relapse_of is not None
    with pytest.raises(NotAllowed, match="no relapse"):
        relapse.reissue(case.relapse_of, carol)
    workflow.close(case, carol, Outcome.WITHDRAWN, "No.")
    with pytest.raises(NotAllowed, match="closed"):
        relapse.reissue(Case.objects.get(pk=case.pk), carol)


def test_a_revoked_mandate_stops_it(back: Case, carol: User, alice: User) -> None:
    case = say_yes(back)
    mandates.revoke(alice)
    with pytest.raises(NotAllowed):
        relapse.reissue(case, carol)


def test_a_second_person_approves_what_somebody_has_edited(back: Case, carol: User, dana: User) -> None:
    case = say_yes(back)
    workflow.prepare(case)
    draft = case.notices.get()
    notices.edit(draft, carol, draft.body + "\n")
    (notice,) = relapse.reissue(case, carol)
    assert notice.state == NoticeState.DRAFT
    assert "second person" in case.events.get(kind="relapse.not_reissued").text
    (notice,) = relapse.reissue(case, dana)
    assert notice.state == NoticeState.APPROVED


def test_a_ground_that_does_not_hold_any_more_is_said_so(back: Case, carol: User) -> None:
    case = say_yes(back, photographer="someone_else")
    written = relapse.reissue(case, carol)
    assert all(notice.ground != "dmca_512c" for notice in written)
    text = case.events.get(kind="relapse.not_reissued").text
    assert "does not hold" in text and "http" not in text


def test_an_operator_without_a_contact_is_said_so(back: Case, carol: User, monkeypatch: pytest.MonkeyPatch) -> None:
    case = say_yes(back)
    monkeypatch.setattr(contacts, "find", lambda *_args, **_more: contacts.Search(None, "Nobody is known there."))
    assert relapse.reissue(case, carol) == []
    text = case.events.get(kind="relapse.not_reissued").text
    assert text.endswith("Nobody is known there.") and "http" not in text
