"""How a webhook proves that it comes from us: Standard Webhooks 1.0.0 (https://www.standardwebhooks.com).

The signature covers the id, the time and the body. Whoever listens on the way can neither change a call nor keep it for
later: receivers refuse a time more than five minutes from theirs, and an id that they have seen.
"""

import base64
import hashlib
import hmac
import secrets

from accounts import keys
from accounts.models import User

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"
_BYTES = 32
_PURPOSE = "webhook"


def new_secret() -> bytes:
    """The bytes of a new secret."""
    return secrets.token_bytes(_BYTES)


def spelled(secret: bytes) -> str:
    """A secret as receivers are given it."""
    return _PREFIX + base64.b64encode(secret).decode()


def seal(user: User, secret: bytes) -> bytes:
    """A secret as we keep it: readable with its owner's key only, until that is destroyed."""
    return keys.seal(user, _PURPOSE, secret)


def unseal(user: User, sealed: bytes | memoryview) -> bytes:
    """The inverse of `seal`. Raises keys.Unreadable."""
    return keys.unseal(user, _PURPOSE, sealed)


def headers(secret: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a call. `timestamp`: seconds since 1970, of this very try."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
