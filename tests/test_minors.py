"""A picture that may show a minor: gone from everywhere, asked for by nobody, known again by its bytes."""

import hashlib
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from crawler import spool
from crawler.blocklists import blocklist, restricted
from crawler.models import Evidence, RestrictedPicture
from search import ingest, previews, review, withdrawal
from search.models import Enrolment, Face, Image, Match, Sighting, Subject
from search.refetch import Missing, NotFetched, Web
from search.states import Decision, MatchState
from takedowns import relapse, verification, workflow
from takedowns.models import Case, InfringingUrl
from tests import cases, photos
from tests.cases import ANSWERS
from tests.fetched import fetched
from tests.sites import Site

MINOR = {**ANSWERS, "minor": "yes"}

pytestmark = pytest.mark.usefixtures("rdap_registry")


@pytest.fixture
def match(enrolled_alice: Enrolment, site: Site) -> Match:
    """Of the very file that the site has, with a variant that was seen elsewhere on it."""
    made = cases.astronaut_match(enrolled_alice.subject, site)
    Image.objects.update(sha256=hashlib.sha256(cases.photo().body).hexdigest())
    made.image.refresh_from_db()
    variant = Image.objects.create(sha256="b" * 64, pdq=made.image.pdq, width=1, height=1, model_id=made.model_id)
    cases.sighting(variant, site, "/variant", "/variant.jpg")
    made.variants.add(variant)
    Match.objects.update(sealed_preview=b"sealed")
    return made


@pytest.fixture
def case(match: Match, alice: User) -> Case:
    return workflow.open_case(match, alice, MINOR)


def test_nothing_is_left_but_where_it_was(case: Case) -> None:
    assert not Face.objects.exists()
    assert not Sighting.objects.exists()
    assert not InfringingUrl.objects.exists()
    match = Match.objects.get()
    assert (match.sealed_preview, match.face, match.variants.count()) == (None, None, 0)
    (image,) = Image.objects.all()
    assert image.withdrawn_at is not None
    assert image.pdq == ""
    places = RestrictedPicture.objects.order_by("image_url")
    assert [place.image_url.rsplit("/", 1)[1] for place in places] == ["photo.jpg", "variant.jpg"]
    assert {place.list_name for place in places} == {withdrawal.REPORTED_MINOR}
    assert all(restricted.is_restricted(place.image_url) for place in places)


def test_nobody_asks_for_its_address_again(case: Case, site: Site) -> None:
    site.requests.clear()
    previews.fill_missing()
    relapse.screen_new_matches()
    verification.verify_due()
    workflow.prepare_abandoned()
    with pytest.raises(NotFetched) as gone:
        Web().again(Image.objects.get())
    assert gone.value.why == Missing.GONE
    with pytest.raises(workflow.NotAllowed):
        workflow.prepare(case)
    assert not site.requests
    assert not Evidence.objects.exists()


def test_the_same_bytes_at_another_address_are_known_again(case: Case) -> None:
    data = cases.photo().body
    assert blocklist.known(data) == blocklist.WITHDRAWN
    row = fetched(data, "elsewhere.jpg", "elsewhere.html")
    assert ingest.ingest_waiting().refused == {ingest.RESTRICTED: 1}
    assert RestrictedPicture.objects.filter(page_url=row.page_url).exists()
    assert not Face.objects.exists()
    assert Match.objects.count() == 1
    with pytest.raises(spool.NotInSpool):
        spool.get(row.sha256)


def test_it_is_shown_on_no_page_but_as_a_line_in_the_case(
    case: Case, alice: User, client_for: Callable[[User], Client]
) -> None:
    browser = client_for(alice)
    assert not review.visible_matches(alice).exists()
    for name in ("search:match", "search:preview"):
        assert browser.get(reverse(name, args=[case.match_id])).status_code == 404
    html = browser.get(reverse("takedowns:case", args=[case.pk])).content.decode()
    assert "A senior colleague takes it from here." in html
    assert "not shown here any more" in html
    assert reverse("search:match", args=[case.match_id]) not in html


def test_asking_twice_is_one_case(case: Case, match: Match, alice: User) -> None:
    assert workflow.open_case(match, alice, MINOR) == case
    assert case.work_items.count() == 1


def test_what_somebody_else_asked_for_about_it_stops_too(match: Match, alice: User, bob: User) -> None:
    theirs = Match.objects.create(
        subject=Subject.objects.create(user=bob),
        image=match.image,
        box=match.box,
        score=0.7,
        band="likely",
        gallery_size=100,
        quality_length=11.0,
        model_id=match.model_id,
        state=MatchState.CONFIRMED,
        decision=Decision.ACT,
    )
    other = Case.objects.create(subject=theirs.subject, match=theirs)
    workflow.open_case(match, alice, MINOR)
    assert other.events.get().kind == "case.withdrawn"
    assert other.work_items.get().kind == "minor"
    assert not review.visible_matches(bob).exists()


def test_a_match_without_a_case_goes_as_a_whole(match: Match) -> None:
    assert withdrawal.withdraw([match.image], "A list") == 2
    assert not Match.objects.exists()
    assert not Image.objects.exists()
    # The variant was on nobody's list: by our own it is known again.
    assert blocklist.listed(["b" * 64]) == {"b" * 64: blocklist.WITHDRAWN}
    assert withdrawal.withdraw([], "A list") == 0


def test_a_stranger_s_photo_is_not_touched(case: Case) -> None:
    fetched(photos.jpeg(photos.hopper()), "c.jpg")
    assert ingest.ingest_waiting().faces == 1
