"""Somebody pressed "this is unwanted": reports of mail providers about it (ARF, RFC 5965). Pure; never raises."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.utils import parseaddr

from accounts.bounces import MAX_BYTES, field, ids_of_returned, text_of, walked

# What people mean by it; `not-spam` is the opposite, `auth-failure` and `virus` are not said by people.
_UNWANTED = frozenset({"abuse", "fraud", "other", "opt-out", "opt-out-list"})
_MAX_SENDERS = 5
_RETURN_PATH = re.compile(r"^return-path:\s*<([^<>\s]{3,254})>", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Which mail it may be about: the ids of what is returned, and the envelope's senders that it names."""

    about: tuple[str, ...]
    senders: tuple[str, ...]


def read(raw: bytes) -> Complaint | None:
    """The complaint that these bytes are, or None."""
    try:
        message = message_from_bytes(raw[:MAX_BYTES])
        parts = list(walked(message))
        said = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
        fields = _fields(said) if said is not None else None
        if fields is None or field(fields, "Feedback-Type").lower() not in _UNWANTED:
            return None
        return Complaint(tuple(ids_of_returned(parts)), tuple(_senders(fields, parts)))
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _fields(part: Message) -> Message | None:
    """The report's own fields. The library makes a message of every `message/…`; some servers encode it."""
    payload = part.get_payload()
    if isinstance(payload, list):
        inner = payload[0] if payload else None
        return inner if isinstance(inner, Message) else None
    return message_from_bytes(text_of(part).encode("utf-8", "replace"))


def _senders(fields: Message, parts: list[Message]) -> list[str]:
    """The envelope's sender as the report says it, and as the returned mail has it written on top."""
    found = [parseaddr(field(fields, "Original-Mail-From"))[1]]
    for part in parts:
        if part.get_content_type() == "message/rfc822":
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            found += [parseaddr(field(inner, "Return-Path"))[1]] if isinstance(inner, Message) else []
        elif part.get_content_type() == "text/rfc822-headers":
            found += _RETURN_PATH.findall(text_of(part))
    return [address.lower() for address in dict.fromkeys(found) if address.isprintable() and address][:_MAX_SENDERS]
