"""Listed pictures: never measured, never kept, on the desk of senior staff and of nobody else."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from crawler import spool
from crawler.blocklists import blocklist, guidance, restricted
from crawler.models import FetchedImage, Page, PagePicture, Picture, RestrictedPicture, url_digest
from search import gallery, ingest
from search.engine.pdq import pdq, pdq_dihedral
from search.models import CrawlVolume, Enrolment, Face, Image, Match, Sighting
from takedowns import workflow
from takedowns.models import InfringingUrl, Notice
from takedowns.states import NoticeState
from tests import cases, photos
from tests.fetched import fetched
from tests.memo import RememberingPool
from tests.sites import Site
from tests.test_blocklist import a_list

ASTRONAUT, HOPPER = photos.jpeg(photos.astronaut()), photos.jpeg(photos.hopper())
LISTS = {
    "sha256": hashlib.sha256(ASTRONAUT).hexdigest(),
    "md5": hashlib.md5(ASTRONAUT, usedforsecurity=False).hexdigest(),
    "pdq": pdq(photos.mirrored(photos.astronaut())),
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What reaches the face engine."""
    seen: list[bytes] = []
    whole = RememberingPool.analyse

    def watched(self: RememberingPool, items: Iterable[bytes]) -> Iterator[Any]:
        def noted() -> Iterator[bytes]:
            for data in items:
                seen.append(data)
                yield data

        return whole(self, noted())

    monkeypatch.setattr(RememberingPool, "analyse", watched)
    return seen


def nothing_is_left(data: bytes) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    assert not FetchedImage.objects.filter(sha256=sha256).exists()
    assert not Picture.objects.filter(sha256=sha256).exists()
    assert not Image.objects.filter(sha256=sha256).exists()
    assert not Sighting.objects.filter(page_url__endswith="bad.html").exists()
    with pytest.raises(spool.NotInSpool):
        spool.get(sha256)


# At ingest


