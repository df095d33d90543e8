"""A picture that was removed and is back opens a linked case, once; other pictures do not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from search.models import Enrolment, Match, Sighting
from search.states import Decision, MatchState
from takedowns import delivery, relapse, verification, workflow
from takedowns.models import Case
from takedowns.states import CaseState, NoticeState, Outcome, UrlState
from takedowns.watch import Where
from tests import cases, photos
from tests.cases import ANSWERS
from tests.sites import Reply, Site, page, redirect

GONE = Reply(b"Gone", status=410)


@pytest.fixture(autouse=True)
def _registry(settings: Any) -> Iterator[None]:
    settings.VERIFICATION_INTERVAL_SECONDS = 0
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        yield


@pytest.fixture
def removed(enrolled_alice: Enrolment, carol: User, site: Site) -> Case:
    """A case that ended with the picture removed."""
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    relapse.screen_new_matches()
    delivery.send(cases.approved(case, carol))
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    for _ in range(2):
        verification.verify(case.urls.get())
    case.refresh_from_db()
    assert case.outcome == Outcome.REMOVED
    return case


def seen_again(case: Case, pixels: photos.Rgb, site: Site, path: str = "/new") -> Match:
    """A crawl after the removal found `pixels`."""
    match = cases.match_of(case.subject, pixels, f"{Match.objects.count():x}")
    cases.sighting(match.image, site, path, f"{path}.jpg")
    return match


ALTERED = {
    "recoded": photos.reencoded,
    "mirrored": photos.mirrored,
    "cropped": photos.cropped,
    "recoloured": photos.recoloured,
}


@pytest.mark.parametrize("how", ALTERED)
def test_an_altered_copy_opens_a_linked_case_once(removed: Case, site: Site, how: str) -> None:
    match = seen_again(removed, ALTERED[how](photos.astronaut()), site)
    (case,) = relapse.screen_new_matches()
    assert (case.match, case.relapse_of, case.state) == (match, removed, CaseState.AWAITING_SUBJECT)
    assert [url.page_url for url in case.urls.all()] == [site.url("/new", cases.HOST)]
    assert relapse.screen_new_matches() == []
    assert Case.objects.count() == 2
    assert workflow.next_step(case).whose == "you"
    assert "again after it had been removed" in str(workflow.story(case)[0])
    removed.refresh_from_db()
    assert removed.state == CaseState.CLOSED


def test_another_picture_of_the_person_is_no_relapse(removed: Case, site: Site) -> None:
    match = seen_again(removed, photos.hopper(), site)
    assert relapse.screen_new_matches() == []
    match.refresh_from_db()
    assert match.screened_at is not None


def test_a_copy_that_was_there_before_the_removal_is_no_relapse(removed: Case, site: Site) -> None:
    match = seen_again(removed, photos.mirrored(photos.astronaut()), site)
    Sighting.objects.filter(image=match.image).update(first_seen=removed.closed_at - timedelta(hours=1))
    assert relapse.screen_new_matches() == []


def test_somebody_elses_removed_picture_is_no_relapse(removed: Case, site: Site, bob: User) -> None:
    other = removed.subject.__class__.objects.create(user=bob)
    match = cases.match_of(other, photos.reencoded(photos.astronaut()), "b")
    cases.sighting(match.image, site, "/bob", "/bob.jpg")
    assert relapse.screen_new_matches() == []


def test_a_case_that_ended_otherwise_has_no_relapse(enrolled_alice: Enrolment, carol: User, site: Site) -> None:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    workflow.close(case, carol, Outcome.REFUSED, "They say no.")
    seen_again(case, photos.mirrored(photos.astronaut()), site)
    assert relapse.screen_new_matches() == []


def test_the_same_file_at_the_same_place_marks_the_place(removed: Case) -> None:
    Sighting.objects.update(last_seen=timezone.now())
    (case,) = relapse.screen_new_matches()
    old = removed.urls.get()
    assert (old.state, old.next_check_at) == (UrlState.RELAPSED, None)
    assert case.relapse_of == removed
    assert case.match == removed.match
    assert case.urls.get().state == UrlState.LIVE
    assert relapse.screen_new_matches() == []


def test_the_same_file_at_another_place_is_a_relapse_too(removed: Case, site: Site) -> None:
    cases.sighting(removed.match.image, site, "/elsewhere", "/elsewhere.jpg")
    (case,) = relapse.screen_new_matches()
    assert [url.page_url for url in case.urls.all()] == [site.url("/elsewhere", cases.HOST)]
    assert removed.urls.get().state == UrlState.REMOVED
    assert relapse.screen_new_matches() == []


def test_a_new_place_joins_an_open_case_and_a_person_decides(
    enrolled_alice: Enrolment, carol: User, site: Site
) -> None:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    cases.sighting(case.match.image, site, "/second", "/second.jpg")
    for _ in range(2):
        assert relapse.screen_new_matches() == []
    case.refresh_from_db()
    assert case.urls.count() == 2
    assert case.work_items.get().kind == "new_place"
    assert case.state == CaseState.ACTION_NEEDED
    workflow.finish(case.work_items.get(), carol)
    case.refresh_from_db()
    assert case.state == CaseState.DRAFTING


def test_a_new_place_of_a_case_whose_letters_left_is_looked_at_with_the_others(
    enrolled_alice: Enrolment, carol: User, site: Site
) -> None:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    delivery.send(cases.approved(case, carol))
    cases.sighting(case.match.image, site, "/second", "/second.jpg")
    relapse.screen_new_matches()
    looked = {check.url.page_url for check in verification.verify_due()}
    assert site.url("/second", cases.HOST) in looked


def test_the_watch_finds_what_no_crawl_has_seen(removed: Case, site: Site) -> None:
    site.answers["/photo.jpg"] = cases.photo(photos.reencoded(photos.astronaut()))
    verification.verify(removed.urls.get())
    case = Case.objects.get(relapse_of=removed)
    assert case.state == CaseState.AWAITING_SUBJECT
    assert removed.urls.get().state == UrlState.RELAPSED
    verification.verify(removed.urls.get())
    assert Case.objects.count() == 2


def test_the_subject_has_it_removed_again(removed: Case, site: Site, carol: User, alice: User) -> None:
    match = seen_again(removed, photos.mirrored(photos.astronaut()), site)
    (case,) = relapse.screen_new_matches()
    again = workflow.prepare(workflow.open_case(match, alice, ANSWERS))
    assert again == case
    assert again.state == CaseState.DRAFTING
    assert again.notices.get().state == NoticeState.DRAFT
    assert again.relapse_of == removed


def test_a_match_of_a_case_is_not_screened_against_it(enrolled_alice: Enrolment, site: Site) -> None:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    assert relapse.screen_new_matches() == []
    case.match.refresh_from_db()
    assert case.match.screened_at is not None


# --- Where it came back --------------------------------------------------------------------------------------------


def where(case: Case) -> str:
    return str(case.events.get(kind="relapse.found").data["where"])


def test_the_case_says_where(removed: Case, site: Site) -> None:
    match = seen_again(removed, photos.reencoded(photos.astronaut()), site)
    (case,) = relapse.screen_new_matches()
    assert where(case) == Where.SAME_OPERATOR.label, "the host is the one of before"
    Sighting.objects.filter(image=match.image).delete()
    elsewhere = cases.match_of(removed.subject, photos.mirrored(photos.astronaut()), "e")
    Sighting.objects.create(
        image=elsewhere.image, page_url="http://far.example/p", image_url="http://far.example/p.jpg", digest="far"
    )
    (case,) = relapse.screen_new_matches()
    assert where(case) == Where.ELSEWHERE.label


def test_the_same_place_is_called_that(removed: Case) -> None:
    Sighting.objects.update(last_seen=timezone.now())
    (case,) = relapse.screen_new_matches()
    assert where(case) == Where.SAME_PLACE.label


def test_a_copy_that_was_known_before_and_turns_up_afterwards_is_a_relapse(
    enrolled_alice: Enrolment, carol: User, site: Site
) -> None:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    copy = cases.match_of(case.subject, photos.mirrored(photos.astronaut()), "c")
    cases.sighting(copy.image, site, "/copy", "/copy.jpg")
    assert relapse.screen_new_matches() == []
    delivery.send(cases.approved(case, carol))
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    for _ in range(2):
        verification.verify(case.urls.get())
    assert relapse.screen_new_matches() == [], "it was there all the time"
    cases.sighting(copy.image, site, "/again", "/again.jpg")
    (again,) = relapse.screen_new_matches()
    assert (again.match, again.relapse_of) == (copy, case)
    assert [url.page_url for url in again.urls.all()] == [site.url("/again", cases.HOST)]
    assert relapse.screen_new_matches() == []


def test_another_picture_of_the_person_at_the_place_is_asked_about(removed: Case, site: Site) -> None:
    part = photos.resized(photos.cropped(photos.astronaut()), 0.4)
    site.answers.update({"/post": page('<img src="/b.jpg">'), "/b.jpg": cases.photo(part)})
    verification.verify(removed.urls.get())
    case = Case.objects.get(relapse_of=removed)
    assert case.state == CaseState.AWAITING_SUBJECT
    assert case.events.filter(kind="relapse.other_picture").exists()


def test_a_page_that_comes_back_as_another_one_brings_its_new_address(removed: Case, site: Site) -> None:
    site.answers.update({"/post": redirect("/new"), "/new": page('<img src="/b.jpg">'), "/b.jpg": cases.photo()})
    verification.verify(removed.urls.get())
    case = Case.objects.get(relapse_of=removed)
    pages = {site.url("/post", cases.HOST), site.url("/new", cases.HOST)}
    assert {url.page_url for url in case.urls.all()} == pages


# --- What the subject says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "decision", "outcome"),
    [
        (MatchState.DISMISSED, Decision.NONE, Outcome.NOT_ACTIONABLE),
        (MatchState.CONFIRMED, Decision.KEEP, Outcome.WITHDRAWN),
    ],
)
def test_not_me_and_leave_it_end_the_case(
    removed: Case, site: Site, state: MatchState, decision: Decision, outcome: Outcome
) -> None:
    match = seen_again(removed, photos.mirrored(photos.astronaut()), site)
    (case,) = relapse.screen_new_matches()
    assert relapse.settle_dismissed() == 0
    Match.objects.filter(pk=match.pk).update(state=state, decision=decision)
    assert relapse.screen_new_matches() == []
    case.refresh_from_db()
    assert (case.state, case.outcome) == (CaseState.CLOSED, outcome)
    assert case.events.filter(kind="relapse.not_me").count() == 1
    assert relapse.settle_dismissed() == 0


def test_a_case_that_is_no_relapse_waits_for_its_subject(removed: Case, site: Site) -> None:
    match = cases.match_of(removed.subject, photos.hopper(), "f")
    Match.objects.filter(pk=match.pk).update(state=MatchState.DISMISSED)
    case = Case.objects.create(subject=removed.subject, match=match, state=CaseState.AWAITING_SUBJECT)
    assert relapse.settle_dismissed() == 0
    case.refresh_from_db()
    assert case.state == CaseState.AWAITING_SUBJECT
