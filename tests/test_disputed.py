"""While a copyright notice is disputed nothing counts as removed, and what the law lets come back is no relapse."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from search.models import Enrolment, Sighting
from takedowns import delivery, escalation, guards, notices, relapse, verification
from takedowns.cases import NotAllowed
from takedowns.mail import counter
from takedowns.models import Case, CounterNotice, Notice
from takedowns.states import CaseState, NoticeState, Outcome, UrlState
from tests import cases
from tests.sites import Reply, Site

pytestmark = pytest.mark.usefixtures("rdap_registry")
GONE = Reply(b"Gone", status=410)


@pytest.fixture
def disputed(enrolled_alice: Enrolment, site: Site, carol: User, settings: Any) -> CounterNotice:
    """The picture is down, a counter-notice has come, and two looks have found the picture gone."""
    settings.VERIFICATION_INTERVAL_SECONDS = 0
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    notice = delivery.send(cases.approved(case, carol))
    found = counter.receive(notice, None, timezone.now().date())
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    for _ in range(2):
        verification.verify(case.urls.get())
    return found


def case_of(found: CounterNotice) -> Case:
    return Case.objects.get(pk=found.notice.case_id)


def put_back(found: CounterNotice, site: Site, carol: User) -> None:
    """The provider restores it, and we see that."""
    counter.end(found, carol, kept_down=False)
    site.answers.update({"/post": Reply(b'<img src="/photo.jpg">'), "/photo.jpg": cases.photo()})
    verification.verify(case_of(found).urls.get())


def test_a_case_does_not_end_before_the_dispute_does(disputed: CounterNotice, carol: User) -> None:
    assert case_of(disputed).state == CaseState.AWAITING_SUBJECT
    assert case_of(disputed).urls.get().state == UrlState.REMOVED
    counter.end(disputed, carol, kept_down=True)
    assert (case_of(disputed).state, case_of(disputed).outcome) == (CaseState.CLOSED, Outcome.REMOVED)


def test_what_was_put_back_is_a_person_s_to_go_on_with(disputed: CounterNotice, site: Site, carol: User) -> None:
    put_back(disputed, site, carol)
    case = case_of(disputed)
    assert (case.state, case.urls.get().state) == (CaseState.ACTION_NEEDED, UrlState.RELAPSED)
    assert escalation.escalate_due() == [] and Case.objects.count() == 1


def test_a_closed_case_has_no_relapse_by_it(disputed: CounterNotice, site: Site, carol: User) -> None:
    Case.objects.update(state=CaseState.CLOSED, outcome=Outcome.REMOVED, closed_at=timezone.now())
    put_back(disputed, site, carol)
    Sighting.objects.update(last_seen=timezone.now())
    assert relapse.screen_new_matches() == [] and Case.objects.count() == 1


def test_no_second_copyright_notice_about_it(disputed: CounterNotice, site: Site, carol: User, dana: User) -> None:
    """Neither while it is disputed nor afterwards, to whomever; a court may have said otherwise."""
    first = disputed.notice
    Notice.objects.filter(pk=first.pk).update(ground="dmca_512d")
    again = notices.draft(first.case, "dmca_512c", first.contact, list(first.urls.all()))
    assert "disputed" in guards.why_not(again, carol)
    put_back(disputed, site, carol)
    assert Notice.objects.get(pk=first.pk).state == NoticeState.REFUSED
    with pytest.raises(NotAllowed, match="disputed"):
        notices.approve(again, carol)
    assert "disputed" not in guards.why_not(again, dana)


def test_other_grounds_are_free(disputed: CounterNotice, site: Site, carol: User) -> None:
    put_back(disputed, site, carol)
    other = notices.draft(disputed.notice.case, "dsa_16", disputed.notice.contact, list(disputed.notice.urls.all()))
    assert "disputed" not in guards.why_not(other, carol)
