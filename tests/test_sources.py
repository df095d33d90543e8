"""Sources: naming them, changing them, pausing them, and hosts that are never visited."""

import ast
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.transitions import IllegalTransition, StaleState
from crawler import blocking, health, roster, sources
from crawler.blocking import NotAccepted
from crawler.models import BlockedHost, CrawlRun, Source
from crawler.roster import Choice
from crawler.sources import Plan
from crawler.states import RunState, SourceState

HOME = "https://photos.example/"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """The tasks that were sent, instead of a broker."""
    calls: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(sources.current_app, "send_task", lambda name, args: calls.append((name, args)))
    return calls


def plan(**changes: Any) -> Plan:
    fields: dict[str, Any] = {
        "seeds": (),
        "path": "",
        "depth": 10,
        "max_pages": 1000,
        "max_pictures": 20_000,
        "every": None,
        "delay_seconds": None,
        "concurrency": None,
        "needs_browser": False,
        "allow_private": False,
        "note": "A case is about it.",
    }
    return Plan(**{**fields, **changes})


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


# --- Naming --------------------------------------------------------------------------------------------------


def test_the_same_start_is_one_source_and_what_is_given_replaces(db: None) -> None:
    first = sources.add_source(HOME, depth=3, note="Because.", every=timedelta(days=1))
    again = sources.add_source(HOME, max_pages=5, needs_browser=True, delay_seconds=2.0)
    assert again.pk == first.pk
    assert (again.depth, again.max_pages, again.note, again.every) == (3, 5, "Because.", timedelta(days=1))
    assert (again.needs_browser, again.delay_seconds) == (True, 2.0)


def test_what_it_is_belongs_to_what_makes_it_one(db: None) -> None:
    site = sources.add_source(HOME)
    sitemap = sources.add_source(HOME, kind="sitemap")
    listed = sources.add_source(HOME, kind="urls", seeds=[HOME, f"{HOME}a"])
    other = sources.add_source(HOME, kind="urls", seeds=[HOME, f"{HOME}b"])
    assert len({site.pk, sitemap.pk, listed.pk, other.pk}) == 4
    assert listed.seeds == [HOME, f"{HOME}a"]
    assert sources.add_source(HOME, kind="urls", seeds=[HOME, f"{HOME}a"]).pk == listed.pk


def test_a_web_archive_on_this_machine_has_no_host(db: None) -> None:
    assert sources.add_source("file:///archives/one.warc.gz", kind="warc").host == ""


@pytest.mark.parametrize(
    "wrong", [{"delay_seconds": 0.05}, {"delay_seconds": 121.0}, {"concurrency": 0}, {"concurrency": 9}]
)
def test_politeness_has_bounds(db: None, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotAccepted):
        sources.add_source(HOME, **wrong)
    assert not Source.objects.exists()


def test_a_schedule_begins_one_interval_from_now(db: None) -> None:
    before = timezone.now()
    source = sources.add_source(HOME, every=timedelta(hours=6))
    assert source.next_run_at is not None
    assert source.next_run_at >= before + timedelta(hours=6)
    due = source.next_run_at
    assert sources.add_source(HOME, every=timedelta(hours=6)).next_run_at == due


def test_naming_is_on_record_and_refuses_a_twin(carol: User) -> None:
    named = sources.name_source(HOME, "site", plan(path="/people/", every=timedelta(days=2)), carol)
    assert (named.path, named.named_by) == ("/people/", carol)
    with pytest.raises(NotAccepted) as refusal:
        sources.name_source(HOME, "site", plan(), carol)
    assert refusal.value.source == named
    assert actions() == ["source.named"]


def test_changing_can_take_away(carol: User) -> None:
    named = sources.name_source(HOME, "site", plan(path="/people/", every=timedelta(days=2), concurrency=2), carol)
    sources.change_plan(named, plan(), carol)
    named.refresh_from_db()
    assert (named.path, named.every, named.next_run_at, named.concurrency) == ("", None, None, None)
    assert actions() == ["source.named", "source.changed"]


def test_changing_a_list_keeps_it_the_same_source(carol: User) -> None:
    listed = sources.name_source(HOME, "urls", plan(seeds=(HOME,)), carol)
    sources.change_plan(listed, plan(seeds=("https://other.example/a", HOME)), carol)
    listed.refresh_from_db()
    assert (listed.url, listed.host) == ("https://other.example/a", "other.example")
    assert sources.add_source("https://other.example/a", kind="urls", seeds=listed.seeds).pk == listed.pk
    twin = sources.name_source(HOME, "urls", plan(seeds=(HOME,)), carol)
    with pytest.raises(NotAccepted):
        sources.change_plan(twin, plan(seeds=tuple(listed.seeds)), carol)


# --- Crawling, pausing ---------------------------------------------------------------------------------------


