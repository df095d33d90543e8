"""The staff console: who may see and do what, that looking at a picture is recorded, and that pages stay bounded."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import consent
from accounts.models import AuditEvent, Purpose, User
from crawler.models import url_digest
from search.models import Enrolment, Match, Subject
from takedowns import delivery, mandates, notices, workflow
from takedowns.models import AbuseContact, Case, GroundDecision, InfringingUrl, Notice, Operator, WorkItem
from takedowns.states import CaseState, NoticeState, Outcome
from tests import cases
from tests.matches import make_match
from tests.sites import Site

SignIn = Callable[[User], Client]


@pytest.fixture
def case(enrolled_alice: Enrolment, site: Site, rdap_registry: None) -> Case:
    """A case of Alice's with one draft."""
    return cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


@pytest.fixture
def notice(case: Case) -> Notice:
    return case.notices.get()


@pytest.fixture
def staff(carol: User, client_for: SignIn) -> Client:
    return client_for(carol)


def body(response: Any) -> str:
    return str(response.content.decode())


def many(subject: Subject, count: int, state: str = CaseState.AWAITING_PROVIDER) -> list[Case]:
    """Cases as months of work leave them, each with a letter and two places."""
    operator = Operator.objects.create(key=f"network:{state}", kind=Operator.Kind.HOST, name="Nordlicht")
    contact = AbuseContact.objects.create(
        operator=operator, email="abuse@nordlicht.example", role="abuse", source="rdap_ip", confidence=0.9
    )
    return [_one_of_many(subject, contact, state, number) for number in range(count)]


def _one_of_many(subject: Subject, contact: AbuseContact, state: str, number: int) -> Case:
    case = Case.objects.create(subject=subject, match=make_match(subject), state=state)
    GroundDecision.objects.create(
        case=case, answers=cases.ANSWERS, ground="host_policy", considered=[], rules_version="1"
    )
    for host in ("a.example", "b.example"):
        page, file = f"https://{host}/{case.pk}", f"https://{host}/{case.pk}.jpg"
        InfringingUrl.objects.create(case=case, page_url=page, image_url=file, digest=url_digest(page, file), host=host)
    Notice.objects.create(
        case=case,
        operator=contact.operator,
        contact=contact,
        ground="host_policy",
        state=NoticeState.SENT,
        recipient=contact.email,
        title="Report",
        body="Report",
        template_version="1",
        sent_at=timezone.now(),
        due_at=timezone.now() + timedelta(days=number - 2, hours=1),
    )
    return case


# --- Who may come in ---------------------------------------------------------------------------------------


def test_a_subscriber_sees_404(alice: User, case: Case, notice: Notice, client_for: SignIn) -> None:
    client = client_for(alice)
    for path in ("/console/", f"/console/cases/{case.pk}/"):
        assert client.get(path).status_code == 404
    for act in ("picture", "assign", "note", "verify", "contacts", "close"):
        assert client.post(f"/console/cases/{case.pk}/{act}/").status_code == 404
    for act in ("approve", "send", "withdraw", "edit", "settle"):
        assert client.post(f"/console/notices/{notice.pk}/{act}/").status_code == 404
    notice.refresh_from_db()
    assert notice.state == NoticeState.DRAFT


def test_staff_see_the_letter_and_no_postal_address(staff: Client, case: Case, notice: Notice) -> None:
    page = body(staff.get(f"/console/cases/{case.pk}/"))
    assert "Read the letter to Loopback Hosting Inc., and approve." in page
    assert "Approve this letter" in page
    assert notice.recipient in page
    assert "The good faith statement" in page
    assert "In force, signed" in page
    assert "12 Secret Road" not in page
    assert "<img" not in page, "no picture before somebody says why"


# --- The queue ---------------------------------------------------------------------------------------------


