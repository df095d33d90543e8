"""What tests about signing in share: codes from mails, and from an authenticator app."""

import re
import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import Client

PASSWORD = "a long passphrase"
CODE = re.compile(r"^([A-Z0-9]{3,}-?[A-Z0-9]{3,})$", re.MULTILINE)


def mailed_code(address: str) -> str:
    """The code in the newest mail to somebody."""
    text = next(str(message.body) for message in reversed(mail.outbox) if address in message.to)
    found = CODE.search(text)
    assert found, text
    return found.group(1)


def app_code(secret: str) -> str:
    """What an authenticator app shows now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def signed_in(client: Client) -> bool:
    """Whether the members' pages open."""
    return client.get("/account/security/").status_code == 200


def again(client: Client, password: str = PASSWORD) -> None:
    """Give the password once more, as important changes ask for."""
    answer = client.post("/account/reauthenticate/", {"password": password})
    assert answer.status_code == 302
