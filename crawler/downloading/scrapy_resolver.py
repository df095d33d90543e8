"""Scrapy's name resolver: it knows the addresses that `PolicyMiddleware` judged and never looks anything up.

Twisted asks it for literal addresses too. A name that was not judged, or was refused, resolves to nothing and the
connection fails; a server of names that changes its mind in between (DNS rebinding) is not heard.
"""

from collections.abc import Sequence
from typing import Any, Literal

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.resolver import CachingResolver


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing to stop: the answer is there at once."""


@implementer(IHostnameResolver)
class PolicyHostnameResolver:
    """Installed by Scrapy's TWISTED_DNS_RESOLVER setting; shares FETCH_ADDRESSES with `PolicyMiddleware`."""

    def __init__(self, reactor: Any, resolver: CachingResolver) -> None:
        self._reactor = reactor
        self._resolver = resolver

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> "PolicyHostnameResolver":
        return cls(reactor, crawler.settings["FETCH_ADDRESSES"])

    def install_on_reactor(self) -> None:
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 - Twisted's interface
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type] | None = None,  # noqa: N803
        transportSemantics: Literal["TCP", "UDP"] = "TCP",  # noqa: N803
    ) -> _Resolution:
        """Tell the receiver every permitted address; none at all where the name is refused or unknown."""
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        for address in self._resolver.judged(hostName):
            kind = IPv4Address if address.version == 4 else IPv6Address
            if addressTypes is None or kind in addressTypes:
                resolutionReceiver.addressResolved(kind(transportSemantics, str(address), portNumber))
        resolutionReceiver.resolutionComplete()
        return resolution