def test_the_queue_is_bounded_and_paged(
    staff: Client, enrolled_alice: Enrolment, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many(enrolled_alice.subject, 51)
    with django_assert_max_num_queries(12):
        page = body(staff.get("/console/?tab=all"))
    assert page.count("data-row-link") == 50
    assert "of 51" in page
    assert "2 URLs on 2 hosts" in page


def test_tabs_filter_and_the_most_urgent_comes_first(staff: Client, carol: User, enrolled_alice: Enrolment) -> None:
    running = many(enrolled_alice.subject, 5)
    stuck, mine = many(enrolled_alice.subject, 2, CaseState.ACTION_NEEDED)
    WorkItem.objects.create(case=stuck, kind="x", about="1", text="Look at this.")
    workflow.assign(mine, carol)
    assert _shown(staff, "mine") == [mine.reference]
    assert _shown(staff, "waiting") == [case.reference for case in running]
    overdue = {case.reference for case in (*running[:2], stuck, mine)}
    assert set(_shown(staff, "overdue")) == overdue
    assert set(_shown(staff, "action")) == overdue
    assert _shown(staff, "waiting&sort=-due") == [case.reference for case in reversed(running)]
    assert "Stuck" in body(staff.get("/console/?tab=action"))
    assert "2 days overdue" not in body(staff.get("/console/?tab=closed"))


def test_search_finds_references_and_hosts(staff: Client, enrolled_alice: Enrolment) -> None:
    first, second = many(enrolled_alice.subject, 2)
    assert _shown(staff, f"all&q={first.reference[3:].lower()}") == [first.reference]
    assert set(_shown(staff, "all&q=b.exam")) == {first.reference, second.reference}
    assert "Nothing found" in body(staff.get("/console/?tab=all&q=nowhere.example"))


def _shown(client: Client, query: str) -> list[str]:
    return re.findall(r"data-row-link>(FW-\w+)<", body(client.get(f"/console/?tab={query}")))


def test_assigning_from_the_queue_goes_back_to_it(staff: Client, carol: User, case: Case) -> None:
    path = f"/console/cases/{case.pk}/assign/"
    response = staff.post(path, {"next": "/console/?tab=all&page=2"})
    assert response.headers["Location"] == "/console/?tab=all&page=2"
    case.refresh_from_db()
    assert case.assigned_to == carol
    elsewhere = staff.post(path, {"next": "https://evil.example/"})
    assert elsewhere.headers["Location"] == f"/console/cases/{case.pk}/"
    assert body(staff.post(path, headers={"HX-Request": "true"})) == "You"


# --- One case ----------------------------------------------------------------------------------------------


def test_a_case_shows_all_its_places_and_what_happened(staff: Client, case: Case, carol: User) -> None:
    for number in range(40):
        page = f"https://x{number}.example/"
        url = InfringingUrl.objects.create(
            case=case, page_url=page, image_url=page, digest=url_digest(page, page), host=f"x{number}.example"
        )
        url.verifications.create(outcome="still_live", page_status=200, image_status=200)
        workflow.note(case, carol, f"Note {number}")
    page = body(staff.get(f"/console/cases/{case.pk}/"))
    assert "41 URLs on 41 hosts" in page
    assert "Note 39" in page
    assert "Still there" in page
    only_checks = body(staff.get(f"/console/cases/{case.pk}/?show=checks"))
    assert "Note 39" not in only_checks
    assert "Checked x39.example: Still there" in only_checks


def test_a_look_at_the_picture_needs_a_reason_and_is_recorded(
    staff: Client, carol: User, alice: User, enrolled_alice: Enrolment
) -> None:
    case = cases.open_case(make_match(enrolled_alice.subject, with_preview=True))
    path = f"/console/cases/{case.pk}/picture/"
    refused = staff.post(path, {"reason": " "})
    assert refused.status_code == 422
    assert "Say why" in body(refused)
    assert "data:image" not in body(refused)
    assert not AuditEvent.objects.filter(action="case.picture_shown").exists()

    shown = staff.post(path, {"reason": "Is it the right person?"})
    assert "data:image/jpeg;base64," in body(shown)
    assert "no-store" in shown.headers["Cache-Control"]
    event = AuditEvent.objects.get(action="case.picture_shown")
    assert (event.actor, event.about) == (carol.pk, alice.pk)
    line = case.events.get(kind="picture.shown")
    assert line.actor == carol
    assert line.text == "Looked at the picture: Is it the right person?"
    assert "data:image" not in body(staff.get(f"/console/cases/{case.pk}/")), "it is shown once"


def test_nobody_opens_a_picture_that_may_show_a_minor(staff: Client, enrolled_alice: Enrolment) -> None:
    case = cases.open_case(make_match(enrolled_alice.subject, with_preview=True), minor="yes")
    assert "A minor may be shown" in body(staff.get(f"/console/cases/{case.pk}/"))
    answer = body(staff.post(f"/console/cases/{case.pk}/picture/", {"reason": "I want to see it"}))
    assert "data:image" not in answer
    assert not AuditEvent.objects.filter(action="case.picture_shown").exists()


# --- Letters -----------------------------------------------------------------------------------------------


def test_approve_and_send(staff: Client, case: Case, notice: Notice) -> None:
    answer = body(staff.post(f"/console/notices/{notice.pk}/approve/", follow=True))
    assert "is approved. It is not sent yet." in answer
    assert "Send it now" in answer
    assert not mail.outbox
    answer = body(staff.post(f"/console/notices/{notice.pk}/send/", follow=True))
    assert "has been sent" in answer
    assert "Waiting for Loopback Hosting Inc" in answer
    assert [message.to for message in mail.outbox] == [[notice.recipient]]
    staff.post(f"/console/notices/{notice.pk}/send/")
    assert len(mail.outbox) == 1


def test_who_wrote_some_of_it_cannot_approve_it(
    staff: Client, carol: User, dana: User, case: Case, notice: Notice, client_for: SignIn
) -> None:
    text = notice.body.replace("expeditiously", "without delay")
    staff.post(f"/console/notices/{notice.pk}/edit/", {"body": text.replace("\n", "\r\n")})
    notice.refresh_from_db()
    assert (notice.body, notice.drafted_by) == (text, carol)
    page = body(staff.get(f"/console/cases/{case.pk}/"))
    assert "You have written some of this letter" in page
    assert "Approve this letter" not in page
    answer = body(staff.post(f"/console/notices/{notice.pk}/approve/", follow=True))
    assert "A second person has to approve this" in answer
    notice.refresh_from_db()
    assert notice.state == NoticeState.DRAFT
    client_for(dana).post(f"/console/notices/{notice.pk}/approve/")
    notice.refresh_from_db()
    assert notice.approved_by == dana


def test_a_letter_that_lacks_something_has_no_button(staff: Client, case: Case, notice: Notice) -> None:
    Notice.objects.filter(pk=notice.pk).update(body=notice.body.replace("/s/", ""))
    page = body(staff.get(f"/console/cases/{case.pk}/"))
    assert "Approve this letter" not in page
    assert re.search(r'class="missing">.*?The notice lacks the signature line', page, re.DOTALL)
    assert "It cannot go out as it is." in page


def test_without_a_mandate_nothing_can_be_approved(staff: Client, alice: User, case: Case, notice: Notice) -> None:
    mandates.revoke(alice)
    page = body(staff.get(f"/console/cases/{case.pk}/"))
    assert "None in force, taken back on" in page
    assert "nothing may be sent" in page
    assert "There is no signed authority in force." in page
    assert "Approve this letter" not in page
    assert "There:</span>" not in page, "the letter was not looked into"


def test_without_consent_nothing_can_be_sent(staff: Client, alice: User, case: Case, carol: User) -> None:
    cases.approved(case, carol)
    assert "Send it now" in body(staff.get(f"/console/cases/{case.pk}/"))
    consent.withdraw(alice, Purpose.SENDING_NOTICES)
    page = body(staff.get(f"/console/cases/{case.pk}/"))
    assert "The subject has not consented to notices being sent." in page
    assert "Send it now" not in page


def test_an_address_whose_mail_came_back_gets_no_letter(staff: Client, case: Case) -> None:
    AbuseContact.objects.update(bounced_at=timezone.now())
    page = body(staff.get(f"/console/cases/{case.pk}/"))
    assert "Mail to this address came back" in page
    assert "Approve this letter" not in page


def test_withdrawing_needs_a_reason(staff: Client, notice: Notice) -> None:
    answer = body(staff.post(f"/console/notices/{notice.pk}/withdraw/", {"reason": ""}, follow=True))
    assert "Say why" in answer
    staff.post(f"/console/notices/{notice.pk}/withdraw/", {"reason": "It goes to the wrong host."})
    notice.refresh_from_db()
    assert notice.state == NoticeState.WITHDRAWN


def test_somebody_else_was_faster(staff: Client, dana: User, notice: Notice) -> None:
    notices.approve(notice, dana)
    answer = body(staff.post(f"/console/notices/{notice.pk}/approve/", follow=True))
    assert "This notice is not a draft any more." in answer
    assert "Send it now" in answer, "the page shows the case as it is now"


def test_a_send_that_died_is_settled_by_a_person(staff: Client, carol: User, case: Case, notice: Notice) -> None:
    cases.approved(case, carol)
    Notice.objects.update(state=NoticeState.SENDING, sending_at=timezone.now() - timedelta(hours=1))
    delivery.sweep_stuck_sends()
    page = body(staff.get(f"/console/cases/{case.pk}/"))
    assert "It did not leave" in page
    assert "1 thing to be settled by a person" in page
    staff.post(f"/console/notices/{notice.pk}/settle/", {"left": "no"})
    notice.refresh_from_db()
    assert notice.state == NoticeState.WITHDRAWN
    assert not case.work_items.filter(done_at=None).exists()


# --- The rest of the desk ----------------------------------------------------------------------------------


def test_check_now_says_what_it_saw(staff: Client, case: Case, site: Site) -> None:
    answer = body(staff.post(f"/console/cases/{case.pk}/verify/", follow=True))
    assert "We looked at 1 place: 0 gone." in answer
    assert "Still there" in answer


def test_a_case_without_a_contact_can_be_looked_into_again(
    staff: Client, match_without_registry: Match, rdap_registry: None
) -> None:
    case = cases.open_case(match_without_registry)
    page = body(staff.get(f"/console/cases/{case.pk}/"))
    assert "Nobody was found to write to" in page
    assert "Look for a contact again" in page
    case.urls.update(image_url="http://blog.localhost/photo.jpg", page_url="http://blog.localhost/post")
    answer = body(staff.post(f"/console/cases/{case.pk}/contacts/", follow=True))
    assert "1 letter ready to be read." in answer


@pytest.fixture
def match_without_registry(enrolled_alice: Enrolment) -> Match:
    return make_match(enrolled_alice.subject)


def test_work_is_ticked_off(staff: Client, carol: User, case: Case) -> None:
    item = WorkItem.objects.create(case=case, kind="x", about="1", text="Look at this.")
    assert "Look at this." in body(staff.get(f"/console/cases/{case.pk}/"))
    staff.post(f"/console/work/{item.pk}/done/")
    item.refresh_from_db()
    assert item.done_by == carol
    assert "Look at this." not in body(staff.get(f"/console/cases/{case.pk}/"))


def test_closing_needs_an_outcome_and_a_reason(staff: Client, case: Case) -> None:
    path = f"/console/cases/{case.pk}/close/"
    staff.post(path, {"outcome": Outcome.REFUSED, "reason": ""})
    staff.post(path, {"outcome": Outcome.REMOVED, "reason": "I think it is gone."})
    case.refresh_from_db()
    assert case.state != CaseState.CLOSED, "only checks can say that it is removed"
    staff.post(path, {"outcome": Outcome.REFUSED, "reason": "The host says no."})
    case.refresh_from_db()
    assert (case.state, case.outcome) == (CaseState.CLOSED, Outcome.REFUSED)
    page = body(staff.get(f"/console/cases/{case.pk}/"))
    assert "Closed: refused" in page
    assert 'data-open="close"' not in page
    assert "Approve this letter" not in page
