"""A digest in words."""

from accounts.mailing import Mail
from alerts.models import Digest


def of(digest: Digest) -> Mail | None:
    """The mail that tells a digest's alerts as they stand now; None where nothing of it is left to tell."""
    raise NotImplementedError
