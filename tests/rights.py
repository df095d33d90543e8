"""A browser whose owner has just signed in, for what asks for that."""

import time

from django.test import Client

from accounts.models import User

PASSWORD = "a long passphrase"


def just_signed_in(user: User) -> Client:
    """As after typing the password."""
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client
