"""A page that a subscriber reports: what is accepted, what becomes of it, and what the crawler says about itself."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configuration
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import consent
from accounts.models import AuditEvent, Purpose, User
from crawler import health, sources
from crawler.blocking import NotAccepted
from crawler.downloading.scrapy_settings import ROBOTS_TOKEN
from crawler.models import CrawlRun, FetchedImage, PageVisit, Source
from crawler.states import RunState
from portal import overview, reporting
from search import review
from search.models import Enrolment, Image, Match, Sighting
from tests.matches import make_match

URL, PAGE = "/report/", "https://forum.example/thread/12"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[object]]:
    calls: list[list[object]] = []
    monkeypatch.setattr(sources.current_app, "send_task", lambda _name, args: calls.append(args))
    return calls


@pytest.fixture
def willing_bob(bob: User) -> User:
    consent.give(bob, Purpose)
    return bob


def text(answer: Any) -> str:
    return answer.content.decode()


def ran(source: Source, state: str = RunState.FINISHED, **numbers: Any) -> CrawlRun:
    return CrawlRun.objects.create(source=source, state=state, **numbers)


# --- What is accepted ----------------------------------------------------------------------------------------


def test_a_report_is_one_page_and_is_crawled(
    willing_bob: User, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        source = sources.report_page(willing_bob, f"{PAGE}#reply-3")
    assert (source.kind, source.url, source.depth, source.max_pages) == ("page", PAGE, 0, 1)
    assert (source.reported_by, source.allow_private, source.every) == (willing_bob, False, None)
    assert sent == [[str(source.pk), False]]
    [event] = AuditEvent.objects.filter(action="source.reported")
    assert (event.actor, event.detail) == (willing_bob.pk, {"again": False})


def test_the_same_page_again_is_the_same_report(willing_bob: User) -> None:
    assert sources.report_page(willing_bob, PAGE) == sources.report_page(willing_bob, f"{PAGE}?utm_source=x")


def test_nobody_learns_what_others_reported(willing_bob: User, alice: User, client_for: Any) -> None:
    consent.give(alice, Purpose)
    ran(sources.report_page(willing_bob, PAGE), pages=1)
    mine = sources.report_page(alice, PAGE)
    assert mine.reported_by == alice
    [report] = reporting.reports(alice, [mine])
    assert report.state == "Waiting"
    assert overview.of(alice).sources == 0
    assert overview.of(alice).last_crawl is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1/", "private networks"),
        ("http://[::1]/", "private networks"),
        ("http://localhost/", "private networks"),
        ("http://169.254.169.254/latest/", "not part of the public internet"),
        ("https://forum.example:22/", "Port 22"),
        ("file:///etc/passwd", "Only http and https"),
        ("https://a:b@forum.example/", "password"),
        ("javascript:alert(1)", "complete web address"),
        ("https://cdn.blocked.example/x", "We do not visit this site"),
    ],
)
def test_only_public_pages_are_accepted(willing_bob: User, url: str, words: str) -> None:
    """Although these tests run on a machine that is open to private networks."""
    assert configuration.FETCH_ALLOW_PRIVATE
    sources.block_host("blocked.example", "The owner asked.", None)
    with pytest.raises(NotAccepted) as refusal:
        sources.report_page(willing_bob, url)
    assert words in refusal.value.sentence
    assert not Source.objects.filter(kind="page").exists()


def test_names_are_not_looked_up_for_a_subscriber(willing_bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a name leads to inside of our network would be an answer."""
    monkeypatch.setattr("crawler.resolver.system_lookup", lambda host: pytest.fail(f"{host} was looked up"))
    monkeypatch.setattr("crawler.sources.resolve", lambda host, policy: pytest.fail(f"{host} was looked up"))
    sources.report_page(willing_bob, "https://intranet.example/")


def test_it_takes_consent(bob: User) -> None:
    with pytest.raises(NotAccepted, match="consents"):
        sources.report_page(bob, PAGE)
    consent.give(bob, [Purpose.MATCHING])
    with pytest.raises(NotAccepted, match="consents"):
        sources.report_page(bob, PAGE)


