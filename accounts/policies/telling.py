"""Writing to people before a policy changes: each of them once for each change, at least once by mail."""

import logging
import smtplib

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import mailing
from accounts.models import PolicyNotice, PolicyVersion, Role, User
from accounts.policies.versions import NOTICE

logger = logging.getLogger(__name__)

_PER_ROUND = 200


def tell() -> int:
    """Write to everybody who was here before a change and was not told of it yet. Returns how many mails went out."""
    earlier = PolicyVersion.objects.filter(kind=OuterRef("kind"), version__lt=OuterRef("version"))
    changes = PolicyVersion.objects.filter(Exists(earlier)).order_by("published_at")
    return sum(_tell_of(policy) for policy in changes)


def _untold(policy: PolicyVersion) -> QuerySet[User]:
    people = User.objects.filter(role=Role.SUBSCRIBER, is_active=True, date_joined__lt=policy.published_at)
    return people.exclude(pk__in=policy.notices.filter(mailed_at__isnull=False).values("user")).order_by("date_joined")


def _tell_of(policy: PolicyVersion) -> int:
    sent = 0
    for user in _untold(policy)[:_PER_ROUND]:
        notice, _ = PolicyNotice.objects.get_or_create(policy=policy, user=user)
        try:
            _message(policy, user).send()
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("telling of policy %s failed: %s", policy.pk, type(error).__name__)
            break  # the mail server is down: the next round goes on from here
        PolicyNotice.objects.filter(pk=notice.pk).update(mailed_at=timezone.now())
        sent += 1
    return sent


def _message(policy: PolicyVersion, user: User) -> EmailMultiAlternatives:
    context = {
        "policy": policy,
        "due": policy.published_at + NOTICE if policy.material else None,
        "link": settings.PORTAL_URL + reverse("policies:changes"),
        "contact_email": settings.PRIVACY_EMAIL,
    }
    # The same id for every try, so that a mail sent twice is shown once.
    message_id = f"<policy-{policy.pk}-{user.pk}@{settings.MAIL_DOMAIN}>"
    return mailing.message("policies/email/change", context, to=user.email, user=user, message_id=message_id)
