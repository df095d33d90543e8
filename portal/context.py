"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """The operator's address, whether this is a development installation, and whether a neutral title is wished for."""
    user = getattr(request, "user", None)
    discreet = bool(getattr(user, "discreet", False))
    return {"contact_email": settings.CONTACT_EMAIL, "debug": settings.DEBUG, "discreet": discreet}
