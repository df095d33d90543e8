"""What the name system tells about a domain; and that no answer, however bad, is an exception."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from demo.names import MAIL_HOST, NO_MAIL, NOWHERE, NameServer
from takedowns.contacts import lookups, names
from takedowns.contacts.lookups import LookupBusy, LookupFailed
from takedowns.models import Lookup

pytestmark = pytest.mark.django_db


@contextmanager
def zone(settings: Any, records: dict[tuple[str, str], list[str]] | None = None) -> Iterator[NameServer]:
    with NameServer(0, records) as server:
        settings.DNS_SERVERS = [server.address]
        yield server


@contextmanager
def replying(settings: Any, answer: bytes) -> Iterator[None]:
    """A name server that answers everything with the same bytes, the question's own number before them."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            question, sender = listening.recvfrom(4096)
            if not question:
                return
            listening.sendto(question[:2] + answer, sender)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    settings.DNS_SERVERS = [f"127.0.0.1:{listening.getsockname()[1]}"]
    try:
        yield
    finally:
        listening.sendto(b"", listening.getsockname())
        thread.join()
        listening.close()


def test_the_demos_domains(settings: Any) -> None:
    with zone(settings):
        assert names.mail_servers("blog.localhost") == ("mail.half-an-orbit.example",)
        assert names.mail_servers("any.example") == (MAIL_HOST.rstrip("."),)
        assert names.name_servers("blog.localhost") == ("ns1.loopback-hosting.example",)
        assert names.aliases("img.photos.localhost") == ("photos.localhost",)
        assert names.zone_mailbox("img.blog.localhost") == "hostmaster@loopback-hosting.example"
        assert names.text("1.0.0.127.origin.asn.cymru.com") == ("64496 | 127.0.0.0/8 | US | demo | 2020-01-01",)


@pytest.mark.parametrize(
    ("domain", "takes"),
    [
        ("blog.localhost", True),
        ("forum.localhost", True),
        ("copies.localhost", False),
        (NO_MAIL, False),
        (NOWHERE, False),
        ("img.photos.localhost", True),
        ("not a name", False),
        ("127.0.0.1", False),
    ],
)
def test_a_domain_takes_mail_if_it_has_a_server_for_it_or_an_address_and_no_null_mx(
    settings: Any, domain: str, takes: bool
) -> None:
    with zone(settings):
        assert names.takes_mail(domain) is takes


def test_mail_servers_come_best_first(settings: Any) -> None:
    with zone(settings, {("a.test", "MX"): ["20 b.test.", "5 c.test.", "0 ."]}):
        assert names.mail_servers("A.test.") == ("c.test", "b.test")
        assert names.takes_mail("a.test") is True


def test_nobody_answers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "LIFETIME_SECONDS", 0.2)
    server = NameServer(0)
    settings.DNS_SERVERS = [server.address]
    assert names.takes_mail("a.test") is None
    assert names.mail_servers("a.test") == names.name_servers("a.test") == ()
    server.stop()


@pytest.mark.parametrize("servers", [["no address"], [""], ["127.0.0.1:x"], ["127.0.0.1:99999"]])
def test_settings_that_name_no_server(settings: Any, servers: list[str]) -> None:
    settings.DNS_SERVERS = servers
    assert names.takes_mail("a.test") is None


@pytest.mark.parametrize("domain", ["blog.localhost", "host.example", "x.invalid", "printer.local", "www.example.org"])
def test_names_that_nobody_has_are_not_asked_of_the_systems_servers(settings: Any, domain: str) -> None:
    settings.DNS_SERVERS = []
    assert names.takes_mail(domain) is None
    assert not Lookup.objects.exists()


def test_a_loop_of_aliases_ends(settings: Any) -> None:
    loop = {("a.test", "CNAME"): ["b.test."], ("b.test", "CNAME"): ["c.test."], ("c.test", "CNAME"): ["a.test."]}
    with zone(settings, loop):
        assert names.aliases("a.test") == ("b.test", "c.test")


def test_a_long_chain_of_aliases_is_cut(settings: Any) -> None:
    chain = {(f"n{number}.test", "CNAME"): [f"n{number + 1}.test."] for number in range(50)}
    with zone(settings, chain) as server:
        assert len(names.aliases("n0.test")) == names.MAX_ALIASES
        assert len(server.asked) == names.MAX_ALIASES


def test_large_answers_come_by_tcp_and_are_capped(settings: Any) -> None:
    with zone(settings, {("big.test", "TXT"): [f'"{number} {"x" * 200}"' for number in range(100)]}) as server:
        assert len(names.text("big.test")) == names.MAX_RECORDS
        assert len(server.asked) == 2


def test_a_text_is_one_printable_line(settings: Any) -> None:
    with zone(settings, {("a.test", "TXT"): [r'"a\000b\010\255" "c"']}):
        assert names.text("a.test") == ("a b \N{REPLACEMENT CHARACTER}c",)


