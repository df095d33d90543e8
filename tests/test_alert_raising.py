"""One alert for each new thing: what joins what, who is told, and who is not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import User
from alerts import dispatch, raising
from alerts.models import Alert, AlertRule, Digest, Kind
from alerts.raising import raise_matches
from alerts.states import DigestState
from crawler.models import url_digest
from search import faces, leaving, review, withdrawal
from search.models import Enrolment, Face, Match, Sighting, Subject
from search.states import Decision
from tests.matches import make_match

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PAGE = "https://blog.example/party"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as moving:
        yield moving


@pytest.fixture
def subject(clock: object, enrolled_alice: Enrolment) -> Subject:
    return enrolled_alice.subject


def seen(match: Match, page: str = PAGE) -> Match:
    picture = f"https://cdn.example/{match.pk}.jpg"
    Sighting.objects.create(
        image=match.image, page_url=page, image_url=picture, digest=url_digest(page, picture), site="blog.example"
    )
    return match


def with_face(match: Match, like: np.ndarray, noise: float = 0.0) -> Match:
    """Its face is this embedding, turned away so that their cosine is 1 - noise."""
    away = np.random.default_rng(99).normal(size=like.shape)
    away -= (away @ like) * like
    cosine = 1 - noise
    vector = cosine * like + (1 - cosine**2) ** 0.5 * away / np.linalg.norm(away)
    fields = {"box": match.box, "score": 0.9, "quality_length": 11.0, "model_id": match.model_id}
    match.face = Face.objects.create(image=match.image, embedding=faces.to_bytes(vector), **fields)
    match.save(update_fields=["face"])
    return match


def direction(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=faces.model().dimension)
    return vector / np.linalg.norm(vector)


def groups() -> list[int]:
    return sorted(alert.matches.count() for alert in Alert.objects.all())


# --- One new thing -------------------------------------------------------------------------------------------


def test_twelve_pictures_of_one_page_are_one_thing(subject: Subject) -> None:
    for _ in range(12):
        seen(make_match(subject))
    assert raise_matches() == 1
    assert groups() == [12]


def test_they_are_so_too_when_they_come_one_after_the_other(subject: Subject) -> None:
    for raised in (1, 0, 0):
        seen(make_match(subject))
        assert raise_matches() == raised
    assert groups() == [3]


def test_a_page_of_a_variant_counts_as_well(subject: Subject) -> None:
    first, copy, other = make_match(subject), make_match(subject), seen(make_match(subject))
    first.variants.add(seen(copy).image)
    copy.delete()
    assert raise_matches() == 1
    assert set(Alert.objects.get().matches.all()) == {first, other}


def test_the_very_same_face_elsewhere_is_the_same_thing(subject: Subject) -> None:
    face = direction(1)
    with_face(make_match(subject), face)
    with_face(make_match(subject), face, noise=0.05)
    assert raise_matches() == 1
    assert groups() == [2]


def test_another_photo_of_the_same_person_is_a_thing_of_its_own(subject: Subject) -> None:
    face = direction(1)
    with_face(make_match(subject), face)
    with_face(make_match(subject), face, noise=0.12)
    assert raise_matches() == 2


def test_faces_of_different_models_say_nothing_of_each_other(subject: Subject) -> None:
    face = direction(1)
    with_face(make_match(subject), face)
    other = with_face(make_match(subject), face)
    Face.objects.filter(pk=other.face_id).update(model_id="another")
    assert raise_matches() == 2


def test_what_bob_has_is_not_joined_to_what_alice_has(subject: Subject, bob: User) -> None:
    seen(make_match(subject))
    seen(make_match(Subject.objects.create(user=bob)))
    assert raise_matches() == 2
    assert set(Alert.objects.values_list("user__email", flat=True)) == {"alice@example.org", "bob@example.org"}


def test_more_of_a_page_on_the_day_after_the_mail_joins_quietly(
    subject: Subject, clock: time_machine.Traveller
) -> None:
    seen(make_match(subject))
    assert dispatch.deliver() == 1
    clock.shift(timedelta(hours=23))
    seen(make_match(subject))
    assert dispatch.deliver() == 0
    assert groups() == [2]


def test_more_of_a_page_later_than_that_is_news(subject: Subject, clock: time_machine.Traveller) -> None:
    seen(make_match(subject))
    assert dispatch.deliver() == 1
    clock.shift(timedelta(hours=25))
    seen(make_match(subject))
    assert dispatch.deliver() == 1
    assert groups() == [1, 1]


def test_a_mail_that_was_never_sent_told_nothing(subject: Subject) -> None:
    """The first picture was answered before the mail went; the second one of the page is told."""
    first = seen(make_match(subject))
    raise_matches()
    review.dismiss(first, subject.user)
    assert dispatch.deliver() == 0
    assert Digest.objects.get().state == DigestState.DROPPED
    seen(make_match(subject))
    assert dispatch.deliver() == 1


def test_the_same_face_is_told_again_once_a_mail_has_told_it(subject: Subject) -> None:
    """A crop somewhere else the next day is a new thing to know."""
    face = direction(1)
    with_face(make_match(subject), face)
    assert dispatch.deliver() == 1
    with_face(make_match(subject), face)
    assert dispatch.deliver() == 1


def test_without_mail_alerts_do_not_grow_for_ever(subject: Subject, clock: time_machine.Traveller) -> None:
    AlertRule.objects.create(user=subject.user, mail_since=None)
    for raised in (1, 0, 1):
        seen(make_match(subject))
        assert raise_matches() == raised
        clock.shift(timedelta(days=5))


# --- Who is told, and of what --------------------------------------------------------------------------------


def test_a_match_is_told_after_it_was_screened(subject: Subject, clock: time_machine.Traveller) -> None:
    match = make_match(subject)
    Match.objects.update(screened_at=None)
    assert raise_matches() == 0
    Match.objects.update(screened_at=timezone.now())
    assert raise_matches() == 1
    assert Alert.objects.get().key == f"match:{match.pk}"


def test_it_does_not_wait_for_ever_for_that(subject: Subject, clock: time_machine.Traveller) -> None:
    make_match(subject)
    Match.objects.update(screened_at=None)
    clock.shift(raising.SCREENED_WITHIN + timedelta(seconds=1))
    assert raise_matches() == 1


def test_what_somebody_has_answered_already_is_not_told(subject: Subject) -> None:
    review.dismiss(make_match(subject), subject.user)
    review.confirm(make_match(subject), subject.user, Decision.KEEP)
    review.unsure(make_match(subject), subject.user)
    assert raise_matches() == 0
    assert not Match.objects.filter(alerted_at=None).exists()


def test_a_withdrawn_picture_is_not_told(subject: Subject) -> None:
    match = make_match(subject)
    withdrawal.withdraw([match.image], "a list")
    assert raise_matches() == 0


def test_a_site_that_is_left_alone_is_not_told_until_the_picture_is_elsewhere(subject: Subject) -> None:
    match = make_match(subject)
    leaving.leave_site(subject.user, match.image.sightings.get().site)
    assert raise_matches() == 0
    silent = leaving.silent([match.image_id])
    seen(match)
    assert leaving.wake(silent) == 1
    assert raise_matches() == 1


def test_what_was_told_left_alone_and_is_elsewhere_now_is_told_again(subject: Subject) -> None:
    match = make_match(subject)
    assert dispatch.deliver() == 1
    leaving.leave_site(subject.user, match.image.sightings.get().site)
    silent = leaving.silent([match.image_id])
    seen(match)
    leaving.wake(silent)
    assert dispatch.deliver() == 1
    assert len(mail.outbox) == 2


def test_what_waits_to_be_told_is_not_told_twice(subject: Subject) -> None:
    make_match(subject)
    raise_matches()
    Match.objects.update(alerted_at=None)
    assert raise_matches() == 0
    assert Alert.objects.count() == 1


def test_one_persons_trouble_is_not_anybody_elses(subject: Subject, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make_match(subject)
    make_match(Subject.objects.create(user=bob))
    asked = leaving.asked

    def broken(match: Match) -> bool:
        if match.subject_id == subject.pk:
            raise ZeroDivisionError
        return asked(match)

    monkeypatch.setattr("search.leaving.asked", broken)
    assert raise_matches() == 1
    assert Match.objects.get(alerted_at=None).subject == subject


def test_the_weakest_band_that_is_told_is_their_choice(subject: Subject) -> None:
    AlertRule.objects.create(user=subject.user, minimum_band="certain")
    make_match(subject, band="likely")
    make_match(subject, band="certain")
    assert raise_matches() == 1
    assert Alert.objects.get().kind == Kind.MATCH


def test_many_matches_cost_few_questions_each(subject: Subject, django_assert_max_num_queries: object) -> None:
    for _ in range(50):
        make_match(subject)
    with django_assert_max_num_queries(50 * 16):
        assert raise_matches() == 50
