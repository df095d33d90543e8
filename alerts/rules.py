"""How somebody wants to hear of things; whoever never chose has the defaults."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accounts.models import User
from alerts import zones
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