@pytest.mark.parametrize("rname", [".", "mail.", r"a\000b.x.test.", "under_score.x.test.", r"john\.doe.x.test."])
def test_a_zones_mailbox_is_an_address_or_nothing(settings: Any, rname: str) -> None:
    with zone(settings, {("x.test", "SOA"): [f"ns.x.test. {rname} 1 1 1 1 1"]}):
        assert names.zone_mailbox("www.x.test") in ("", "john.doe@x.test", "under_score@x.test")


@pytest.mark.parametrize(
    "answer",
    [b"", b"\x00", b"\x81\x80" + b"\xff" * 40, b"\x81\x80\x00\x01\x00\x01" + b"\xc0\x0c" * 30, b"A" * 60_000],
    ids=["empty", "short", "ones", "pointers", "long"],
)
def test_bytes_that_are_no_answer_are_no_exception(
    settings: Any, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(names, "LIFETIME_SECONDS", 0.3)
    with replying(settings, answer):
        assert names.takes_mail("a.test") is None
        assert names.aliases("a.test") == ()


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_no_name_is_an_exception(settings: Any, name: str) -> None:
    settings.DNS_SERVERS = ["127.0.0.1:1"]
    names.LIFETIME_SECONDS, before = 0.05, names.LIFETIME_SECONDS
    try:
        assert names.takes_mail(name) in (None, False)
        assert names.zone_mailbox(name) == ""
    finally:
        names.LIFETIME_SECONDS = before


# --- What is remembered ------------------------------------------------------------------------------------------


def test_a_question_is_asked_once_also_when_there_is_no_answer(settings: Any) -> None:
    with zone(settings) as server:
        for _ in range(3):
            assert names.mail_servers("blog.localhost") and not names.mail_servers("nowhere.test")
        assert server.asked == ["blog.localhost MX", "nowhere.test MX"]


def test_a_failure_is_remembered_for_minutes_and_an_answer_for_longer(time_machine: Any) -> None:
    time_machine.move_to("2026-11-22T12:00:00Z", tick=False)
    asked: list[str] = []

    def fail() -> None:
        asked.append("fail")
        raise LookupFailed("Nobody is there.")

    def answer() -> dict[str, str]:
        asked.append("answer")
        return {"a\0b": "\ud800\0"}

    for _ in range(2):
        with pytest.raises(LookupFailed, match="Nobody is there"):
            lookups.remembered("one", timedelta(days=1), fail)
        assert lookups.remembered("two", timedelta(days=1), answer).value == {"ab": "?"}
    assert asked == ["fail", "answer"]
    time_machine.shift(lookups.FAILURE_FOR)
    assert lookups.remembered("one", timedelta(days=1), answer).value == {"ab": "?"}
    assert lookups.remembered("two", timedelta(days=1), answer).asked_at.hour == 12
    assert asked == ["fail", "answer", "answer"]


def test_that_there_is_none_is_kept_for_a_day(time_machine: Any) -> None:
    time_machine.move_to("2026-11-22T12:00:00Z", tick=False)
    assert lookups.remembered("key", timedelta(days=7), lambda: None).value is None
    assert lookups.remembered("key", timedelta(days=7), lambda: 1).value is None
    time_machine.shift(lookups.NOTHING_FOR)
    assert lookups.remembered("key", timedelta(days=7), lambda: 1).value == 1


def test_what_has_expired_is_swept_and_nothing_is_kept_for_ever(time_machine: Any) -> None:
    time_machine.move_to("2026-11-22T12:00:00Z", tick=False)
    lookups.remembered("short", timedelta(hours=1), lambda: 1)
    lookups.remembered("x" * 1000, timedelta(days=9999), lambda: 2)
    time_machine.shift(timedelta(hours=2))
    assert (lookups.sweep(), Lookup.objects.count()) == (1, 1)
    time_machine.shift(lookups.LONGEST)
    assert lookups.oldest() is not None
    assert (lookups.sweep(), lookups.oldest()) == (1, None)


def test_long_keys_stay_apart() -> None:
    one, two = "k" * 400 + "1", "k" * 400 + "2"
    lookups.remembered(one, timedelta(days=1), lambda: "one")
    assert lookups.remembered(two, timedelta(days=1), lambda: "two").value == "two"
    lookups.forget(one)
    assert lookups.remembered(one, timedelta(days=1), lambda: "again").value == "again"


def test_a_server_that_was_just_asked_is_left_alone_and_nothing_of_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(lookups, "POLITE_SECONDS", 60)
    lookups.wait_turn("registry.example")
    lookups.wait_turn("other.example")
    with pytest.raises(LookupBusy):
        lookups.remembered("key", timedelta(days=1), lambda: lookups.wait_turn("Registry.example"))
    assert not Lookup.objects.exists()
    for _ in range(3):
        lookups.wait_turn("127.0.0.1")
        lookups.wait_turn("whois.localhost")
