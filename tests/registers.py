"""One request, one incident and one legal demand, for the tests that walk the URL table."""

from django.utils import timezone

from accounts.models import DataRequest, Incident, LegalRequest, User
from accounts.tickets import incidents, legal, tickets

TICKET_ROUTES = ("one", "add", "ticket", "reply", "note", "classify", "extend", "close", "reopen", "assign")
INCIDENT_ROUTES = (
    *("incident", "incident_entry", "incident_authority", "incident_no_notice", "incident_people"),
    *("incident_close", "incident_reopen"),
)
LEGAL_ROUTES = ("legal_request", "legal_review", "legal_disclose", "legal_refuse")


def ticket(user: User) -> DataRequest:
    """What this person asked."""
    return DataRequest.objects.filter(user=user).first() or tickets.open_ticket(
        "access", email=user.email, body="What do you hold about me?", user=user
    )


def incident(user: User) -> Incident:
    return Incident.objects.first() or incidents.open_incident(
        user, title="A lost laptop", text="It was encrypted.", aware_at=timezone.now()
    )


def legal_request(user: User, person: User) -> LegalRequest:
    return LegalRequest.objects.first() or legal.record(
        user, authority="A court", country="DE", legal_basis="A law", scope="Some dates.", person=person
    )
