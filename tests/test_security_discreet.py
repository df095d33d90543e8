"""Discreet mode, and what logs do not say."""

import logging
from typing import Any

import pytest
from django.core import mail

from accounts import mailing
from accounts.models import User
from alerts import dispatch
from config.log_scrub import ScrubPaths, scrubbed
from search.models import Enrolment
from tests.matches import make_match


@pytest.mark.django_db
def test_titles_icon_and_subjects_are_neutral_when_asked_for(enrolled_alice: Enrolment, client_for: Any) -> None:
    alice = enrolled_alice.subject.user
    client = client_for(alice)
    assert "Faceward</title>" in client.get("/dashboard/").content.decode()
    client.post("/account/discreet/", {"discreet": "on"})
    page = client.get("/matches/").content.decode()
    assert "<title>Notes</title>" in page
    assert "img/plain.svg" in page
    make_match(enrolled_alice.subject)
    dispatch.deliver()
    assert mail.outbox[-1].subject == mailing.NEUTRAL
    client.post("/account/discreet/")
    assert "Faceward</title>" in client.get("/dashboard/").content.decode()


@pytest.mark.django_db
def test_codes_and_notices_about_signing_in_have_neutral_subjects_too(alice: User, client: Any) -> None:
    alice.discreet = True
    alice.save()
    client.post("/account/login/code/", {"email": alice.email})
    assert mail.outbox[-1].subject == mailing.NEUTRAL


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Not Found: /opt-out/confirm/eyJhIjox:1tXyZq:abcDEF123/", "Not Found: /opt-out/confirm/…/"),
        (
            '"GET /opt-out/yours/eyJhIjox:1tXyZq:abcDEF123/?a=b 1.1" 200',
            '"GET /opt-out/yours/…/?… 1.1" 200',
        ),
        (
            '"GET /account/login/?next=/opt-out/x/eyJhIjox:1tXyZq:abcDEF123/ 1.1"',
            '"GET /account/login/?… 1.1"',
        ),
        ("/account/password/reset/key/1a-c8f3b2-0123456789abcdef0123456789abcdef/", "/account/password/reset/key/…/"),
        ("/matches/0b7f6a52-90a1-4b57-9a5b-6d5b3ad7b1c5/", "/matches/0b7f6a52-90a1-4b57-9a5b-6d5b3ad7b1c5/"),
        ("Not Found: /static/css/components.css", "Not Found: /static/css/components.css"),
    ],
)
def test_no_token_is_in_a_log(said: str, kept: str) -> None:
    assert scrubbed(said) == kept


def test_the_servers_own_lines_go_through_it(settings: Any) -> None:
    for name in ("django", "django.server"):
        logger = settings.LOGGING["loggers"][name]
        assert logger["handlers"] == ["scrubbed"]
        assert logger["propagate"] is False
    line = logging.LogRecord("django.server", logging.INFO, "", 0, '"%s" %s', ("GET /a/?token=b HTTP/1.1", 200), None)
    assert ScrubPaths().filter(line)
    assert line.getMessage() == '"GET /a/?… HTTP/1.1" 200'
