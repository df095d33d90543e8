"""Mails of our own to people: from templates, in text and HTML, with a subject that gives nothing away if asked for."""

from collections.abc import Mapping
from typing import Any, Self

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts import dkim, mail_layout
from accounts.models import User

# Says nothing about what we do, to whoever sees the list of messages.
NEUTRAL = "A message for you"


def subject(user: User | None, text: str) -> str:
    """The subject as it is, or a neutral one where the person asked for that."""
    return NEUTRAL if user is not None and user.discreet else text


class _Signed(EmailMessage):
    """Signed as it leaves, where there is a key (see `accounts.dkim`)."""

    def message(self, **how: Any) -> Any:
        if settings.DKIM_KEY:
            self.encoding = dkim.SEVEN_BIT
        made: Any = super().message(**how)
        dkim.sign(made)
        return made


class PlainMail(_Signed):
    """A mail of ours in text only."""


class Mail(_Signed, EmailMultiAlternatives):
    """A mail of ours to a person. Every one of them is made here."""

    def laid_out(self) -> Self:
        """With its own text as HTML too, for mails that are a text template only."""
        text, title = str(self.body), str(self.subject)
        self.attach_alternative(mail_layout.html(text, title, discreet=title.startswith(NEUTRAL)), "text/html")
        return self


def signed(message: EmailMessage) -> Mail:
    """A mail that somebody else's code has made, as one of ours."""
    made = Mail(message.subject, message.body, message.from_email, message.to, headers=message.extra_headers)
    made.content_subtype = message.content_subtype
    for part in getattr(message, "alternatives", ()):
        made.attach_alternative(*part)
    return made


def message(
    template: str,
    context: Mapping[str, Any],
    *,
    to: str,
    user: User | None = None,
    message_id: str = "",
    headers: Mapping[str, str] | None = None,
    return_path: str = "",
) -> Mail:
    """A mail made of `<template>_subject.txt`, `<template>.txt` and `<template>.html`, not sent yet.

    `user` is whose wish for neutral subjects counts; with a `message_id` of its own, a mail sent twice is shown once.
    `return_path` is the envelope's sender, where mail that cannot be delivered comes back to.
    """
    shown = dict(context)
    own = {"Auto-Submitted": "auto-generated"} | ({"Message-ID": message_id} if message_id else {})
    if return_path:
        own["From"] = settings.DEFAULT_FROM_EMAIL
    title = subject(user, render_to_string(f"{template}_subject.txt", shown).strip())
    text = render_to_string(f"{template}.txt", shown)
    made = Mail(
        subject=title,
        body=text,
        from_email=return_path or None,
        to=[to],
        headers=own | dict(headers or {}),
    )
    beside = "" if title == NEUTRAL else mail_layout.first_sentence(text)
    html = render_to_string(f"{template}.html", {"subject": title, "preheader": beside, **shown})
    made.attach_alternative(html, "text/html")
    return made
