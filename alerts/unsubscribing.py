"""One click in a mail program, or on a page, and no alert is mailed any more (RFC 2369, RFC 8058).

The link in a mail needs no sign-in, or it would not be one click. What is in it is good for this one thing: it stops
alert mail, and tells nothing. It does not end, as mails are kept for years. For an hour after it was pressed the page
can put things back as they were.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, Signer, TimestampSigner
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from alerts import rules
from alerts.models import AlertRule

# What RFC 8058 has mail programs post.
FIELD, VALUE = "List-Unsubscribe", "One-Click"
UNDO = timedelta(hours=1)
_STOP = Signer(sep=".", salt="alerts.unsubscribing.stop")
_PUT_BACK = TimestampSigner(sep=".", salt="alerts.unsubscribing.undo")


def link(user: User) -> str:
    """The address in somebody's mails at which these mails stop."""
    return f"{settings.PORTAL_URL}{reverse('alerts:stop', args=[token(user)])}"


def headers(user: User) -> dict[str, str]:
    """What a mail program needs for its own button. No `mailto:`, as nothing here would read that."""
    return {FIELD: f"<{link(user)}>", f"{FIELD}-Post": f"{FIELD}={VALUE}"}


def token(user: User) -> str:
    """The secret part of the link."""
    return _STOP.sign(user.pk.hex)


def whose(given: str) -> User | None:
    """Whose mail a link stops; None for a wrong link, and where the account is gone."""
    try:
        return User.objects.filter(pk=UUID(hex=_STOP.unsign(given))).first()
    except (BadSignature, ValueError):
        return None


def stop(user: User) -> str:
    """No alert is mailed any more. Returns the token that puts it back, empty where mail was off already."""
    with transaction.atomic():
        rule = AlertRule.objects.select_for_update().get(pk=rules.stored(user).pk)
        if rule.mail_since is None:
            return ""
        AlertRule.objects.filter(pk=rule.pk).update(mail_since=None)
    return undo_token(user, rule.mail_since)


def undo_token(user: User, since: datetime) -> str:
    """What puts alert mail back to how it was, for an hour."""
    return _PUT_BACK.sign_object({"user": user.pk.hex, "since": since.isoformat()})


def put_back(given: str) -> bool:
    """Alerts are mailed as before, and what happened meanwhile is told too. False where the hour is over."""
    try:
        user, since = _before(given)
    except BadSignature:
        return False
    return bool(AlertRule.objects.filter(user=user, mail_since=None).update(mail_since=since))


def is_off(given: str) -> bool | None:
    """Whether alert mail is off now, for who has just stopped it; None where the hour is over.

    Raises `BadSignature` for what was never such a token, and where the account is gone.
    """
    try:
        user, _ = _before(given)
    except SignatureExpired:
        return None
    if not User.objects.filter(pk=user).exists():
        raise BadSignature
    return AlertRule.objects.filter(user=user, mail_since=None).exists()


def _before(given: str) -> tuple[UUID, datetime]:
    """Whose rule it was and since when they had mail. Raises `BadSignature`, which `SignatureExpired` is one of."""
    before = _PUT_BACK.unsign_object(given, max_age=UNDO)
    return UUID(hex=before["user"]), datetime.fromisoformat(before["since"])
