"""The fetch policy as this installation is configured."""

from collections.abc import Iterable
from dataclasses import replace

from django.conf import settings

from crawler.models import BlockedHost
from crawler.policy import FetchError, FetchPolicy, Network, parse_url, private_kind
from crawler.resolver import Lookup, resolve, system_lookup


def web_policy(*, allow_private: bool | None = None) -> FetchPolicy:
    """The policy for requests to the web. Unless the caller says otherwise, `FETCH_ALLOW_PRIVATE` decides."""
    opened = settings.FETCH_ALLOW_PRIVATE if allow_private is None else allow_private
    return FetchPolicy(allow_private=opened, user_agent=settings.CRAWLER_USER_AGENT)


def crawl_policy(urls: Iterable[str], *, allow_private: bool, lookup: Lookup = system_lookup) -> FetchPolicy:
    """The policy for a crawl that starts at `urls`. Looks their names up where `allow_private` is set.

    It opens the kinds of private network that these URLs lie in and no other. Where only some of them are
    private, only pages of those may lead there, so that a public site in the same crawl reaches nothing.
    """
    policy = replace(web_policy(allow_private=allow_private), blocked_hosts=blocked_hosts())
    if not allow_private:
        return policy
    kinds: dict[str, tuple[Network, ...]] = {}
    for url in urls:
        kinds.update(_private_kind(url, policy, lookup))
    networks = tuple(dict.fromkeys(network for kind in kinds.values() for network in kind))
    private = frozenset(host for host, kind in kinds.items() if kind)
    mixed = len(private) < len(kinds)
    return replace(
        policy,
        allow_private=bool(networks),
        private_networks=networks,
        private_hosts=private if mixed else frozenset(),
    )


def blocked_hosts() -> frozenset[str]:
    """The hosts that are never crawled, spelled as in `ParsedUrl.host`."""
    return frozenset(_plain(host) for host in BlockedHost.objects.values_list("host", flat=True))


def _plain(host: str) -> str:
    try:
        return parse_url(f"http://{host}/").host
    except FetchError:
        return host.strip().strip(".").lower()


def _private_kind(url: str, policy: FetchPolicy, lookup: Lookup) -> dict[str, tuple[Network, ...]]:
    """The host of `url` with its private networks: none for a public host, and for one that is not to be found."""
    try:
        host = parse_url(url).host
    except FetchError:
        return {}
    try:
        addresses = resolve(host, policy, lookup=lookup)
    except FetchError:
        return {host: ()}
    return {host: tuple(network for address in addresses for network in private_kind(address))}
