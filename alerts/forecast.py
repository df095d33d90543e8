"""When the next alert mail to somebody leaves, in a sentence, so that they see what their choices do."""

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from alerts import addresses, gathering, rules
from alerts.models import AlertRule, Digest


def sentence(user: User, rule: AlertRule) -> str:
    """As things stand now; empty where no mail leaves, which the page says by itself."""
    if rule.mail_since is None or addresses.stopped(user) is not None:
        return ""
    waiting = gathering.due_at(user)
    if waiting is not None:
        return f"Something waits for you. We mail it {_when(waiting, rule)}."
    return f"Nothing waits for you. If something came up now, we would mail it {_when(_if_now(user, rule), rule)}."


def _if_now(user: User, rule: AlertRule) -> datetime:
    now = timezone.now()
    sent = Digest.objects.filter(user=user, sent_at__gt=now - timedelta(days=7)).values_list("sent_at", flat=True)
    return rules.next_mail_at(
        rules.wishes(rule),
        first_waiting=now,
        first_urgent=now,
        sent=[at for at in sent if at is not None],
    )


def _when(at: datetime, rule: AlertRule) -> str:
    """Of something within the next minutes nobody needs the minute."""
    if at - timezone.now() <= timedelta(minutes=15):
        return "within minutes"
    there = at.astimezone(rules.zone(rule))
    return f"on {there:%A}, {there.day} {there:%B}, at {there:%H:%M}"
