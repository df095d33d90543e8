"""Matching, forward and backward: the subject's pictures for the subject, and for nobody else."""

from dataclasses import replace

import numpy as np
import pytest

from accounts import consent
from accounts.models import Purpose, User
from search import enrolment, faces, gallery, ingest, matching, pictures, probes, review
from search.models import Enrolment, Face, Image, Match
from tests import photos
from tests.fetched import fetched
from tests.matches import make_match
from tests.optouts import active_optout

ASTRONAUT, HOPPER = photos.astronaut(), photos.hopper()
COPIES = {
    "mirrored.jpg": photos.jpeg(photos.mirrored(ASTRONAUT)),
    "recoloured.jpg": photos.jpeg(photos.recoloured(ASTRONAUT)),
    "cropped.png": photos.encode(photos.cropped(ASTRONAUT), "PNG"),
    "small.jpg": photos.jpeg(photos.resized(ASTRONAUT, 0.5), 60),
    "together.jpg": photos.jpeg(photos.beside(HOPPER, ASTRONAUT, photos.hanks())),
}
OTHERS = {"hopper.jpg": photos.jpeg(HOPPER), "group.jpg": photos.jpeg(photos.group())}


def crawl() -> None:
    for name, data in {**COPIES, **OTHERS}.items():
        fetched(data, name)
    ingest.ingest_waiting()


def matched(user: User) -> set[str]:
    return {
        sighting.image_url.rsplit("/", 1)[1] for match in review.visible_matches(user) for sighting in match.places()
    }


def enrol(user: User, staff: User, photo: bytes) -> Enrolment:
    consent.give(user, Purpose)
    enrolled = enrolment.enrol(user, photos.pair(photo), adult=True)
    enrolment.attest(enrolled, staff, "Met in person.")
    return enrolled


def test_forward_every_copy_is_found_and_nobody_elses_picture(enrolled_alice: Enrolment, bob: User) -> None:
    crawl()
    assert matched(enrolled_alice.subject.user) == set(COPIES)
    assert matched(bob) == set()


def test_backward_a_new_enrolment_finds_what_was_crawled_before(alice: User, carol: User) -> None:
    crawl()
    assert not Match.objects.exists()
    enrol(alice, carol, photos.jpeg(ASTRONAUT))
    assert matched(alice) == set(COPIES)


def test_forward_and_backward_score_alike(alice: User, carol: User) -> None:
    enrolled = enrol(alice, carol, photos.jpeg(ASTRONAUT))
    crawl()
    forward = dict(Match.objects.values_list("image__sha256", "score"))
    Match.objects.all().delete()
    matching.backward(enrolled)
    backward = dict(Match.objects.values_list("image__sha256", "score"))
    assert backward == pytest.approx(forward, abs=1e-5)


def test_two_subjects_in_one_picture_get_a_match_each(enrolled_alice: Enrolment, bob: User, carol: User) -> None:
    enrol(bob, carol, photos.jpeg(photos.mirrored(HOPPER)))
    crawl()
    assert matched(bob) == {"hopper.jpg", "together.jpg"}
    assert matched(enrolled_alice.subject.user) == set(COPIES)


def test_before_the_liveness_check_there_is_no_match(alice: User) -> None:
    crawl()
    consent.give(alice, Purpose)
    enrolment.enrol(alice, photos.pair(ASTRONAUT), adult=True)
    ingest.ingest_waiting()
    assert not Match.objects.exists()


def test_called_twice_nothing_doubles(enrolled_alice: Enrolment) -> None:
    crawl()
    before = Match.objects.count()
    Face.objects.update(processed_at=None)
    assert matching.forward() == 0
    assert matching.backward(enrolled_alice) == 0
    assert Match.objects.count() == before


def test_a_match_has_a_preview_and_says_how_sure_it_is(enrolled_alice: Enrolment) -> None:
    crawl()
    match = review.visible_matches(enrolled_alice.subject.user)[0]
    preview = review.preview(match)
    assert preview
    assert preview.startswith(b"\xff\xd8")
    assert preview not in bytes(match.sealed_preview or b"")
    assert "1 in" in review.chance_words(match)


