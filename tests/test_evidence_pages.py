"""What staff and subscribers see of a capture: its numbers, and the page itself only for a reason that is recorded."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from crawler.models import Evidence
from search.models import Enrolment
from takedowns.models import Case, InfringingUrl
from tests import cases, photos
from tests.html import Page
from tests.matches import make_match

SignIn = Callable[[User], Client]
JPEG = photos.jpeg(photos.coffee())


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any) -> Case:
    """With one place of two captured, with a screenshot."""
    found = cases.open_case(make_match(enrolled_alice.subject, places=2))
    file = Path(settings.EVIDENCE_DIR) / "ab" / "shot.jpg"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(JPEG)
    capture = Evidence.objects.create(
        page_url="http://blog.example/",
        image_url="http://blog.example/a.jpg",
        warc_name="ab/x.warc.gz",
        sha256="c" * 64,
        size=2048,
        page_status=200,
        screenshot_name="ab/shot.jpg",
        screenshot_sha256=hashlib.sha256(JPEG).hexdigest(),
        screenshot_size=len(JPEG),
    )
    InfringingUrl.objects.filter(case=found).update(evidence=None)
    first = found.urls.order_by("host", "page_url")[0]
    InfringingUrl.objects.filter(pk=first.pk).update(evidence=capture)
    return Case.objects.get(pk=found.pk)


@pytest.fixture
def staff(carol: User, client_for: SignIn) -> Client:
    return client_for(carol)


def captured(case: Case) -> str:
    return str(case.urls.exclude(evidence=None).get().pk)


def test_staff_read_the_numbers_and_do_not_see_the_page(staff: Client, case: Case) -> None:
    text = staff.get(f"/console/cases/{case.pk}/").content.decode()
    assert "c" * 16 in text and "Screenshot, " in text and "The page as it looked" in text
    assert "data:image" not in text
    assert Page(text).unlabelled() == []


def test_the_page_is_shown_once_for_a_reason_that_is_recorded(
    staff: Client, carol: User, alice: User, case: Case
) -> None:
    path = f"/console/cases/{case.pk}/picture/"
    refused = staff.post(path, {"place": captured(case), "reason": ""})
    assert refused.status_code == 422
    assert "data:image" not in refused.content.decode()
    assert not AuditEvent.objects.filter(action="case.page_shown").exists()

    shown = staff.post(path, {"place": captured(case), "reason": "Is the picture on it?"})
    assert shown.content.decode().count("data:image/jpeg;base64,") == 1
    assert "no-store" in shown.headers["Cache-Control"]
    event = AuditEvent.objects.get(action="case.page_shown")
    assert (event.actor, event.about) == (carol.pk, alice.pk)
    assert case.events.get(kind="picture.shown").text.endswith(": Is the picture on it?")
    assert "data:image" not in staff.get(f"/console/cases/{case.pk}/").content.decode()


def test_a_changed_file_is_not_shown(staff: Client, case: Case, settings: Any) -> None:
    (Path(settings.EVIDENCE_DIR) / "ab" / "shot.jpg").write_bytes(photos.jpeg(photos.hopper()))
    answer = staff.post(f"/console/cases/{case.pk}/picture/", {"place": captured(case), "reason": "To see it."})
    assert "data:image" not in answer.content.decode()
    assert "not what was captured" in answer.content.decode()
    assert not AuditEvent.objects.filter(action="case.page_shown").exists()


def test_another_cases_page_cannot_be_asked_for(staff: Client, case: Case) -> None:
    for place in ("", "00000000-0000-0000-0000-000000000000", str(case.urls.filter(evidence=None)[0].pk)):
        answer = staff.post(f"/console/cases/{case.pk}/picture/", {"place": place, "reason": "To see it."})
        assert answer.status_code == 302


def test_nobody_opens_a_page_that_may_show_a_minor(staff: Client, case: Case) -> None:
    type(case.ground_decision).objects.filter(case=case).update(answers={"minor": "yes"})
    answer = staff.post(f"/console/cases/{case.pk}/picture/", {"place": captured(case), "reason": "To see it."})
    assert answer.status_code == 302
    assert "The page as it looked" not in staff.get(f"/console/cases/{case.pk}/").content.decode()


def test_the_subscriber_reads_that_a_copy_was_kept_and_when(alice: User, client_for: SignIn, case: Case) -> None:
    text = client_for(alice).get(f"/cases/{case.pk}/").content.decode()
    assert text.count("We kept a copy of the page as proof on") == 1
    assert "shot.jpg" not in text and "data:image" not in text