def test_ten_a_day(willing_bob: User, alice: User) -> None:
    consent.give(alice, Purpose)
    for number in range(sources.REPORTS_A_DAY):
        sources.report_page(willing_bob, f"{PAGE}/{number}")
    with pytest.raises(NotAccepted, match="10 pages a day"):
        sources.report_page(willing_bob, PAGE)
    sources.report_page(alice, PAGE)


# --- What becomes of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "numbers", "words"),
    [
        (None, {}, "Waiting"),
        (RunState.RUNNING, {}, "Being looked at"),
        (RunState.FINISHED, {"errors": {"robots": 1}}, "Could not be read"),
        (RunState.FAILED, {"errors": {"http_404": 1}}, "Could not be read"),
        (RunState.INTERRUPTED, {}, "Could not be read"),
        (RunState.FINISHED, {"pages": 1}, "Nothing of you found"),
        (RunState.FINISHED, {"images": 1}, "Nothing of you found"),
    ],
)
def test_its_state_in_words(willing_bob: User, state: str | None, numbers: dict[str, Any], words: str) -> None:
    source = sources.report_page(willing_bob, PAGE)
    if state is not None:
        ran(source, state, **numbers)
    [report] = reporting.reports(willing_bob, [source])
    assert report.state == words
    assert report.text.endswith(".")


def why(user: User, code: str) -> str:
    source = sources.report_page(user, PAGE)
    ran(source, RunState.FAILED, errors={code: 1})
    return reporting.reports(user, [source])[0].text


def test_why_a_page_could_not_be_read(willing_bob: User) -> None:
    assert "robots.txt" in why(willing_bob, "robots")
    assert "password" in why(willing_bob, "http_401")


def test_a_reason_does_not_map_our_network(willing_bob: User) -> None:
    codes = ("dns", "connect", "timeout", "private_address", "forbidden_address")
    assert len({why(willing_bob, code) for code in codes}) == 1


def test_pictures_that_wait_are_not_called_compared(willing_bob: User) -> None:
    source = sources.report_page(willing_bob, PAGE)
    run = ran(source, pages=1, images=2)
    FetchedImage.objects.create(run=run, page_url=PAGE, image_url=f"{PAGE}.jpg", digest="1", sha256="a" * 64, size=1)
    assert reporting.reports(willing_bob, [source])[0].state == "Being compared"
    FetchedImage.objects.update(processed_at=run.started_at)
    [report] = reporting.reports(willing_bob, [source])
    assert (report.state, report.text) == ("Nothing of you found", "We compared 2 pictures on it with your face.")


def seen_at(match: Match, url: str, *, variant: bool = False) -> None:
    image = match.image
    if variant:
        image = Image.objects.create(sha256="f" * 64, width=9, height=9, model_id="m")
        match.variants.add(image)
    Sighting.objects.create(image=image, page_url=url, image_url=f"{url}.jpg", digest=url[-64:])


@pytest.mark.parametrize("variant", [False, True])
@pytest.mark.parametrize("moved", [False, True])
def test_matches_on_it_are_led_to(enrolled_alice: Enrolment, variant: bool, moved: bool) -> None:
    alice = enrolled_alice.subject.user
    source = sources.report_page(alice, PAGE)
    run, at = ran(source, pages=1, images=1), "https://www.forum.example/t/12" if moved else PAGE
    PageVisit.objects.create(run=run, url=at, digest="1", status=200, depth=0)
    match = make_match(enrolled_alice.subject)
    seen_at(match, at, variant=variant)
    [report] = reporting.reports(alice, [source])
    assert (report.state, report.href) == ("1 match found", f"/matches/{match.pk}/")
    seen_at(make_match(enrolled_alice.subject), at)
    [report] = reporting.reports(alice, [source])
    assert (report.state, report.href) == ("2 matches found", "/matches/")


def test_what_is_somebody_else_is_no_match(enrolled_alice: Enrolment, willing_bob: User) -> None:
    alice = enrolled_alice.subject.user
    source, bobs = sources.report_page(alice, PAGE), sources.report_page(willing_bob, PAGE)
    ran(source, pages=1, images=1)
    ran(bobs, pages=1, images=1)
    match = make_match(enrolled_alice.subject)
    seen_at(match, PAGE)
    assert reporting.reports(willing_bob, [bobs])[0].state == "Nothing of you found"
    review.dismiss(match, alice)
    assert reporting.reports(alice, [source])[0].state == "Nothing of you found"


