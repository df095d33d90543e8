"""Is it still the same person? Asked before the address changes, and before matches after a long absence."""

import datetime
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.security import locks, presence
from search import faces, live
from search import presence as face_presence
from search.models import Enrolment, FaceTemplate
from tests import photos
from tests.signing_in import again, mailed_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def attested(enrolled_alice: Enrolment) -> User:
    """Enrolled by staff: there is no live face to compare with."""
    user = enrolled_alice.subject.user
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def by_camera(attested: User) -> User:
    """The same, with a template from a live check."""
    row = FaceTemplate.objects.filter(enrolment__subject__user=attested).first()
    assert row
    FaceTemplate.objects.filter(pk=row.pk).update(origin=FaceTemplate.Origin.LIVE)
    return attested


def passed_by(photo: photos.Rgb) -> live.Passed:
    """What a live check hands over that this person passed."""
    return live.Passed(tuple(faces.faces_in(photos.jpeg(photo))))


def away(user: User, days: int) -> None:
    user.last_active_on = timezone.localdate() - datetime.timedelta(days=days)
    user.save()


def test_safeguard_02_the_address_changes_after_a_live_check_only(by_camera: User, client_for: Any) -> None:
    client = client_for(by_camera)
    again(client)
    for answer in (client.get("/account/email/"), client.post("/account/email/", _change("thief@example.org"))):
        assert answer.headers["Location"].startswith("/enrol/live/?for=presence&next=")
    assert not EmailAddress.objects.filter(email="thief@example.org").exists()
    face_presence.live_passed(by_camera, passed_by(photos.astronaut()))
    client.post("/account/email/", _change("alice.new@example.org"))
    client.post("/account/confirm-email/", {"code": mailed_code("alice.new@example.org")})
    by_camera.refresh_from_db()
    assert by_camera.email == "alice.new@example.org"
    told = [message for message in mail.outbox if message.to == ["alice@example.org"]]
    assert "was changed from alice@example.org" in told[-1].body


def _change(address: str) -> dict[str, str]:
    return {"email": address, "action_add": ""}


def test_a_check_stands_for_ten_minutes(by_camera: User) -> None:
    face_presence.live_passed(by_camera, passed_by(photos.astronaut()))
    assert presence.is_fresh(by_camera)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=11)):
        assert not presence.is_fresh(by_camera)


def test_who_was_attested_gives_the_password_again(attested: User, client_for: Any) -> None:
    client = client_for(attested)
    assert client.get("/account/email/").headers["Location"].startswith("/account/reauthenticate/")
    again(client)
    assert client.get("/account/email/").status_code == 200


def test_who_has_neither_signs_in_again(client_for: Any) -> None:
    user = User.objects.create_user("codes@example.org")
    assert client_for(user).get("/account/email/").headers["Location"].startswith("/account/login/")


def test_safeguard_02_somebody_elses_face_confirms_nothing(by_camera: User) -> None:
    with pytest.raises(live.NotTaken, match="does not look like"):
        face_presence.live_passed(by_camera, passed_by(photos.hopper()))
    by_camera.refresh_from_db()
    assert by_camera.presence_confirmed_at is None
    assert AuditEvent.objects.filter(about=by_camera.pk, action="presence.other_face").exists()


def test_safeguard_11_several_other_faces_lock_the_account(by_camera: User) -> None:
    for _ in range(3):
        assert locks.locked(by_camera) is None
        with pytest.raises(live.NotTaken):
            face_presence.live_passed(by_camera, passed_by(photos.hopper()))
    lock = locks.locked(by_camera)
    assert lock is not None
    assert lock.code == "different_faces"


def test_safeguard_02_after_a_long_absence_matches_ask_for_the_face(by_camera: User, client_for: Any) -> None:
    client = client_for(by_camera)
    away(by_camera, 89)
    assert client.get("/matches/").status_code == 200
    away(by_camera, 91)
    for _ in range(2):
        assert client.get("/matches/").headers["Location"].startswith("/enrol/live/?for=presence&next=%2Fmatches%2F")
    htmx = client.get("/matches/", headers={"HX-Request": "true"})
    assert htmx.headers["HX-Redirect"].startswith("/enrol/live/?for=presence")
    assert client.get("/dashboard/").status_code == 200
    face_presence.live_passed(by_camera, passed_by(photos.astronaut()))
    assert client.get("/matches/").status_code == 200


def test_after_a_long_absence_who_was_attested_signs_in_again(attested: User, client_for: Any) -> None:
    client = client_for(attested)
    away(attested, 91)
    assert client.get("/matches/").headers["Location"].startswith("/account/reauthenticate/")
    again(client)
    assert client.get("/matches/").status_code == 200
    attested.refresh_from_db()
    assert attested.last_active_on == timezone.localdate()
