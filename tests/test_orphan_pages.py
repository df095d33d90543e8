"""Mail without a case in the console: read as text, put to its case or away; and the letters of a case, sorted."""

from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from accounts import keys
from accounts.models import AuditEvent, User
from takedowns import console_mail
from takedowns.mail import effects, inbox, orphans
from takedowns.models import Case, Communication, Notice, OrphanMail, WorkItem
from tests import letters_in
from tests.html import Page
from tests.letters_in import ABUSE, raw

Browser = Callable[[User], Client]
EVIL = '<script>alert(1)</script><img src="https://track.example/x"> https://evil.example/login'


@pytest.fixture
def case(alice: User) -> Case:
    return letters_in.case_of(alice)


@pytest.fixture
def notice(case: Case) -> Notice:
    return letters_in.sent_to(case)


def orphan(text: str = "We cannot remove it.", **headers: str) -> OrphanMail:
    assert inbox.take(raw(text, **headers)) == "orphan"
    return OrphanMail.objects.latest("received_at")


def url(found: OrphanMail, act: str = "") -> str:
    return f"/console/mail/{found.pk}/{act}"


# --- Pages -------------------------------------------------------------------------------------------------


def test_the_oldest_comes_first(carol: User, client_for: Browser) -> None:
    for number in range(3):
        orphan(f"Mail {number}", subject=f"Subject {number}")
    page = client_for(carol).get("/console/mail/").content.decode()
    places = [page.index(f"Subject {number}") for number in range(3)]
    assert places == sorted(places) and "3 to be put into their place" in page


def test_the_queue_has_pages_and_few_queries(
    carol: User, client_for: Browser, django_assert_max_num_queries: Any
) -> None:
    for _ in range(60):
        letters_in.orphan_mail()
    browser = client_for(carol)
    browser.get("/console/mail/")
    with django_assert_max_num_queries(12):
        page = browser.get("/console/mail/?page=2").content.decode()
    assert "60 of 60" in page


def test_an_empty_queue_says_so(carol: User, client_for: Browser) -> None:
    assert "No mail waits" in client_for(carol).get("/console/mail/").content.decode()


def test_a_mail_is_text_and_nothing_in_it_a_link(carol: User, client_for: Browser) -> None:
    found = orphan(EVIL, subject=EVIL[:60], sender='"<b>x</b>" <x@evil.example>')
    for address in ("/console/mail/", url(found)):
        page = Page(client_for(carol).get(address).content.decode())
        assert page.inline() == []
        links = [tag.attributes.get("href", "") for tag in page.all("a")]
        assert not any("evil" in link or "track" in link for link in links)
        assert not any("track" in image.attributes.get("src", "") for image in page.all("img"))
    assert "https://evil.example/login" in client_for(carol).get(url(found)).content.decode()


def test_only_staff_see_it(alice: User, client_for: Browser) -> None:
    found = letters_in.orphan_mail()
    for address in ("/console/mail/", url(found)):
        assert client_for(alice).get(address).status_code == 404
        assert Client().get(address).status_code == 302
    for act in ("put/", "away/"):
        assert client_for(alice).post(url(found, act)).status_code == 404


# --- To its case -------------------------------------------------------------------------------------------


def test_put_to_its_case_it_has_its_effect(notice: Notice, alice: User, carol: User, client_for: Browser) -> None:
    found = orphan()
    answer = client_for(carol).post(url(found, "put/"), {"reference": f" {notice.case.reference.lower()} "})
    assert answer.headers["Location"] == f"/console/cases/{notice.case_id}/"
    letter = Communication.objects.get(direction="in")
    assert (letter.matched_by, letter.notice, letter.kind) == ("person", notice, "refused")
    assert "cannot remove" in keys.unseal(alice, "communication", letter.sealed_body).decode()
    notice.refresh_from_db()
    assert notice.state == "refused"
    event = AuditEvent.objects.get(action="letter.put")
    assert (event.actor, event.about) == (carol.pk, alice.pk)


def test_its_text_is_then_under_the_subject_s_key_only(notice: Notice, carol: User) -> None:
    found = orphan()
    orphans.put(found, notice.case.reference, carol)
    found.refresh_from_db()
    assert orphans.read(found) == orphans.Opened("", "") and found.case == notice.case


def test_the_same_mail_that_comes_again_is_known(notice: Notice, carol: User) -> None:
    mail = raw("We cannot remove it.")
    inbox.take(mail)
    orphans.put(OrphanMail.objects.get(), notice.case.reference, carol)
    assert inbox.take(mail) == "duplicate"


