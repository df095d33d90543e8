"""Alert settings: sensible without any choice, saved as chosen, refused by the field, and true about the next mail."""

import smtplib
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts.models import User
from alerts import forecast, outbox, rules
from alerts.models import AddressHealth, AlertRule, Cadence, Kind
from alerts.settings_forms import SettingsForm
from alerts.states import AddressState
from search import leaving
from search.models import Subject
from tests.html import Page

NOON = datetime(2030, 5, 15, 12, tzinfo=UTC)
CHOSEN = {
    "mail": "on",
    "minimum_band": "certain",
    "cadence": "weekly",
    "hour": "18",
    "weekday": "4",
    "quiet": "on",
    "quiet_from": "22",
    "quiet_until": "7",
    "time_zone": "Europe/Berlin",
    "language": "de",
    "tell_removals": "on",
}


@pytest.fixture
def browser(client_for: Any, alice: User) -> Client:
    signed_in: Client = client_for(alice)
    return signed_in


def test_the_defaults_are_shown_and_looking_stores_nothing(browser: Client) -> None:
    page = Page(browser.get("/alerts/").content.decode())
    ticked = {tag.attributes["name"] for tag in page.all("input") if "checked" in tag.attributes}
    # Tests have no quiet hours unless they ask for some.
    assert ticked == {"mail", "minimum_band", "cadence", "tell_removals", "tell_moves"}
    assert not AlertRule.objects.exists()


def test_what_is_chosen_is_saved(browser: Client, alice: User) -> None:
    assert browser.post("/alerts/", CHOSEN).status_code == 302
    rule = AlertRule.objects.get(user=alice)
    said = (rule.minimum_band, rule.cadence, rule.hour, rule.weekday, rule.quiet_from, rule.quiet_until)
    assert said == ("certain", Cadence.WEEKLY, 18, 4, 22, 7)
    assert (rule.time_zone, rule.language, rule.tell_removals, rule.tell_moves) == ("Europe/Berlin", "de", True, False)
    page = browser.get("/alerts/").content.decode()
    assert "once a week, on Friday at 18:00, and never between 22:00 and 07:00. Hours are those of Berlin." in page


def test_switching_mail_off_and_on_does_not_tell_what_came_between(browser: Client, alice: User) -> None:
    since = rules.stored(alice).mail_since
    browser.post("/alerts/", CHOSEN)
    assert rules.of(alice).mail_since == since, "nothing changed about that"
    browser.post("/alerts/", {**CHOSEN, "mail": ""})
    assert rules.of(alice).mail_since is None
    assert "No alert is mailed to you." in browser.get("/alerts/").content.decode()
    outbox.tell(alice, Kind.MATCH, "match:1")
    browser.post("/alerts/", CHOSEN)
    rule = rules.of(alice)
    assert rule.mail_since is not None
    assert rule.mail_since > alice.alerts.get().created_at


def test_without_quiet_hours_there_are_none(browser: Client, alice: User) -> None:
    browser.post("/alerts/", {**CHOSEN, "quiet": ""})
    rule = AlertRule.objects.get(user=alice)
    assert rule.quiet_from == rule.quiet_until


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"hour": "23"}, "At: That is in your quiet hours. Choose another hour, or other quiet hours."),
        ({"quiet_until": "22"}, "Until: Choose another hour, or switch the quiet hours off."),
        ({"time_zone": "Mars/Olympus"}, "Time zone: Select a valid choice."),
        ({"minimum_band": "any"}, "Pictures worth a mail: Select a valid choice."),
        ({"cadence": "hourly"}, "How often: Select a valid choice."),
        ({"hour": "24"}, "At: Select a valid choice."),
        ({"language": "xx"}, "Language of these mails: Select a valid choice."),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(browser: Client, wrong: dict[str, str], sentence: str) -> None:
    answer = browser.post("/alerts/", {**CHOSEN, **wrong})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not AlertRule.objects.filter(language="de").exists()


def test_mail_as_it_happens_may_have_its_daily_hour_in_the_quiet_hours(browser: Client) -> None:
    assert browser.post("/alerts/", {**CHOSEN, "cadence": "at_once", "hour": "23"}).status_code == 302


def test_the_usual_time_zone_is_that_of_where_they_live(browser: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(region="DE")
    page = browser.get("/alerts/").content.decode()
    assert "As where you live: Germany (Berlin)" in page
    assert "Hours are those of Berlin." in page


@time_machine.travel(NOON, tick=False)
def test_the_forecast_is_when_the_next_mail_would_leave(alice: User, settings: Any) -> None:
    rule = AlertRule.objects.create(user=alice, cadence=Cadence.DAILY, hour=9, time_zone="Europe/Berlin")
    empty = "Nothing waits for you. If something came up now, we would mail it on Thursday, 16 May, at 09:00."
    assert forecast.sentence(alice, rule) == empty
    outbox.tell(alice, Kind.QUESTION, "event:1")
    assert forecast.sentence(alice, rule) == "Something waits for you. We mail it on Thursday, 16 May, at 09:00."
    rule.cadence = Cadence.AT_ONCE
    rule.save()
    assert forecast.sentence(alice, rule) == "Something waits for you. We mail it within minutes."


def test_there_is_no_forecast_where_no_mail_leaves(alice: User) -> None:
    assert forecast.sentence(alice, AlertRule(user=alice, mail_since=None)) == ""
    AddressHealth.objects.create(user=alice, address=alice.email, state=AddressState.DEAD)
    assert forecast.sentence(alice, rules.of(alice)) == ""


def test_the_ceiling_is_said_with_the_numbers_that_hold(browser: Client, settings: Any) -> None:
    settings.ALERT_MAILS_A_DAY, settings.ALERT_MAILS_A_WEEK = 4, 17
    assert "at most 4 of these mails in 24 hours, and 17 in seven days" in browser.get("/alerts/").content.decode()


def test_a_test_mail_says_nothing_and_is_limited(browser: Client, alice: User) -> None:
    for _ in range(5):
        browser.post("/alerts/test/")
    assert len(mail.outbox) == 3
    letter = mail.outbox[0]
    assert letter.to == [alice.email]
    assert "Alice" not in letter.body
    assert "http://localhost:8000/alerts/" in letter.body


def test_no_test_mail_goes_to_an_address_that_takes_none(browser: Client, alice: User) -> None:
    AddressHealth.objects.create(user=alice, address=alice.email, state=AddressState.DEAD)
    browser.post("/alerts/test/")
    assert mail.outbox == []


def test_a_mail_server_that_is_down_is_a_sentence(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    assert "does not take mail right now" in browser.post("/alerts/test/", follow=True).content.decode()


def test_a_site_that_was_left_alone_can_be_heard_again(browser: Client, alice: User, bob: User) -> None:
    for user in (alice, bob):
        Subject.objects.create(user=user)
        leaving.leave_site(user, "shop.example")
    assert "shop.example" in browser.get("/alerts/").content.decode()
    browser.post("/alerts/listen-again/", {"site": "shop.example"})
    assert not leaving.sites(alice).exists()
    assert leaving.sites(bob).exists()


def test_an_unsubscribe_link_used_meanwhile_is_not_undone(alice: User) -> None:
    form = SettingsForm(CHOSEN, instance=rules.stored(alice))
    assert form.is_valid()
    AlertRule.objects.update(mail_since=None)
    form.save()
    assert rules.of(alice).mail_since is None
