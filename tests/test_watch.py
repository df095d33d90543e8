"""After a removal the operator's other hosts are watched, by what crawls see there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from crawler.models import url_digest
from search import pictures
from search.models import Enrolment, Image, Match, Sighting
from takedowns import contacts, delivery, relapse, tasks, verification, watch
from takedowns.models import Case, Operator
from takedowns.states import Outcome
from tests import cases, photos
from tests.sites import Reply, Site

GONE = Reply(b"Gone", status=410)
MIRROR = "mirror.example"


@pytest.fixture(autouse=True)
def _registry(settings: Any) -> Iterator[None]:
    settings.VERIFICATION_INTERVAL_SECONDS = 0
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        yield


@pytest.fixture
def removed(enrolled_alice: Enrolment, carol: User, site: Site, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case that ended with the picture removed, by an operator that has another host."""
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    delivery.send(cases.approved(case, carol))
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    for _ in range(2):
        verification.verify(case.urls.get())
    case.refresh_from_db()
    assert case.outcome == Outcome.REMOVED
    relapse.screen_new_matches()
    monkeypatch.setattr(contacts, "other_hosts", lambda _operator: [MIRROR])
    return case


def sighted(pixels: photos.Rgb, host: str, number: int = 1) -> Sighting:
    """A crawl saw a picture in which no face was good enough to be compared."""
    image = Image.objects.create(
        sha256=f"{number:064x}", pdq=pictures.pdq(pixels), width=512, height=512, model_id="none"
    )
    page_url, image_url = f"http://{host}/{number}", f"http://{host}/{number}.jpg"
    return Sighting.objects.create(
        image=image, page_url=page_url, image_url=image_url, digest=url_digest(page_url, image_url)
    )


def test_the_picture_on_another_host_of_the_operator_opens_a_case_that_says_so(removed: Case) -> None:
    sighting = sighted(photos.resized(photos.astronaut(), 0.15), MIRROR)
    assert watch.look_around() == 1
    (case,) = relapse.screen_new_matches()
    assert case.relapse_of == removed
    assert [url.page_url for url in case.urls.all()] == [sighting.page_url]
    assert case.events.get(kind="relapse.found").data["where"] == watch.Where.SAME_OPERATOR.label
    assert watch.look_around() == 0
    assert relapse.screen_new_matches() == []


def test_other_pictures_and_other_people_s_hosts_are_left_alone(removed: Case) -> None:
    sighted(photos.hopper(), MIRROR, 1)
    sighted(photos.reencoded(photos.astronaut()), "stranger.example", 2)
    assert watch.look_around() == 0
    assert relapse.screen_new_matches() == []


def test_what_was_there_before_the_removal_is_no_news(removed: Case) -> None:
    sighting = sighted(photos.astronaut(), MIRROR)
    Sighting.objects.filter(pk=sighting.pk).update(first_seen=removed.closed_at - timedelta(hours=1))
    assert watch.look_around() == 0


def test_a_match_of_its_own_is_not_made_a_variant(removed: Case, site: Site) -> None:
    match = cases.match_of(removed.subject, photos.reencoded(photos.astronaut()), "d")
    cases.sighting(match.image, site, "/d", "/d.jpg")
    assert watch.look_around() == 0
    assert Match.objects.count() == 2


def test_withdrawn_pictures_ended_plans_and_old_cases_are_not_watched(removed: Case, settings: Any) -> None:
    sighting = sighted(photos.astronaut(), MIRROR)
    Image.objects.filter(pk=sighting.image_id).update(withdrawn_at=timezone.now())
    assert watch.look_around() == 0
    Image.objects.update(withdrawn_at=None)
    settings.DEFAULT_PLAN = "free"
    assert watch.look_around() == 0
    settings.DEFAULT_PLAN = "protect"
    Case.objects.filter(pk=removed.pk).update(closed_at=timezone.now() - timedelta(days=366))
    assert watch.look_around() == 0


def test_a_run_that_died_is_made_up_for(removed: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.look_around()
    sighted(photos.astronaut(), MIRROR)

    def killed(*_args: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(watch, "_take", killed)
        with pytest.raises(KeyboardInterrupt):
            watch.look_around()
    assert watch.look_around() == 1


def test_a_network_before_many_sites_has_no_hosts_of_its_own(removed: Case) -> None:
    Operator.objects.update(kind=Operator.Kind.CDN)
    assert MIRROR not in watch.hosts_of(Case.objects.get(pk=removed.pk))


def test_the_hourly_run_may_run_twice(removed: Case) -> None:
    sighted(photos.astronaut(), MIRROR)
    for _ in range(2):
        tasks.look_around()
        tasks.screen_relapses()
    assert Case.objects.filter(relapse_of=removed).count() == 1
