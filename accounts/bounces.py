"""Mail that came back: delivery reports (RFC 3464), and the shapes that are older than it. Pure; never raises.

What counts is what the report says of each recipient: that it failed for good (5.x), that it is still being tried, or
that a server gave up on something that may pass (4.x).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.utils import parseaddr
from enum import StrEnum

MAX_BYTES = 512 * 1024
_MAX_PARTS, _MAX_RECIPIENTS, _MAX_IDS = 100, 50, 20
_MAX_TEXT = 40_000
_STATUS = re.compile(r"(?<![\d.])([245])\.\d{1,3}\.\d{1,3}(?![\d.])")
_SMTP_CODE = re.compile(r"(?<![\d.-])(([45])[0-5]\d)(?![\d.])[ -]")
_MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,248}>")
_NAMED_ID = re.compile(r"^[> \t]*message-id:\s*(<[^<>\s]{1,248}>)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}")
_DAEMONS = ("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mail.daemon")
_SUBJECT = re.compile(
    r"undeliver|not delivered|returned mail|returned to sender|delivery (?:status|failure|failed|notification|problem"
    r"|has failed)|mail delivery|failure notice|could not be delivered|unzustellbar|nicht zugestellt|non remis"
    r"|échec de la remise|no entregado|mancata consegna|niedostarczon|não entregue|onbestelbaar",
    re.IGNORECASE,
)
# Refusals that say nothing of the address: a full mailbox, the mail itself, our own address, or what the server thinks
# of us. A whole provider may answer so to everybody, and nobody's address is dead for that (RFC 3463).
_NOT_THE_ADDRESS = re.compile(r"5\.(?:1\.[78]|2\.[234]|[3567]\.\d+)$")
_OF_REPLY_CODES = {"552": "5.2.2", "554": "5.7.0"}
_STILL_TRYING = re.compile(
    r"delay|still being retried|will (?:be retried|keep trying|continue (?:to try|trying))|not yet been delivered"
    r"|temporar|warning: (?:message|could)|verzögert",
    re.IGNORECASE,
)


class Weight(StrEnum):
    """How bad it is. `GAVE_UP` lost the letter, but says nothing bad about the address."""

    HARD = "hard"
    GAVE_UP = "gave_up"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report says of one recipient; `known_as` is the address that the letter was sent to, where it differs.

    `status` is the code of RFC 3463 (`5.1.1`), empty where none was given.
    """

    recipient: str
    known_as: str
    weight: Weight
    status: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report: its recipients, and the ids of the mails that it may be about.

    `still_trying`: nothing is lost yet; there will be another report if it is.
    """

    failures: tuple[Failure, ...]
    about: tuple[str, ...]
    still_trying: bool = False

    def of(self, address: str) -> Weight | None:
        """What it says of mail to `address`, or None where it is about somebody else's.

        A report that names nobody is about the mail that came back, whoever got that.
        """
        if not self.failures:
            return Weight.SOFT
        found = self.failure_of(address)
        return found.weight if found else None

    def failure_of(self, address: str) -> Failure | None:
        """What it says of mail to `address`, where it names it."""
        wanted = address.lower()
        return next((one for one in self.failures if wanted in (one.recipient, one.known_as)), None)


def is_dead(status: str) -> bool:
    """Whether a failure for good with this status (`5.1.1`; empty: none was given) says that the address is dead."""
    return not _NOT_THE_ADDRESS.match(status)


def status_in(words: str) -> str:
    """The status in what a server says ("550 5.1.1 No such user"), or the one that its reply code means; or empty."""
    status, code = _STATUS.search(words), _SMTP_CODE.search(words)
    return status.group() if status else _OF_REPLY_CODES.get(code[1] if code else "", "")


def read(raw: bytes) -> Bounce | None:
    """The report that these bytes are, or None."""
    try:
        message = message_from_bytes(raw[:MAX_BYTES])
        parts = list(walked(message))
        statuses = [part for part in parts if part.get_content_type() == "message/delivery-status"]
        return _report(parts, statuses) if statuses else _old_shape(message, parts)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _report(parts: list[Message], statuses: list[Message]) -> Bounce | None:
    failures = [failure for part in statuses for block in _blocks(part) for failure in _failure(block)]
    if not failures and _is_good_news(statuses):
        return None
    trying = bool(failures) and all(one.weight == Weight.SOFT for one in failures)
    return Bounce(tuple(failures[:_MAX_RECIPIENTS]), tuple(ids_of_returned(parts)), trying)


def walked(message: Message) -> Iterator[Message]:
    """The parts of a mail, as far as a bounded time goes."""
    for number, part in enumerate(message.walk()):
        if number >= _MAX_PARTS:
            return
        yield part


def _blocks(part: Message) -> list[Message]:
    """The groups of fields of a delivery-status part; the parser makes a message of each."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)][: _MAX_RECIPIENTS + 1]
    return []