def test_a_wrong_reference_is_kept_and_said(carol: User, client_for: Browser) -> None:
    found = orphan()
    for reference, words in (("FW-22222222", "no case with this reference"), ("", "Type the reference")):
        answer = client_for(carol).post(url(found, "put/"), {"reference": reference})
        page = answer.content.decode()
        assert answer.status_code == 422 and words in page and reference in page
    found.refresh_from_db()
    assert found.done_at is None


def test_put_to_a_case_without_letters_it_is_read_by_a_person(case: Case, carol: User) -> None:
    orphans.put(orphan(), case.reference, carol)
    assert WorkItem.objects.get().kind == effects.READ


# --- Away --------------------------------------------------------------------------------------------------


def test_put_away_it_is_off_the_queue_and_still_there(carol: User, client_for: Browser) -> None:
    found = orphan()
    browser = client_for(carol)
    assert browser.post(url(found, "away/"), {}).status_code == 422
    assert browser.post(url(found, "away/"), {"reason": "spam"}).status_code == 302
    found.refresh_from_db()
    assert found.done_by == carol and "put away" in browser.get(url(found)).content.decode()
    assert AuditEvent.objects.get(action="orphan.away").detail == {"reason": "spam"}


def test_two_colleagues_do_it_once(notice: Notice, carol: User, dana: User, client_for: Browser) -> None:
    found = orphan()
    orphans.put(found, notice.case.reference, dana)
    for act, data in (("away/", {"reason": "spam"}), ("put/", {"reference": notice.case.reference})):
        answer = client_for(carol).post(url(found, act), data, follow=True)
        assert "Somebody else was faster" in answer.content.decode()
    assert Communication.objects.filter(direction="in").count() == 1


# --- Letters of a case -------------------------------------------------------------------------------------


def test_a_letter_is_sorted_and_read(notice: Notice, carol: User, client_for: Browser) -> None:
    inbox.take(letters_in.answer(notice, "Hm."))
    letter, browser = Communication.objects.get(direction="in"), client_for(carol)
    address = f"/console/received/{letter.pk}/"
    assert browser.post(f"{address}kind/", {"kind": "question"}).headers["Location"].endswith(f"#received-{letter.pk}")
    notice.refresh_from_db()
    assert notice.state == "info_requested"
    for wrong in ({"kind": "letter"}, {"kind": "reply", "until": "soon"}, {}):
        assert browser.post(f"{address}kind/", wrong).status_code == 302
    letter.refresh_from_db()
    assert letter.kind == "question"
    browser.post(f"{address}kind/", {"kind": "reply", "until": "2099-01-01"})
    browser.post(f"{address}read/")
    assert not WorkItem.objects.filter(done_at=None).exists()


def test_a_letter_of_our_own_cannot_be_sorted(notice: Notice, alice: User, carol: User, client_for: Browser) -> None:
    ours, theirs = Communication.objects.get(), letters_in.letter_in(notice.case)
    assert client_for(carol).post(f"/console/received/{ours.pk}/kind/", {"kind": "reply"}).status_code == 404
    for act in ("kind/", "read/"):
        assert client_for(alice).post(f"/console/received/{theirs.pk}/{act}", {"kind": "reply"}).status_code == 404


def test_the_case_s_part_shows_words_only(notice: Notice, rf: Any) -> None:
    inbox.take(letters_in.answer(notice, EVIL, subject=EVIL[:60]))
    inbox.take(raw("We cannot remove it.", sender="x@stranger.example", subject=notice.case.reference))
    shown = console_mail.received(notice.case)
    html = render_to_string("takedowns/console_received.html", {"received": shown}, request=rf.get("/"))
    page = Page(html)
    assert page.all("script") == [] and page.all("img") == [] and page.all("a") == []
    assert "an address that we do not know" in html and "It answers a letter of ours" in html and ABUSE in html


def test_unread_letters_to_closed_cases_are_not_lost(notice: Notice, carol: User, client_for: Browser) -> None:
    Case.objects.update(state="closed", outcome="removed", closed_at=notice.sent_at)
    inbox.take(letters_in.answer(notice, "It is back by mistake.", subject="Sorry"))
    page = client_for(carol).get("/console/mail/?tab=closed").content.decode()
    assert notice.case.reference in page and "Sorry" in page
    effects.mark_read(Communication.objects.get(direction="in"), carol)
    assert "Nothing unread" in client_for(carol).get("/console/mail/?tab=closed").content.decode()
