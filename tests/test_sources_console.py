"""The console's pages about crawling: what they show, what they do, and what they refuse."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEvent, User
from crawler import sources, volume
from crawler.models import BlockedHost, CrawlRun, Page, Source
from crawler.states import RunState, SourceState
from tests.html import Page as Html

LIST, NEW, BLOCKED = "/console/sources/", "/console/sources/new/", "/console/blocked/"
PLAN = {"note": "A case is about it.", "depth": "3", "max_pages": "50", "max_pictures": "60", "unit": "days"}
MOST_QUERIES = 12


@pytest.fixture
def staff(carol: User, client_for: Any) -> Client:
    return client_for(carol)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[object]]:
    calls: list[list[object]] = []
    monkeypatch.setattr(sources.current_app, "send_task", lambda _name, args: calls.append(args))
    return calls


@pytest.fixture
def source(db: None) -> Source:
    return sources.add_source("https://forum.example/", note="A case is about it.")


def text(answer: Any) -> str:
    return answer.content.decode()


# --- The table -----------------------------------------------------------------------------------------------


def test_nothing_is_named_yet(staff: Client) -> None:
    page = text(staff.get(LIST))
    assert "No sources yet" in page
    assert "No run that began in the last 30 days read a page." in page


def test_the_table_says_how_it_goes(staff: Client, source: Source) -> None:
    errors = {"http_404": 12, "timeout": 2, "robots": 1}
    CrawlRun.objects.create(source=source, state=RunState.FAILED, pages=7, images=21, errors=errors)
    Source.objects.update(failures=3)
    page = text(staff.get(LIST))
    for words in ("https://forum.example/", "Failing", "3 in a row", "HTTP 404", "Timeout", "+1"):
        assert words in page
    assert "Pages read by day" in page


def test_filters_search_and_order_are_in_the_address(staff: Client, source: Source) -> None:
    feed = sources.add_source("https://blog.example/feed", kind="feed")
    sources.pause(feed, None)

    def shown(query: str) -> list[str]:
        return [row.source.host for row in staff.get(f"{LIST}?{query}").context["rows"]]

    assert shown("q=FORUM") == ["forum.example"]
    assert shown("kind=feed") == ["blog.example"]
    assert shown("state=paused") == ["blog.example"]
    assert shown("trouble=never&sort=-source") == ["forum.example", "blog.example"]
    assert shown("sort=source") == ["blog.example", "forum.example"]
    assert shown("state=nonsense&kind=nonsense&sort=nonsense&page=nonsense&trouble=nonsense")
    assert "Nothing found" in text(staff.get(f"{LIST}?q=zzz"))


def test_the_volume_counts_runs_for_the_day_they_began(source: Source) -> None:
    now = timezone.now()
    for days, pages in ((0, 5), (1, 7), (1, 1), (40, 100)):
        CrawlRun.objects.create(source=source, started_at=now - timedelta(days=days), pages=pages, images=2 * pages)
    found = volume.by_day()
    assert [bar.value for bar in found.pages[-2:]] == [8, 5]
    assert (found.total_pages, found.total_pictures, len(found.pages)) == (13, 26, volume.DAYS)


@pytest.mark.parametrize("path", ["", "{source}/", "{source}/edit/", "?q=forum&trouble=failing"])
def test_few_queries_however_much_there_is(staff: Client, path: str) -> None:
    made = Source.objects.bulk_create(
        Source(url=f"https://{n}.example/", host=f"{n}.example", digest=str(n)) for n in range(1000)
    )
    state = RunState.FINISHED
    CrawlRun.objects.bulk_create(CrawlRun(source=made[n % 1000], state=state, errors={"dns": 1}) for n in range(10_000))
    Page.objects.bulk_create(Page(source=made[0], url=str(n), digest=str(n), depth=1) for n in range(200))
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert staff.get(LIST + path.format(source=made[0].pk)).status_code == 200
    assert len(captured) <= MOST_QUERIES


# --- Naming and changing -------------------------------------------------------------------------------------


def test_naming_a_source_requests_nothing(staff: Client, sent: list[Any]) -> None:
    data = {**PLAN, "what": "site", "url": "127.0.0.1:9/x", "allow_private": "on", "every": "12", "unit": "hours"}
    answer = staff.post(NEW, {**data, "url": "http://127.0.0.1:9/x#part"})
    source = Source.objects.get()
    assert answer.headers["Location"] == f"/console/sources/{source.pk}/"
    assert (source.url, source.every, source.depth) == ("http://127.0.0.1:9/x", timedelta(hours=12), 3)
    assert source.named_by.email == "carol@example.org"
    assert sent == []
    assert "A case is about it." in text(staff.get(answer.headers["Location"]))


def test_a_list_of_pages(staff: Client) -> None:
    lines = "https://a.example/1\n\n  https://b.example/2?utm_source=x \nhttps://a.example/1"
    staff.post(NEW, {**PLAN, "what": "urls", "seeds": lines})
    assert Source.objects.get().seeds == ["https://a.example/1", "https://b.example/2"]


@pytest.mark.parametrize(("kind", "depth"), [("site", 10), ("sitemap", 0), ("feed", 0), ("warc", 0)])
def test_how_deep_where_nothing_is_said(staff: Client, kind: str, depth: int) -> None:
    staff.post(NEW, {**PLAN, "what": kind, "url": "https://192.0.2.1/", "depth": ""})
    staff.post(NEW, {**PLAN, "what": kind, "url": "http://127.0.0.1:9/", "depth": "", "allow_private": "on"})
    assert Source.objects.get().depth == depth


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": ""}, "Give the address where it starts."),
        ({"url": "ftp://a.example/"}, "Only http and https"),
        ({"url": "http://10.0.0.1/"}, "Tick “It is on a private network”"),
        ({"url": "http://169.254.169.254/", "allow_private": "on"}, "not part of the public internet"),
        ({"url": "https://cdn.blocked.example/"}, "This host is blocked."),
        ({"url": "https://forum.example/"}, "This is a source already."),
        ({"what": ""}, "Choose what it is."),
        ({"what": "page"}, "Choose one of these."),
        ({"what": "urls", "seeds": " \n"}, "Give at least one page"),
        ({"what": "urls", "seeds": "https://a.example/\nhttp://10.0.0.1/"}, "http://10.0.0.1/: Addresses on private"),
        ({"what": "urls", "seeds": "https://a.example/\n" * 1001}, "1000 at most"),
        ({"note": ""}, "Say why."),
        ({"path": "people"}, "Begin it with “/”"),
        ({"depth": "101"}, "from 0 to 100"),
        ({"max_pages": "0"}, "from 1 to 1,000,000"),
        ({"every": "0"}, "from 1 to 8,760"),
        ({"every": "366"}, "A year at most."),
        ({"delay_seconds": "0.05"}, "from 0.1 to 120"),
        ({"concurrency": "9"}, "from 1 to 8"),
    ],
)
def test_what_is_wrong_is_said_by_the_field_and_kept(
    staff: Client, source: Source, wrong: dict[str, str], words: str
) -> None:
    sources.block_host("blocked.example", "The owner asked.", None)
    data = {**PLAN, "what": "site", "url": "http://127.0.0.1:9/", "allow_private": "", **wrong}
    answer = staff.post(NEW, data)
    assert answer.status_code == 422
    page = text(answer)
    assert words in page
    assert "data-error-summary" in page
    assert Source.objects.count() == 1
    assert PLAN["max_pictures"] in page


def test_private_networks_are_no_choice_where_the_machine_is_closed_to_them(staff: Client, settings: Any) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    assert 'name="allow_private"' not in text(staff.get(NEW))
    answer = staff.post(NEW, {**PLAN, "what": "site", "url": "http://10.0.0.1/", "allow_private": "on"})
    assert answer.status_code == 422
    assert not Source.objects.exists()
    mine = sources.add_source("http://127.0.0.1:9/", allow_private=True)
    staff.post(f"{LIST}{mine.pk}/edit/", PLAN)
    mine.refresh_from_db()
    assert (mine.allow_private, mine.max_pages) == (True, 50)


def test_changing_a_source(staff: Client, source: Source) -> None:
    url = f"{LIST}{source.pk}/edit/"
    assert "A case is about it." in text(staff.get(url))
    assert staff.post(url, {**PLAN, "path": "/a/../b c/", "delay_seconds": "2.5"}).status_code == 302
    source.refresh_from_db()
    assert (source.path, source.delay_seconds, source.url) == ("/b%20c/", 2.5, "https://forum.example/")
    assert staff.post(url, {**PLAN, "note": ""}).status_code == 422
    twin = sources.add_source("https://a.example/", kind="urls", seeds=["https://a.example/"])
    other = sources.add_source("https://b.example/", kind="urls", seeds=["https://b.example/"])
    answer = staff.post(f"{LIST}{other.pk}/edit/", {**PLAN, "seeds": "https://a.example/"})
    assert f"/console/sources/{twin.pk}/" in text(answer)


# --- One source and its acts ---------------------------------------------------------------------------------


def test_a_source_says_what_is_known_of_its_pages(staff: Client, source: Source) -> None:
    now = timezone.now()
    for n, read in enumerate((True, True, False)):
        Page.objects.create(
            source=source,
            url=str(n),
            digest=str(n),
            depth=1,
            fetched_at=now if read else None,
            changed_at=now if n == 0 else None,
            interval_seconds=(n + 1) * 86_400 if read else 0,
            due_at=now + timedelta(hours=1),
        )
    examples = {"http_404": ["https://forum.example/gone"]}
    CrawlRun.objects.create(source=source, state=RunState.FINISHED, errors={"http_404": 1}, examples=examples)
    page = text(staff.get(f"{LIST}{source.pk}/"))
    assert "after 36 hours on average: after 1 day where they change often, after 2 days" in page
    assert "There is nothing at this address." in page
    assert "https://forum.example/gone" in page


def test_who_reported_a_page_is_not_shown(staff: Client, alice: User) -> None:
    source = sources.add_source("https://forum.example/1", kind="page")
    Source.objects.update(reported_by=alice)
    page = text(staff.get(f"{LIST}{source.pk}/"))
    assert "Reported by a subscriber" in page
    assert "alice" not in page.lower()


def test_the_acts_on_a_source(
    staff: Client, source: Source, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    def press(act: str) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            return text(staff.post(f"{LIST}{source.pk}/{act}/", follow=True))

    assert "as soon as a worker is free" in press("crawl")
    assert "asked for a moment ago" in press("crawl")
    assert sent == [[str(source.pk), False]]
    assert "Paused. It is not crawled" in press("pause")
    assert "Somebody else was faster" in press("pause")
    assert "This source is paused." in press("crawl")
    assert "Resumed." in press("resume")
    assert list(AuditEvent.objects.values_list("action", flat=True)) == [
        "source.crawl_asked",
        "source.paused",
        "source.resumed",
    ]


# --- Runs ----------------------------------------------------------------------------------------------------


def test_a_run_under_way_is_asked_every_two_seconds(staff: Client, source: Source) -> None:
    run = CrawlRun.objects.create(source=source, pages=412, waiting=588, errors={"dns": 2})
    url = f"/console/runs/{run.pk}/"
    page = Html(text(staff.get(url)))
    [live] = [tag for tag in page.all("div") if tag.attributes.get("id") == "live"]
    assert live.attributes["hx-trigger"] == "every 2s"
    partial = staff.get(live.attributes["hx-get"], headers={"HX-Request": "true"})
    assert "412 of 1,000 known" in text(partial)
    assert "<html" not in text(partial)
    assert "More than 400 pages read." in text(partial)
    # An ordinary request for the same address, as when it is bookmarked, gets the page.
    assert "<html" in text(staff.get(live.attributes["hx-get"]))
    CrawlRun.objects.update(state=RunState.FINISHED)
    over = staff.get(live.attributes["hx-get"], headers={"HX-Request": "true"})
    assert (over.status_code, over.headers["HX-Refresh"]) == (204, "true")
    assert "hx-trigger" not in text(staff.get(url))


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        (RunState.RUNNING, {"pause", "stop"}),
        (RunState.PAUSED, {"resume", "stop"}),
        (RunState.INTERRUPTED, {"resume"}),
        (RunState.FINISHED, set()),
        (RunState.FAILED, set()),
    ],
)
def test_what_may_be_done_with_a_run(staff: Client, source: Source, state: str, buttons: set[str]) -> None:
    run = CrawlRun.objects.create(source=source, state=state)
    url = f"/console/runs/{run.pk}/"
    page = text(staff.get(url))
    assert {act for act in ("pause", "resume", "stop") if f'action="{url}{act}/"' in page} == buttons
    for act in {"pause", "resume", "stop"} - buttons:
        assert "Somebody else was faster" in text(staff.post(f"{url}{act}/", follow=True))


def test_pausing_and_stopping_a_run(staff: Client, source: Source) -> None:
    run = CrawlRun.objects.create(source=source)
    url = f"/console/runs/{run.pk}/"
    assert "It was asked to pause" in text(staff.post(f"{url}pause/", follow=True))
    assert "It was asked to stop" in text(staff.post(f"{url}stop/", follow=True))
    CrawlRun.objects.update(seen_at=timezone.now() - timedelta(hours=1), wish="")
    assert "no sign of life" in text(staff.get(url))
    assert "Interrupted" in text(staff.post(f"{url}stop/", follow=True))


def test_a_paused_run_goes_on(
    staff: Client, source: Source, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    run = CrawlRun.objects.create(source=source, state=RunState.PAUSED)
    with django_capture_on_commit_callbacks(execute=True):
        answer = staff.post(f"/console/runs/{run.pk}/resume/", follow=True)
    assert "It goes on as soon as a worker is free." in text(answer)
    assert sent == [[str(source.pk), False]]


# --- Blocked hosts -------------------------------------------------------------------------------------------


def test_blocking_and_unblocking(staff: Client, source: Source, carol: User) -> None:
    assert "No host is blocked" in text(staff.get(BLOCKED))
    page = text(staff.post(BLOCKED, {"host": "https://Forum.example/x", "reason": "Its owner asked."}, follow=True))
    entry = BlockedHost.objects.get()
    assert (entry.host, entry.blocked_by) == ("forum.example", carol)
    assert "Its owner asked." in page
    source.refresh_from_db()
    assert source.state == SourceState.PAUSED
    assert "forum.example is blocked" in text(staff.get(f"{LIST}{source.pk}/"))
    assert "Blocked" in text(staff.get(LIST))
    assert "Unblock the host first" in text(staff.post(f"{LIST}{source.pk}/resume/", follow=True))
    assert "may be visited again" in text(staff.post(f"{BLOCKED}{entry.pk}/remove/", follow=True))
    assert not BlockedHost.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"host": "", "reason": "Because."}, "Name the host."),
        ({"host": "com", "reason": "Because."}, "That would block everything"),
        ({"host": "a b", "reason": "Because."}, "not the name of a host"),
        ({"host": "a.example", "reason": ""}, "Say why."),
    ],
)
def test_what_is_wrong_with_a_block_is_said(staff: Client, data: dict[str, str], words: str) -> None:
    answer = staff.post(BLOCKED, data)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not BlockedHost.objects.exists()


# --- Who may -------------------------------------------------------------------------------------------------


def test_the_console_is_for_staff(alice: User, source: Source, client_for: Any) -> None:
    run = CrawlRun.objects.create(source=source)
    browser = client_for(alice)
    for url in (LIST, NEW, BLOCKED, f"{LIST}{source.pk}/", f"{LIST}{source.pk}/edit/", f"/console/runs/{run.pk}/"):
        assert browser.get(url).status_code == 404
        assert Client().get(url).headers["Location"].startswith("/account/login/")
    for url in (NEW, BLOCKED, f"{LIST}{source.pk}/pause/", f"/console/runs/{run.pk}/stop/"):
        assert browser.post(url, {"host": "a.example", "reason": "Because."}).status_code == 404
    run.refresh_from_db()
    assert (run.wish, run.source.state, BlockedHost.objects.count()) == ("", SourceState.ACTIVE, 0)


def test_only_senior_staff_are_led_to_what_is_restricted(carol: User, dana: User, client_for: Any) -> None:
    assert "Restricted" not in text(client_for(carol).get(LIST))
    assert "Blocked hosts" in text(client_for(dana).get(LIST))
