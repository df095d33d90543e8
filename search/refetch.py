"""Known pictures fetched once more, as politely as a crawl: robots.txt, pauses, the policy at every hop."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from ipaddress import ip_address

from django.conf import settings

from crawler.blocklists import restricted
from crawler.defaults import blocked_hosts, web_policy
from crawler.downloading.robots import RobotsRules, read_robots
from crawler.downloading.scrapy_settings import ROBOTS_TOKEN
from crawler.fetch import Fetched, fetch
from crawler.models import Source
from crawler.policy import FetchError, FetchFailed, FetchPolicy, FetchRefused, ParsedUrl, is_private_address, parse_url
from crawler.states import SourceState
from search.models import Image, Sighting

_MAX_ADDRESSES = 10
_GONE = frozenset({404, 410, 451})
_WALLED = frozenset({401, 402, 403, 407})


class Missing(StrEnum):
    """Why a picture could not be had again; the first ones leave more hope."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    CHANGED = "changed"
    GONE = "gone"


class NotFetched(Exception):
    """The picture was not to be had; `why` is the most hopeful reason of all its addresses."""

    def __init__(self, why: Missing) -> None:
        super().__init__(why.value)
        self.why = why


class Web:
    """The manners of one run: what each site's robots.txt says, and when each host may be asked again."""

    def __init__(self) -> None:
        self._rules: dict[str, RobotsRules] = {}
        self._not_before: dict[str, float] = {}
        active = Source.objects.filter(state=SourceState.ACTIVE)
        self._blocked = blocked_hosts()
        self._private = set(active.filter(allow_private=True).values_list("host", flat=True))
        stopped = Source.objects.filter(state=SourceState.PAUSED).values_list("host", flat=True)
        self._stopped = set(stopped) - set(active.values_list("host", flat=True))

    def again(self, image: Image) -> bytes:
        """The very bytes of a picture, from where it was seen last. Raises NotFetched."""
        reasons = {Missing.GONE}
        for place in _places(image):
            try:
                data = self._picture(place)
            except NotFetched as error:
                reasons.add(error.why)
                continue
            if hashlib.sha256(data).hexdigest() == image.sha256:
                return data
            reasons.add(Missing.CHANGED)
        raise NotFetched(next(reason for reason in Missing if reason in reasons))

    def _picture(self, place: Sighting) -> bytes:
        try:
            page, file = parse_url(place.page_url), parse_url(place.image_url)
            if page.netloc in self._stopped or restricted.is_restricted(place.image_url):
                raise NotFetched(Missing.REFUSED)
            # What an operator opened for the crawl of a source is open for its pictures now.
            opened = web_policy(allow_private=True if page.netloc in self._private else None)
            policy = replace(opened, blocked_hosts=self._blocked)
            self._ask_robots(file, policy)
            fetched = self._fetch(file, policy)
        except FetchRefused as error:
            raise NotFetched(Missing.REFUSED) from error
        except FetchError as error:
            raise NotFetched(Missing.UNREACHABLE) from error
        if fetched.status == 200:
            return fetched.body
        gone, walled = fetched.status in _GONE, fetched.status in _WALLED
        raise NotFetched(Missing.GONE if gone else Missing.REFUSED if walled else Missing.UNREACHABLE)

    def _ask_robots(self, file: ParsedUrl, policy: FetchPolicy) -> None:
        origin = f"{file.scheme}://{file.netloc}"
        if origin not in self._rules:
            try:
                answer = self._fetch(parse_url(f"{origin}/robots.txt"), policy)
                self._rules[origin] = read_robots(answer.status, answer.body)
            except FetchFailed:
                self._rules[origin] = RobotsRules(reason="robots_unreachable")
        refusal = self._rules[origin].refusal(file.url, ROBOTS_TOKEN)
        if refusal:
            raise NotFetched(Missing.REFUSED if refusal == "robots" else Missing.UNREACHABLE)

    def _fetch(self, url: ParsedUrl, policy: FetchPolicy) -> Fetched:
        """Fetch when the host's pause is over. Addresses in one's own network need none."""
        time.sleep(max(0.0, self._not_before.get(url.netloc, 0.0) - time.monotonic()))
        private = False
        try:
            fetched = fetch(url.url, policy)
            private = is_private_address(ip_address(fetched.ip))
            return fetched
        finally:
            self._not_before[url.netloc] = 0.0 if private else time.monotonic() + self._pause(url)

    def _pause(self, url: ParsedUrl) -> float:
        rules = self._rules.get(f"{url.scheme}://{url.netloc}", RobotsRules())
        return max(float(settings.CRAWLER_DELAY_SECONDS), rules.delay(ROBOTS_TOKEN))


def _places(image: Image) -> Iterator[Sighting]:
    """One sighting for each address of the file, the newest first."""
    seen: set[str] = set()
    for place in image.sightings.order_by("-last_seen", "pk").iterator():
        if place.image_url not in seen and len(seen) < _MAX_ADDRESSES:
            seen.add(place.image_url)
            yield place
