"""Whatever is Alice's, Bob gets 404 and a stranger is sent to sign in: for every route with an argument."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from tests import cases, world
from tests.routes import Route, ours
from tests.world import OBJECTS, World, undone

NOT_FOUND, NO_SUCH_METHOD = 404, 405


def object_routes() -> list[Route]:
    return [route for route in ours() if route.names]


@pytest.fixture
def made(alice: User, bob: User, carol: User, dana: User, settings: Any) -> Iterator[World]:
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        yield world.build(alice, bob, carol, dana)


def answers(client: Client, url: str) -> list[HttpResponse]:
    """What a GET and an empty POST get."""
    found = []
    for method in (client.get, client.post):
        with undone():
            found.append(method(url))
    return found


def test_every_object_route_is_tried_here() -> None:
    assert {route.name for route in object_routes()} == set(OBJECTS)


def test_bob_sees_404(made: World, client_for: Any) -> None:
    browser = client_for(made.bob)
    for route in object_routes():
        if route.audience == "public":
            continue
        statuses = [answer.status_code for answer in answers(browser, route.url(**OBJECTS[route.name](made)))]
        assert NOT_FOUND in statuses, route.name
        assert set(statuses) <= {NOT_FOUND, NO_SUCH_METHOD}, (route.name, statuses)


def test_a_stranger_is_sent_to_sign_in(made: World) -> None:
    for route in object_routes():
        if route.audience == "public":
            continue
        for answer in answers(Client(), route.url(**OBJECTS[route.name](made))):
            assert answer.status_code == 302, route.name
            assert answer.headers["Location"].startswith("/account/login/"), route.name


def test_a_token_that_is_not_right_opens_nothing(made: World) -> None:
    for route in object_routes():
        if route.audience != "public":
            continue
        right = OBJECTS[route.name](made)
        wrong = {name: f"{value}x" for name, value in right.items()}
        statuses = [answer.status_code for answer in answers(Client(), route.url(**wrong))]
        assert NOT_FOUND in statuses, route.name
        assert set(statuses) <= {NOT_FOUND, NO_SUCH_METHOD}, (route.name, statuses)


def test_whose_it_is_gets_in(made: World, client_for: Any) -> None:
    """So that the 404s above are not those of a wrong URL."""
    owners = {"public": Client(), "subscribers": client_for(made.alice), "staff": client_for(made.carol)}
    owners["members"], owners["senior_staff"] = owners["subscribers"], client_for(made.dana)
    for route in object_routes():
        url = route.url(**OBJECTS[route.name](made))
        found = answers(owners[route.audience], url)
        assert any(answer.status_code not in {NOT_FOUND, NO_SUCH_METHOD} for answer in found), route.name


def test_alice_sees_no_console(made: World, client_for: Any) -> None:
    browser = client_for(made.alice)
    staff = [route for route in ours() if route.audience in {"staff", "senior_staff"}]
    assert staff
    for route in staff:
        for answer in answers(browser, route.url(**world.arguments(made, route.name))):
            assert answer.status_code == NOT_FOUND, route.name
