"""The states of subscriptions, data requests, incidents and legal requests, and the steps between them."""

from django.db.models import TextChoices

from accounts.transitions import Transitions


class SubscriptionState(TextChoices):
    """Set by the provider; `past_due` still has its plan until `ends_at`."""

    ACTIVE = "active", "Active"
    PAST_DUE = "past_due", "Payment is late"
    ENDED = "ended", "Ended"


SUBSCRIPTION: Transitions = {
    SubscriptionState.ACTIVE: frozenset({SubscriptionState.PAST_DUE, SubscriptionState.ENDED}),
    SubscriptionState.PAST_DUE: frozenset({SubscriptionState.ACTIVE, SubscriptionState.ENDED}),
    SubscriptionState.ENDED: frozenset({SubscriptionState.ACTIVE}),
}


class RequestState(TextChoices):
    """Whose move it is: `received → in_progress ⇄ waiting_for_person → closed`; a closed one can be opened again."""

    RECEIVED = "received", "Received"
    IN_PROGRESS = "in_progress", "In progress"
    WAITING_FOR_PERSON = "waiting_for_person", "Waiting for the person"
    CLOSED = "closed", "Closed"


REQUEST: Transitions = {
    RequestState.RECEIVED: frozenset({RequestState.IN_PROGRESS, RequestState.WAITING_FOR_PERSON, RequestState.CLOSED}),
    RequestState.IN_PROGRESS: frozenset({RequestState.WAITING_FOR_PERSON, RequestState.CLOSED}),
    RequestState.WAITING_FOR_PERSON: frozenset({RequestState.IN_PROGRESS, RequestState.CLOSED}),
    RequestState.CLOSED: frozenset({RequestState.IN_PROGRESS}),
}


class IncidentState(TextChoices):
    """`open → closed`; closed only when the authority was told or a reason says why not."""

    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


INCIDENT: Transitions = {
    IncidentState.OPEN: frozenset({IncidentState.CLOSED}),
    IncidentState.CLOSED: frozenset({IncidentState.OPEN}),
}


class LegalRequestState(TextChoices):
    """`under_review → accepted | rejected`; accepted: `disclosed` or, when it was challenged, `rejected`."""

    UNDER_REVIEW = "under_review", "Under review"
    ACCEPTED = "accepted", "Found valid"
    REJECTED = "rejected", "Refused"
    DISCLOSED = "disclosed", "Disclosed"


LEGAL_REQUEST: Transitions = {
    LegalRequestState.UNDER_REVIEW: frozenset({LegalRequestState.ACCEPTED, LegalRequestState.REJECTED}),
    LegalRequestState.ACCEPTED: frozenset({LegalRequestState.DISCLOSED, LegalRequestState.REJECTED}),
}
