"""Frontiers for tests: in memory, or on a real Redis with as many processes as wanted, all of them in this one."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from redis import Redis

from crawler.frontiers.frontier import Site, SourceSpec, Visit
from crawler.frontiers.frontier_client import connect, prefix
from crawler.frontiers.pictures import Pictures, Showing, StoredImage
from crawler.frontiers.shared_frontier import SharedSite, open_site
from crawler.frontiers.shared_pictures import open_pictures
from tests import availability

START = "http://site.example/"
SPEC = SourceSpec("source", "site", START, depth=3, max_pages=100)
IMAGE = StoredImage("0" * 64, 10, "image/jpeg")


def frontier_url() -> str:
    """A Redis database that no other test empties."""
    return availability.redis_url().rpartition("/")[0] + "/12"


class SharedRun:
    """A run on Redis. `join` gives what one more process would have. `made` are those to tidy up."""

    made: ClassVar[list["SharedRun"]] = []

    def __init__(self, spec: SourceSpec = SPEC, visits: list[Visit] | None = None, lease_seconds: float = 60) -> None:
        self.client: Redis = connect(frontier_url())
        self.run_id = str(uuid.uuid4())
        self._lease = lease_seconds
        self.made.append(self)
        self.first = open_site(self.client, self.run_id, spec, fresh=True, visits=visits, lease_seconds=lease_seconds)

    def join(self) -> SharedSite:
        return open_site(self.client, self.run_id, SPEC, fresh=False, lease_seconds=self._lease)

    def die(self, site: SharedSite) -> None:
        """The process of `site` is gone, and its lease is over."""
        assert self.client.zadd(prefix(self.run_id) + "workers", {site.worker.name: 1}, xx=True, ch=True) == 1

    def left(self) -> list[str]:
        return sorted(self.client.scan_iter(f"{prefix(self.run_id)}*".replace("{", "[{]"), count=1000))

    @classmethod
    def tidy(cls) -> None:
        while cls.made:
            run = cls.made.pop()
            run.client.delete(*run.left(), "-")
            run.client.close()


def in_memory(**changes: object) -> Site:
    return Site("run", replace(SPEC, **changes))  # type: ignore[arg-type]


def on_redis(**changes: object) -> SharedSite:
    return SharedRun(replace(SPEC, **changes)).first  # type: ignore[arg-type]


def pictures_of(site: Site) -> Pictures:
    return open_pictures(site) if isinstance(site, SharedSite) else Pictures()


def showing(site: Site, url: str, page: str = START) -> Showing:
    return Showing(site, page, "", 0, url, "img")


def paths(visits: list[Visit]) -> list[str]:
    return [visit.url.removeprefix("http://site.example") for visit in visits]


MakeSite = Callable[..., Site]
