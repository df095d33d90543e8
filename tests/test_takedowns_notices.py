"""Drafts are checked, a second person approves them, and then they are frozen."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts import consent
from accounts.models import Purpose, User
from search.models import Enrolment
from takedowns import delivery, mandates, notices
from takedowns.cases import NotAllowed
from takedowns.models import Case, InfringingUrl, Notice
from takedowns.states import CaseState, NoticeState
from tests import cases


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any) -> Iterator[Case]:
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        yield cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


@pytest.fixture
def notice(case: Case) -> Notice:
    return case.notices.get()


def test_approval_freezes_the_text_under_its_hash(notice: Notice, carol: User) -> None:
    approved = notices.approve(notice, carol)
    assert (approved.state, approved.approved_by) == (NoticeState.APPROVED, carol)
    assert approved.body_sha256 == notices.body_hash(approved)
    with pytest.raises(NotAllowed, match="Only a draft"):
        notices.edit(notice, carol, "Something else.")
    with pytest.raises(NotAllowed):
        notices.approve(notice, carol)


def test_a_subscriber_approves_nothing(notice: Notice, alice: User, bob: User) -> None:
    for user in (alice, bob):
        with pytest.raises(NotAllowed):
            notices.approve(notice, user)


def test_who_wrote_of_it_does_not_approve_it(notice: Notice, carol: User, dana: User) -> None:
    notices.edit(notice, carol, notice.body + "\nPlease hurry.\n")
    with pytest.raises(NotAllowed, match="second person"):
        notices.approve(notice, carol)
    notices.edit(notice, dana, notice.body)
    for staff in (carol, dana):
        with pytest.raises(NotAllowed, match="second person"):
            notices.approve(notice, staff)


def test_the_database_holds_the_second_person_rule_too(notice: Notice, carol: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(drafted_by=carol, approved_by=carol)


def test_an_incomplete_letter_is_not_approved(notice: Notice, carol: User, dana: User) -> None:
    notices.edit(notice, dana, notice.body.replace("/s/ Alice Example", ""))
    notice.refresh_from_db()
    assert notices.missing_elements(notice) == ['The notice lacks the signature line ("/s/" and the name).']
    with pytest.raises(NotAllowed, match="signature"):
        notices.approve(notice, carol)


def test_without_our_address_no_copyright_notice_goes_out(notice: Notice, carol: User, settings: Any) -> None:
    settings.AGENT_ADDRESS = ""
    with pytest.raises(NotAllowed, match="AGENT_ADDRESS"):
        notices.approve(notice, carol)


def test_consent_or_mandate_taken_back_stops_it(notice: Notice, alice: User, carol: User) -> None:
    mandates.revoke(alice)
    assert notices.missing_elements(notice) == ["There is no signed authority in force."]
    with pytest.raises(NotAllowed):
        notices.approve(notice, carol)
    cases.sign(alice)
    consent.withdraw(alice, Purpose.SENDING_NOTICES)
    with pytest.raises(NotAllowed):
        notices.approve(notice, carol)


def test_a_withdrawn_notice_leaves_the_move_with_us_and_room_for_another(notice: Notice, carol: User) -> None:
    notices.withdraw(notice, carol, "The wrong host.")
    notice.refresh_from_db()
    notice.case.refresh_from_db()
    assert (notice.state, notice.case.state) == (NoticeState.WITHDRAWN, CaseState.ACTION_NEEDED)
    another = notices.draft(notice.case, notice.ground, notice.contact, list(notice.urls.all()))
    assert another != notice
    with pytest.raises(NotAllowed):
        notices.withdraw(notice, carol, "Again.")


def test_one_letter_to_an_operator_on_a_ground(notice: Notice) -> None:
    same = notices.draft(notice.case, notice.ground, notice.contact, list(notice.urls.all()))
    assert same == notice


def test_a_place_found_before_the_letter_leaves_joins_it_and_one_found_afterwards_gets_its_own(
    case: Case, carol: User
) -> None:
    notice = case.notices.get()
    places = [another_place(case, name) for name in ("second", "third")]
    joined = notices.draft(case, notice.ground, notice.contact, [case.urls.exclude(pk=places[1].pk).first(), places[0]])
    assert joined == notice
    assert places[0].page_url in Notice.objects.get().body
    assert not notices.missing_elements(Notice.objects.get())
    delivery.send(notices.approve(Notice.objects.get(), carol))
    assert notices.draft(case, notice.ground, notice.contact, [places[0]]) == notice
    later = notices.draft(case, notice.ground, notice.contact, places)
    assert later != notice
    assert list(later.urls.all()) == [places[1]]


def another_place(case: Case, name: str) -> InfringingUrl:
    page_url = f"http://blog.localhost/{name}"
    return InfringingUrl.objects.create(
        case=case, page_url=page_url, image_url=f"{page_url}.jpg", digest=name, host="blog.localhost"
    )
