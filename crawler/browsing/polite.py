"""A fetch policy that asks robots.txt too, at every hop."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields

from crawler.policy import FetchPolicy, FetchRefused, ParsedUrl

_ASK_SECONDS = 30.0


def _nobody(_url: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Asking(FetchPolicy):
    """For fetches in threads beside an event loop. `ask` gives the code of a refusal, or an empty string."""

    ask: Callable[[str], str] = _nobody

    @classmethod
    def of(cls, policy: FetchPolicy, allows: Callable[[str], Awaitable[str]], seconds: float) -> "Asking":
        """`policy` with `allows`, which runs in the event loop of the caller; a fetch takes at most `seconds`."""
        loop = asyncio.get_running_loop()

        async def asked(url: str) -> str:
            return await allows(url)

        def ask(url: str) -> str:
            return asyncio.run_coroutine_threadsafe(asked(url), loop).result(_ASK_SECONDS)

        values = {item.name: getattr(policy, item.name) for item in fields(FetchPolicy)}
        values["timeout_seconds"] = min(policy.timeout_seconds, seconds)
        return cls(**values, ask=ask)

    def check_url(self, url: str) -> ParsedUrl:
        # Not super(), which does not know a class that `slots` has made anew.
        parsed = FetchPolicy.check_url(self, url)
        try:
            code = self.ask(parsed.url)
        except TimeoutError:
            code = "robots_unreachable"
        if code:
            raise FetchRefused(code, "The site asks robots not to fetch this address.")
        return parsed
