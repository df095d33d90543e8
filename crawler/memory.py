"""What is known from crawl to crawl: pages and pictures, when they are due, and what a page showed.

Reads are for the spider, by way of a thread; writes come from the one writer thread, batch by batch. In
`GALLERY_MODE=watch` nothing about pictures is written or used.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crawler.frontiers.frontier import MAX_KNOWN_URLS, SourceSpec, Visit
from crawler.frontiers.pictures import StoredImage
from crawler.frontiers.traps import identity
from crawler.items import FailedItem, FoundItem, ImageItem, MovedItem, ReadItem
from crawler.models import Page, PagePicture, Picture, url_digest

FIRST_INTERVAL_SECONDS = 24 * 3600
GONE = frozenset({404, 410})
# A page that is gone so many times in a row is forgotten.
GONE_TIMES = 3
_LOOK_UP = 500
_ETAG, _DATE, _TYPE = 300, 60, 100
_READ_FIELDS = [
    "status", "title", "moved_to", "etag", "last_modified", "content_hash", "fetched_at", "changed_at", "due_at",
    "interval_seconds", "failures",
]  # fmt: skip


def watching() -> bool:
    return bool(settings.GALLERY_MODE == "watch")


def next_interval(before: int, changed: bool, first: int = FIRST_INTERVAL_SECONDS) -> int:
    """Seconds until the next visit: half where it changed, half as much again where not; `before` 0: never visited."""
    wished = first if not before else before // 2 if changed else before * 3 // 2
    return int(max(settings.REVISIT_MIN_SECONDS, min(wished, settings.REVISIT_MAX_SECONDS)))


def first_picture_interval() -> int:
    """Pictures hardly ever change where they are."""
    return int(max(FIRST_INTERVAL_SECONDS, settings.REVISIT_MAX_SECONDS // 4))


# --- Reading ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownPicture:
    """A picture as it was at an earlier crawl. `due`: to be asked for again, with its validators."""

    url: str
    image: StoredImage
    etag: str
    last_modified: str
    interval: int
    due: bool


@dataclass(frozen=True, slots=True)
class Recollection:
    """What a source's frontier was left with: pages to visit, in order, and pages known besides."""

    visits: list[Visit]
    known: list[str]


def frontier(spec: SourceSpec, *, due_only: bool = False, since: datetime | None = None) -> Recollection:
    """What a run begins with: where the source starts, pages never read, then the others, the oldest first.

    `due_only`: only pages that are due. `since`: only what has not been visited from then on, for a run that goes on.
    Pages that lie deeper than the source goes now come only if a link leads there.
    """
    now = timezone.now()
    rows = Page.objects.filter(source_id=spec.source_id, depth__lte=spec.depth).order_by("depth", "pk")
    pages = {identity(page.url): page for page in rows[:MAX_KNOWN_URLS]}
    visits, known = [], []
    for page in sorted(pages.values(), key=_turn):
        wanted = page.fetched_at is None or _is_wanted(page, now, due_only, since)
        visits.append(_visit(page, spec)) if wanted else known.append(page.url)
    starts = [_first_visit(url, pages, visits, spec) for url in spec.starts]
    first = [visit for visit in starts if visit is not None and visit.url not in known]
    return Recollection(first + [visit for visit in visits if visit not in first], known)


def _turn(page: Page) -> tuple[bool, float, int]:
    return page.fetched_at is not None, page.fetched_at.timestamp() if page.fetched_at else page.depth, page.pk


def _is_wanted(page: Page, now: datetime, due_only: bool, since: datetime | None) -> bool:
    if since is not None:
        return page.fetched_at is None or page.fetched_at < since
    return not due_only or page.due_at <= now


def _first_visit(url: str, pages: dict[str, Page], visits: Sequence[Visit], spec: SourceSpec) -> Visit | None:
    page = pages.get(identity(url))
    if page is None:
        return Visit(url, 0)
    visit = _visit(page, spec)
    return visit if visit in visits else None


def _visit(page: Page, spec: SourceSpec) -> Visit:
    if watching() or spec.needs_browser:
        # Each visit compares afresh; and a browser that is told "not modified" has nothing to draw.
        return Visit(page.url, page.depth, content_hash=page.content_hash)
    return Visit(page.url, page.depth, 0, page.etag, page.last_modified, page.content_hash)


