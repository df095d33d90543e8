"""What a mail says, read from bytes that anybody may have sent. Pure.

Only words are taken. Attachments are counted and left alone; nothing is fetched, and nothing of a size or a nesting
that the sender chose costs more than a bounded time.
"""

import codecs
import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parseaddr

from lxml import etree, html

MAX_MAIL = 512 * 1024
_MAX_PART = 200_000
_MAX_PARTS = 100
_MAX_IDS = 50
_MAX_ADDRESS, _MAX_RECIPIENTS = 254, 50
# Others can be made to take very long (punycode), or are no texts at all.
_CHARSETS = re.compile(r"^(ascii|utf-8|utf-16|iso8859-\d+|cp12\d\d|koi8-[ru]|gb2312|gbk|gb18030|big5|euc_jp|euc_kr|"
                       r"shift_jis|iso2022_jp)$")  # fmt: skip
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "blockquote", "table", "ul", "ol", "pre"})
_MESSAGE_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,248}>")
# Where a mail was sent to, and where it arrived after it was passed on.
_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To")
# "bulk" and "junk" are said by machines only; "list" may be a mailing list that stands before our own mailbox.
_PRECEDENCE = frozenset({"bulk", "junk", "auto_reply"})


class Unreadable(Exception):
    """These bytes are no mail."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What is taken of a mail. `answers` are the messages that it answers; addresses are in lower case."""

    sender: str
    subject: str
    text: str
    message_id: str
    answers: tuple[str, ...]
    automatic: bool
    attachments: int
    recipients: tuple[str, ...] = ()


def read(raw: bytes) -> Mail:
    """Read a mail, of which what lies beyond `MAX_MAIL` is cut off. Raises `Unreadable`."""
    raw = raw[:MAX_MAIL]
    try:
        message = message_from_bytes(raw)
        text, attachments = _content(message)
        return Mail(
            sender=_sender(message),
            subject=" ".join(_header(message, "Subject").replace("\0", "").split())[:200],
            text=text,
            message_id=_message_id(message, raw),
            answers=_answers(message),
            automatic=_is_automatic(message),
            attachments=attachments,
            recipients=_recipients(message),
        )
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # The library was not made for mails that are meant to break it.
        raise Unreadable(type(error).__name__) from error


def _sender(message: Message) -> str:
    """The address to answer to; empty where there is none, or one that is made to be misread."""
    address = parseaddr(_header(message, "From"))[1].lower()
    return address if address.isprintable() and len(address) <= _MAX_ADDRESS else ""


def _recipients(message: Message) -> tuple[str, ...]:
    """Every address that it was sent to, as far as its headers tell."""
    named = [str(value)[:4000] for name in _TO for value in message.get_all(name, [])[:10]]
    found = (address.lower() for value in named for _, address in getaddresses([value]))
    kept = (address for address in found if "@" in address and address.isprintable() and len(address) <= _MAX_ADDRESS)
    return tuple(dict.fromkeys(kept))[:_MAX_RECIPIENTS]


def _header(message: Message, name: str) -> str:
    value = str(message.get(name, ""))[:2000]
    pieces = (
        piece.decode(_charset(charset), "replace") if isinstance(piece, bytes) else piece
        for piece, charset in decode_header(value)
    )
    return "".join(pieces)


def _charset(name: str | None) -> str:
    try:
        known = codecs.lookup(name or "utf-8").name
    except LookupError:
        return "utf-8"
    return known if _CHARSETS.match(known) else "utf-8"


def _message_id(message: Message, raw: bytes) -> str:
    """Its own, or a hash where it has none: the same mail is known again either way."""
    found = _MESSAGE_ID.search(str(message.get("Message-ID", ""))[:1000])
    return found.group() if found else f"<sha256-{hashlib.sha256(raw).hexdigest()}@mail>"


def _answers(message: Message) -> tuple[str, ...]:
    named = f"{message.get('In-Reply-To', '')} {message.get('References', '')}"
    return tuple(_MESSAGE_ID.findall(named[-20_000:])[-_MAX_IDS:])


def _is_automatic(message: Message) -> bool:
    """Absence notices, bounces and the like (RFC 3834): answered, they would answer again, without end."""
    said = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    bounced = message.get_content_type() == "multipart/report" or str(message.get("Return-Path", "")).strip() == "<>"
    bulk = str(message.get("Precedence", "")).strip().lower() in _PRECEDENCE
    return said != "no" or bounced or bulk or "X-Autoreply" in message or "X-Autorespond" in message


def _content(message: Message) -> tuple[str, int]:
    """The first plain text, else the first HTML as text; and how many attachments there were."""
    plain = rich = ""
    attachments = 0
    for number, part in enumerate(message.walk()):
        if number >= _MAX_PARTS:
            break
        kind = part.get_content_type()
        if part.is_multipart():
            continue
        if part.get_content_disposition() == "attachment" or part.get_filename() or kind.split("/")[0] != "text":
            attachments += 1
        elif kind == "text/plain" and not plain:
            plain = _decoded(part)
        elif kind == "text/html" and not rich:
            rich = _decoded(part)
    return plain.strip() or _without_tags(rich), attachments


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload[:_MAX_PART] if isinstance(payload, bytes) else b""
    return data.decode(_charset(part.get_content_charset()), "replace").replace("\0", "")


def _without_tags(source: str) -> str:
    """The words of an HTML text. Read by lxml, whose time grows with the length and not with the square of it."""
    if not source.strip():
        return ""
    try:
        root = html.document_fromstring(source.encode(), parser=html.HTMLParser(encoding="utf-8", no_network=True))
    except (etree.LxmlError, ValueError):
        return ""
    etree.strip_elements(root, "script", "style", "head", etree.Comment, with_tail=False)
    pieces: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        is_block = element.tag in _BLOCKS
        if event == "start":
            pieces += ["\n" if is_block else "", element.text or ""]
        else:
            pieces += ["\n" if is_block and element.tag != "br" else "", element.tail or ""]
    lines = (" ".join(line.split()) for line in "".join(pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
