"""Where in the portal an alert is seen to. The pages want a signed-in session; nothing in the addresses tells more."""

from uuid import UUID

from django.conf import settings
from django.urls import reverse

from alerts.models import Alert, Kind

_OF_MATCHES = frozenset({Kind.MATCH})


def link(alert: Alert) -> str:
    """The page about it: the case, or the list of what is new, or the channel that was switched off."""
    if alert.kind in _OF_MATCHES:
        return _at("search:matches")
    if alert.kind == Kind.WEBHOOK_OFF:
        return _at("alerts:webhooks")
    if alert.case is None:
        return home()
    return _at("takedowns:case", alert.case)


def home() -> str:
    """Where everybody finds what is theirs to do."""
    return _at("portal:home")


def _at(route: str, *arguments: UUID) -> str:
    return f"{settings.PORTAL_URL}{reverse(route, args=arguments)}"