def recall(urls: Collection[str]) -> dict[str, KnownPicture]:
    """The pictures among `urls` that are known from before."""
    if watching() or not urls:
        return {}
    digests = [url_digest(url) for url in urls]
    found: dict[str, KnownPicture] = {}
    for start in range(0, len(digests), _LOOK_UP):
        for picture in Picture.objects.filter(digest__in=digests[start : start + _LOOK_UP]):
            found[picture.url] = _known(picture)
    return found


def shown_by(source_id: str, page_url: str) -> tuple[str, list[KnownPicture]]:
    """The title of a page and the pictures it showed when it was last read."""
    page = Page.objects.filter(source_id=source_id, digest=page_digest(page_url)).first()
    if page is None or watching():
        return "", []
    shown = PagePicture.objects.filter(page=page).select_related("picture").order_by("pk")
    return page.title, [_known(one.picture) for one in shown]


def _known(picture: Picture) -> KnownPicture:
    return KnownPicture(
        picture.url,
        StoredImage(picture.sha256, picture.size, picture.content_type),
        picture.etag,
        picture.last_modified,
        picture.interval_seconds,
        # A picture that is inside its page has no address of its own to ask.
        due=picture.due_at <= timezone.now() and "#" not in picture.url,
    )


def unread(source_id: str) -> int:
    return Page.objects.filter(source_id=source_id, fetched_at=None).count()


# --- Forgetting ------------------------------------------------------------------------------------------------


def forget(sha256: str) -> None:
    """Fetch the picture anew where it is met again: ingest has neither its faces nor its bytes."""
    with transaction.atomic():
        pages = Page.objects.filter(pictures__picture__sha256=sha256).values_list("pk", flat=True)
        Page.objects.filter(pk__in=list(pages)).update(
            etag="", last_modified="", content_hash="", due_at=timezone.now()
        )
        Picture.objects.filter(sha256=sha256).delete()


# --- Writing ---------------------------------------------------------------------------------------------------


def page_digest(url: str) -> str:
    return url_digest(identity(url))


def write_found(items: Iterable[FoundItem]) -> None:
    rows = {
        (item.site.spec.source_id, page_digest(url)): Page(
            source_id=item.site.spec.source_id, url=url, digest=page_digest(url), depth=depth
        )
        for item in items
        for url, depth in item.pages
    }
    Page.objects.bulk_create([rows[key] for key in sorted(rows)], ignore_conflicts=True)


def write_pictures(items: Iterable[ImageItem]) -> None:
    """What was asked now with its validators; what was only seen, as seen."""
    if watching():
        return
    asked: dict[str, Picture] = {}
    seen: dict[str, Picture] = {}
    for item in items:
        for url in dict.fromkeys([item.url, *(showing.image_url for showing in item.showings)]):
            if url:
                row = _picture(url, item)
                (seen if item.interval is None else asked)[row.digest] = row
    _upsert([row for digest, row in seen.items() if digest not in asked], ["seen_at"])
    _upsert(
        list(asked.values()),
        ["sha256", "size", "content_type", "etag", "last_modified", "fetched_at", "seen_at", "due_at",
         "interval_seconds"],
    )  # fmt: skip


def _picture(url: str, item: ImageItem) -> Picture:
    now, interval = timezone.now(), item.interval or next_interval(0, True)
    own = url == item.url
    return Picture(
        url=url,
        digest=url_digest(url),
        sha256=item.image.sha256,
        size=item.image.size,
        content_type=item.image.content_type[:_TYPE],
        etag=_validator(item.etag, _ETAG) if own else "",
        last_modified=_validator(item.last_modified, _DATE) if own else "",
        fetched_at=now,
        seen_at=now,
        due_at=now + timedelta(seconds=interval),
        interval_seconds=interval,
    )


def _upsert(rows: list[Picture], fields: list[str]) -> None:
    rows.sort(key=lambda row: row.digest)
    if rows:
        Picture.objects.bulk_create(rows, update_conflicts=True, unique_fields=["digest"], update_fields=fields)


