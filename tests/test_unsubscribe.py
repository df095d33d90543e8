"""One click stops alert mail, and nothing else; a link that is only opened changes nothing."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from accounts.models import User
from alerts import dispatch, rules, unsubscribing
from alerts.models import AlertRule, Digest
from alerts.states import DigestState
from config.log_scrub import scrubbed
from tests.returned_mail import alert

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def path(user: User) -> str:
    return f"/mail/stop/{unsubscribing.token(user)}/"


def is_on(user: User) -> bool:
    return rules.of(user).mail_since is not None


def press(user: User) -> Any:
    """The button of the page, in a browser that has no session."""
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(path(user)).content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    return browser, browser.post(path(user), {"act": "stop", "csrfmiddlewaretoken": found[1] if found else ""})


def test_the_headers_are_those_of_rfc_8058(alice: User, settings: Any) -> None:
    settings.PORTAL_URL = "https://portal.example"
    headers = unsubscribing.headers(alice)
    assert headers == {
        "List-Unsubscribe": f"<https://portal.example{path(alice)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_a_mail_program_stops_it_without_a_cookie_and_is_not_sent_elsewhere(alice: User, content_type: str) -> None:
    part = 'Content-Disposition: form-data; name="List-Unsubscribe"'
    form = f"--b\r\n{part}\r\n\r\nOne-Click\r\n--b--\r\n"
    body = form if content_type.startswith("multipart") else "List-Unsubscribe=One-Click"
    browser = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = browser.post(path(alice), body, content_type=content_type)
        assert answer.status_code == 200
        assert not answer.cookies
        assert not is_on(alice)


def test_opening_the_link_changes_nothing_and_names_nobody(alice: User) -> None:
    alice_words = (alice.email, alice.full_name, str(alice.pk))
    for _ in range(2):
        answer = Client().get(path(alice))
        assert answer.status_code == 200
        assert not any(word in answer.content.decode() for word in alice_words)
    assert Client().head(path(alice)).status_code == 405
    assert is_on(alice)


def test_the_button_stops_it_and_the_next_page_takes_it_back(alice: User) -> None:
    since = rules.stored(alice).mail_since
    browser, answer = press(alice)
    assert not is_on(alice)
    page = browser.get(answer.headers["Location"]).content.decode()
    assert "Alert mail is off" in page
    assert "security" in page
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    answer = browser.post(answer.headers["Location"], {"csrfmiddlewaretoken": token[1]}, follow=True)
    assert rules.of(alice).mail_since == since
    assert "Alert mail is on again" in answer.content.decode()


def test_the_way_back_ends_after_an_hour(alice: User) -> None:
    undo = unsubscribing.stop(alice)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert not unsubscribing.put_back(undo)
        assert "out of date" in Client().get(f"/mail/stopped/{undo}/").content.decode()
    assert not is_on(alice)


def test_taking_it_back_needs_the_page_and_not_only_a_link_to_it(alice: User) -> None:
    undo = unsubscribing.stop(alice)
    assert Client(enforce_csrf_checks=True).post(f"/mail/stopped/{undo}/").status_code == 403
    assert not is_on(alice)


def test_a_post_that_says_nothing_changes_nothing(alice: User) -> None:
    assert Client().post(path(alice)).status_code == 400
    assert Client().post(path(alice), {"List-Unsubscribe": "no"}).status_code == 400
    assert is_on(alice)


def spoilt(token: str) -> list[str]:
    changed = ("A" if token[-1] != "A" else "B", "a" if token[0] != "a" else "b")
    return [token[:-1] + changed[0], changed[1] + token[1:], token.partition(".")[0], "x" * 70, f"{token}.{token}"]


def test_a_link_is_good_for_its_person_and_for_nothing_else(alice: User, bob: User) -> None:
    for wrong in [*spoilt(unsubscribing.token(alice)), unsubscribing.undo_token(alice, timezone.now())]:
        assert Client().get(f"/mail/stop/{wrong}/").status_code == 404
        assert Client().post(f"/mail/stop/{wrong}/", ONE_CLICK).status_code == 404
    for wrong in spoilt(unsubscribing.undo_token(alice, timezone.now())):
        assert Client().get(f"/mail/stopped/{wrong}/").status_code == 404
        assert not unsubscribing.put_back(wrong)
    assert not unsubscribing.put_back(unsubscribing.token(alice))
    for other in ("/opt-out/confirm/", "/opt-out/yours/", "/opt-out/withdraw/"):
        assert Client().get(f"{other}{unsubscribing.token(alice)}/").status_code == 404
    Client().post(path(alice), ONE_CLICK)
    assert is_on(bob)


def test_it_signs_nobody_in(alice: User) -> None:
    browser = Client()
    browser.get(path(alice))
    assert browser.get("/dashboard/").status_code == 302


def test_the_token_is_in_no_log(alice: User) -> None:
    token = unsubscribing.token(alice)
    assert token not in scrubbed(f'"POST {path(alice)} HTTP/1.1" 200')
    assert token[-20:] not in scrubbed(f'"POST {path(alice)} HTTP/1.1" 200')


def test_the_link_of_an_account_that_is_gone_opens_nothing(alice: User) -> None:
    there, back = path(alice), f"/mail/stopped/{unsubscribing.stop(alice)}/"
    alice.delete()
    assert Client().get(there).status_code == Client().get(back).status_code == 404


def test_alerts_stop_and_account_mail_goes_on(alice: User, client_for: Callable[[User], Client]) -> None:
    AlertRule.objects.filter(pk=rules.stored(alice).pk).update(quiet_from=0, quiet_until=0)
    alert(alice)
    Client().post(path(alice), ONE_CLICK)
    assert dispatch.deliver() == 0
    Client().post("/account/password/reset/", {"email": alice.email})
    assert [message.to for message in outbox.outbox] == [[alice.email]]


def test_what_happened_meanwhile_is_told_when_it_was_a_slip(alice: User) -> None:
    AlertRule.objects.filter(pk=rules.stored(alice).pk).update(quiet_from=0, quiet_until=0)
    undo = unsubscribing.stop(alice)
    alert(alice)
    assert dispatch.deliver() == 0
    unsubscribing.put_back(undo)
    assert dispatch.deliver() == 1
    assert Digest.objects.get().state == DigestState.SENT
