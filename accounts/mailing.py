"""Mails of our own to people: from templates, in text and HTML, with a subject that gives nothing away if asked for."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts.models import User

# Says nothing about what we do, to whoever sees the list of messages.
NEUTRAL = "A message for you"


def subject(user: User | None, text: str) -> str:
    """The subject as it is, or a neutral one where the person asked for that."""
    return NEUTRAL if user is not None and user.discreet else text


class Mail(EmailMultiAlternatives):
    """A mail of ours to a person. Every one of them is made here."""


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
    made = Mail(
        subject=subject(user, render_to_string(f"{template}_subject.txt", shown).strip()),
        body=render_to_string(f"{template}.txt", shown),
        from_email=return_path or None,
        to=[to],
        headers=own | dict(headers or {}),
    )
    made.attach_alternative(render_to_string(f"{template}.html", shown), "text/html")
    return made
