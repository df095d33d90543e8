"""The fetch policy as this installation is configured."""

from django.conf import settings

from crawler.policy import FetchPolicy


def web_policy(*, allow_private: bool | None = None) -> FetchPolicy:
    """The policy for requests to the web. Unless the caller says otherwise, `FETCH_ALLOW_PRIVATE` decides."""
    opened = settings.FETCH_ALLOW_PRIVATE if allow_private is None else allow_private
    return FetchPolicy(allow_private=opened, user_agent=settings.CRAWLER_USER_AGENT)