# --- The page ------------------------------------------------------------------------------------------------


def test_it_starts_with_a_face(bob: User, client_for: Any) -> None:
    browser = client_for(bob)
    page = text(browser.get(URL))
    assert "We do not know your face yet" in page
    assert 'name="url"' not in page
    browser.post(URL, {"url": PAGE})
    assert not Source.objects.exists()


def test_without_consent_it_says_so(enrolled_alice: Enrolment, client_for: Any) -> None:
    alice = enrolled_alice.subject.user
    consent.withdraw(alice, Purpose.CRAWL_WATCH)
    assert "Looking for you is paused" in text(client_for(alice).get(URL))


def test_reporting_a_page(
    enrolled_alice: Enrolment, client_for: Any, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    browser = client_for(enrolled_alice.subject.user)
    assert "None yet." in text(browser.get(URL))
    with django_capture_on_commit_callbacks(execute=True):
        page = text(browser.post(URL, {"url": " forum.example/thread/12 "}, follow=True))
    assert "Thank you." in page
    assert PAGE in page
    assert "Waiting" in page
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "Paste the address"),
        ("http://10.0.0.1/", "private networks"),
        ("no address", "host name"),
        ("x" * 5000, "too long"),
    ],
)
def test_what_is_wrong_is_said_and_kept(enrolled_alice: Enrolment, client_for: Any, url: str, words: str) -> None:
    answer = client_for(enrolled_alice.subject.user).post(URL, {"url": url})
    assert answer.status_code == 422
    assert words in text(answer)
    assert "data-error-summary" in text(answer)


def test_few_queries_however_much_was_reported(enrolled_alice: Enrolment, client_for: Any) -> None:
    alice = enrolled_alice.subject.user
    made = Source.objects.bulk_create(
        Source(kind="page", url=f"{PAGE}/{n}", host="forum.example", digest=str(n), reported_by=alice)
        for n in range(60)
    )
    CrawlRun.objects.bulk_create(CrawlRun(source=source, state=RunState.FINISHED, pages=1) for source in made * 3)
    for source in made[:3]:
        seen_at(make_match(enrolled_alice.subject), source.url)
    with CaptureQueriesContext(connection) as captured:
        assert client_for(alice).get(URL).status_code == 200
    queries = [query for query in captured if "django_session" not in query["sql"] and "SAVEPOINT" not in query["sql"]]
    assert len(queries) <= 14


def test_it_is_for_subscribers_and_led_to(enrolled_alice: Enrolment, carol: User, client_for: Any) -> None:
    assert Client().get(URL).status_code == 302
    assert client_for(carol).get(URL).status_code == 404
    browser = client_for(enrolled_alice.subject.user)
    for url in ("/dashboard/", "/matches/"):
        assert text(browser.get(url)).count(f'href="{URL}"') == 2, "in the header and on the page"


# --- What the crawler says about itself ----------------------------------------------------------------------


def test_the_user_agent_leads_to_the_page_about_it(db: None, client: Client) -> None:
    agent = configuration.CRAWLER_USER_AGENT
    address = agent[agent.index("(+") + 2 : agent.index(")")]
    assert address.startswith(configuration.PORTAL_URL)
    answer = client.get(urlsplit(address).path)
    assert answer.resolver_match.view_name == "portal:crawler"
    page = text(answer)
    assert agent in page
    assert f"User-agent: {ROBOTS_TOKEN}\nDisallow: /" in page
    assert agent.startswith(ROBOTS_TOKEN)


def test_the_page_about_the_crawler_says_what_is_set(db: None, client: Client, settings: Any) -> None:
    settings.CONTACT_EMAIL = "robots@example.org"
    settings.CRAWLER_DELAY_SECONDS = 2.5
    settings.GALLERY_MODE = "watch"
    page = text(client.get("/crawler/"))
    assert 'href="mailto:robots@example.org"' in page
    assert "about 2.5 seconds" in page
    assert "after 6 hours at the soonest and 30 days at the latest" in page
    assert "Of a face that belongs to nobody who asked us, nothing is kept." in page
    assert 'href="/opt-out/"' in page
    assert health.spell(timedelta(seconds=configuration.REVISIT_MAX_SECONDS)) in page
