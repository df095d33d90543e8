"""Signatures on our mails (DKIM, RFC 6376), made here where DKIM_KEY is set.

Signed is what a mail program trusts: who it is from and to, what it is about, and the button that stops mail (RFC 8058
asks for that). Most of the fields stand in the signature once more than in the mail, so that none can be added.
"""

import base64
import logging
import re
from email.charset import QP, Charset
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

logger = logging.getLogger(__name__)

LEAST_BITS = 1024
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_TWICE = ("from", "to", "subject", "date", "message-id", "reply-to", "list-unsubscribe", "list-unsubscribe-post")
_ONCE = ("mime-version", "content-type", "content-transfer-encoding", "auto-submitted")
_SIGNED = [name.encode() for name in (*_TWICE, *_TWICE, *_ONCE)]
# Nothing on the way has to be written in another way, which would break the signature (RFC 6376, 5.3).
SEVEN_BIT = Charset("utf-8")
SEVEN_BIT.body_encoding = QP


class Sendable(Protocol):
    """What Django makes of a mail at the moment that it is sent."""

    def as_bytes(self, unixfrom: bool = ..., linesep: str = ...) -> bytes: ...

    def __getitem__(self, name: str) -> object: ...

    def __setitem__(self, name: str, value: str) -> None: ...


class BadKey(Exception):
    """DKIM_KEY or DKIM_SELECTOR is not usable. Says why, without the key."""


def sign(message: Sendable) -> None:
    """Add the signature. A mail that cannot be signed goes without, as it is still better than none."""
    if not settings.DKIM_KEY:
        return
    domain = parseaddr(str(message["From"]))[1].rpartition("@")[2]
    try:
        line = dkim.sign(
            # Writing it makes the boundaries of its parts, which then stay.
            message.as_bytes(linesep="\r\n"),
            checked_selector().encode(),
            domain.encode("idna"),
            private_pem(settings.DKIM_KEY),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=_SIGNED,
        )
    except (BadKey, dkim.DKIMException, UnicodeError) as error:
        logger.error("A mail could not be signed: %s", type(error).__name__)
        return
    # In one line; where it is folded does not matter to the signature.
    message["DKIM-Signature"] = " ".join(line.decode("ascii").partition(":")[2].split())


@lru_cache(maxsize=4)
def private_pem(setting: str) -> bytes:
    """The key that a setting holds or names a file of, as dkimpy wants it. Raises `BadKey`."""
    key = _loaded(setting)
    if key.key_size < LEAST_BITS:
        raise BadKey(f"The key has {key.key_size} bits; nobody accepts fewer than {LEAST_BITS}")
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def key_bits(setting: str) -> int:
    """How long the key is. Raises `BadKey`."""
    return _loaded(setting).key_size


def checked_selector() -> str:
    """DKIM_SELECTOR, if it is part of a name in the DNS. Raises `BadKey`."""
    if not _SELECTOR.fullmatch(settings.DKIM_SELECTOR):
        raise BadKey("DKIM_SELECTOR is not part of a DNS name")
    return str(settings.DKIM_SELECTOR)


def dns_record() -> tuple[str, str]:
    """The name and the text of the TXT record that has to be in the DNS. Raises `BadKey`."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    der = _loaded(settings.DKIM_KEY).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"{checked_selector()}._domainkey.{domain}", f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def _loaded(setting: str) -> RSAPrivateKey:
    try:
        text = setting.replace("\\n", "\n") if setting.lstrip().startswith("-----") else Path(setting).read_text()
        key = load_pem_private_key(text.strip().encode() + b"\n", password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"DKIM_KEY is no private key that can be read ({type(error).__name__})") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadKey("DKIM_KEY is not an RSA key, the only kind that every mail server checks")
    return key