def _validator(value: str, limit: int) -> str:
    """A validator that is cut would never match: none is better."""
    return value if len(value) <= limit else ""


def write_visits(items: Sequence[ReadItem | FailedItem | MovedItem]) -> None:
    """What became of pages that were visited."""
    by_source: dict[str, list[ReadItem | FailedItem | MovedItem]] = {}
    for item in items:
        by_source.setdefault(item.site.spec.source_id, []).append(item)
    for source_id, theirs in by_source.items():
        _write_visits(source_id, theirs)


def _write_visits(source_id: str, items: Sequence[ReadItem | FailedItem | MovedItem]) -> None:
    latest = {page_digest(item.visit.url): item for item in items}
    known = {page.digest: page for page in Page.objects.filter(source_id=source_id, digest__in=list(latest))}
    kept: list[Page] = []
    gone: list[Page] = []
    for digest, item in sorted(latest.items()):
        page = known.get(digest) or Page(
            source_id=source_id, url=identity(item.visit.url), digest=digest, depth=item.visit.depth
        )
        (gone if _apply(page, item) else kept).append(page)
    if kept:
        Page.objects.bulk_create(
            kept, update_conflicts=True, unique_fields=["source", "digest"], update_fields=_READ_FIELDS
        )
    Page.objects.filter(source_id=source_id, digest__in=[page.digest for page in gone]).delete()
    if not watching():
        _write_shown(source_id, {d: item for d, item in latest.items() if isinstance(item, ReadItem)})


def _apply(page: Page, item: ReadItem | FailedItem | MovedItem) -> bool:
    """Bring `page` up to date; whether it is to be forgotten."""
    now = timezone.now()
    if isinstance(item, FailedItem):
        return _fail(page, item, now)
    changed = item.target != page.moved_to if isinstance(item, MovedItem) else item.changed
    page.interval_seconds = next_interval(page.interval_seconds, changed)
    page.status, page.fetched_at, page.failures = item.status, now, 0
    page.due_at = now + timedelta(seconds=page.interval_seconds)
    if changed:
        page.changed_at = now
    if isinstance(item, MovedItem):
        page.moved_to = item.target
        page.etag = page.last_modified = page.content_hash = ""
    else:
        page.title, page.moved_to = item.title, item.canonical
        keep = item.whole and not watching()
        page.etag = _validator(item.etag, _ETAG) if keep else ""
        page.last_modified = _validator(item.last_modified, _DATE) if keep else ""
        page.content_hash = item.content_hash if item.whole else ""
    return False


def _fail(page: Page, item: FailedItem, now: datetime) -> bool:
    """Later, and later each time. What was known of it stays, unless it is gone."""
    page.failures += 1
    if item.status is not None:
        page.status = item.status
    if item.status in GONE and page.failures >= GONE_TIMES:
        return True
    page.fetched_at = page.fetched_at or now
    start = max(page.interval_seconds, settings.REVISIT_MIN_SECONDS)
    page.due_at = now + timedelta(seconds=min(start * 2 ** min(page.failures, 10), settings.REVISIT_MAX_SECONDS))
    return False


def _write_shown(source_id: str, items: dict[str, ReadItem]) -> None:
    """Which pictures each page shows now, in place of what it showed before."""
    if not items:
        return
    wanted = {url_digest(url) for item in items.values() for url in item.pictures}
    pictures: dict[str, int] = {}
    digests = sorted(wanted)
    for start in range(0, len(digests), _LOOK_UP):
        found = Picture.objects.filter(digest__in=digests[start : start + _LOOK_UP])
        pictures.update(found.values_list("digest", "pk"))
    pages = dict(Page.objects.filter(source_id=source_id, digest__in=list(items)).values_list("digest", "pk"))
    rows: list[PagePicture] = []
    stale = Q()
    for digest, item in items.items():
        if digest not in pages or not item.changed:
            continue
        ids = [pictures[key] for key in dict.fromkeys(map(url_digest, item.pictures)) if key in pictures]
        stale |= Q(page_id=pages[digest])
        rows += [PagePicture(page_id=pages[digest], picture_id=pk) for pk in ids]
    if stale:
        PagePicture.objects.filter(stale).delete()
        PagePicture.objects.bulk_create(rows, ignore_conflicts=True)
