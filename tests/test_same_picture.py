"""Near-duplicates of one picture are one match with many places, whichever way it was found."""

import pytest
from django.utils import timezone

from search import gallery, ingest, matching, review
from search.models import Enrolment, Face, Image, Match, Sighting
from search.states import Decision
from tests import photos
from tests.fetched import fetched

ASTRONAUT = photos.astronaut()
FIRST = photos.jpeg(ASTRONAUT)
SMALL = photos.jpeg(photos.resized(ASTRONAUT, 0.5), 60)
RECOLOURED = photos.jpeg(photos.recoloured(ASTRONAUT))
CROPPED = photos.jpeg(photos.cropped(ASTRONAUT))


def ingest_pictures(**pictures: bytes) -> None:
    for name, data in pictures.items():
        fetched(data, f"{name}.jpg", f"{name}.html")
    ingest.ingest_waiting()


def places(match: Match) -> set[str]:
    return {sighting.page_url.rsplit("/", 1)[1] for sighting in match.places()}


def test_copies_of_one_picture_are_one_match_with_many_places(enrolled_alice: Enrolment) -> None:
    ingest_pictures(first=FIRST, small=SMALL, recoloured=RECOLOURED, cropped=CROPPED)
    by_places = sorted(places(match) for match in Match.objects.all())
    assert sorted(by_places, key=len) == [{"cropped.html"}, {"first.html", "small.html", "recoloured.html"}]
    assert Image.objects.count() == 4


def test_a_copy_that_comes_later_joins_and_asks_nothing_anew(enrolled_alice: Enrolment) -> None:
    user = enrolled_alice.subject.user
    ingest_pictures(first=FIRST)
    review.dismiss(Match.objects.get(), user)
    ingest_pictures(small=SMALL)
    match = Match.objects.get()
    assert match.state == "dismissed"
    assert places(match) == {"first.html", "small.html"}


def test_an_altered_copy_of_what_was_to_go_is_news(enrolled_alice: Enrolment) -> None:
    ingest_pictures(first=FIRST)
    review.confirm(Match.objects.get(), enrolled_alice.subject.user, Decision.ACT)
    ingest_pictures(small=SMALL)
    assert Match.objects.filter(state="candidate").count() == 1


def test_backward_groups_as_forward_does(enrolled_alice: Enrolment) -> None:
    ingest_pictures(first=FIRST, small=SMALL, recoloured=RECOLOURED, cropped=CROPPED)
    forward = sorted(sorted(places(match)) for match in Match.objects.all())
    Match.objects.all().delete()
    assert matching.backward(enrolled_alice) == 2
    assert sorted(sorted(places(match)) for match in Match.objects.all()) == forward
    assert matching.backward(enrolled_alice) == 0


def test_two_subjects_matches_are_never_joined(enrolled_alice: Enrolment) -> None:
    ingest_pictures(together=photos.jpeg(photos.beside(photos.hopper(), ASTRONAUT)))
    assert Match.objects.get().variants.count() == 0


def test_a_variant_is_kept_as_long_as_its_match(enrolled_alice: Enrolment) -> None:
    ingest_pictures(first=FIRST, small=SMALL)
    review.confirm(Match.objects.get(), enrolled_alice.subject.user, Decision.ACT)
    Image.objects.update(last_seen=timezone.now() - timezone.timedelta(days=10_000))
    gallery.expire(timezone.now())
    assert places(Match.objects.get()) == {"first.html", "small.html"}


@pytest.mark.django_db
def test_places_cost_no_query_once_prefetched(enrolled_alice: Enrolment, django_assert_num_queries: object) -> None:
    ingest_pictures(first=FIRST, small=SMALL)
    (match,) = review.visible_matches(enrolled_alice.subject.user)
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert len(match.places()) == Sighting.objects.none().count() or places(match)
    assert Face.objects.count() == 2