def test_crawl_now_asks_a_worker_once(carol: User, sent: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    source = sources.add_source(HOME)
    with django_capture_on_commit_callbacks(execute=True):
        assert sources.ask_crawl(source, carol)
        assert not sources.ask_crawl(source, carol)
    assert sent == [("crawler.crawl", [str(source.pk), False])]
    assert actions() == ["source.crawl_asked"]


def test_crawl_now_leaves_a_run_alone(db: None, sent: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    source = sources.add_source(HOME)
    run = CrawlRun.objects.create(source=source)
    with django_capture_on_commit_callbacks(execute=True):
        assert not sources.crawl_now(source)
        run.seen_at = timezone.now() - 2 * health.SILENT_AFTER
        run.save()
        assert sources.crawl_now(source), "a run whose process is gone is in nobody's way"
    assert len(sent) == 1


def test_a_paused_source_is_not_crawled(carol: User) -> None:
    source = sources.add_source(HOME)
    run = CrawlRun.objects.create(source=source)
    sources.pause(source, carol)
    run.refresh_from_db()
    assert (source.state, run.wish) == (SourceState.PAUSED, CrawlRun.Wish.STOP)
    with pytest.raises(NotAccepted):
        sources.crawl_now(source)
    with pytest.raises(IllegalTransition):
        sources.pause(source, carol)
    sources.resume(source, carol)
    assert source.state == SourceState.ACTIVE
    assert actions() == ["source.paused", "source.resumed"]


# --- Runs ----------------------------------------------------------------------------------------------------


def test_a_run_is_asked_to_pause_and_to_stop(carol: User) -> None:
    run = CrawlRun.objects.create(source=sources.add_source(HOME))
    for ask, wish in ((sources.ask_pause, CrawlRun.Wish.PAUSE), (sources.ask_stop, CrawlRun.Wish.STOP)):
        ask(run, carol)
        run.refresh_from_db()
        assert (run.wish, run.state) == (wish, RunState.RUNNING)
    asked = AuditEvent.objects.filter(action="run.asked").order_by("id")
    assert [event.detail["wish"] for event in asked] == ["pause", "stop"]


def test_a_run_that_is_over_is_asked_nothing(carol: User) -> None:
    run = CrawlRun.objects.create(source=sources.add_source(HOME), state=RunState.FINISHED)
    for ask in (sources.ask_pause, sources.ask_stop, sources.resume_run):
        with pytest.raises(StaleState):
            ask(run, carol)
    assert not AuditEvent.objects.exists()


def test_a_run_without_a_process_is_closed_by_stopping_it(carol: User) -> None:
    source, long_ago = sources.add_source(HOME), timezone.now() - timedelta(hours=1)
    dead = CrawlRun.objects.create(source=source, seen_at=long_ago)
    paused = CrawlRun.objects.create(source=source, state=RunState.PAUSED)
    assert health.is_silent(dead)
    assert not health.is_silent(paused)
    for run in (dead, paused):
        sources.ask_stop(run, carol)
        run.refresh_from_db()
        assert (run.state, run.finished_at is not None) == (RunState.INTERRUPTED, True)


@pytest.mark.parametrize(("state", "only_left"), [(RunState.PAUSED, False), (RunState.INTERRUPTED, True)])
def test_what_is_left_is_gone_on_with(
    carol: User, sent: list[Any], django_capture_on_commit_callbacks: Any, state: str, only_left: bool
) -> None:
    """A paused run goes on by itself; after an interruption a new run leaves out what was read."""
    source = sources.add_source(HOME)
    run = CrawlRun.objects.create(source=source, state=state)
    with django_capture_on_commit_callbacks(execute=True):
        assert sources.resume_run(run, carol)
        assert not sources.resume_run(run, carol)
    assert sent == [("crawler.crawl", [str(source.pk), only_left])]


def test_a_run_at_work_is_not_gone_on_with(carol: User) -> None:
    with pytest.raises(StaleState):
        sources.resume_run(CrawlRun.objects.create(source=sources.add_source(HOME)), carol)


# --- Blocked hosts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("Photos.Example", "photos.example"),
        ("https://photos.example:8080/a?b", "photos.example"),
        ("  bücher.example. ", "xn--bcher-kva.example"),
        ("::1", "::1"),
        ("0x7f.1", "127.0.0.1"),
    ],
)
def test_a_host_has_one_spelling(given: str, host: str) -> None:
    assert blocking.normal_host(given) == host


@pytest.mark.parametrize("given", ["", "not a host", "user@host.example", "com", "co.uk", "https://"])
def test_what_is_no_single_host_is_not_blocked(db: None, given: str) -> None:
    with pytest.raises(NotAccepted):
        sources.block_host(given, "Because.", None)
    assert not BlockedHost.objects.exists()


def test_blocking_pauses_what_is_there_and_below(carol: User) -> None:
    urls = [HOME, "https://photos.example:8080/", "https://cdn.photos.example/", "https://a.photos.example:81/"]
    there = [sources.add_source(url) for url in urls]
    others = [sources.add_source(url) for url in ("https://myphotos.example/", "https://photos.example.org/")]
    run = CrawlRun.objects.create(source=there[2])
    sources.block_host("https://PHOTOS.example/", "The owner asked.", carol)
    paused = set(Source.objects.filter(state=SourceState.PAUSED))
    assert paused == set(there)
    assert not paused & set(others)
    run.refresh_from_db()
    assert run.wish == CrawlRun.Wish.STOP
    assert blocking.blocking("b.a.photos.example")
    assert not blocking.blocking("example")
    with pytest.raises(NotAccepted):
        sources.resume(there[2], carol)
    [event] = AuditEvent.objects.filter(action="host.blocked")
    assert event.detail == {"sources": 4}


