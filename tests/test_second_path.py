"""A second way through the network: gone is what is gone on both, and the policy holds there, too."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from accounts.models import User
from crawler.fetch import fetch
from crawler.policy import FetchFailed, FetchPolicy, FetchRefused
from crawler.proxy import parse_proxy
from search.models import Enrolment
from takedowns import checks, delivery, second_path, verification
from takedowns.judging import FINAL, Found, both_ways
from takedowns.models import Case, Verification
from takedowns.states import CaseState, Outcome, UrlState
from tests import cases, photos
from tests.proxies import RunningProxy, by_side, proxy
from tests.sites import Reply, Site, page, redirect, serve, talker

GONE = Reply(b"<h1>Gone</h1>", status=410)
SHOWN = page('<p>Hello</p><img src="/photo.jpg">')
DAY = timedelta(days=1)


@pytest.fixture
def far(settings: Any) -> Iterator[RunningProxy]:
    with proxy() as running:
        settings.SECOND_PATH_URL = running.url
        yield running


@pytest.fixture
def case(enrolled_alice: Enrolment, carol: User, settings: Any, site: Site) -> Case:
    """A case whose notice was sent."""
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        opened = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    delivery.send(cases.approved(opened, carol))
    return Case.objects.get()


def look(case: Case) -> Verification:
    return verification.verify(cases.only_place(case))


# --- The way -------------------------------------------------------------------------------------------------


def via(running: RunningProxy, **policy: Any) -> FetchPolicy:
    return FetchPolicy(allow_private=True, proxy=parse_proxy(running.url), **policy)


def test_a_tunnel_leads_to_the_address_that_was_judged_and_keeps_the_name(site: Site) -> None:
    with proxy() as running:
        fetched = fetch(site.url("/post", cases.HOST), via(running))
        assert (fetched.status, fetched.body) == (200, SHOWN.body)
        assert running.asked == [f"CONNECT 127.0.0.1:{site.port}"]
        assert dict(fetched.exchanges[0].request_headers)["Host"] == f"{cases.HOST}:{site.port}"


def test_a_proxy_without_tunnels_is_asked_for_the_whole_url(site: Site) -> None:
    with proxy() as running:
        running.tunnels = False
        assert fetch(site.url("/post", cases.HOST), via(running)).body == SHOWN.body
        assert running.asked[1] == f"GET {site.url('/post', cases.HOST)}"
        with pytest.raises(FetchFailed) as failure:
            fetch(f"https://{cases.HOST}:{site.port}/", via(running))
        assert failure.value.code == "proxy"


@pytest.mark.parametrize("tunnels", [True, False])
def test_the_same_honest_name_and_the_proxy_s_password_only_for_the_proxy(site: Site, tunnels: bool) -> None:
    with proxy() as running:
        running.tunnels, running.password = tunnels, "Basic dTpw"
        url = running.url.replace("http://", "http://u:p@")
        policy = FetchPolicy(allow_private=True, proxy=parse_proxy(url), user_agent="Faceward-Test")
        assert fetch(site.url("/post"), policy).status == 200
        assert site.agents == {"Faceward-Test"}
        with pytest.raises(FetchFailed) as failure:
            fetch(site.url("/post"), via(running))
        assert failure.value.code == "proxy"


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://169.254.169.254/", "http://inside.example/"])
@pytest.mark.parametrize("tunnels", [True, False])
def test_the_proxy_is_never_asked_for_what_lies_inside(url: str, tunnels: bool) -> None:
    with proxy() as running:
        running.tunnels = tunnels
        policy = FetchPolicy(proxy=parse_proxy(running.url))
        with pytest.raises(FetchRefused):
            fetch(url, policy, lookup=lambda _host: ["10.0.0.1"])
        assert running.asked == []


def test_redirects_through_the_proxy_are_judged_too() -> None:
    with serve({"/": redirect("http://169.254.169.254/latest")}) as site, proxy() as running:
        with pytest.raises(FetchRefused):
            fetch(site.url(), via(running))
        assert len(running.asked) == 1


def test_a_name_that_changes_its_answer_leads_nowhere_else(site: Site) -> None:
    """DNS rebinding: the proxy is given the address, so it has no name to look up."""
    with proxy() as running:
        answers = iter([["127.0.0.1"], ["127.0.0.9"]])
        fetch(site.url("/post", "rebind.example"), via(running), lookup=lambda _host: next(answers))
        assert running.asked == [f"CONNECT 127.0.0.1:{site.port}"]


def test_what_failed_is_told_apart(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    with proxy() as running:
        with pytest.raises(FetchFailed) as failure:
            fetch(f"http://127.0.0.1:{nobody}/", via(running))
        assert failure.value.code == "connect", "the site is down, and not the proxy"
    with pytest.raises(FetchFailed) as failure:
        fetch(site.url("/post"), via(running))
    assert failure.value.code == "proxy"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nmore",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 4000,
        b"\x00" * 99,
    ],
    ids=["nothing", "no HTTP", "speaks too soon", "endless head", "zeros"],
)
def test_a_proxy_that_speaks_nonsense_is_down(site: Site, answer: bytes) -> None:
    with talker(lambda connection, _stop: connection.sendall(answer)) as port, pytest.raises(FetchFailed) as failure:
        fetch(site.url("/post"), via(RunningProxy(port)))
    assert failure.value.code == "proxy"


@pytest.mark.parametrize(
    "url", ["https://proxy.example:1", "socks5://x:1", "proxy", "http://", "http://h:99999", "http://h/p"]
)
def test_a_setting_that_names_no_proxy_is_found_at_the_start(settings: Any, url: str) -> None:
    settings.SECOND_PATH_URL = url
    with pytest.raises(ImproperlyConfigured):
        second_path.policy()
    assert [error.id for error in checks.second_path_is_a_proxy(None)] == ["takedowns.E001"]
    settings.SECOND_PATH_URL = ""
    assert second_path.policy() is None and checks.second_path_is_a_proxy(None) == []


# --- What two looks come to ------------------------------------------------------------------------------------


def test_nothing_is_removed_unless_both_ways_say_so() -> None:
    for first in Found:
        for second in [*Found, None]:
            found, agrees = both_ways(first, second)
            assert (found in FINAL) == (first in FINAL and second in FINAL)
            assert (agrees is True) == (first == second)
            assert agrees is None or second is not None


def test_gone_on_both_sides_counts(case: Case, site: Site, far: RunningProxy) -> None:
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    with time_machine.travel(timezone.now(), tick=False) as clock:
        check = look(case)
        assert (check.outcome, check.second_path_agrees) == (Found.REMOVED_SOURCE, True)
        clock.shift(DAY)
        look(case)
    case.refresh_from_db()
    assert (case.state, case.outcome) == (CaseState.CLOSED, Outcome.REMOVED)


def test_a_picture_hidden_from_our_side_only_is_not_removed(case: Case, site: Site, far: RunningProxy) -> None:
    site.answers.update({"/post": by_side(GONE, SHOWN), "/photo.jpg": by_side(GONE, cases.photo())})
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(3):
            check = look(case)
            assert (check.outcome, check.second_path_agrees) == (Found.GEO_BLOCKED, False)
            clock.shift(DAY)
    assert check.detail["first"] == "removed_source" and check.detail["second"]["outcome"] == "still_live"
    assert case.urls.get().state == UrlState.LIVE
    assert case.events.filter(kind="url.geo_blocked").count() == 1
    assert not verification.seems_gone(case.urls.get())


def test_a_picture_that_is_seen_directly_needs_no_second_look(case: Case, site: Site, far: RunningProxy) -> None:
    check = look(case)
    assert (check.outcome, check.second_path_agrees, far.asked) == (Found.STILL_LIVE, None, [])


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        (Reply(status=451), Reply(status=451), (Found.REMOVED_SOURCE, True)),
        (Reply(status=451), SHOWN, (Found.GEO_BLOCKED, False)),
        (Reply(status=403), SHOWN, (Found.GEO_BLOCKED, False)),
        (Reply(status=503), SHOWN, (Found.GEO_BLOCKED, False)),
        (Reply(status=403), GONE, (Found.LOGIN_WALLED, None)),
        (page("Not available in your country"), GONE, (Found.GEO_BLOCKED, False)),
        (GONE, Reply(status=403), (Found.INCOMPLETE, None)),
        (GONE, Reply(status=503), (Found.INCOMPLETE, None)),
    ],
    ids=["451 twice", "451 here", "403 here", "503 here", "403 and gone", "words here", "403 there", "503 there"],
)
def test_what_two_sides_come_to(
    case: Case, site: Site, far: RunningProxy, here: Reply, there: Reply, expected: tuple[Found, bool | None]
) -> None:
    site.answers.update(
        {"/post": by_side(here, there), "/photo.jpg": by_side(GONE, cases.photo() if there is SHOWN else GONE)}
    )
    check = look(case)
    assert (check.outcome, check.second_path_agrees) == expected


def test_a_way_that_is_down_is_no_agreement_and_after_three_looks_a_person_is_asked_once(
    case: Case, site: Site, settings: Any
) -> None:
    with proxy() as ended:
        settings.SECOND_PATH_URL = ended.url
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(1, 5):
            check = look(case)
            assert (check.outcome, check.second_path_agrees) == (Found.INCOMPLETE, None)
            assert check.detail["second_path"] == "down"
            soon = case.urls.get().next_check_at == timezone.now() + DAY / 24
            assert soon == (number < 3), number
            assert case.work_items.filter(kind="second_path").count() == (number >= 3)
            clock.shift(timedelta(hours=1))
        with proxy() as running:
            settings.SECOND_PATH_URL = running.url
            assert look(case).second_path_agrees is True
        assert case.work_items.get(kind="second_path").done_at is not None


def test_a_silent_way_does_not_start_the_count_anew(case: Case, site: Site, far: RunningProxy, settings: Any) -> None:
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    with time_machine.travel(timezone.now(), tick=False) as clock:
        look(case)
        clock.shift(DAY / 2)
        with proxy() as ended:
            settings.SECOND_PATH_URL = ended.url
        look(case)
        settings.SECOND_PATH_URL = far.url
        clock.shift(DAY / 2)
        look(case)
    assert case.urls.get().state == UrlState.REMOVED


def test_a_removed_picture_that_only_others_see_again_is_back(case: Case, site: Site, far: RunningProxy) -> None:
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    with time_machine.travel(timezone.now(), tick=False) as clock:
        look(case)
        clock.shift(DAY)
        look(case)
        site.answers["/photo.jpg"] = by_side(GONE, cases.photo(photos.reencoded(photos.astronaut())))
        clock.shift(7 * DAY)
        look(case)
    assert Case.objects.filter(relapse_of=case).count() == 1
