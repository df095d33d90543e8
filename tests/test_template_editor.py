"""Staff change the texts of letters: with a preview, with a check, and never alone."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from takedowns.letters import rendering
from takedowns.models import LetterTemplate

URL = "/console/letters/host_policy/en/"
SHIPPED = (rendering.FOLDER / "en" / "host_policy.txt").read_text()
CHANGED = SHIPPED.replace("Please tell us by reply", "Please be so kind as to tell us by reply")


@pytest.fixture
def carols(client_for: Any, carol: User) -> Client:
    browser: Client = client_for(carol)
    return browser


@pytest.fixture
def danas(client_for: Any, dana: User) -> Client:
    browser: Client = client_for(dana)
    return browser


def said(body: str, **more: str) -> dict[str, str]:
    return {"title": "Report of a picture", "body": body, "note": "Kinder at the end.", **more}


def test_every_letter_is_listed_and_opens_with_its_text(carols: Client) -> None:
    page = carols.get("/console/letters/").content.decode()
    assert URL in page
    assert "Please tell us by reply" in carols.get(URL).content.decode()


def test_a_preview_shows_the_letter_and_keeps_nothing(carols: Client) -> None:
    page = carols.post(URL, said(CHANGED, preview="1")).content.decode()
    assert "Everything that it needs is there" in page
    assert not LetterTemplate.objects.exists()


def test_a_text_that_lacks_something_says_what(carols: Client) -> None:
    page = carols.post(URL, said(CHANGED.replace("{{ says.no_law }}", ""), preview="1")).content.decode()
    assert "It could not be approved as it is" in page


@pytest.mark.parametrize(
    "bad", ["{% load static %}", "{{ settings.SECRET_KEY }}", "{% include '../../../config/settings.py' %}"]
)
def test_a_text_that_reaches_for_more_is_refused_and_kept_in_the_form(carols: Client, bad: str) -> None:
    answer = carols.post(URL, said(CHANGED + bad))
    assert answer.status_code == 422
    assert "so kind" in answer.content.decode()
    assert not LetterTemplate.objects.exists()


def test_a_second_person_puts_it_into_use_and_it_can_be_taken_out(carols: Client, danas: Client) -> None:
    assert carols.post(URL, said(CHANGED)).status_code == 302
    version = LetterTemplate.objects.get()
    carols.post(f"/console/letters/{version.pk}/approve/")
    version.refresh_from_db()
    assert version.approved_at is None
    assert "Waiting for a second person" in danas.get("/console/letters/").content.decode()
    danas.post(f"/console/letters/{version.pk}/approve/")
    assert "version 1, is in use" in carols.get(URL).content.decode()
    danas.post(f"/console/letters/{version.pk}/retire/")
    assert "that the software carries is in use" in carols.get(URL).content.decode()


@pytest.mark.parametrize("path", ["nonsense/en", "host_policy/xx", "_contact/en"])
def test_what_is_no_letter_is_not_there(carols: Client, path: str) -> None:
    assert carols.get(f"/console/letters/{path}/").status_code == 404


def test_subscribers_see_none_of_it(client_for: Any, alice: User) -> None:
    assert client_for(alice).get("/console/letters/").status_code == 404
