"""What is known from crawl to crawl: intervals that follow change, failures that wait longer, and what is forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crawler import holdings, memory
from crawler.frontiers.frontier import Site, SourceSpec, Visit
from crawler.frontiers.pictures import Showing, StoredImage
from crawler.items import FailedItem, FoundItem, ImageItem, ReadItem
from crawler.models import CrawlRun, Page, PagePicture, Picture, Source
from crawler.run_records import pause
from crawler.states import SourceState
from crawler.tasks import due_sources, start_due
from crawler.writer import write_rows

HOME = "http://site.example/"
IMAGE = StoredImage("a" * 64, 10, "image/jpeg")
DAY = 24 * 3600

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    return Source.objects.create(url=HOME, digest="d", host="site.example")


@pytest.fixture
def site(source: Source) -> Site:
    run = CrawlRun.objects.create(source=source)
    return Site(str(run.pk), SourceSpec(str(source.pk), "site", HOME))


def read(site: Site, url: str = HOME, *pictures: str, changed: bool = True, whole: bool = True) -> None:
    showings = [Showing(site, url, "", 0, picture, "img") for picture in pictures]
    page = ReadItem(site, Visit(url, 0), 200, "T", '"e"', "", "hash", "", pictures, changed, whole)
    write_rows([ImageItem(IMAGE, [showing], None, showing.image_url, interval=DAY) for showing in showings] + [page])


def test_intervals_halve_with_change_and_grow_without_between_bounds(settings: Any) -> None:
    settings.REVISIT_MIN_SECONDS, settings.REVISIT_MAX_SECONDS = 10, 100
    assert memory.next_interval(0, True, first=40) == 40
    assert memory.next_interval(40, True) == 20 and memory.next_interval(40, False) == 60
    assert memory.next_interval(11, True) == 10 and memory.next_interval(90, False) == 100


def test_a_run_begins_with_its_start_then_what_is_new_then_the_oldest(site: Site) -> None:
    read(site, HOME + "first")
    read(site, HOME + "second")
    write_rows([FoundItem(site, [(HOME + "deep", 2), (HOME + "near", 1)])])
    known = memory.frontier(site.spec)
    assert [visit.url.removeprefix(HOME) for visit in known.visits] == ["", "near", "deep", "first", "second"]
    assert known.visits[3].etag == '"e"' and known.visits[3].content_hash == "hash"
    due = memory.frontier(site.spec, due_only=True)
    assert [visit.url.removeprefix(HOME) for visit in due.visits] == ["", "near", "deep"]
    assert sorted(due.known) == [HOME + "first", HOME + "second"]
    later = memory.frontier(site.spec, since=timezone.now())
    assert [visit.url.removeprefix(HOME) for visit in later.visits][-2:] == ["first", "second"]


def test_a_page_that_fails_waits_longer_each_time_and_keeps_what_is_known(site: Site, settings: Any) -> None:
    read(site)
    waits = []
    for _ in range(3):
        write_rows([FailedItem(site, Visit(HOME, 0), 503)])
        page = Page.objects.get()
        waits.append(page.due_at - timezone.now())
    assert waits[0] < waits[1] < waits[2] <= timedelta(seconds=settings.REVISIT_MAX_SECONDS)
    assert page.etag == '"e"' and page.failures == 3
    read(site)
    assert Page.objects.get().failures == 0
    for _ in range(3):
        write_rows([FailedItem(site, Visit(HOME, 0), 410)])
    assert not Page.objects.exists()


def test_what_a_page_shows_now_replaces_what_it_showed(site: Site) -> None:
    read(site, HOME, HOME + "a.jpg", HOME + "b.jpg")
    read(site, HOME, HOME + "b.jpg", HOME + "c.jpg")
    title, shown = memory.shown_by(site.spec.source_id, HOME)
    assert title == "T" and [known.url for known in shown] == [HOME + "b.jpg", HOME + "c.jpg"]
    read(site, HOME, changed=False)
    assert PagePicture.objects.count() == 2


def test_a_page_that_was_not_had_whole_is_asked_for_without_conditions(site: Site) -> None:
    read(site, HOME, whole=False)
    (visit,) = memory.frontier(site.spec).visits
    assert visit == Visit(HOME, 0)


def test_a_picture_that_ingest_misses_is_fetched_anew_with_its_pages(site: Site) -> None:
    read(site, HOME, HOME + "a.jpg")
    assert not memory.recall([HOME + "a.jpg"])[HOME + "a.jpg"].due
    memory.forget(IMAGE.sha256)
    assert memory.recall([HOME + "a.jpg"]) == {}
    (visit,) = memory.frontier(site.spec, due_only=True).visits
    assert visit.url == HOME and not visit.etag and not visit.content_hash


def test_in_watch_mode_nothing_of_pictures_is_kept_or_used(site: Site, settings: Any) -> None:
    read(site, HOME, HOME + "a.jpg")
    settings.GALLERY_MODE = "watch"
    assert memory.recall([HOME + "a.jpg"]) == {} and memory.shown_by(site.spec.source_id, HOME) == ("", [])
    assert not memory.frontier(site.spec).visits[0].etag
    Picture.objects.all().delete()
    read(site, HOME, HOME + "b.jpg")
    assert not Picture.objects.exists() and not Page.objects.get().etag


def test_a_failing_write_costs_the_one_item(site: Site) -> None:
    read(site, HOME, HOME + "a" * 3000 + ".jpg")
    assert Picture.objects.count() == 1


def test_due_sources_are_enqueued_once(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr("crawler.tasks.crawl.delay", lambda *args, **kwargs: asked.append((*args, kwargs)))
    start_due()
    assert asked == []
    source.every, source.next_run_at = timedelta(days=1), timezone.now() - timedelta(minutes=1)
    source.save()
    start_due()
    start_due()
    assert asked == [(str(source.pk), {"due_only": True})]
    Source.objects.update(next_run_at=None)
    run = CrawlRun.objects.create(source=source, state="paused", wish="pause")
    assert due_sources() == []
    run.delete()
    Source.objects.update(state=SourceState.PAUSED)
    assert due_sources() == []


def test_a_source_that_gives_nothing_is_asked_less_and_less() -> None:
    day = timedelta(days=1)
    assert [pause(day, failures) / day for failures in (0, 1, 2, 9)] == [1, 2, 4, 32]


def test_what_was_not_seen_for_long_is_swept(site: Site, source: Source) -> None:
    read(site, HOME, HOME + "a.jpg")
    assert holdings._sweep_memory() == 0
    long_ago = timezone.now() - timedelta(days=91)
    Picture.objects.update(seen_at=long_ago)
    Page.objects.update(fetched_at=long_ago)
    Source.objects.update(every=timedelta(days=1))
    holdings._sweep_memory()
    assert not Picture.objects.exists() and Page.objects.exists()
    Source.objects.update(state=SourceState.PAUSED)
    holdings._sweep_memory()
    assert not Page.objects.exists()


def test_reported_pages_are_swept_half_a_year_after_the_last_look() -> None:
    old = timezone.now() - timedelta(days=181)
    for digest, started in (("one", old), ("two", timezone.now())):
        page = Source.objects.create(url=HOME, digest=digest, kind=Source.Kind.PAGE, created_at=old)
        CrawlRun.objects.create(source=page, started_at=started)
    holdings._sweep_reports()
    assert [source.digest for source in Source.objects.all()] == ["two"]
