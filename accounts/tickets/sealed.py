"""What a request says and who sent it, sealed with a key of the installation: many have no account."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from accounts import keys
from accounts.models import DataRequest, RequestMessage, User

_CONTACT, _BODY = "request-contact", "request-body"
# As long as a long letter; what is more was cut off.
MAX_BODY = 20_000


@dataclass(frozen=True, slots=True)
class Contact:
    """To whom we answer. `region` is where they live, where they said so."""

    email: str
    region: str = ""


def seal_contact(contact: Contact) -> bytes:
    return keys.seal_for_installation(_CONTACT, json.dumps(asdict(contact)).encode())


def contact_of(request: DataRequest) -> Contact | None:
    """None where the contact was forgotten at the end of its time."""
    if not request.sealed_contact:
        return None
    return Contact(**json.loads(keys.unseal_for_installation(_CONTACT, request.sealed_contact)))


def write(
    request: DataRequest, direction: str, body: str, *, author: User | None = None, **also: Any
) -> RequestMessage:
    """Add a message to a request."""
    text = clean(body)[:MAX_BODY]
    return RequestMessage.objects.create(
        request=request,
        direction=direction,
        author=author,
        sealed_body=keys.seal_for_installation(_BODY, text.encode()),
        **also,
    )


def text_of(message: RequestMessage) -> str:
    return keys.unseal_for_installation(_BODY, message.sealed_body).decode()


def clean(text: str) -> str:
    """Without what could disturb a page or a terminal: control characters and marks that turn the writing around."""
    kept = (char for char in text.replace("\r\n", "\n").replace("\r", "\n") if char in "\n\t" or _harmless(char))
    return "".join(kept).strip()


def _harmless(char: str) -> bool:
    return char.isprintable() or char == "\u200d"
