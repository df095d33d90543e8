"""The pages of webhooks: adding, the secret once, the list of calls, sending again, deleting."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from alerts import outbox, webhooks
from alerts.models import Kind, WebhookDelivery, WebhookEndpoint
from alerts.states import WebhookDeliveryState, WebhookState

pytestmark = pytest.mark.django_db
LIST = "/alerts/webhooks/"


@pytest.fixture(autouse=True)
def _the_open_web(settings: Any) -> None:
    settings.FETCH_ALLOW_PRIVATE = False


@pytest.fixture
def browser(alice: User, client_for: Any) -> Client:
    found: Client = client_for(alice)
    return found


@pytest.fixture
def endpoint(alice: User) -> WebhookEndpoint:
    return webhooks.add(alice, "https://hooks.example/mine")


def page(browser: Client, url: str) -> str:
    return browser.get(url).content.decode()


def test_a_webhook_is_added_and_its_secret_shown_once(browser: Client) -> None:
    answer = browser.post(LIST, {"url": "https://hooks.example/mine"})
    row = WebhookEndpoint.objects.get()
    assert answer.headers["Location"] == f"{LIST}{row.pk}/"
    secret = webhooks.secret(row)
    assert secret in page(browser, f"{LIST}{row.pk}/")
    assert secret not in page(browser, f"{LIST}{row.pk}/")
    assert "https://hooks.example/mine" in page(browser, LIST)


def test_the_secret_is_not_in_the_session(browser: Client) -> None:
    browser.post(LIST, {"url": "https://hooks.example/mine"})
    assert webhooks.secret(WebhookEndpoint.objects.get()) not in str(dict(browser.session))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("hooks.example", "Write the whole address"),
        ("http://hooks.example/", "must begin with https://"),
        ("https://192.168.1.1/", "inside a private network"),
        ("https://hooks.example:22/", "We call the ports"),
        ("https://user:secret@hooks.example/", "user name or password"),
        ("", "This field is required"),
    ],
)
def test_an_address_that_is_not_taken_stays_with_a_sentence(browser: Client, url: str, sentence: str) -> None:
    text = browser.post(LIST, {"url": url}).content.decode()
    assert sentence in text
    assert f'value="{url}"' in text or not url
    assert not WebhookEndpoint.objects.exists()


def test_there_is_no_form_for_a_sixth(alice: User, browser: Client) -> None:
    for number in range(webhooks.MOST):
        webhooks.add(alice, f"https://hooks.example/{number}")
    assert "as many as there can be" in page(browser, LIST)
    browser.post(LIST, {"url": "https://hooks.example/more"})
    assert WebhookEndpoint.objects.count() == webhooks.MOST


def test_it_is_switched_off_and_on(browser: Client, endpoint: WebhookEndpoint) -> None:
    for state in (WebhookState.OFF, WebhookState.ON):
        browser.post(f"{LIST}{endpoint.pk}/switch/")
        endpoint.refresh_from_db()
        assert endpoint.state == state


def test_a_new_secret_is_shown_once(browser: Client, endpoint: WebhookEndpoint) -> None:
    old = webhooks.secret(endpoint)
    browser.post(f"{LIST}{endpoint.pk}/secret/")
    endpoint.refresh_from_db()
    shown = page(browser, f"{LIST}{endpoint.pk}/")
    assert webhooks.secret(endpoint) in shown and old not in shown


def test_deleting_asks_first(browser: Client, endpoint: WebhookEndpoint) -> None:
    assert "Delete this webhook?" in page(browser, f"{LIST}{endpoint.pk}/delete/")
    assert WebhookEndpoint.objects.exists()
    browser.post(f"{LIST}{endpoint.pk}/delete/")
    assert not WebhookEndpoint.objects.exists()


def test_the_list_says_what_came_of_each_call(alice: User, browser: Client, endpoint: WebhookEndpoint) -> None:
    outbox.tell(alice, Kind.REMOVED, "event:1")
    row = WebhookDelivery.objects.all()
    for status, error, sentence in (
        (500, "", "It answered with 500"),
        (302, "", "We follow none"),
        (None, "timeout", "within ten seconds"),
        (None, "something_new", "could not be called"),
    ):
        row.update(status=status, error=error, tries=2, last_try_at=timezone.now())
        assert sentence in page(browser, f"{LIST}{endpoint.pk}/")
    row.update(state=WebhookDeliveryState.DELIVERED)
    assert "could not be called" not in page(browser, f"{LIST}{endpoint.pk}/")


def test_one_call_is_sent_again(alice: User, browser: Client, endpoint: WebhookEndpoint) -> None:
    outbox.tell(alice, Kind.REMOVED, "event:1")
    row = WebhookDelivery.objects.get()
    assert "Send again" not in page(browser, f"{LIST}{endpoint.pk}/")
    WebhookDelivery.objects.update(state=WebhookDeliveryState.FAILED, tries=30)
    assert "Send again" in page(browser, f"{LIST}{endpoint.pk}/")
    browser.post(f"{LIST}calls/{row.pk}/again/")
    row.refresh_from_db()
    assert (row.state, row.tries) == (WebhookDeliveryState.WAITING, 0)


def test_a_test_is_put_on_its_way_but_not_any_number_of_times(browser: Client, endpoint: WebhookEndpoint) -> None:
    for _ in range(25):
        answer = browser.post(f"{LIST}{endpoint.pk}/test/", follow=True)
    assert WebhookDelivery.objects.filter(kind="test").count() == 20
    assert "try again in an hour" in answer.content.decode()


def test_a_webhook_that_is_off_is_not_tested(browser: Client, endpoint: WebhookEndpoint) -> None:
    webhooks.switch_off(endpoint)
    browser.post(f"{LIST}{endpoint.pk}/test/")
    assert not WebhookDelivery.objects.exists()


def test_bob_neither_sees_nor_touches_what_is_alices(bob: User, endpoint: WebhookEndpoint, client_for: Any) -> None:
    other, call = client_for(bob), webhooks.test(endpoint)
    assert "hooks.example" not in page(other, LIST)
    for path in ("switch/", "secret/", "test/", "delete/"):
        assert other.post(f"{LIST}{endpoint.pk}/{path}").status_code == 404
    assert other.post(f"{LIST}calls/{call.pk}/again/").status_code == 404
    assert other.get(f"{LIST}{endpoint.pk}/").status_code == 404


def test_a_webhook_that_was_switched_off_by_us_says_why(browser: Client, endpoint: WebhookEndpoint) -> None:
    webhooks.switch_off(endpoint, WebhookState.DISABLED)
    assert "We switched it off on" in page(browser, f"{LIST}{endpoint.pk}/")
    assert "Switched off by us" in page(browser, LIST)