def test_unblocking_leaves_the_sources_paused(carol: User) -> None:
    source = sources.add_source(HOME)
    sources.block_host("photos.example", "The owner asked.", carol)
    sources.unblock_host("photos.example", carol)
    source.refresh_from_db()
    assert source.state == SourceState.PAUSED
    sources.resume(source, carol)
    with pytest.raises(NotAccepted):
        sources.unblock_host("photos.example", carol)


# --- Words and figures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(hours=6), "6 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=30), "30 days"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=50), "2 days"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(0), "no time"),
    ],
)
def test_a_span_is_spelt(span: timedelta, words: str) -> None:
    assert health.spell(span) == words


def test_how_often_is_said() -> None:
    assert health.every(timedelta(days=1)) == "Every day"
    assert health.every(timedelta(hours=12)) == "Every 12 hours"


def test_every_error_has_a_name_and_a_sentence() -> None:
    assert health.name("http_418") == "HTTP 418"
    assert "418" in health.sentence("http_418")
    assert health.name("something_new") == "Something new"
    assert health.sentence("something_new").endswith(".")
    assert all(text.endswith(".") for text in health.SENTENCES.values())


def counted() -> set[str]:
    """Every literal name under which the crawler's code counts an error."""
    found = set()
    for path in (settings.BASE_DIR / "crawler").rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            first = call.args[0] if call.args else None
            if name.endswith(("tally.count", "FetchRefused", "FetchFailed", "NotFetched", "ArchiveError")):
                found |= {first.value} if isinstance(first, ast.Constant) else set()
    return found


def test_every_error_that_is_counted_has_words_of_its_own() -> None:
    names = counted()
    assert {"dns", "trap", "archive_truncated"} <= names
    assert names - set(health.SENTENCES) == set()


def test_a_page_that_no_browser_shows_is_explained() -> None:
    assert health.sentence("render_timeout").endswith("The site took too long to answer.")
    assert health.sentence("render_too_large").startswith("The page could not be shown in a browser.")


def test_trouble_can_be_asked_for(db: None) -> None:
    now = timezone.now()
    fine, failing, late, silent, never = (sources.add_source(f"https://{n}.example/") for n in range(5))
    for source in (fine, late):
        CrawlRun.objects.create(source=source, state=RunState.FINISHED)
    CrawlRun.objects.create(source=failing, state=RunState.FINISHED, started_at=now - timedelta(days=1))
    CrawlRun.objects.create(source=failing, state=RunState.FAILED)
    CrawlRun.objects.create(source=silent, seen_at=now - timedelta(hours=1))
    Source.objects.filter(pk=late.pk).update(every=timedelta(days=1), next_run_at=now - timedelta(days=1))
    found = {name: list(roster.select(Choice(trouble=name))) for name in roster.TROUBLES}
    assert found == {"failing": [failing], "late": [late], "silent": [silent], "never": [never]}
    assert list(roster.select(Choice(state="running"))) == [silent]


# --- The command line ----------------------------------------------------------------------------------------


def said(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("sources", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_names_pauses_and_lists(db: None) -> None:
    [added] = said("add", "HTTP://127.0.0.1:9/", "--allow-private", "--note", "Ours.", "--every", "12h")["sources"]
    assert (added["url"], added["every_seconds"], added["last_run"]) == ("http://127.0.0.1:9/", 43_200, None)
    assert said("pause", "http://127.0.0.1:9/")["sources"][0]["state"] == "paused"
    with pytest.raises(CommandError, match="It is so already"):
        said("pause", added["id"])
    said("resume", added["id"])
    said("block", "127.0.0.1", "--reason", "Enough.")
    listed = said("list")
    assert [source["standing"] for source in listed["sources"]] == ["blocked"]
    assert listed["blocked"] == [{"host": "127.0.0.1", "reason": "Enough."}]
    with pytest.raises(CommandError, match="is blocked"):
        said("add", "http://127.0.0.1:9/", "--allow-private", "--note", "Ours.")
    assert said("unblock", "127.0.0.1") == {"host": "127.0.0.1", "blocked": False}


def test_the_command_refuses_in_a_sentence(db: None) -> None:
    for arguments in (["pause", "nothing"], ["add", "http://10.0.0.1/", "--note", "No."], ["unblock", "a.example"]):
        with pytest.raises(CommandError, match="Nothing was changed"):
            said(*arguments)


def test_the_table_is_for_people(db: None) -> None:
    sources.add_source(HOME)
    out = StringIO()
    call_command("sources", "list", stdout=out)
    assert "Only when somebody says so" in out.getvalue()
