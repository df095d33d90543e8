"""Figures: a rate is what it says it is a rate of, and only checks make a removal."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from accounts.models import User
from search.models import Subject
from takedowns import events, figures
from takedowns.models import AbuseContact, Case, Communication, Notice, Operator
from takedowns.states import CaseState, NoticeState, Outcome
from tests.matches import make_match

NOW = timezone.now
DAY = timedelta(days=1)


@pytest.fixture
def subject(alice: User) -> Subject:
    return Subject.objects.create(user=alice)


def operator(name: str) -> AbuseContact:
    made = Operator.objects.create(key=f"network:{name}", kind="host", name=name)
    return AbuseContact.objects.create(
        operator=made, email=f"abuse@{name}.example", role="abuse", source="rdap_ip", confidence=0.9
    )


def sent(
    subject: Subject, contact: AbuseContact, state: str, ground: str = "dmca_512c", days: float = 5, took: float = 0
) -> Notice:
    case = Case.objects.create(subject=subject, match=make_match(subject))
    notice = Notice.objects.create(
        case=case, operator=contact.operator, contact=contact, ground=ground, state=state, recipient=contact.email,
        title="T", body="B", template_version="1", sent_at=NOW() - days * DAY,
    )  # fmt: skip
    if state == NoticeState.COMPLIED:
        event = events.record(case, "notice.complied", notice=str(notice.pk), operator=contact.operator.name)
        assert event.at - notice.sent_at > timedelta(0)
    return notice


def test_a_rate_counts_what_was_sent_and_could_be_acted_on(subject: Subject) -> None:
    good, bad = operator("good"), operator("bad")
    for state in ("complied", "complied", "sent"):
        sent(subject, good, state)
    for state in ("refused", "bounced", "retracted", "draft"):
        sent(subject, bad, state, ground="host_policy")
    found = figures.overview(NOW() - 90 * DAY, NOW())
    lines = {line.label: line for line in found.by_operator}
    assert (str(lines["good"].removed), str(lines["bad"].removed)) == ("2 of 3", "0 of 1")
    assert str(lines["bad"].refused) == "1 of 1"
    assert found.left_out == 2
    assert [line.key for line in found.by_ground] == ["dmca_512c", "host_policy"]


def test_only_what_a_person_or_their_system_says_is_an_answer(subject: Subject) -> None:
    contact = operator("host")
    notices = [sent(subject, contact, "sent") for _ in range(3)]
    for notice, kind in zip(notices, ("reply", "auto_reply", "bounce"), strict=True):
        Communication.objects.create(
            case=notice.case, notice=notice, direction="in", kind=kind, sender="a", recipient="b", title="t",
            sealed_body=b"", message_id=f"<{kind}>",
        )  # fmt: skip
    (line,) = figures.overview(NOW() - 90 * DAY, NOW()).by_operator
    assert str(line.answered) == "1 of 3"


@pytest.mark.parametrize("hours", [[5.0], [1.0, 2.0], [3.0, 1.0, 2.0, 40.0, 7.5, 7.5, 100.0]])
def test_median_and_90th_percentile_are_those_of_numpy(hours: list[float]) -> None:
    found = figures.times(hours)
    assert (found.median, found.p90) == pytest.approx(tuple(np.percentile(hours, [50, 90])))


def test_relapse_counts_only_cases_that_are_old_enough(subject: Subject) -> None:
    def removed(days_ago: int, back_after: int | None) -> None:
        closed = NOW() - days_ago * DAY
        case = Case.objects.create(
            subject=subject,
            match=make_match(subject),
            state=CaseState.CLOSED,
            outcome=Outcome.REMOVED,
            closed_at=closed,
        )
        if back_after is not None:
            Case.objects.create(
                subject=subject, match=make_match(subject), relapse_of=case, created_at=closed + back_after * DAY
            )

    removed(100, 10)
    removed(100, 60)
    removed(100, None)
    removed(10, 1)
    found = dict(figures.overview(NOW() - 365 * DAY, NOW()).relapsed)
    assert (str(found[30]), str(found[90])) == ("1 of 3", "2 of 3")


def test_the_page_and_the_csv_say_the_same_and_a_name_is_no_formula(
    subject: Subject, carol: User, client_for: Any
) -> None:
    sent(subject, operator("=cmd"), "complied")
    browser = client_for(carol)
    page = browser.get("/console/figures/").content.decode()
    assert "=cmd" in page
    rows = list(csv.reader(StringIO(browser.get("/console/figures/operator.csv").content.decode())))
    assert rows[1][:3] == ["'=cmd", "1", "1"]
    assert browser.get("/console/figures/nothing.csv").status_code == 404


def test_figures_are_for_staff(alice: User, client_for: Any) -> None:
    assert client_for(alice).get("/console/figures/").status_code == 404
