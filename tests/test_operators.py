"""Operators in the console: who they are, how they answer, and who may say how they are treated."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from takedowns.models import AbuseContact, Operator

URL = "/console/operators/"


@pytest.fixture
def operator(db: None) -> Operator:
    made = Operator.objects.create(key="network:NET-1", kind="host", name="Example Hosting", country="DE")
    AbuseContact.objects.create(
        operator=made, email="abuse@host.example", role="abuse", source="rdap_ip", confidence=0.9
    )
    return made


@pytest.fixture
def carols(client_for: Any, carol: User) -> Client:
    browser: Client = client_for(carol)
    return browser


@pytest.mark.parametrize(
    "query", ["", "?q=example", "?q=abuse@host", "?kind=host", "?sort=latest", "?sort=nonsense&page=9"]
)
def test_they_are_listed_and_found(carols: Client, operator: Operator, query: str) -> None:
    assert operator.name in carols.get(URL + query).content.decode()


@pytest.mark.parametrize("query", ["?q=nobody", "?kind=cdn"])
def test_others_are_not(carols: Client, operator: Operator, query: str) -> None:
    assert "Nothing found" in carols.get(URL + query).content.decode()


def test_a_page_shows_contacts_with_their_health(carols: Client, operator: Operator) -> None:
    page = carols.get(f"{URL}{operator.pk}/").content.decode()
    assert "abuse@host.example" in page
    assert "Not tried yet" in page


def test_senior_staff_say_how_it_is_treated_with_a_reason(client_for: Any, dana: User, operator: Operator) -> None:
    browser = client_for(dana)
    refused = browser.post(f"{URL}{operator.pk}/treat/", {"stance": "hostile", "language": "", "reason": "x"})
    assert refused.status_code == 422
    browser.post(f"{URL}{operator.pk}/treat/", {"stance": "hostile", "language": "", "reason": "It names the person."})
    operator.refresh_from_db()
    assert operator.stance == "hostile"
    assert AuditEvent.objects.filter(action="operator.treated").exists()


def test_nobody_else_does(carols: Client, operator: Operator) -> None:
    assert carols.post(f"{URL}{operator.pk}/treat/", {"stance": "hostile", "reason": "long enough"}).status_code == 404


def test_a_contact_by_hand_counts_for_most(carols: Client, operator: Operator) -> None:
    carols.post(f"{URL}{operator.pk}/contact/", {"email": "Desk@host.example", "form_url": "", "role": "abuse"})
    assert AbuseContact.objects.get(email="desk@host.example").confidence == 1.0


@pytest.mark.parametrize(
    "bad", [{"email": "", "form_url": ""}, {"email": "no", "form_url": ""}, {"email": "", "form_url": "javascript:1"}]
)
def test_a_contact_has_to_be_one(carols: Client, operator: Operator, bad: dict[str, str]) -> None:
    assert carols.post(f"{URL}{operator.pk}/contact/", {**bad, "role": "abuse"}).status_code == 422
    assert AbuseContact.objects.count() == 1