def _failure(block: Message) -> Iterator[Failure]:
    recipient = _mailbox(block, "Final-Recipient")
    known_as = _mailbox(block, "Original-Recipient")
    if not recipient and not known_as:
        return
    weight = _weight(field(block, "Action").lower(), field(block, "Status"))
    if weight is not None:
        status = _STATUS.search(field(block, "Status"))
        yield Failure(recipient or known_as, known_as or recipient, weight, status.group() if status else "")


def _weight(action: str, status: str) -> Weight | None:
    """None for what is no failure: delivered, relayed, expanded."""
    found = _STATUS.search(status)
    family = found[1] if found else ""
    if action == "delayed":
        return Weight.SOFT
    if action == "failed" or (not action and family in ("4", "5")):
        return Weight.GAVE_UP if family == "4" else Weight.HARD
    return None


def _is_good_news(statuses: list[Message]) -> bool:
    """Whether every recipient of the report has got the letter."""
    blocks = [block for part in statuses for block in _blocks(part)]
    return any(field(block, "Action") for block in blocks)


def _mailbox(block: Message, name: str) -> str:
    """`rfc822; somebody@example.org` without its type."""
    address = parseaddr(field(block, name).rpartition(";")[2].strip())[1].lower()
    return address if address.isprintable() and len(address) <= 254 else ""


def field(block: Message, name: str) -> str:
    """A field in one line, of a bounded length."""
    return " ".join(str(block.get(name, ""))[:1000].split())


def ids_of_returned(parts: list[Message]) -> Iterator[str]:
    """The ids of the mail that is returned, whole or as its header."""
    found = []
    for part in parts:
        if part.get_content_type() == "message/rfc822":
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            found += _MESSAGE_ID.findall(str(inner.get("Message-ID", ""))[:1000]) if isinstance(inner, Message) else []
        elif part.get_content_type() in ("text/rfc822-headers", "text/plain"):
            found += _NAMED_ID.findall(text_of(part))
    yield from dict.fromkeys(found[:_MAX_IDS])


def _old_shape(message: Message, parts: list[Message]) -> Bounce | None:
    """What servers without RFC 3464 write: a daemon as the sender, and words."""
    failed = _ADDRESS.findall(str(message.get("X-Failed-Recipients", ""))[:4000])
    subject = str(message.get("Subject", ""))[:1000]
    if not failed and not (_is_daemon(message) and _SUBJECT.search(subject)):
        return None
    text = next((text_of(part) for part in parts if part.get_content_type() == "text/plain"), "")
    words = text[:4000]
    status = _STATUS.search(words)
    code = status or _SMTP_CODE.search(words)
    trying = _STILL_TRYING.search(subject) or (_STILL_TRYING.search(words) and not code)
    weight = Weight.SOFT if trying else _by_family(code.group().strip()[0] if code else "")
    own = parseaddr(str(message.get("To", ""))[:1000])[1].lower()
    named = [one.lower() for one in (failed or _ADDRESS.findall(words))]
    recipients = [one for one in dict.fromkeys(named[:_MAX_RECIPIENTS]) if one != own and not one.startswith(_DAEMONS)]
    failures = tuple(Failure(one, one, weight, status_in(words)) for one in recipients)
    return Bounce(failures, tuple(ids_of_returned(parts)), still_trying=bool(trying))


def _by_family(family: str) -> Weight:
    """Without a code nobody knows whether it is for good."""
    return {"5": Weight.HARD, "4": Weight.GAVE_UP}.get(family, Weight.SOFT)


def _is_daemon(message: Message) -> bool:
    sender = parseaddr(str(message.get("From", ""))[:1000])[1].lower()
    return sender.startswith(_DAEMONS) or str(message.get("Return-Path", "")).strip() == "<>"


def text_of(part: Message) -> str:
    """The beginning of a part of text."""
    payload = part.get_payload(decode=True)
    return payload[:_MAX_TEXT].decode("utf-8", "replace") if isinstance(payload, bytes) else ""
