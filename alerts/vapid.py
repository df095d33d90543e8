"""How we show a browser's push service who sends: VAPID (RFC 8292).

A browser takes pushes from the holder of one key only, the one that our page named when it signed up. Unless there is a
key of the operator's own, ours is derived from the master key: so that it is the same on all machines, and in no file.
"""

import base64
import json
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.conf import settings

from accounts import keys

# At most 24 hours (RFC 8292, 2); clocks may differ.
_LIFE = timedelta(hours=12)
# The order of the group of P-256 (SEC 2, 2.4.2).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class BadKey(ValueError):
    """VAPID_KEY is no private key of the curve P-256."""


def authorization(endpoint: str, now: datetime) -> str:
    """The header that goes with a push to this endpoint: a token for its service, and our public key."""
    service = urlsplit(endpoint)
    claims = {
        "aud": f"{service.scheme}://{service.netloc}",
        "exp": int((now + _LIFE).timestamp()),
        "sub": f"mailto:{settings.CONTACT_EMAIL}",
    }
    signed = f"{_part({'typ': 'JWT', 'alg': 'ES256'})}.{_part(claims)}"
    return f"vapid t={signed}.{_encoded(_signature(signed.encode()))}, k={public_key()}"


def public_key() -> str:
    """What the page gives the browser: the uncompressed point, in base64url."""
    return _encoded(_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def read_key(pem: str) -> ec.EllipticCurvePrivateKey:
    """An operator's own key; line breaks may be written as `\\n`. Raises BadKey."""
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError):
        raise BadKey("VAPID_KEY is not a private key as PEM.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadKey("VAPID_KEY is not a key of the curve P-256.")
    return key


def _key() -> ec.EllipticCurvePrivateKey:
    return read_key(settings.VAPID_KEY) if settings.VAPID_KEY else _own_key(keys.derived_key("alerts.vapid"))


@lru_cache(maxsize=4)
def _own_key(material: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(material) % (_ORDER - 1) + 1, ec.SECP256R1())


def _signature(signed: bytes) -> bytes:
    """ES256: the two numbers side by side (RFC 7518, 3.4)."""
    r, s = decode_dss_signature(_key().sign(signed, ec.ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def _part(value: dict[str, object]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
