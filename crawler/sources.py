"""Sources: naming what may be crawled, and what is asked of it and of its runs."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone

from accounts import audit, consent
from accounts.limits import limited
from accounts.models import User
from accounts.transitions import StaleState, change_state
from crawler import blocking
from crawler.blocking import NotAccepted
from crawler.defaults import web_policy
from crawler.health import is_alive
from crawler.models import CrawlRun, Source, url_digest
from crawler.policy import FetchFailed, FetchPolicy, FetchRefused, ParsedUrl, canonical_url, parse_url
from crawler.resolver import resolve
from crawler.states import RUN, SOURCE, RunState, SourceState

DELAY_SECONDS = (0.1, 120.0)
CONCURRENCY = (1, 8)
REPORTS_A_DAY = 10
_ASK_AGAIN_SECONDS = 30
_DAY_SECONDS = 24 * 3600


# --- Naming sources ------------------------------------------------------------------------------------------


def judge(urls: Sequence[str], policy: FetchPolicy) -> list[str]:
    """The canonical form of every URL, once each. Raises FetchRefused at the first that must not be crawled.

    Names are looked up for this, but nothing is requested. A name that is not found is no refusal.
    """
    judged: list[str] = []
    for url in urls:
        parsed: ParsedUrl = policy.check_url(url)
        with suppress(FetchFailed):
            policy.check_target(parsed, resolve(parsed.host, policy))
        judged.append(canonical_url(url))
    return list(dict.fromkeys(judged))


def add_source(
    url: str,
    *,
    kind: str = Source.Kind.SITE,
    seeds: Sequence[str] = (),
    path: str = "",
    depth: int | None = None,
    max_pages: int | None = None,
    max_pictures: int | None = None,
    every: timedelta | None = None,
    delay_seconds: float | None = None,
    concurrency: int | None = None,
    needs_browser: bool | None = None,
    allow_private: bool = False,
    note: str = "",
    named_by: User | None = None,
) -> Source:
    """The source of this kind that starts at the canonical `url` (or lists `seeds`), made if needed.

    What is given replaces what it had. Nothing is requested. Raises NotAccepted for a politeness out of bounds.
    """
    _check_politeness(delay_seconds, concurrency)
    listed = _seeds(url, kind, seeds)
    given: dict[str, Any] = {
        "path": path or None,
        "depth": depth,
        "max_pages": max_pages,
        "max_pictures": max_pictures,
        "every": every,
        "delay_seconds": delay_seconds,
        "concurrency": concurrency,
        "needs_browser": needs_browser,
        "allow_private": allow_private or None,
        "note": note or None,
        "named_by": named_by,
    }
    with transaction.atomic():
        source, _created = Source.objects.get_or_create(
            digest=identity(url, kind, listed),
            defaults={"kind": kind, "url": url, "seeds": list(listed), "host": _host(url)},
        )
        _set(source, {name: value for name, value in given.items() if value is not None})
    return source


def identity(url: str, kind: str, seeds: Sequence[str]) -> str:
    """What makes two sources one: where they start, as what, and for a list of pages all of them."""
    return url_digest(url) if kind == Source.Kind.SITE else url_digest(kind, *(seeds or (url,)))


def _seeds(url: str, kind: str, seeds: Sequence[str]) -> Sequence[str]:
    return (tuple(seeds) or (url,)) if kind == Source.Kind.URLS else ()


def _host(url: str) -> str:
    """Empty for a web archive on this machine."""
    return "" if url.startswith("file:") else parse_url(url).netloc


def _check_politeness(delay_seconds: float | None, concurrency: int | None) -> None:
    if delay_seconds is not None and not DELAY_SECONDS[0] <= delay_seconds <= DELAY_SECONDS[1]:
        raise NotAccepted(f"The wait between requests must be {DELAY_SECONDS[0]} to {DELAY_SECONDS[1]:.0f} seconds.")
    if concurrency is not None and not CONCURRENCY[0] <= concurrency <= CONCURRENCY[1]:
        raise NotAccepted(f"Requests at the same time must be {CONCURRENCY[0]} to {CONCURRENCY[1]}.")


def _set(source: Source, fields: dict[str, Any]) -> None:
    """Save `fields`. Where the schedule changes, the next run is one interval from now, never at once."""
    if "every" in fields and fields["every"] != source.every:
        every = fields["every"]
        fields = {**fields, "next_run_at": timezone.now() + every if every else None}
    for name, value in fields.items():
        setattr(source, name, value)
    if fields:
        source.save(update_fields=list(fields))


@dataclass(frozen=True, slots=True)
class Plan:
    """How a source is crawled, all of it: what staff fill in. None means what the models say of None."""

    seeds: Sequence[str]
    path: str
    depth: int
    max_pages: int
    max_pictures: int
    every: timedelta | None
    delay_seconds: float | None
    concurrency: int | None
    needs_browser: bool
    allow_private: bool
    note: str


def name_source(url: str, kind: str, plan: Plan, staff: User | None) -> Source:
    """A new source, on record as named by `staff`. Raises NotAccepted where there is one like it."""
    with transaction.atomic():
        if found := Source.objects.filter(digest=identity(url, kind, _seeds(url, kind, plan.seeds))).first():
            raise NotAccepted("This is a source already.", source=found)
        source = add_source(url, kind=kind, seeds=plan.seeds, named_by=staff)
        _fill(source, plan)
        audit.record("source.named", source, actor=staff, kind=kind)
    return source


def change_plan(source: Source, plan: Plan, staff: User | None) -> None:
    """How a source is crawled from now on; its kind and where it starts stay. Raises NotAccepted."""
    with transaction.atomic():
        if source.kind == Source.Kind.URLS:
            digest = identity(source.url, source.kind, plan.seeds)
            if found := Source.objects.filter(digest=digest).exclude(pk=source.pk).first():
                raise NotAccepted("There is a source with these pages already.", source=found)
            _set(source, {"digest": digest, "url": plan.seeds[0], "host": _host(plan.seeds[0])})
        _fill(source, plan)
        audit.record("source.changed", source, actor=staff)


def _fill(source: Source, plan: Plan) -> None:
    _check_politeness(plan.delay_seconds, plan.concurrency)
    fields = {name: getattr(plan, name) for name in Plan.__slots__}
    _set(source, {**fields, "seeds": list(_seeds(source.url, source.kind, plan.seeds))})


def report_page(user: User, url: str) -> Source:
    """The page a subscriber asks us to look at; the crawl of this one page begins after the transaction.

    Every account's report is its own, so that nobody learns what others reported; a page that the same account
    reports again is looked at again. Raises NotAccepted with a sentence for the person.
    """
    if not consent.given(user) >= consent.REQUIRED:
        raise NotAccepted("We compare a page with your face only while you let us. Look at your consents first.")
    try:
        # The name is not looked up: what it leads to inside of our network is nothing to tell a subscriber.
        page = canonical_url(web_policy(allow_private=False).check_url(url).url)
    except FetchRefused as refusal:
        raise NotAccepted(refusal.sentence) from None
    if blocking.blocking(parse_url(page).host):
        raise NotAccepted("We do not visit this site, so we cannot look at pages there.")
    if limited(f"report:{user.pk}", REPORTS_A_DAY, _DAY_SECONDS):
        raise NotAccepted(f"You can report {REPORTS_A_DAY} pages a day. Please go on tomorrow.")
    with transaction.atomic():
        source, created = Source.objects.get_or_create(
            digest=url_digest(Source.Kind.PAGE, str(user.pk), page),
            defaults={
                "kind": Source.Kind.PAGE,
                "url": page,
                "host": parse_url(page).netloc,
                "depth": 0,
                "max_pages": 1,
                "reported_by": user,
                "note": "Reported by a subscriber.",
            },
        )
        audit.record("source.reported", source, actor=user, about=user, again=not created)
        crawl_now(source)
    return source


# --- What is asked of a source -------------------------------------------------------------------------------


def crawl_now(source: Source, *, only_left: bool = False) -> bool:
    """Have a worker crawl it as soon as one is free; False where that is asked or under way already.

    A paused run goes on. `only_left` leaves out pages that were read and are not due. Raises NotAccepted where the
    source is paused.
    """
    if source.state != SourceState.ACTIVE:
        raise NotAccepted("This source is paused. Resume it first.")
    if any(is_alive(run) for run in source.runs.filter(state=RunState.RUNNING)):
        return False
    if limited(f"crawl:{source.pk}", 1, _ASK_AGAIN_SECONDS):
        return False
    _enqueue(source, only_left)
    return True


def ask_crawl(source: Source, staff: User | None) -> bool:
    """`crawl_now`, on record as asked for by `staff`."""
    with transaction.atomic():
        asked = crawl_now(source)
        if asked:
            audit.record("source.crawl_asked", source, actor=staff)
    return asked


def _enqueue(source: Source, only_left: bool) -> None:
    """By name, as the tasks know this module. A broker that is down must not undo what was saved."""
    arguments = [str(source.pk), only_left]
    transaction.on_commit(lambda: current_app.send_task("crawler.crawl", arguments), robust=True)


def pause(source: Source, staff: User | None) -> None:
    """Crawl it no more until somebody resumes it; a run under way stops and keeps what is left to do."""
    with transaction.atomic():
        change_state(source, SOURCE, SourceState.PAUSED)
        source.runs.filter(state=RunState.RUNNING).update(wish=CrawlRun.Wish.STOP)
        audit.record("source.paused", source, actor=staff)


def resume(source: Source, staff: User | None) -> None:
    """Let it be crawled again, when it is next due. Raises NotAccepted while its host is blocked."""
    if source.host and blocking.blocking(blocking.host_of(source)):
        raise NotAccepted("Its host is blocked. Unblock the host first.")
    with transaction.atomic():
        change_state(source, SOURCE, SourceState.ACTIVE)
        audit.record("source.resumed", source, actor=staff)


# --- What is asked of a run ----------------------------------------------------------------------------------


def ask_pause(run: CrawlRun, staff: User | None) -> None:
    """The run pauses as soon as it has looked, within seconds. Raises StaleState where it does not run."""
    with transaction.atomic():
        _ask(run, CrawlRun.Wish.PAUSE)
        audit.record("run.asked", run, actor=staff, wish="pause")


def ask_stop(run: CrawlRun, staff: User | None) -> None:
    """The run ends as `interrupted`, and a later one goes on with what is left. Raises StaleState where it is over.

    A run without a process (paused, or dead) is closed here and now.
    """
    with transaction.atomic():
        if is_alive(run):
            _ask(run, CrawlRun.Wish.STOP)
        elif run.state in (RunState.RUNNING, RunState.PAUSED):
            change_state(run, RUN, RunState.INTERRUPTED, finished_at=timezone.now(), reason="Somebody stopped it.")
        else:
            raise StaleState(f"run {run.pk} is over")
        audit.record("run.asked", run, actor=staff, wish="stop")


def resume_run(run: CrawlRun, staff: User | None) -> bool:
    """Go on with a paused run; after one that was interrupted or died, a new run goes on with what is left.

    False where that was asked already. Raises StaleState where there is nothing to go on with, NotAccepted where
    the source is paused.
    """
    if is_alive(run) or run.state in (RunState.FINISHED, RunState.FAILED):
        raise StaleState(f"run {run.pk} is at work, or over")
    with transaction.atomic():
        asked = crawl_now(run.source, only_left=run.state != RunState.PAUSED)
        if asked:
            audit.record("run.asked", run, actor=staff, wish="resume")
    return asked


def _ask(run: CrawlRun, wish: CrawlRun.Wish) -> None:
    if not CrawlRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(wish=wish):
        raise StaleState(f"run {run.pk} does not run")
    run.wish = wish


# Blocking is about hosts, but belongs to what is asked of sources.
block_host = blocking.block_host
unblock_host = blocking.unblock_host
