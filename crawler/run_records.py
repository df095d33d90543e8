"""A run's row from its beginning to its end, and what becomes of its source."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from filelock import FileLock, Timeout

from accounts.transitions import IllegalTransition, StaleState, change_state
from crawler.backpressure import FULL
from crawler.frontiers.frontier import Site, SourceSpec, Tally
from crawler.frontiers.shared_frontier import SharedSite
from crawler.models import CrawlRun, FetchedImage, Source
from crawler.spiders.pulse import save_tally
from crawler.states import RUN, RunState

# Longer and longer between runs that give nothing, up to so many doublings.
_MOST_DOUBLINGS = 5
# A process that is at work says so every half second.
_ALIVE = timedelta(seconds=30)
_DIED = "Its process died."
_SUCCEEDED = "A later run went on with it."
_LOST = "The frontier that it shared is gone."


class AlreadyCrawling(Exception):
    """Another process is crawling one of the sources right now."""


class CannotResume(Exception):
    """There is nothing to go on with; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a crawl ended: by itself, or why it was stopped (`shutdown`, `stopped`, `full`, …)."""

    by_itself: bool
    reason: str = ""


def spec_of(source: Source) -> SourceSpec:
    only_named = source.kind in (Source.Kind.URLS, Source.Kind.PAGE)
    return SourceSpec(
        source_id=str(source.pk),
        kind=source.kind,
        url=source.url,
        seeds=tuple(source.seeds),
        path=source.path,
        depth=0 if only_named else source.depth,
        max_pages=source.max_pages,
        max_pictures=source.max_pictures,
        delay_seconds=source.delay_seconds,
        concurrency=source.concurrency,
        needs_browser=source.needs_browser,
    )


def begin(source: Source, resume: CrawlRun | None) -> CrawlRun:
    """The run to crawl in; runs of this source that were left open are closed. The source's lock is held."""
    _close_stale(source, resume)
    if resume is None:
        return CrawlRun.objects.create(source=source)
    try:
        change_state(
            resume, RUN, RunState.RUNNING, wish=CrawlRun.Wish.NONE, finished_at=None, reason="", seen_at=timezone.now()
        )
    except StaleState:
        raise CannotResume("The run has gone on elsewhere meanwhile.") from None
    return resume


def resumable(run_id: str) -> CrawlRun:
    """The run to go on with. Raises CannotResume."""
    run = CrawlRun.objects.filter(pk=run_id).select_related("source").first()
    if run is None:
        raise CannotResume("There is no run with this number.")
    if run.state not in (RunState.PAUSED, RunState.INTERRUPTED, RunState.RUNNING):
        raise CannotResume(f"The run is {run.get_state_display().lower()}: there is nothing to go on with.")
    return run


def tally_of(run: CrawlRun) -> Tally:
    """What a run came to before it was stopped; empty for a new one."""
    shown = FetchedImage.objects.filter(run=run).values_list("image_url", flat=True)
    pictures = set(shown.iterator()) if run.images else set()
    return Tally(
        pages=run.pages,
        unchanged=run.unchanged,
        pictures=pictures,
        # In watch mode the rows of pictures that were no match are gone.
        pictures_before=max(0, run.images - len(pictures)),
        fetched=run.fetched,
        fetched_bytes=run.fetched_bytes,
        errors=Counter(run.errors),
        examples={name: list(urls) for name, urls in run.examples.items()},
    )


def joinable(source: Source) -> CrawlRun | None:
    """A run of this source that other processes are at work on."""
    alive = source.runs.filter(state=RunState.RUNNING, seen_at__gt=timezone.now() - _ALIVE)
    return alive.select_related("source").order_by("-started_at").first()


