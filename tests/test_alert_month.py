"""A month of a busy subscriber: every mail is counted, and every hour at which one came."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from alerts import dispatch, outbox
from alerts.models import Alert, AlertRule, Cadence, Digest, Kind
from alerts.states import DigestState
from crawler.models import url_digest
from search.models import Enrolment, Sighting, Subject
from tests.matches import make_match

# The clocks change on the eighth.
ZONE = ZoneInfo("America/New_York")
START = datetime(2026, 3, 1, 0, 0, tzinfo=ZONE).astimezone(UTC)
DAYS = 31
STEP = timedelta(hours=1)
OUTAGES = [(START + timedelta(days=day), START + timedelta(days=day, hours=9)) for day in (4, 11, 12, 25)]
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SPAN = {Cadence.AT_ONCE: WEEK, Cadence.DAILY: timedelta(hours=36), Cadence.WEEKLY: timedelta(days=8)}

pytestmark = pytest.mark.slow


class Unsteady(EmailBackend):
    """A server that is away now and then, and that breaks off now and then."""

    def open(self) -> bool:
        if any(start <= timezone.now() < end for start, end in OUTAGES):
            raise ConnectionRefusedError
        return True

    def send_messages(self, messages: Any) -> int:
        if random.Random(timezone.now().timestamp()).random() < 0.1:
            raise ConnectionResetError
        return super().send_messages(messages)


def happen(subject: Subject, dice: random.Random) -> None:
    """Something of an hour of that month: pictures, often several of a page, and news of cases."""
    if dice.random() < 0.2:
        page = f"https://blog.example/{dice.randrange(10_000)}"
        for _ in range(dice.choice([1, 1, 1, 4])):
            match = make_match(subject)
            Sighting.objects.create(
                image=match.image,
                page_url=page,
                image_url="",
                digest=url_digest(page, str(match.pk)),
                site="blog.example",
            )
    if dice.random() < 0.5:
        kinds = [Kind.WROTE, Kind.WROTE, Kind.ANSWERED, Kind.NEW_PLACE, Kind.REMOVED, Kind.QUESTION]
        outbox.tell(subject.user, dice.choice(kinds), f"event:{Alert.objects.count()}")


def most_within(moments: list[datetime], span: timedelta) -> int:
    return max(sum(first <= other < first + span for other in moments) for first in moments)


@pytest.mark.parametrize("cadence", list(Cadence))
def test_a_month_of_a_busy_subscriber(enrolled_alice: Enrolment, settings: Any, cadence: Cadence) -> None:
    settings.EMAIL_BACKEND = "tests.test_alert_month.Unsteady"
    settings.ALERT_SETTLE_SECONDS, settings.MAILS_A_MINUTE = 300, 0
    subject, dice = enrolled_alice.subject, random.Random(str(cadence))
    wishes = {"cadence": cadence, "hour": 9, "weekday": 2, "quiet_from": 22, "quiet_until": 7}
    with time_machine.travel(START, tick=False) as clock:
        rule = AlertRule.objects.create(user=subject.user, mail_since=START, time_zone=ZONE.key, **wishes)
        sent: list[datetime] = []
        while (now := timezone.now()) < START + timedelta(days=DAYS + 9):
            if now < START + timedelta(days=DAYS) and now.minute == 0:
                happen(subject, dice)
            sent += [now] * dispatch.deliver()
            clock.shift(STEP)
    local = [moment.astimezone(ZONE) for moment in sent]

    # Nobody was woken, and the ceilings held.
    assert all(7 <= moment.hour < 22 for moment in local)
    assert most_within(sent, DAY) <= settings.ALERT_MAILS_A_DAY
    assert most_within(sent, WEEK) <= settings.ALERT_MAILS_A_WEEK
    if cadence == Cadence.DAILY:
        assert max(Counter(moment.date() for moment in local).values()) == 1
        assert len(sent) >= DAYS - 1
    if cadence == Cadence.WEEKLY:
        assert {moment.weekday() for moment in local} <= {2, 3}, "at the ninth hour of Wednesday, or after an outage"
        assert len(sent) == 5

    # Every alert was told, in one mail; every mail is there once.
    assert not Alert.objects.exclude(digest__state=DigestState.SENT).exists()
    assert len(mail.outbox) == len(sent) == Digest.objects.count()
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == len(sent)
    assert Alert.objects.count() > 300
    late = [alert.digest.sent_at - alert.created_at for alert in Alert.objects.select_related("digest")]
    assert max(late) <= SPAN[Cadence(rule.cadence)]
