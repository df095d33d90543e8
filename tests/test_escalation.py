"""When nothing happens: one reminder, then the next step; never about what is gone, never before a promised day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from search.models import Enrolment
from takedowns import delivery, escalation, mandates, notices
from takedowns.cases import NotAllowed
from takedowns.models import AbuseContact, Case, FollowUp, Notice, Operator
from takedowns.states import CaseState, NoticeState
from tests import cases
from tests.sites import Reply, Site

pytestmark = pytest.mark.usefixtures("rdap_registry")
DAY = timedelta(days=1)


@pytest.fixture
def notice(enrolled_alice: Enrolment, site: Site, carol: User) -> Notice:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    return delivery.send(cases.approved(case, carol))


@pytest.fixture
def later() -> Iterator[Any]:
    """Move the clock to so many days after now."""
    began = timezone.now()
    travels: list[time_machine.travel] = []

    def go(days: float) -> datetime:
        travel = time_machine.travel(began + days * DAY, tick=True)
        travel.start()
        travels.append(travel)
        return timezone.now()

    yield go
    for travel in reversed(travels):
        travel.stop()


def reloaded(notice: Notice) -> Notice:
    return Notice.objects.select_related("case").get(pk=notice.pk)


def test_nothing_is_due_at_first(notice: Notice, later: Any) -> None:
    later(2)
    assert escalation.remind_due() == []
    assert escalation.escalate_due() == []


def test_one_reminder_leaves_by_itself_and_no_second_one(notice: Notice, later: Any) -> None:
    later(3.1)
    (reminder,) = escalation.remind_due()
    assert reminder.state == NoticeState.APPROVED
    assert escalation.remind_due() == []
    delivery.send_approved()
    assert FollowUp.objects.get().state == NoticeState.SENT
    later(4)
    assert escalation.remind_due() == []


def test_nobody_is_reminded_of_what_is_gone(notice: Notice, later: Any, site: Site) -> None:
    site.answers.clear()
    later(3.1)
    assert escalation.remind_due() == []
    assert not FollowUp.objects.exists()


def test_the_next_step_is_drafted_for_a_person_to_approve(notice: Notice, later: Any) -> None:
    later(7.1)
    drafts = escalation.escalate_due()
    assert drafts
    assert all(draft.state == NoticeState.DRAFT and draft.escalates == notice for draft in drafts)
    assert all(draft.operator != notice.operator or draft.ground != notice.ground for draft in drafts)
    assert reloaded(notice).escalated_at
    assert escalation.escalate_due() == []
    assert reloaded(notice).case.state == CaseState.ACTION_NEEDED


def test_a_promise_is_waited_for(notice: Notice, later: Any) -> None:
    Notice.objects.update(promised_until=timezone.now() + 10 * DAY)
    later(8)
    assert escalation.remind_due() == []
    assert escalation.escalate_due() == []
    later(10.1)
    assert escalation.escalate_due()


def test_while_it_is_our_turn_nothing_is_due(notice: Notice, later: Any) -> None:
    Notice.objects.update(state=NoticeState.INFO_REQUESTED, due_at=None, time_left=DAY)
    later(20)
    assert escalation.remind_due() == []
    assert escalation.escalate_due() == []


def test_a_refusal_goes_a_step_further_at_once(notice: Notice) -> None:
    Notice.objects.update(state=NoticeState.REFUSED)
    assert escalation.escalate_due()
    assert reloaded(notice).escalated_at


def test_what_came_back_goes_to_another_address_of_the_same_operator(notice: Notice) -> None:
    AbuseContact.objects.filter(pk=notice.contact_id).update(bounced_at=timezone.now())
    other = AbuseContact.objects.create(
        operator=notice.operator, email="second@loopback-hosting.example", role="abuse", source="staff", confidence=0.9,
        takes_mail=True,
    )  # fmt: skip
    Notice.objects.update(state=NoticeState.BOUNCED)
    (again,) = escalation.escalate_due()
    assert (again.contact, again.ground, again.escalates) == (other, notice.ground, notice)
    assert escalation.escalate_due() == []


def test_after_the_last_step_a_person_decides_and_nothing_is_written(notice: Notice, monkeypatch: Any) -> None:
    monkeypatch.setattr(escalation, "following", lambda *_: ())
    assert escalation.write_next(notice, "it did not act") == []
    case = Case.objects.get()
    assert case.work_items.get(kind=escalation.LADDER_ENDED)
    assert case.state == CaseState.ACTION_NEEDED


def test_the_ladder_has_not_ended_while_another_letter_waits_to_leave(notice: Notice, monkeypatch: Any) -> None:
    other = AbuseContact.objects.create(
        operator=Operator.objects.create(key="upstream:x", kind="upstream", name="Above"),
        email="abuse@above.example", role="abuse", source="staff", confidence=0.9, takes_mail=True,
    )  # fmt: skip
    draft = notices.draft(notice.case, "upstream", other, list(notice.urls.all()), addressee="upstream")
    monkeypatch.setattr(escalation, "following", lambda *_: ())
    escalation.write_next(notice, "it did not act")
    assert not Case.objects.get().work_items.filter(kind=escalation.LADDER_ENDED).exists()
    Notice.objects.filter(pk=draft.pk).update(state=NoticeState.SENT)
    escalation.write_next(draft, "it did not act")
    assert Case.objects.get().work_items.filter(kind=escalation.LADDER_ENDED).exists(), "told when it really has"


def test_an_operator_that_ignores_notices_is_passed_by(notice: Notice, later: Any, carol: User) -> None:
    later(7.1)
    first = escalation.escalate_due()[0].operator
    Notice.objects.exclude(pk=notice.pk).delete()
    Operator.objects.filter(pk=first.pk).update(stance=Operator.Stance.IGNORES)
    Notice.objects.update(escalated_at=None)
    assert first not in {draft.operator for draft in escalation.escalate_due()}


def test_without_a_mandate_nothing_goes_on_and_a_person_is_told_once(notice: Notice, later: Any, alice: User) -> None:
    mandates.revoke(alice)
    later(7.1)
    for _ in range(2):
        assert escalation.escalate_due() == []
    assert Case.objects.get().work_items.filter(kind="escalation_blocked").count() == 1
    with pytest.raises(NotAllowed):
        notices.require_authority(Case.objects.get())


def test_an_answer_of_the_site_that_hides_it_is_no_removal(notice: Notice, later: Any, site: Site) -> None:
    site.answers["/post"] = Reply(b"<p>This page has been removed.</p>")
    later(7.1)
    assert escalation.escalate_due(), "the file is still there"
