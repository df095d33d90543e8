"""What this installation signs: Ed25519 (RFC 8032), with a key derived from the master key.

Whoever has the public key can check a receipt or an archive without asking us.
"""

import base64
import hashlib
import json
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts import keys

_PURPOSE = "signing-receipts"


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: JSON with sorted keys, without spaces, in UTF-8."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sign(document: Mapping[str, Any]) -> str:
    """The signature, in Base64."""
    return base64.b64encode(_private().sign(canonical(document))).decode()


def holds(document: Mapping[str, Any], signature: str) -> bool:
    """Whether this installation signed just this."""
    try:
        _private().public_key().verify(base64.b64decode(signature, validate=True), canonical(document))
    except (InvalidSignature, NotBase64, ValueError):
        return False
    return True


def public_key() -> str:
    """The 32 bytes of the public key, in Base64."""
    return base64.b64encode(_raw(_private().public_key())).decode()


def key_id() -> str:
    """A short name of the public key."""
    return hashlib.sha256(_raw(_private().public_key())).hexdigest()[:16]


def _private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(keys.derived_key(_PURPOSE))


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
