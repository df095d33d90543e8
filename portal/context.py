"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """The operator's name and address, and whether this is a development installation."""
    return {"contact_email": settings.CONTACT_EMAIL, "debug": settings.DEBUG}
