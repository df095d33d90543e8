"""Asking without us is free: whom to write to, and a letter in one's own name."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from search.models import Enrolment, Match
from takedowns import yourself
from takedowns.models import Case, Notice
from tests import cases
from tests.sites import Site

pytestmark = pytest.mark.usefixtures("rdap_registry")


@pytest.fixture
def alice_client(client_for: Any, alice: User) -> Client:
    browser: Client = client_for(alice)
    return browser


@pytest.fixture
def match(enrolled_alice: Enrolment, site: Site) -> Match:
    cache.clear()
    return cases.astronaut_match(enrolled_alice.subject, site)


def test_contacts_are_found_and_shown(match: Match, alice_client: Client) -> None:
    page = f"/cases/yourself/{match.pk}/"
    assert "Find out for me" in alice_client.get(page).content.decode()
    found = yourself.find(match)
    assert {whom.email for whom in found} == {cases.OWNER, cases.HOST_ABUSE}
    shown = alice_client.get(page).content.decode()
    assert cases.OWNER in shown
    assert cases.HOST_ABUSE in shown
    assert not Case.objects.exists()
    assert not Notice.objects.exists()


def test_asking_starts_a_search_in_the_background_and_not_twice(match: Match, alice_client: Client) -> None:
    for _ in range(2):
        answer = alice_client.post(f"/cases/yourself/{match.pk}/contacts/")
        assert answer.status_code == 302
    assert "We are asking registries" in alice_client.get(f"/cases/yourself/{match.pk}/").content.decode()


@pytest.mark.parametrize(
    ("query", "wanted", "unwanted"),
    [
        ("photographer=me&intimate=no&lives_in=elsewhere", "under penalty of perjury", "GDPR"),
        ("photographer=other&intimate=no&lives_in=eu", "Articles 17 and 21(1)", "perjury"),
        ("photographer=other&intimate=no&lives_in=uk", "UK GDPR", "perjury"),
        ("photographer=other&intimate=yes&lives_in=eu", "48 hours", "perjury"),
        ("photographer=other&intimate=no&lives_in=elsewhere", "I claim no law beyond them", "perjury"),
        ("photographer=nonsense", "I claim no law beyond them", "perjury"),
    ],
)
def test_the_letter_fits_the_answers(
    match: Match, alice_client: Client, query: str, wanted: str, unwanted: str
) -> None:
    text = alice_client.get(f"/cases/yourself/{match.pk}/letter.txt?{query}").content.decode()
    assert wanted in text
    assert unwanted not in text
    assert match.places()[0].page_url in text


def test_nobody_elses_match(match: Match, client_for: Any, bob: User) -> None:
    browser = client_for(bob)
    assert browser.get(f"/cases/yourself/{match.pk}/letter.txt").status_code == 404
    assert browser.post(f"/cases/yourself/{match.pk}/contacts/").status_code == 404
