"""Sites left alone: nothing is asked about them, nothing is answered for anybody, and another site is news."""

import pytest
from django.utils import timezone

from accounts.models import User
from crawler.models import FetchedImage, url_digest
from search import filters, leaving, review, sightings
from search.models import Image, LeftSite, Match, Sighting, Subject
from search.states import Decision, MatchState
from tests.fetched import a_run
from tests.matches import make_match

HERE, THERE = "shop.example", "forum.example"


@pytest.fixture
def subject(alice: User) -> Subject:
    return Subject.objects.create(user=alice)


def fetched(image: Image, site: str) -> FetchedImage:
    page = f"https://{site}/new/{image.pk}"
    return FetchedImage.objects.create(
        run=a_run(),
        size=1,
        page_url=page,
        image_url=f"{page}.jpg",
        digest=url_digest(page, f"{page}.jpg"),
        sha256=image.sha256,
    )


def crawl(match: Match, site: str) -> None:
    """As ingest writes that a known picture was seen on a site."""
    sightings.write({match.image.sha256: match.image}, [fetched(match.image, site)])


def told(match: Match) -> bool:
    match.refresh_from_db()
    return match.alerted_at is not None


def test_leaving_twice_is_leaving_once(alice: User, subject: Subject) -> None:
    assert leaving.leave_site(alice, HERE)
    assert not leaving.leave_site(alice, HERE)
    assert LeftSite.objects.count() == 1
    assert leaving.listen_again(alice, HERE)
    assert not leaving.listen_again(alice, HERE)


def test_what_is_only_there_is_not_asked_about_and_not_answered(alice: User, subject: Subject) -> None:
    match = make_match(subject, places=2)
    assert leaving.asked(match)
    leaving.leave_site(alice, HERE)
    assert not leaving.asked(match)
    assert filters.to_look_at(alice) == 0
    match.refresh_from_db()
    assert (match.state, match.decision) == (MatchState.CANDIDATE, Decision.NONE)
    leaving.listen_again(alice, HERE)
    assert leaving.asked(match)
    assert filters.to_look_at(alice) == 1


def test_what_is_elsewhere_too_is_asked_about(alice: User, subject: Subject) -> None:
    match = make_match(subject)
    crawl(match, THERE)
    leaving.leave_site(alice, HERE)
    assert leaving.asked(match)
    assert filters.to_look_at(alice) == 1
    leaving.leave_site(alice, THERE)
    assert not leaving.asked(match)


def test_what_is_elsewhere_as_another_file_is_asked_about(alice: User, subject: Subject) -> None:
    match, other = make_match(subject), make_match(subject)
    other.image.sightings.update(site=THERE)
    match.variants.add(other.image)
    leaving.leave_site(alice, HERE)
    assert leaving.asked(match)
    assert review.of(alice).filter(leaving.left(alice)).count() == 0


def test_what_was_seen_nowhere_is_asked_about(alice: User, subject: Subject) -> None:
    match = make_match(subject, places=0)
    leaving.leave_site(alice, HERE)
    assert leaving.asked(match)
    assert review.of(alice).filter(leaving.not_left(alice)).get() == match


def test_the_queries_agree_with_the_question(alice: User, subject: Subject) -> None:
    matches = [make_match(subject, places=places) for places in (0, 1, 2)]
    crawl(matches[2], THERE)
    for named in ([], [HERE], [THERE], [HERE, THERE]):
        LeftSite.objects.all().delete()
        for site in named:
            leaving.leave_site(alice, site)
        for match in matches:
            found = Match.objects.filter(pk=match.pk)
            assert found.filter(leaving.not_left(alice)).exists() == leaving.asked(match)
            assert found.filter(leaving.left(alice)).exists() != leaving.asked(match)


def test_on_another_site_it_is_news_again_once(alice: User, subject: Subject) -> None:
    match = make_match(subject)
    Match.objects.update(alerted_at=timezone.now())
    leaving.leave_site(alice, HERE)
    crawl(match, HERE)
    assert told(match), "once more on the same site is no news"
    crawl(match, THERE)
    assert not told(match)
    Match.objects.update(alerted_at=timezone.now())
    crawl(match, THERE)
    crawl(match, "third.example")
    assert told(match), "it was told by then"


@pytest.mark.parametrize("answer", ["keep", "not_me", "unsure"])
def test_what_was_answered_is_no_news_anywhere(alice: User, subject: Subject, answer: str) -> None:
    match = make_match(subject)
    review.ANSWERS[answer](match, alice)
    Match.objects.update(alerted_at=timezone.now())
    leaving.leave_site(alice, HERE)
    crawl(match, THERE)
    assert told(match)


def test_one_persons_site_is_nobody_elses(alice: User, bob: User, subject: Subject) -> None:
    bobs = make_match(Subject.objects.create(user=bob))
    make_match(subject)
    leaving.leave_site(alice, HERE)
    assert leaving.asked(bobs)
    assert filters.to_look_at(bob) == 1
    assert not leaving.listen_again(bob, HERE)
    assert LeftSite.objects.count() == 1


def test_nothing_is_left_without_matches(bob: User) -> None:
    with pytest.raises(Subject.DoesNotExist):
        leaving.leave_site(bob, HERE)
    assert not Sighting.objects.exists()
