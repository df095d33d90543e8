"""What tests of outgoing letters share: a mail server that keeps what it gets, and letters that were sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from demo.mail import MailSink
from takedowns import notices
from takedowns.models import AbuseContact, Case, InfringingUrl, Notice, Operator
from takedowns.states import NoticeState

EMAIL = "django.core.mail.backends.smtp.EmailBackend"


@contextmanager
def mail_sink(settings: Any) -> Iterator[MailSink]:
    """A real mail server on loopback, and the settings pointing there."""
    running = MailSink(0)
    running.start()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = EMAIL, "127.0.0.1", running.port
    try:
        yield running
    finally:
        running.stop()


def operator(name: str, **fields: Any) -> AbuseContact:
    """An operator with an address for notices, unless `form_url` says otherwise."""
    form_url = fields.pop("form_url", "")
    made = Operator.objects.create(key=f"domain:{name}", kind=Operator.Kind.HOST, name=name, **fields)
    email = "" if form_url else f"abuse@{name}"
    return AbuseContact.objects.create(
        operator=made, email=email, form_url=form_url, role="abuse", source="page", confidence=0.9
    )


def place(case: Case, name: str) -> InfringingUrl:
    """One more place of a case."""
    page_url, image_url = f"https://{name}.example/post", f"https://{name}.example/photo.jpg"
    return InfringingUrl.objects.create(
        case=case, page_url=page_url, image_url=image_url, digest=name.ljust(64, "0"), host=f"{name}.example"
    )


def draft(case: Case, name: str, ground: str = "dmca_512c", **fields: Any) -> Notice:
    """A draft to an operator of its own about a place of its own."""
    return notices.draft(case, ground, operator(f"{name}.example", **fields), [place(case, name)])


def sent(notice: Notice, state: NoticeState = NoticeState.SENT, **also: Any) -> Notice:
    """As if it had left and been answered, without a mail server."""
    Notice.objects.filter(pk=notice.pk).update(state=state, **also)
    return Notice.objects.get(pk=notice.pk)
