"""How somebody wants to hear of things; whoever never chose has the defaults."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from accounts.models import User
from alerts import timing, zones
from alerts.models import AlertRule
from alerts.timing import Wishes

_UTC = ZoneInfo("UTC")


def of(user: User) -> AlertRule:
    """Their rule; the defaults, not stored, where they never chose."""
    return AlertRule.objects.filter(user=user).first() or AlertRule(user=user, mail_since=user.date_joined)


def stored(user: User) -> AlertRule:
    """Their rule as a row, made with the defaults where there was none."""
    return AlertRule.objects.get_or_create(user=user, defaults={"mail_since": user.date_joined})[0]


def zone(rule: AlertRule) -> ZoneInfo:
    """Their own time zone: chosen, or that of the region they live in, or UTC."""
    try:
        chosen = ZoneInfo(rule.time_zone) if rule.time_zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A name that the database does not have, or has no more.
        chosen = None
    return chosen or zones.of_region(rule.user.region) or _UTC


def wishes(rule: AlertRule) -> Wishes:
    """The rule as `alerts.timing` computes with it."""
    return Wishes(rule.cadence, rule.hour, rule.weekday, zone(rule), rule.quiet_from, rule.quiet_until)


def next_mail_at(
    wanted: Wishes,
    *,
    first_waiting: datetime,
    first_urgent: datetime | None,
    sent: Sequence[datetime],
    not_before: datetime | None = None,
) -> datetime:
    """As `timing.next_mail_at`, by the ceilings of this installation, which hold for mails and pushes alike."""
    return timing.next_mail_at(
        wanted,
        first_waiting=first_waiting,
        first_urgent=first_urgent,
        sent=sent,
        settle=timedelta(seconds=settings.ALERT_SETTLE_SECONDS),
        per_day=settings.ALERT_MAILS_A_DAY,
        per_week=settings.ALERT_MAILS_A_WEEK,
        not_before=not_before,
    )
