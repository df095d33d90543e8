"""Who looked: the audit trail's entries about one person, in plain words and without anybody's name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import AuditEvent, Role, User

# What was done, by action. One that is missing here is shown by its own name.
WORDS = {
    "account.details": "Changed your name or where you live",
    "account.erased": "Asked for the account to be erased",
    "account.locked": "Shut the account, as its use looked odd",
    "account.unlocked": "Opened the account again",
    "age.allowed": "Decided about your age: you are 18 or older",
    "age.appealed": "Asked a person to decide about your age",
    "age.refused": "Decided about your age: the enrolment stays stopped",
    "age.stopped": "Stopped the enrolment, as you looked younger than 18",
    "archive.made": "Made an archive of your data",
    "case.released": "Decided that we may write about a picture used for news or satire",
    "case.page_shown": "Looked at a saved page of one of your cases",
    "case.picture_shown": "Looked at a picture of one of your cases",
    "consent.given": "Gave a consent",
    "consent.withdrawn": "Withdrew a consent",
    "email.changed": "Changed your e-mail address",
    "enrolment.active": "Confirmed your enrolment",
    "enrolment.assistance_asked": "Asked for a person's help with the enrolment",
    "enrolment.live_passed": "Passed the live check of the enrolment",
    "enrolment.photos_added": "Measured reference photos",
    "enrolment.refused": "Refused your enrolment",
    "enrolment.renewed": "Discarded face templates of an older kind",
    "enrolment.withdrawn": "Ended your enrolment",
    "factor.added": "Added a second factor",
    "factor.removed": "Removed a second factor",
    "factor.renewed": "Made new recovery codes",
    "hold.placed": "Placed a legal hold on something of yours",
    "hold.released": "Released a legal hold",
    "legal.accepted": "Found a demand of a court or authority valid",
    "legal.disclosed": "Handed data over to a court or authority",
    "legal.recorded": "Recorded a demand of a court or authority",
    "legal.rejected": "Refused a demand of a court or authority",
    "legal.reviewed": "Reviewed a demand of a court or authority",
    "legal.told": "Told you of a demand of a court or authority",
    "letter.put": "Put a letter to one of your cases",
    "letter.sorted": "Read and sorted a letter to one of your cases",
    "live.begun": "Began a live check",
    "live.failed": "Did not pass a live check",
    "live.limited": "Tried the live check too often",
    "live.passed": "Passed a live check",
    "mandate.revoked": "Took back the signed authority",
    "mandate.signed": "Signed the authority to act",
    "match.candidate": "Took back an answer about a picture",
    "match.confirmed": "Answered about a picture: it is you",
    "match.dismissed": "Answered about a picture: it is not you",
    "match.unsure": "Answered about a picture: you cannot tell",
    "match.withdrawn": "Took a picture away that must not be kept",
    "objection.made": "Objected to a use of your data",
    "objection.withdrawn": "Took an objection back",
    "password.changed": "Changed your password",
    "password.reset": "Reset your password by e-mail",
    "password.set": "Set a password",
    "plan.changed": "Changed your plan, as the payment service says",
    "plan.ended": "Ended your plan",
    "plan.granted": "Gave you a plan",
    "policy.accepted": "Agreed to a policy",
    "presence.confirmed": "Passed the live check again",
    "presence.other_face": "A live check showed another face than yours",
    "request.answered": "Answered a request of yours",
    "request.assigned": "Took over a request of yours",
    "request.classified": "Sorted a request of yours",
    "request.closed": "Closed a request of yours",
    "request.extended": "Extended the deadline of a request of yours",
    "request.message": "Wrote to us about a request",
    "request.noted": "Made a note about a request of yours",
    "request.opened": "Asked something of us",
    "request.read": "Read a request of yours",
    "request.reopened": "Opened a request of yours again",
    "session.ended": "Signed a browser out",
    "site.heard": "Wanted to hear of a site again",
    "site.left": "Left a site alone",
    "source.reported": "Reported a page",
    "templates.exported": "Read your face templates for your archive",
    "templates.read": "Opened your face templates to compare them, once or more on that day",
}


@dataclass(frozen=True)
class Look:
    """One line: what was done, by what kind of person, and when."""

    title: str
    actor: str
    at: datetime
    tone: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For the archive."""
        return {"at": self.at, "by": self.actor, "what": self.title}


def about(user: User) -> QuerySet[AuditEvent]:
    """The entries about somebody, the newest first."""
    return AuditEvent.objects.filter(about=user.pk).order_by("-id")


def described(user: User, events: Iterable[AuditEvent]) -> list[Look]:
    """Entries about `user` as lines."""
    events = list(events)
    roles = _roles({event.actor for event in events if event.actor and event.actor != user.pk})
    return [_line(user, event, roles) for event in events]


def everything(user: User) -> Iterator[Look]:
    """Every line about somebody, the newest first."""
    yield from described(user, about(user))


def _line(user: User, event: AuditEvent, roles: dict[UUID, str]) -> Look:
    if event.actor is None:
        actor, tone = "A program", ""
    elif event.actor == user.pk:
        actor, tone = "You", "good"
    else:
        actor, tone = roles.get(event.actor, "Somebody whose account is gone"), "waiting"
    return Look(WORDS.get(event.action) or _in_words(event.action), actor, event.at, tone)


def _roles(ids: set[UUID]) -> dict[UUID, str]:
    named = dict(User.objects.filter(pk__in=ids).values_list("pk", "role"))
    return {pk: _role(role) for pk, role in named.items()}


def _role(role: str) -> str:
    return "Another account" if role == Role.SUBSCRIBER else f"A member of our {Role(role).label.lower()}"


def _in_words(action: str) -> str:
    """`photo.measured_again` is "Photo: measured again"."""
    return action.replace(".", ": ", 1).replace("_", " ").capitalize()