@pytest.mark.parametrize("mode", ["index", "watch"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_listed_picture_never_reaches_the_face_engine(
    kind: str, mode: str, enrolled_alice: Enrolment, analysed: list[bytes], settings: Any
) -> None:
    settings.GALLERY_MODE = mode
    a_list("A programme", **{kind: LISTS[kind]})
    fetched(ASTRONAUT, "a.jpg", "bad.html")
    fetched(ASTRONAUT, "b.jpg", "also-bad.html")
    fetched(HOPPER, "c.jpg", "good.html")
    analysed.clear()
    report = ingest.ingest_waiting()
    assert analysed == [HOPPER]
    assert report.refused == {ingest.RESTRICTED: 1}
    nothing_is_left(ASTRONAUT)
    assert not Match.objects.exists()
    rows = RestrictedPicture.objects.order_by("page_url")
    assert [row.page_url.rsplit("/", 1)[1] for row in rows] == ["also-bad.html", "bad.html"]
    assert {row.list_name for row in rows} == {"A programme"}
    assert CrawlVolume.objects.get().pictures == 1


def test_a_copy_saved_anew_is_known_by_what_it_looks_like(analysed: list[bytes]) -> None:
    a_list(pdq=pdq(photos.astronaut()))
    copy = photos.jpeg(photos.resized(photos.astronaut(), 0.7))
    fetched(copy, "a.jpg", "bad.html")
    assert ingest.ingest_waiting().refused == {ingest.RESTRICTED: 1}
    assert analysed == []
    nothing_is_left(copy)


def test_a_bad_file_is_named_also_where_it_is_fingerprinted_first() -> None:
    a_list(pdq=pdq(photos.hopper()))
    row = fetched(b"<html>not found</html>", "a.jpg")
    fetched(ASTRONAUT, "b.jpg")
    assert ingest.ingest_waiting().refused == {"not_a_picture": 1}
    row.refresh_from_db()
    assert row.outcome == "not_a_picture"
    assert Image.objects.count() == 1


def test_the_hashes_of_a_picture_read_small_are_near_those_of_the_whole() -> None:
    whole = photos.resized(photos.astronaut(), 6.0)
    (small,) = RememberingPool(None).fingerprint([photos.jpeg(whole)])  # type: ignore[arg-type]
    a_list(pdq=pdq_dihedral(whole)[3])
    assert blocklist.pdq_lists(small) == "A list"  # type: ignore[arg-type]


# What was known before the list


@pytest.mark.parametrize("kind", ["sha256", "pdq"])
def test_when_a_list_grows_what_is_on_it_goes(
    kind: str, enrolled_alice: Enrolment, django_capture_on_commit_callbacks: Any
) -> None:
    row = fetched(ASTRONAUT, "a.jpg", "bad.html")
    page = Page.objects.create(source=row.run.source, url=row.page_url, digest=url_digest(row.page_url), depth=0)
    known = Picture.objects.create(
        url=row.image_url, digest=url_digest(row.image_url), sha256=row.sha256, size=row.size
    )
    PagePicture.objects.create(page=page, picture=known)
    fetched(HOPPER, "c.jpg", "good.html")
    ingest.ingest_waiting()
    assert Match.objects.count() == 1
    assert gallery.stats().count == 2
    a_list(**{kind: LISTS[kind]})
    with django_capture_on_commit_callbacks(execute=True):
        assert ingest.ingest_waiting().withdrawn == 1
    nothing_is_left(ASTRONAUT)
    assert not Match.objects.exists()
    assert (Face.objects.count(), gallery.stats().count) == (1, 1)
    assert RestrictedPicture.objects.get().page_url.endswith("bad.html")
    assert ingest.ingest_waiting().withdrawn == 0


def test_a_list_that_grows_while_a_batch_is_measured_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched(ASTRONAUT, "a.jpg", "bad.html")
    whole = RememberingPool.analyse

    def grown(self: RememberingPool, items: Iterable[bytes]) -> Iterator[Any]:
        for outcome in whole(self, items):
            a_list(sha256=LISTS["sha256"])
            yield outcome

    monkeypatch.setattr(RememberingPool, "analyse", grown)
    assert ingest.ingest_waiting().withdrawn == 1
    nothing_is_left(ASTRONAUT)


def test_listed_by_md5_alone_it_goes_when_it_is_fetched_again() -> None:
    fetched(ASTRONAUT, "a.jpg", "bad.html")
    ingest.ingest_waiting()
    a_list(md5=LISTS["md5"])
    assert ingest.ingest_waiting().withdrawn == 0  # no MD5 is kept of a picture
    guard = blocklist.guard()
    guard.restrict("https://x.example/", "https://x.example/a.jpg", guard.digest(ASTRONAUT))
    assert ingest.ingest_waiting().withdrawn == 1
    nothing_is_left(ASTRONAUT)


def test_a_case_about_a_listed_picture_stops(
    enrolled_alice: Enrolment, carol: User, site: Site, rdap_registry: None
) -> None:
    match = cases.astronaut_match(enrolled_alice.subject, site)
    case = cases.open_case(match)
    assert case.notices.get().state == NoticeState.DRAFT
    a_list(sha256=match.image.sha256)
    ingest.ingest_waiting()
    workflow.prepare_abandoned()
    assert workflow.prepare_abandoned() == []
    assert Notice.objects.get().state == NoticeState.WITHDRAWN
    assert not InfringingUrl.objects.exists()
    assert not Sighting.objects.exists()
    item = case.work_items.get()
    assert item.kind == "minor"
    assert "Captures made before: 1" in item.text
    image = Image.objects.get()
    assert image.withdrawn_at is not None
    with pytest.raises(workflow.NotAllowed):
        workflow.prepare(case)


# The desk


@pytest.fixture
def picture() -> RestrictedPicture:
    restricted.note([("https://bad.example/page", "https://bad.example/picture.jpg")], "A programme")
    return RestrictedPicture.objects.get()


def test_the_desk_shows_addresses_as_text_and_nothing_else(
    picture: RestrictedPicture, dana: User, client_for: Callable[[User], Client]
) -> None:
    html = client_for(dana).get(reverse("crawler:restricted")).content.decode()
    assert "https://bad.example/page" in html
    assert "https://bad.example/picture.jpg" in html
    assert 'href="https://bad.example' not in html
    assert 'src="https://bad.example' not in html
    assert "<img" not in html.split("<main", 1)[1].split("</main>", 1)[0]
    assert "A programme" in html
    assert all(step.citation in html for step in guidance.REPORTING[:1])


def test_it_is_for_senior_staff_alone(
    picture: RestrictedPicture, alice: User, carol: User, client_for: Callable[[User], Client]
) -> None:
    urls = [
        reverse("crawler:restricted"),
        reverse("crawler:restricted_report", args=[picture.pk]),
        reverse("crawler:restricted_close", args=[picture.pk]),
    ]
    for user in (alice, carol):
        browser = client_for(user)
        assert [browser.get(url).status_code for url in urls] == [404] * 3
        assert [browser.post(url, {"reference": "x", "reason": "x"}).status_code for url in urls] == [404] * 3
    picture.refresh_from_db()
    assert picture.state == "open"


def test_reported_then_closed_with_a_number_and_a_reason(
    picture: RestrictedPicture, dana: User, client_for: Callable[[User], Client]
) -> None:
    browser = client_for(dana)
    report, close = (reverse(f"crawler:restricted_{act}", args=[picture.pk]) for act in ("report", "close"))
    assert browser.post(report, {"reference": " "}).status_code == 422
    assert browser.post(close, {}).status_code == 422
    assert browser.post(report, {"reference": "CT-1234"}).status_code == 302
    assert browser.post(report, {"reference": "CT-9999"}, follow=True).status_code == 200  # somebody was faster
    assert browser.post(close, {"reason": "Reported and acknowledged."}).status_code == 302
    picture.refresh_from_db()
    assert (picture.state, picture.reference, picture.note) == ("closed", "CT-1234", "Reported and acknowledged.")
    assert picture.handled_by == dana
    events = AuditEvent.objects.filter(action__startswith="restricted.").values_list("action", "actor", "detail")
    assert list(events) == [("restricted.reported", dana.pk, {}), ("restricted.closed", dana.pk, {})]


def test_what_is_open_comes_first(dana: User, client_for: Callable[[User], Client]) -> None:
    for number, state in enumerate(["closed", "reported", "open"]):
        restricted.note([(f"https://bad.example/{state}", f"https://bad.example/{number}.jpg")], "A list")
        RestrictedPicture.objects.filter(page_url__endswith=state).update(state=state, found_at=timezone.now())
    html = client_for(dana).get(reverse("crawler:restricted")).content.decode()
    places = [html.index(f"https://bad.example/{state}") for state in ("open", "reported", "closed")]
    assert places == sorted(places)
