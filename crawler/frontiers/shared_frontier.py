"""A frontier that any number of crawl processes on any machines share, on Redis.

Each page is handed to one process at a time, and stays its own for as long as the process is heard of: every call
here renews its lease, and `take` must be called at least every few seconds, also where nothing is to be had. Once a
lease has ended, whoever calls next puts back what was held. So that a killed process loses nothing, a page is
`returned` when it and its pictures are written.

Redis is the working memory of a run, and the database the truth: where Redis is gone or forgets, the run is `lost`
here, and goes on from the known pages like any interrupted run.

scrapy-redis shares Scrapy's request queue. It is not used: its queues pop a request for good, so that a killed
process loses what it held; what it shares is a pickled or JSON-ed Request, ours is a Visit with validators and
budgets; its duplicate filter has neither bound nor scope; and a spider of it never ends by itself. What would be
left of it is `Redis.from_url`.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from redis import Redis, RedisError

from crawler.frontiers import frontier_scripts as scripts
from crawler.frontiers.frontier import MAX_HOPS, PAGES_IN_FLIGHT, TRIES_PER_PAGE, Site, SourceSpec, Tally, Visit
from crawler.frontiers.frontier_client import LEASE_SECONDS, NoSuchRun, Worker, digest, prefix, unavailable
from crawler.frontiers.traps import goes_in_circles, identity

_CHUNK = 1000
_COUNTS = ("pages", "unchanged", "fetched", "fetched_bytes")


def open_site(
    client: Redis,
    run_id: str,
    spec: SourceSpec,
    *,
    fresh: bool,
    visits: Sequence[Visit] | None = None,
    known: Iterable[str] = (),
    tally: Tally | None = None,
    lease_seconds: float = LEASE_SECONDS,
) -> "SharedSite":
    """Begin a run (`fresh`, as `Site` does) or join one that others have begun, whose own spec then holds.

    Raises NoSuchRun where there is nothing to join, FrontierUnavailable where Redis cannot be reached.
    """
    try:
        if not fresh:
            spec, visits, known, tally = _spec_of(client, run_id), [], (), None
        site = SharedSite(Worker(client, run_id, lease_seconds), run_id, spec, visits, known, tally)
        if fresh:
            site.upload()
        site.look()
    except (RedisError, OSError) as error:
        raise unavailable(error) from error
    return site


class SharedSite(Site):
    """A `Site` of which there is one in every process. What it learns of traps and limits stays in its process."""

    def __init__(
        self,
        worker: Worker,
        run_id: str,
        spec: SourceSpec,
        visits: Sequence[Visit] | None,
        known: Iterable[str],
        tally: Tally | None,
    ) -> None:
        super().__init__(run_id, spec, visits, known, tally)
        self.returns_late = True
        self.worker = worker
        # Processes at work on this run, this one among them.
        self.processes = 1
        self._held: set[str] = set()
        # What the others know of what was counted here.
        self._told: Counter[str] = Counter()
        self._shown: dict[str, list[str]] = {}
        self._counted: set[str] = set()
        self._version = self._followed = self._waits = 0

    @property
    def lost(self) -> bool:
        """Whether Redis or the run in it is gone: the run ended elsewhere, or is interrupted."""
        return self.worker.lost

    def upload(self) -> None:
        """Begin the run anew with what the site holds in memory; `known` stays as a memory of what others know."""
        key, client = self.worker.key, self.worker.client
        client.delete(*(key + name for name in scripts.KEYS))
        _add_all(client.sadd, key + "known", map(digest, self._known))
        _add_all(client.rpush, key + "queue", map(write_visit, self._queue))
        _add_all(client.rpush, key + "starts", (visit.url for visit in self._queue if visit.depth == 0))
        meta: dict[Any, Any] = {
            "spec": write_spec(self.spec),
            "most_known": self._most_known,
            "pictures_before": self.tally.pictures_before,
        }
        client.hset(key + "meta", mapping=meta)
        self._queue.clear()

    # --- Pages -------------------------------------------------------------------------------------------

    def offer(self, url: str, depth: int, *, listed: bool = False) -> bool:
        if listed and self._scope.lists_anywhere:
            self._scope.add(url)
        if not self._is_new(url, depth):
            return False
        trap = goes_in_circles(url) or not self._patterns.is_open(url)
        new = self._add(None if trap else Visit(identity(url), depth), identity(url))
        if new and trap:
            self.tally.count("trap", url)
        return new and not trap

    def redirect(self, visit: Visit, target: str) -> None:
        if visit.depth == 0 and visit.hops < MAX_HOPS:
            self._scope.follow_start(target)
            self.worker.call(scripts.FOLLOW, target)
        if visit.hops >= MAX_HOPS or target == visit.url:
            self.tally.count("redirect_loop", visit.url)
        elif visit.depth == 0 and not self.in_scope(target):
            self.tally.count("redirect_elsewhere", visit.url)
        else:
            same = identity(target) == identity(visit.url)
            if same or self._is_new(target, visit.depth):
                onward = Visit(target, visit.depth, visit.hops + 1)
                self._add(onward, identity(target), first=True, always=same)

    def claim(self, url: str, depth: int) -> Visit | None:
        if self.held or not self._is_new(url, depth):
            return None
        visit = Visit(url, depth)
        arguments = (digest(identity(url)), url, write_visit(visit), PAGES_IN_FLIGHT, self.spec.max_pages)
        if not self.worker.call(scripts.CLAIM, *arguments):
            return None
        self._known.add(identity(url))
        self._held.add(url)
        return visit

    def take(self) -> list[Visit]:
        """The pages to request now. Also the sign of life of this process, and what it counted."""
        taken: list[Visit] = []
        while True:
            most = 0 if self.held else PAGES_IN_FLIGHT
            limits = (most, self.spec.max_pages, self._most_tries())
            visits = self._state(self.worker.call(scripts.TAKE, self._delta(), *limits, *self._held))
            self._held.update(visit.url for visit in visits)
            closed = [visit for visit in visits if self._is_closed(visit)]
            taken += [visit for visit in visits if visit not in closed]
            if not closed:
                return taken
            for visit in closed:
                self.tally.count("trap", visit.url)
                self._give_back(visit, asked=False)

    def returned(self, visit: Visit) -> None:
        self._give_back(visit, asked=True)

    def waiting(self) -> int:
        """As of the last call."""
        return self._waits

    def finished(self) -> bool:
        answer = self.worker.call(scripts.FINISHED, self.spec.max_pages, self._most_tries())
        return answer is None or bool(answer)

    def leave(self, *, over: bool) -> bool:
        """All is written: give back what this process holds; whether it was the last one at work on the run.

        The last to leave a run that is `over` removes it from Redis.
        """
        self.processes = 0
        self._state(self.worker.call(scripts.LEAVE, self._delta(), "1" if over else "0"))
        self.processes += 1
        return self.processes == 1

    def look(self) -> None:
        """What the run came to in all processes, into `tally`."""
        self._state(self.worker.call(scripts.TAKE, self._delta(), 0, 0, 0, *self._held))

    # --- What pages turned out to be -----------------------------------------------------------------------

    def twin(self, url: str, content_hash: str) -> bool:
        first = self.worker.call(scripts.TWIN, content_hash, url)
        return first is not None and first != url

    def is_canonical(self, url: str, canonical: str) -> bool:
        known = super().is_canonical(url, canonical)
        if known:
            self._add(None, identity(canonical))
        return known

    def may_show(self, url: str, *, asks: bool = True) -> str:
        if self.tally.images >= self.spec.max_pictures and url not in self._asked:
            return "picture_limit"
        return super().may_show(url, asks=asks)

    def become(self, kind: str, depth: int) -> None:
        super().become(kind, depth)
        self._version = self.worker.call(scripts.BECOME, write_spec(self.spec)) or self._version

    def pace(self, url: str) -> dict[str, Any]:
        """`sharers`: so many processes ask the same hosts, each of them so much more slowly."""
        return {**super().pace(url), "sharers": self.processes}

    # --- Between this process and the others -----------------------------------------------------------------

    def _add(self, visit: Visit | None, name: str, *, first: bool = False, always: bool = False) -> bool:
        """Make `name` known and queue `visit`; whether it was new to all processes."""
        self._known.add(name)
        text = write_visit(visit) if visit else ""
        place, even = "first" if first else "last", "1" if always else "0"
        return bool(self.worker.call(scripts.OFFER, digest(name), text, place, even))

    def _give_back(self, visit: Visit, *, asked: bool) -> None:
        self._held.discard(visit.url)
        arguments = (self._delta(), visit.url, write_visit(visit), "0" if asked else "1")
        self._state(self.worker.call(scripts.RETURNED, *arguments))

    def _most_tries(self) -> int:
        return TRIES_PER_PAGE * self.spec.max_pages + MAX_HOPS

    def _delta(self) -> str:
        """What was counted here since it was last said, as JSON."""
        counts = self._counts()
        delta = {
            "counts": {name: count - self._told[name] for name, count in counts.items() if count != self._told[name]},
            "pictures": [digest(url) for url in self.tally.pictures - self._counted],
            "examples": {n: urls for n, urls in self.tally.examples.items() if urls and urls != self._shown.get(n)},
        }
        self._counted |= self.tally.pictures
        return json.dumps(delta)

    def _counts(self) -> Counter[str]:
        counts = Counter({name: getattr(self.tally, name) for name in _COUNTS})
        counts.update({f"error:{name}": count for name, count in self.tally.errors.items()})
        return counts

    def _state(self, answer: list[Any] | None) -> list[Visit]:
        """Take over what the others know; the visits that came with it."""
        if answer is None:
            return []
        visits, self._waits, version, starts, self.processes, counts, pictures, examples = answer
        self._told = Counter({name: int(count) for name, count in pairs(counts)})
        self._update_tally(pictures, dict(pairs(examples)))
        if version != self._version or starts > self._followed:
            self._version = version
            self._hear()
        return [Visit(**json.loads(visit)) for visit in visits]

    def _hear(self) -> None:
        """What the source proved to be, and where its start redirected to."""
        answer = self.worker.call(scripts.NEWS, self._followed)
        if answer is None:
            return
        spec, starts = read_spec(answer[0]), answer[1]
        super().become(spec.kind, spec.depth)
        for url in starts:
            self._scope.follow_start(url)
        self._followed += len(starts)

    def _update_tally(self, pictures: int, examples: dict[str, str]) -> None:
        for name in _COUNTS:
            setattr(self.tally, name, self._told[name])
        errors = {name.removeprefix("error:"): n for name, n in self._told.items() if name.startswith("error:")}
        self.tally.errors.update({name: count - self.tally.errors[name] for name, count in errors.items()})
        self._shown = {name: json.loads(urls) for name, urls in examples.items()}
        self.tally.examples.update({name: list(urls) for name, urls in self._shown.items()})
        self.tally.pictures_before = pictures - len(self.tally.pictures)


def pairs(flat: list[str]) -> Iterable[tuple[str, str]]:
    return zip(flat[::2], flat[1::2], strict=True)


def write_visit(visit: Visit) -> str:
    return json.dumps(asdict(visit))


def write_spec(spec: SourceSpec) -> str:
    return json.dumps(asdict(spec))


def read_spec(text: str) -> SourceSpec:
    fields = json.loads(text)
    return SourceSpec(**{**fields, "seeds": tuple(fields["seeds"])})


def _spec_of(client: Redis, run_id: str) -> SourceSpec:
    text = client.hget(prefix(run_id) + "meta", "spec")
    if text is None:
        raise NoSuchRun(f"There is no run {run_id} in the shared frontier.")
    return read_spec(str(text))


def _add_all(add: Callable[..., Any], key: str, values: Iterable[str]) -> None:
    waiting = list(values)
    for start in range(0, len(waiting), _CHUNK):
        add(key, *waiting[start : start + _CHUNK])