def _close_stale(source: Source, resume: CrawlRun | None) -> None:
    """Runs whose process died, as we hold the lock of their source; and paused ones that this run goes on with."""
    others = source.runs.exclude(pk=resume.pk) if resume else source.runs.all()
    now = timezone.now()
    others.filter(state=RunState.RUNNING).update(state=RunState.INTERRUPTED, finished_at=now, reason=_DIED)
    others.filter(state=RunState.PAUSED).update(state=RunState.INTERRUPTED, finished_at=now, reason=_SUCCEEDED)
    if resume is not None and resume.state == RunState.RUNNING:
        change_state(resume, RUN, RunState.INTERRUPTED, reason=_DIED)


def finish(run: CrawlRun, site: Site, ending: Ending) -> None:
    """Write the end of a run: its state, why, and when its source is next crawled.

    A run that other processes are at work on goes on without this one.
    """
    shared = site if isinstance(site, SharedSite) else None
    if shared is not None:
        shared.look()
    lost = shared is not None and shared.lost
    over = site.finished() and not lost
    save_tally(site)
    run.refresh_from_db()
    state, reason = (RunState.INTERRUPTED, _LOST) if lost else _verdict(run, site, ending, over=over)
    # What was asked of the run ends it in every process; the database keeps its frontier.
    last = shared is None or shared.leave(over=over or bool(run.wish))
    also = {} if state == RunState.PAUSED else {"finished_at": timezone.now()}
    # Others, who were in it too, may have been first.
    if last or over:
        with suppress(StaleState, IllegalTransition), transaction.atomic():
            change_state(run, RUN, state, reason=reason, **also)
            _mark_source(run, site)
    run.refresh_from_db()


def _verdict(run: CrawlRun, site: Site, ending: Ending, *, over: bool) -> tuple[RunState, str]:
    if ending.reason == "full":
        return RunState.PAUSED, FULL.format(command=f"manage.py crawl --resume {run.pk}")
    if run.wish and not over:
        if run.wish == CrawlRun.Wish.PAUSE:
            return RunState.PAUSED, "Somebody paused it."
        return RunState.INTERRUPTED, "Somebody stopped it."
    if not ending.by_itself and not over:
        return RunState.INTERRUPTED, _REASONS.get(ending.reason, "Its process was stopped.")
    tally = site.tally
    if tally.pages or tally.images or set(tally.errors) <= {"robots"}:
        return RunState.FINISHED, ""
    return RunState.FAILED, ""


_REASONS = {"memusage_exceeded": "It needed more memory than is allowed.", "internal": "It failed; see the log."}


def _mark_source(run: CrawlRun, site: Site) -> None:
    """How often in a row it gave nothing, when it is next due, and what its start proved to be."""
    source = Source.objects.select_for_update().get(pk=run.source_id)
    if run.state == RunState.FAILED:
        Source.objects.filter(pk=source.pk).update(failures=F("failures") + 1)
    elif run.state == RunState.FINISHED:
        Source.objects.filter(pk=source.pk).update(failures=0)
    if source.every is not None and run.state in (RunState.FINISHED, RunState.FAILED):
        failures = source.failures + 1 if run.state == RunState.FAILED else 0
        Source.objects.filter(pk=source.pk).update(next_run_at=timezone.now() + pause(source.every, failures))
    if source.kind != site.spec.kind:
        Source.objects.filter(pk=source.pk).update(kind=site.spec.kind, depth=site.spec.depth)


def pause(every: timedelta, failures: int) -> timedelta:
    """Until the next run: longer the more runs in a row gave nothing."""
    return every * (1 << min(failures, _MOST_DOUBLINGS))


@contextmanager
def locked(sources: Sequence[Source]) -> Iterator[None]:
    """One crawl of a source at a time on this machine; the lock dies with its process. Raises AlreadyCrawling."""
    folder = settings.DATA_DIR / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for source in sorted(sources, key=lambda source: str(source.pk)):
            try:
                stack.enter_context(FileLock(folder / f"source-{source.pk}.lock", timeout=0))
            except Timeout:
                raise AlreadyCrawling(f"{source.url} is being crawled already.") from None
        yield
