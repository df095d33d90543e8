"""The private feed: valid Atom, for whoever knows its address only, and no more in it than in a mail."""

import logging
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AccountLock, User
from alerts import feed, outbox, rules, words
from alerts.models import Alert, FeedToken, Kind
from config.log_scrub import ScrubPaths, scrubbed
from search.models import Enrolment
from tests.matches import make_match

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
PAGE = "/alerts/feed/"


def read(token: str, **headers: str) -> Any:
    return Client().get(f"/feed/{token}/", headers=headers)


def entries(answer: Any) -> list[ElementTree.Element]:
    return ElementTree.fromstring(answer.content).findall(f"{ATOM}entry")


def text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(f"{ATOM}{name}") or ""


def told(user: User, kind: Kind = Kind.REMOVED) -> Alert:
    return outbox.tell(user, kind, f"event:{uuid4()}")


def test_it_is_valid_atom(alice: User) -> None:
    """What RFC 4287 asks of a feed and of an entry (4.1.1, 4.1.2)."""
    alerts = [told(alice), told(alice, Kind.QUESTION)]
    answer = read(feed.renew(alice))
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed" and len(root.findall(f"{ATOM}author")) == 1
    for element in (root, *entries(answer)):
        assert all(len(element.findall(f"{ATOM}{name}")) == 1 for name in ("id", "title", "updated"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text(element, "updated"))
    assert {text(entry, "id") for entry in entries(answer)} == {f"urn:uuid:{alert.pk}" for alert in alerts}


def test_an_entry_says_what_happened_and_links_into_the_portal(alice: User, settings: Any) -> None:
    told(alice)
    (entry,) = entries(read(feed.renew(alice)))
    assert text(entry, "title") == words.language("en").count(Kind.REMOVED, 1)
    links = entry.findall(f"{ATOM}link")
    assert [link.attrib["href"].startswith(f"{settings.PORTAL_URL}/") for link in links] == [True]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("language", list(words.LANGUAGES))
def test_every_kind_has_words_in_every_language(alice: User, kind: Kind, language: str) -> None:
    rule = rules.stored(alice)
    rule.language = language
    rule.save()
    told(alice, kind)
    assert text(entries(read(feed.renew(alice)))[0], "title")


def test_nothing_of_a_picture_a_site_or_a_person_is_in_it(alice: User, enrolled_alice: Enrolment) -> None:
    match = make_match(enrolled_alice.subject, places=2)
    outbox.tell(alice, Kind.MATCH, f"match:{match.pk}", matches=[match])
    body = read(feed.renew(alice)).content.decode()
    for hidden in ("shop.example", str(match.pk), match.image.sha256, "0.71", "Alice", "alice@example.org"):
        assert hidden not in body


def test_in_discreet_mode_the_titles_are_neutral(alice: User) -> None:
    alice.discreet = True
    alice.save()
    told(alice)
    answer = read(feed.renew(alice))
    assert text(entries(answer)[0], "title") == words.language("en").say("neutral")
    assert text(ElementTree.fromstring(answer.content), "title") == "Notes"


def test_the_newest_fifty_are_in_it(alice: User, bob: User) -> None:
    told(bob)
    for number in range(52):
        with time_machine.travel(timezone.now() + timedelta(minutes=number)):
            newest = told(alice)
    found = entries(read(feed.renew(alice)))
    assert len(found) == 50 and text(found[0], "id") == newest.pk.urn


def test_an_unchanged_feed_is_not_sent_again(alice: User) -> None:
    token = feed.renew(alice)
    for _ in range(2):
        first = read(token)
        assert read(token, **{"If-None-Match": first.headers["ETag"]}).status_code == 304
        assert read(token, **{"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304
        with time_machine.travel(timezone.now() + timedelta(minutes=1)):
            told(alice)
        assert read(token, **{"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_no_cache_in_between_keeps_it(alice: User) -> None:
    answer = read(feed.renew(alice))
    assert "private" in answer.headers["Cache-Control"] and answer.headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in answer.headers


def test_a_wrong_address_is_404_and_soon_429(alice: User) -> None:
    token = feed.renew(alice)
    statuses = [read(f"{token}{number}").status_code for number in range(40)]
    assert statuses == [404] * 30 + [429] * 10
    assert read(token).status_code == 200  # a reader in the same network does not suffer


def test_a_new_address_ends_the_old_one(alice: User) -> None:
    old, new = feed.renew(alice), feed.renew(alice)
    assert (read(old).status_code, read(new).status_code) == (404, 200)
    assert FeedToken.objects.count() == 1


def test_the_feed_of_a_locked_or_closed_account_shows_nothing(alice: User) -> None:
    token = feed.renew(alice)
    lock = AccountLock.objects.create(user=alice, code="different_faces")
    assert read(token).status_code == 404
    lock.delete()
    alice.is_active = False
    alice.save()
    assert read(token).status_code == 404


def test_only_the_hash_of_the_address_is_kept(alice: User) -> None:
    token = feed.renew(alice)
    row = FeedToken.objects.get()
    assert len(token) >= 43 and token not in str(row.__dict__) and row.sha256 == feed.digest(token)


def test_no_log_names_the_address(alice: User) -> None:
    token = feed.renew(alice)
    assert token not in scrubbed(f'"GET /feed/{token}/ HTTP/1.1" 200')
    record = logging.LogRecord("django.request", 30, "", 0, "Not Found: %s", (f"/feed/{token}/",), None)
    ScrubPaths().filter(record)
    assert token not in record.getMessage()


# --- Its page -----------------------------------------------------------------------------------------------------


def test_the_address_is_shown_once(alice: User, client_for: Any) -> None:
    browser = client_for(alice)
    assert "Make a feed" in browser.get(PAGE).content.decode()
    browser.post(f"{PAGE}new/")
    assert "/feed/" not in str(dict(browser.session))
    shown = re.search(r'data-copy="[^"]*/feed/([^/"]+)/"', browser.get(PAGE).content.decode())
    assert shown and read(shown.group(1)).status_code == 200
    assert shown.group(1) not in browser.get(PAGE).content.decode()


def test_it_can_be_switched_off(alice: User, client_for: Any) -> None:
    token, browser = feed.renew(alice), client_for(alice)
    browser.post(f"{PAGE}off/")
    assert read(token).status_code == 404
    assert "Make a feed" in browser.get(PAGE).content.decode()
