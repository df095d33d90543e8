"""Scrapy's name resolver under the fetch policy, so that the address judged is the address connected to.

Twisted asks it for literal addresses too. A refused name resolves to nothing and the connection fails; the
reason is told by `PolicyMiddleware`, which asks first.
"""

from collections.abc import Sequence
from typing import Any, Literal

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from twisted.internet.threads import deferToThreadPool
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.policy import FetchError, IPAddress
from crawler.resolver import CachingResolver


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing to stop: the look-up has its own time limit, and its late answer is dropped by Twisted."""


@implementer(IHostnameResolver)
class PolicyHostnameResolver:
    """Installed by Scrapy's TWISTED_DNS_RESOLVER setting; the policy comes from the setting FETCH_POLICY."""

    def __init__(self, reactor: Any, resolver: CachingResolver) -> None:
        self._reactor = reactor
        self._resolver = resolver

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> "PolicyHostnameResolver":
        return cls(reactor, CachingResolver(crawler.settings["FETCH_POLICY"]))

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

        def deliver(addresses: list[IPAddress]) -> None:
            for address in addresses:
                kind = IPv4Address if address.version == 4 else IPv6Address
                if addressTypes is None or kind in addressTypes:
                    resolutionReceiver.addressResolved(kind(transportSemantics, str(address), portNumber))
            resolutionReceiver.resolutionComplete()

        deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._permitted, hostName).addCallback(deliver)
        return resolution

    def _permitted(self, host: str) -> list[IPAddress]:
        try:
            return self._resolver.resolve(host)
        except FetchError:
            return []