def test_an_opted_out_face_is_dropped_at_ingest(enrolled_alice: Enrolment) -> None:
    active_optout("grace@example.org", photos.jpeg(photos.cropped(HOPPER, 0.1, 0, 0.9, 0.8)))
    crawl()
    assert Image.objects.get(sightings__image_url__endswith="hopper.jpg").faces.count() == 0
    assert Image.objects.get(sightings__image_url__endswith="together.jpg").faces.count() == 2
    assert matched(enrolled_alice.subject.user) == set(COPIES)


def test_an_optout_takes_effect_on_what_was_crawled_before(alice: User, carol: User) -> None:
    crawl()
    active_optout("grace@example.org", photos.jpeg(HOPPER))
    assert Image.objects.get(sightings__image_url__endswith="hopper.jpg").faces.count() == 0
    # Even a stale index cannot bring the face back.
    assert gallery.verify().surplus.size == 2
    enrolled = enrol(alice, carol, photos.jpeg(ASTRONAUT))
    assert matched(enrolled.subject.user) == set(COPIES)


def test_an_optout_is_asked_at_query_too(alice: User, carol: User) -> None:
    """A face that slipped past ingest is still hidden from a search."""
    crawl()
    active_optout("grace@example.org", photos.jpeg(HOPPER))
    hopper = Image.objects.get(sightings__image_url__endswith="hopper.jpg")
    (face,) = faces.faces_in(photos.jpeg(HOPPER))
    Face.objects.create(
        image=hopper,
        box=list(face.box),
        score=face.score,
        quality_length=face.quality.length,
        embedding=faces.to_bytes(face.embedding),
        model_id=hopper.model_id,
    )
    assert matching.forward() == 0
    assert not Match.objects.filter(image=hopper).exists()


def test_same_picture_by_hash_or_by_face(enrolled_alice: Enrolment) -> None:
    crawl()
    by_name = {
        match.image.sightings.get().image_url.rsplit("/", 1)[1]: match
        for match in review.visible_matches(enrolled_alice.subject.user)
    }
    assert pictures.same_picture(by_name["cropped.png"], by_name["recoloured.jpg"])
    assert pictures.shows_again(by_name["recoloured.jpg"], COPIES["mirrored.jpg"])
    assert pictures.shows_again(by_name["recoloured.jpg"], COPIES["small.jpg"])
    assert not pictures.shows_again(by_name["recoloured.jpg"], OTHERS["group.jpg"])
    assert not pictures.shows_again(by_name["recoloured.jpg"], b"gone")


def test_answers_shift_only_ones_own_threshold(enrolled_alice: Enrolment, bob: User, carol: User) -> None:
    enrol(bob, carol, photos.jpeg(HOPPER))
    before = matching.scorer(probes.all_probes())
    lowest = before.threshold(before.probes[0])
    for _ in range(20):
        match = make_match(enrolled_alice.subject)
        match.score = lowest + 0.005
        match.save()
        review.dismiss(match, enrolled_alice.subject.user)
    after = {probe.subject_id: matching.scorer([probe]).threshold(probe) for probe in before.probes}
    assert after.pop(enrolled_alice.subject_id) > lowest
    assert list(after.values()) == [lowest]


def test_every_probe_is_judged_by_its_own_threshold(enrolled_alice: Enrolment, bob: User, carol: User) -> None:
    enrol(bob, carol, photos.jpeg(HOPPER))
    judge = matching.scorer(probes.all_probes())
    strict = replace(judge, shifts={enrolled_alice.subject_id: 0.7})
    both = np.stack([probe.vector for probe in judge.probes])
    assert len(judge.hits(both, [12.0, 12.0])) == 2
    assert [hit.probe.subject_id for hit in strict.hits(both, [12.0, 12.0])] == [bob.subject.pk]
