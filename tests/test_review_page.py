"""The public page beside the picture: saved for the person's own case, blurred until asked for, theirs alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from search.models import Enrolment, Match, Subject
from takedowns.models import Case, InfringingUrl
from tests import cases, pages
from tests.html import Page
from tests.matches import make_match

SignIn = Callable[[User], Client]


@pytest.fixture
def case(enrolled_alice: Enrolment) -> Case:
    return cases.open_case(make_match(enrolled_alice.subject, places=2))


@pytest.fixture
def browser(alice: User, client_for: SignIn) -> Client:
    return client_for(alice)


def test_the_page_stands_beside_the_picture_and_is_blurred(case: Case, browser: Client) -> None:
    pages.saved(case)
    text = browser.get(f"/matches/{case.match_id}/").content.decode()
    assert f'src="/matches/{case.match_id}/page/"' in text
    assert "as we saved it on" in text
    buttons = [tag for tag in Page(text).all("button") if tag.has_class("reveal")]
    assert buttons and all(tag.has_class("blurred") for tag in buttons)


def test_it_is_sent_to_be_kept_nowhere(case: Case, browser: Client) -> None:
    pages.saved(case)
    response = browser.get(f"/matches/{case.match_id}/page/")
    assert response.content == pages.JPEG
    assert response.headers["Content-Type"] == "image/jpeg"
    assert {"private", "no-store"} <= set(response.headers["Cache-Control"].split(", "))


def test_nobody_else_sees_it(case: Case, bob: User, carol: User, client_for: SignIn) -> None:
    pages.saved(case)
    url = f"/matches/{case.match_id}/page/"
    assert [client_for(other).get(url).status_code for other in (bob, carol)] == [404, 404]
    assert Client().get(url).status_code == 302


def test_the_same_page_saved_for_somebody_else_is_not_shown(
    case: Case, bob: User, browser: Client, client_for: SignIn
) -> None:
    """In it that person's face is sharp, and this one's blurred."""
    bobs = make_match(Subject.objects.create(user=bob))
    theirs = Case.objects.create(subject=bobs.subject, match=bobs)
    place = case.urls.order_by("page_url")[0]
    InfringingUrl.objects.create(
        case=theirs, page_url=place.page_url, image_url=place.image_url, digest=place.digest, host=place.host
    )
    pages.saved(theirs)
    assert browser.get(f"/matches/{case.match_id}/page/").status_code == 404
    assert f"/{case.match_id}/page/" not in browser.get(f"/matches/{case.match_id}/").content.decode()
    assert client_for(bob).get(f"/matches/{bobs.pk}/page/").status_code == 200


@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(b"other"), lambda file: file.unlink()])
def test_a_damaged_file_is_a_sentence(case: Case, browser: Client, damage: Callable[[Path], Any]) -> None:
    capture = pages.saved(case)
    damage(Path(settings.EVIDENCE_DIR) / capture.screenshot_name)
    page = browser.get(f"/matches/{case.match_id}/").content.decode()
    assert "the file is damaged, so it is not shown" in page
    assert f"/matches/{case.match_id}/page/" not in page
    assert browser.get(f"/matches/{case.match_id}/page/").status_code == 404


def test_without_a_capture_it_says_when_there_is_one(enrolled_alice: Enrolment, browser: Client) -> None:
    match = make_match(enrolled_alice.subject, places=3)
    page = browser.get(f"/matches/{match.pk}/").content.decode()
    assert "We do that when you ask for a removal" in page
    assert "2 more places" in page


def test_nothing_of_a_withdrawn_picture_is_shown(case: Case, browser: Client) -> None:
    pages.saved(case)
    match = Match.objects.get(pk=case.match_id)
    type(match.image).objects.filter(pk=match.image_id).update(withdrawn_at=match.created_at)
    assert browser.get(f"/matches/{match.pk}/page/").status_code == 404
