"""The calls of a webhook in words, for the list on its page."""

from dataclasses import dataclass

from alerts import webhooks
from alerts.models import WebhookDelivery
from alerts.states import WebhookDeliveryState, WebhookState

_TONES = {
    WebhookDeliveryState.WAITING: "waiting",
    WebhookDeliveryState.DELIVERED: "good",
    WebhookDeliveryState.FAILED: "stopped",
}
# Codes of `crawler.policy.FetchError`, and our own.
_REASONS = {
    "timeout": "It did not answer within ten seconds.",
    "connect": "Nobody accepted the connection.",
    "tls": "No secure connection could be made: look at its certificate.",
    "dns": "Its name was not found.",
    "broken": "The answer broke off, or is not HTTP.",
    "too_large": "The answer is larger than 64 kB.",
    "encoding": "The answer is compressed in a way that was not asked for.",
    "private_address": "Its name leads into a private network, which we do not call.",
    "forbidden_address": "Its name leads to an address that we do not call.",
    "refused": "We may not call this address.",
    webhooks.SWITCHED_OFF: "The webhook was switched off before it arrived.",
}
_REDIRECTS, _GONE = range(300, 400), 410


@dataclass(frozen=True)
class Call:
    """One call: the row, a badge, why it did not arrive, and whether it can be sent again."""

    row: WebhookDelivery
    tone: str
    reason: str
    can_repeat: bool


def call(row: WebhookDelivery) -> Call:
    """A row whose endpoint is loaded."""
    state = WebhookDeliveryState(row.state)
    can_repeat = state != WebhookDeliveryState.WAITING and row.endpoint.state == WebhookState.ON
    return Call(row, _TONES[state], "" if state == WebhookDeliveryState.DELIVERED else _reason(row), can_repeat)


def _reason(row: WebhookDelivery) -> str:
    if row.error:
        return _REASONS.get(row.error, "It could not be called.")
    if row.status is None:
        return ""
    if row.status in _REDIRECTS:
        return f"It answered with {row.status}, a redirect. We follow none: enter the address it leads to."
    if row.status == _GONE:
        return "It answered with 410, which says that it is gone for good."
    return f"It answered with {row.status}. Only 200 to 299 says that a call was taken."
