"""How somebody wants to hear of things; whoever never chose has the defaults."""

from zoneinfo import ZoneInfo

from accounts.models import User
from alerts.models import AlertRule


def of(user: User) -> AlertRule:
    """Their rule; the defaults, not stored, where they never chose."""
    return AlertRule.objects.filter(user=user).first() or AlertRule(user=user, mail_since=user.date_joined)


def stored(user: User) -> AlertRule:
    """Their rule as a row, made with the defaults where there was none."""
    return AlertRule.objects.get_or_create(user=user, defaults={"mail_since": user.date_joined})[0]


def zone(rule: AlertRule) -> ZoneInfo:
    """Their own time zone: chosen, or that of the region they live in, or UTC."""
    raise NotImplementedError
