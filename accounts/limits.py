"""How often something may be tried from one place.

A limit is a number of seats. A try takes a free seat for a while; when all are taken, it has to wait. Only
`add` is asked of the cache, which every backend does in one step.
"""

import ipaddress

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac


def limited(key: str, rate: int, per_seconds: int) -> bool:
    """Whether `key` was tried `rate` times within the last `per_seconds`; if not, this try is counted.

    The cache never holds the key itself, which may be an address, but a keyed hash of it.
    """
    name = salted_hmac("accounts.limits", key).hexdigest()
    return not any(cache.add(f"limit:{name}:{seat}", 1, per_seconds) for seat in range(rate))


def client(request: HttpRequest) -> str:
    """Where a request comes from: the IPv4 address, or the /64 network that one IPv6 customer has alone."""
    address = ipaddress.ip_address(get_adapter(request).get_client_ip(request))
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
