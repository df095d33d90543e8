"""New photos after a change of the face model: who needs them, and asking for them once.

The reference photos were never kept, so a template of another model cannot be measured anew. Until the person has
passed a new live check and given new photos, or a member of staff has confirmed them again, nothing is searched for.
"""

import logging
import smtplib

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import consent, mailing
from search import faces
from search.engine import EngineUnavailable
from search.models import Enrolment, FaceTemplate
from search.states import OPEN

logger = logging.getLogger(__name__)


def waiting() -> QuerySet[Enrolment]:
    """Open enrolments that have face templates, but none of the configured model."""
    return Enrolment.objects.filter(
        Exists(FaceTemplate.objects.filter(enrolment=OuterRef("pk"))), ~_measured(), state__in=OPEN
    )


def needed(enrolment: Enrolment | None) -> bool:
    """Whether this person has to give new photos before we can look for them.

    False where no engine can be used: then there is nothing that they could do.
    """
    try:
        return enrolment is not None and waiting().filter(pk=enrolment.pk).exists()
    except EngineUnavailable:
        return False


def ask() -> int:
    """Write to everybody who waits and was not asked yet. Returns how many were asked now."""
    # Whose templates can be used again was asked about a change that was undone.
    Enrolment.objects.filter(_measured(), recapture_asked_at__isnull=False).update(recapture_asked_at=None)
    unasked = waiting().filter(recapture_asked_at=None, subject__user__is_active=True)
    return sum(_ask(enrolment) for enrolment in unasked.select_related("subject__user").order_by("created_at"))


def _measured() -> Exists:
    templates = FaceTemplate.objects.filter(enrolment=OuterRef("pk"), model_id=faces.model().model_id)
    return Exists(templates)


def _ask(enrolment: Enrolment) -> bool:
    # Who withdrew a consent has stopped the search; they are asked once they want it again.
    if not consent.given(enrolment.subject.user) >= consent.REQUIRED:
        return False
    row = Enrolment.objects.filter(pk=enrolment.pk)
    # A claim: whoever sets the mark first writes the mail.
    if not row.filter(recapture_asked_at=None).update(recapture_asked_at=timezone.now()):
        return False
    sent = False
    try:
        _message(enrolment).send()
        sent = True
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("asking enrolment %s for new photos failed: %s", enrolment.pk, type(error).__name__)
    finally:
        if not sent:
            row.update(recapture_asked_at=None)
    return sent


def _message(enrolment: Enrolment) -> EmailMultiAlternatives:
    """A mail without picture, address or name in it: it may be read over a shoulder."""
    context = {"link": settings.PORTAL_URL + reverse("search:enrol"), "contact_email": settings.CONTACT_EMAIL}
    user = enrolment.subject.user
    return mailing.message("search/email/recapture", context, to=user.email, user=user)
