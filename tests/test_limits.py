"""Rate limits: so many tries in so much time, by place and by key."""

import time
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from accounts.limits import client, limited

# So that it also runs with Redis (`--only-database`).
pytestmark = pytest.mark.django_db


def test_a_try_is_free_again_after_its_time() -> None:
    """In real time: a cache server's clock cannot be turned."""
    assert [limited("door", 2, 2) for _ in range(3)] == [False, False, True]
    give_up = time.monotonic() + 30
    while limited("door", 2, 2):
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_keys_do_not_disturb_each_other() -> None:
    assert not limited("door", 1, 60)
    assert not limited("gate", 1, 60)
    assert limited("door", 1, 60)


def test_the_cache_never_holds_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    add = lambda key, value, timeout: kept.append(key) or True  # noqa: E731
    monkeypatch.setattr("accounts.limits.cache", SimpleNamespace(add=add))
    limited("198.51.100.7", 1, 60)
    assert kept
    assert "198.51.100.7" not in kept[0]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ],
)
def test_one_ipv6_customer_is_one_place(rf: RequestFactory, address: str, place: str) -> None:
    assert client(rf.get("/", REMOTE_ADDR=address)) == place
