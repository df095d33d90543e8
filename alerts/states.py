"""The states of mails, addresses, webhooks and their deliveries, and the steps between them."""

from django.db.models import TextChoices

from accounts.transitions import Transitions


class DigestState(TextChoices):
    """`waiting → sent → returned | complained`; `dropped` where nothing was left to tell, or nobody to tell it."""

    WAITING = "waiting", "On its way"
    SENT = "sent", "Handed over"
    RETURNED = "returned", "Came back"
    COMPLAINED = "complained", "Marked as unwanted"
    DROPPED = "dropped", "Not sent any more"


DIGEST: Transitions = {
    DigestState.WAITING: frozenset({DigestState.SENT, DigestState.RETURNED, DigestState.DROPPED}),
    DigestState.SENT: frozenset({DigestState.RETURNED, DigestState.COMPLAINED}),
}


class AddressState(TextChoices):
    """`failing → dead`; a complaint stops mail as well. The person takes each of them back, or changes the address."""

    FAILING = "failing", "Some mail came back"
    DEAD = "dead", "Does not take mail"
    COMPLAINED = "complained", "Marked our mail as unwanted"


ADDRESS: Transitions = {
    AddressState.FAILING: frozenset({AddressState.DEAD, AddressState.COMPLAINED}),
    AddressState.DEAD: frozenset({AddressState.COMPLAINED}),
}
# No alert is mailed to these.
STOPPED = (AddressState.DEAD, AddressState.COMPLAINED)


class WebhookState(TextChoices):
    """`on ⇄ off`: its owner switches it off, or we do after 72 hours without a success."""

    ON = "on", "On"
    OFF = "off", "Off"
    DISABLED = "disabled", "Switched off by us, as it took no calls"


WEBHOOK: Transitions = {
    WebhookState.ON: frozenset({WebhookState.OFF, WebhookState.DISABLED}),
    WebhookState.OFF: frozenset({WebhookState.ON}),
    WebhookState.DISABLED: frozenset({WebhookState.ON, WebhookState.OFF}),
}


class WebhookDeliveryState(TextChoices):
    """`waiting → delivered | failed`; sent again on the subscriber's wish."""

    WAITING = "waiting", "On its way"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Given up"


WEBHOOK_DELIVERY: Transitions = {
    WebhookDeliveryState.WAITING: frozenset({WebhookDeliveryState.DELIVERED, WebhookDeliveryState.FAILED}),
    WebhookDeliveryState.DELIVERED: frozenset({WebhookDeliveryState.WAITING}),
    WebhookDeliveryState.FAILED: frozenset({WebhookDeliveryState.WAITING}),
}
