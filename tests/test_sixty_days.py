"""Sixty days with seven operators: what each does, what we do, and what must hold at every step of it."""

import os
import random
import smtplib
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import User
from crawler.models import url_digest
from demo.mail import body
from search.models import Enrolment, Match, Sighting
from takedowns import workflow
from takedowns.mail import counter
from takedowns.models import AbuseContact, Case, Communication, CounterNotice, FollowUp, Notice, OrphanMail
from takedowns.states import CaseState, NoticeState, Outcome, UrlState
from takedowns.tasks import prepare_case
from tests import cases, operators_registry, photos, statutes
from tests.invariants import NAME, Watcher, told_twice
from tests.letters_out import mail_sink
from tests.office import BEAT, Office
from tests.operators import (
    ALL,
    COUNTER_NOTICE,
    OUR_DESK,
    PICTURES,
    Bouncer,
    Complies,
    CounterNoticed,
    Liar,
    Operator,
    ReUploader,
    World,
    running,
)
from tests.proxies import proxy

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
STEP, DAY = timedelta(hours=6), timedelta(days=1)
REMOVED = (CaseState.CLOSED, Outcome.REMOVED)
MakeWorld = Callable[[Iterable[Operator]], AbstractContextManager[World]]


@dataclass
class Play:
    """A run of the world, and how to go on with it. `ticks` are those at which something could be due."""

    office: Office
    watcher: Watcher
    opened: dict[str, Case]
    clock: Any
    now: datetime = MONDAY
    ticks: int = 0

    @property
    def world(self) -> World:
        return self.office.world

    def run(self, days: float) -> None:
        """Go on by so many days, six hours at a time; a step at which nothing can be due is left out."""
        until = self.now + days * DAY
        while self.now < until:
            self.now += STEP
            self.clock.move_to(self.now, tick=True)
            if self.now.hour == MONDAY.hour or self.world.is_busy(self.now) or self.office.is_busy():
                self._tick()

    def case(self, code: str) -> Case:
        return Case.objects.get(pk=self.opened[code].pk)

    def ended(self, code: str) -> tuple[str, str]:
        return self.case(code).state, self.case(code).outcome

    def kinds(self, code: str) -> Counter[str]:
        """How often what has happened in a case."""
        return Counter(self.opened[code].events.values_list("kind", flat=True))

    def _tick(self) -> None:
        self.ticks += 1
        self.watcher.before()
        self.world.turn(self.now)
        self.office.beat(2 if self.ticks % 7 == 0 else 1)
        self.office.live()
        self.office.work()
        self.watcher.look()


@pytest.fixture
def make_world(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, time_machine: Any, caplog: Any
) -> MakeWorld:
    """The operators' world, from a Monday before Thanksgiving on."""
    settings.WHOIS_SERVER = settings.PEERINGDB_URL = ""
    folder = tmp_path / "maildrop"
    folder.mkdir()
    settings.NOTICES_INBOX_URL = f"maildrop://{folder}"
    monkeypatch.setattr(socket, "getaddrinfo", operators_registry.names())
    time_machine.move_to(MONDAY, tick=True)
    for name in ("takedowns", "accounts", "crawler", "search"):
        caplog.set_level("INFO", logger=name)

    @contextmanager
    def make(operators: Iterable[Operator]) -> Iterator[World]:
        with mail_sink(settings) as sink, operators_registry.registry() as url, proxy() as far:
            settings.RDAP_BOOTSTRAP_URL, settings.SECOND_PATH_URL = url, far.url
            with running(operators, sink, folder, MONDAY) as world:
                yield world

    return make


@pytest.fixture
def play(
    make_world: MakeWorld,
    enrolled_alice: Enrolment,
    carol: User,
    dana: User,
    client_for: Callable[[User], Client],
    caplog: Any,
    time_machine: Any,
) -> Iterator[Callable[..., Play]]:
    """Opens a case for each operator's picture."""
    alice, worlds = enrolled_alice.subject.user, []

    def begin(operators: Iterable[Operator], choice: str = counter.LET_RESTORE) -> Play:
        worlds.append(make_world(operators))
        world = worlds[-1].__enter__()
        cases.sign(alice)
        office = Office(alice, carol, dana, world, choice)
        opened = {one.code: ask_for(enrolled_alice, one, number) for number, one in enumerate(world.operators.values())}
        return Play(office, Watcher(office, caplog, client_for), opened, time_machine)

    yield begin
    for one in worlds:
        one.__exit__(None, None, None)


def ask_for(enrolment: Enrolment, operator: Operator, number: int) -> Case:
    """The subject wants an operator's picture gone."""
    match = cases.match_of(enrolment.subject, PICTURES[operator.code](), f"{number + 1:x}")
    crawl(match, operator.page_url, operator.image_url)
    case = workflow.open_case(match, enrolment.subject.user, operator.profile.asked)
    prepare_case(str(case.pk))
    return case


def crawl(match: Match, page_url: str, image_url: str) -> None:
    """A crawl has seen a match's picture there."""
    digest = url_digest(page_url, image_url)
    Sighting.objects.create(image=match.image, page_url=page_url, image_url=image_url, digest=digest)


# --- The sixty days ------------------------------------------------------------------------------------------------


def test_sixty_days_with_seven_operators(play: Callable[..., Play], settings: Any) -> None:
    story = play([one() for one in ALL])
    story.run(2)
    strangers_write(story)
    story.run(18)
    far, settings.SECOND_PATH_URL = settings.SECOND_PATH_URL, ""
    story.run(8)
    settings.SECOND_PATH_URL = far
    story.run(10)
    back_on_another_host(story)
    story.run(22)
    nothing_was_wrong(story)
    it_was_removed_where_it_was(story)
    it_was_not_where_it_only_seemed_so(story)
    an_answer_from_elsewhere_counts(story)
    what_was_restored_stays(story)
    what_came_back_went_again(story)
    every_letter_has_what_the_law_asks_for(story)


def nothing_was_wrong(story: Play) -> None:
    problems = story.watcher.problems + story.office.surprises
    assert not problems, "\n".join(problems)


def strangers_write(story: Play) -> None:
    """Whoever reads a reference can write that it is removed, refused or disputed. Nothing follows from it."""
    for code in ("liar", "geo"):
        subject = f"Re: {story.case(code).reference}"
        for number, text in enumerate(
            ("It has been removed.", "We refuse.", COUNTER_NOTICE.format(page="https://x.example"))
        ):
            story.world.write(sender=f"max{number}@stranger.example", to=OUR_DESK, subject=subject, text=text)
    story.world.write(sender="offers@stranger.example", to=OUR_DESK, subject="Offer", text="Buy now.")


def back_on_another_host(story: Play) -> None:
    """The re-uploader has a copy on another of its hosts, and a crawl finds it."""
    one = story.world.operators["re_uploader"]
    copy = photos.reencoded(PICTURES[one.code](), 60)
    one.put_up(copy, "/again")
    match = cases.match_of(story.opened[one.code].subject, copy, "b")
    page_url, image_url = (one.site.url(path, one.profile.other_host) for path in ("/again/post", "/again/photo.jpg"))
    crawl(match, page_url, image_url)


def it_was_removed_where_it_was(story: Play) -> None:
    for code in ("complies", "bouncer", "other_address"):
        assert story.ended(code) == REMOVED, code
    assert story.case("complies").closed_at < MONDAY + 4 * DAY  # type: ignore[operator]
    first, second = story.case("bouncer").notices.order_by("drafted_at")
    assert (first.state, second.state) == (NoticeState.BOUNCED, NoticeState.COMPLIED)
    assert (first.recipient, second.recipient) == Bouncer.profile.abuse and second.escalates == first
    assert AbuseContact.objects.get(email=first.recipient).bounced_at
    assert story.kinds("bouncer")["mail.bounced"] == 1


def it_was_not_where_it_only_seemed_so(story: Play) -> None:
    for code in ("liar", "geo"):
        case = story.case(code)
        assert not case.urls.filter(state=UrlState.REMOVED).exists() and case.outcome != Outcome.REMOVED, code
        assert story.kinds(code)["mail.complied"] == 1, "what they say is kept"
        assert story.kinds(code)["notice.escalated"] and story.kinds(code)["case.ladder_ended"] == 1
        assert not CounterNotice.objects.filter(notice__case=case).exists()
        assert not case.notices.filter(state=NoticeState.REFUSED).exists()
    assert seen(story, "liar") == {"soft_404", "removed_page_only", "still_live"}
    assert seen(story, "geo") == {"geo_blocked"}
    assert {"upstream", "search"} <= set(story.case("geo").notices.values_list("addressee", flat=True))
    assert {"owner", "search"} <= set(story.case("liar").notices.values_list("addressee", flat=True))


def seen(story: Play, code: str) -> set[str]:
    """What looks at an operator's place came to."""
    return set(story.case(code).urls.get().verifications.values_list("outcome", flat=True))


def an_answer_from_elsewhere_counts(story: Play) -> None:
    """The question stopped the clock, what was left ran on from our answer, and the promised day was waited for."""
    notice = story.case("other_address").notices.get()
    (answer,) = notice.follow_ups.all()
    assert (answer.kind, answer.approved_by) == (FollowUp.Kind.ANSWER, story.office.dana)
    asked = Communication.objects.get(notice=notice, kind=Communication.Kind.QUESTION)
    assert answer.sent_at and notice.sent_at and notice.due_at and notice.promised_until
    left = notice.sent_at + 3 * DAY - asked.at
    assert abs(notice.due_at - (answer.sent_at + left)) < STEP
    assert notice.promised_until > notice.due_at + 10 * DAY and notice.escalated_at is None
    assert story.kinds("other_address")["contact.learnt"] == 1


def what_was_restored_stays(story: Play) -> None:
    found = CounterNotice.objects.get()
    assert found.lacks == [] and found.told_at and found.told_at - found.received_at < DAY
    # Thanksgiving is no business day.
    assert (found.provider_received_on.day, found.window_opens_on.day, found.window_ends_on.day) == (25, 10, 16)
    assert (found.choice, found.state, found.notice.state) == (counter.LET_RESTORE, "ended", NoticeState.REFUSED)
    assert found.warned_at and (found.warned_at.month, found.warned_at.day) == (12, 8)
    assert story.case("counter").outcome != Outcome.REMOVED
    assert len(story.world.operators["counter"].got) == 1, "nothing more about it"


def what_came_back_went_again(story: Play) -> None:
    first = story.case("re_uploader")
    second, third = Case.objects.exclude(relapse_of=None).order_by("created_at")
    assert second.relapse_of == first and third.relapse_of in (first, second)
    for case in (first, second, third):
        assert (case.state, case.outcome) == REMOVED
        assert sorted(case.notices.values_list("ground", flat=True)) == ["gdpr_erasure", "host_policy"]
    assert second.urls.get().digest == first.urls.get().digest
    assert third.urls.get().host == ReUploader.profile.other_host
    assert all(case.events.filter(kind="relapse.reissued").count() == 1 for case in (second, third))


# --- The letters themselves ----------------------------------------------------------------------------------------


def every_letter_has_what_the_law_asks_for(story: Play) -> None:
    """Judged by rules that were written from the statutes; and the rules notice whatever is taken away."""
    seen = set()
    for one in story.world.letters():
        notice = Notice.objects.filter(message_id=one.message["Message-ID"]).first()
        if notice is not None:
            text, given = body(one.message, "plain"), given_of(notice)
            assert statutes.lacks(notice.ground, text, given) == [], (one.recipient, notice.ground)
            seen.add(notice.ground)
            notices_what_is_missing(notice.ground, text, given)
    assert seen == {"dmca_512c", "dsa_16", "take_it_down", "gdpr_erasure", "host_policy", "upstream"}


def given_of(notice: Notice) -> statutes.Given:
    urls = [url for place in notice.urls.all() for url in (place.page_url, place.image_url)]
    answers = notice.case.ground_decision.answers
    return statutes.Given(
        urls, "Faceward", "1 Test Street, Testville", "+1 555 0100", "notices@localhost", NAME, answers["consented"]
    )


def notices_what_is_missing(ground: str, text: str, given: statutes.Given) -> None:
    # Article 16 of the DSA asks for no signature.
    for taken in (*given.urls, given.agent_email, *([] if ground == "dsa_16" else ["/s/ "])):
        assert statutes.lacks(ground, text.replace(taken, ""), given), taken
    assert statutes.lacks(ground, "", given) and statutes.lacks(ground, text + "biometric data", given)


# --- Counter-notices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "after_days", "outcome"),
    [
        (counter.COURT, 1.5, REMOVED),
        (counter.COURT, 6, REMOVED),
        (counter.LET_RESTORE, 6, REMOVED),
    ],
    ids=["court", "court_after_the_case", "let_restore_after_the_case"],
)
def test_a_counter_notice(play: Callable[..., Play], choice: str, after_days: float, outcome: tuple[str, str]) -> None:
    """Told the same day, chosen, warned; kept down if a court was asked, and else put back and left there."""
    story = play([CounterNoticed(after_days)], choice)
    story.run(32)
    nothing_was_wrong(story)
    found = CounterNotice.objects.get()
    assert found.state == "ended" and found.choice == choice
    assert story.ended("counter") == outcome
    operator = story.world.operators["counter"]
    letters = [body(letter, "plain") for letter in operator.got]
    if choice == counter.COURT:
        assert len(letters) == 2 and "26-cv-1234" in letters[1] and not operator.shown
        assert found.notice.state == NoticeState.COMPLIED
    else:
        assert len(letters) == 1 and operator.shown and found.notice.state == NoticeState.REFUSED
    assert Case.objects.count() == 1, "what the law let them put back is no relapse"


# --- Deaths --------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process died. Nothing catches it."""


@dataclass
class Fate:
    """Lets tasks die, at any step by which they leave a mark: a query, or a word to the mail server."""

    dice: random.Random
    of_query: float = 0.008
    of_mail: float = 0.3
    deaths: int = 0

    def survive(self, chance: float) -> None:
        if self.dice.random() < chance:
            self.deaths += 1
            raise Killed

    def enter(self, real: Callable[..., None]) -> Callable[..., None]:
        """Every block gets a savepoint: in a test, one without would spoil the transaction that the test runs in."""

        def init(atomic: Any, using: str | None, _savepoint: bool, durable: bool) -> None:
            real(atomic, using, True, durable)

        return init

    def query(self, run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        # What ends a transaction is left to the database: it does so for the dead, too.
        if sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            return run(sql, params, many, context)
        self.survive(self.of_query / 2)
        answer = run(sql, params, many, context)
        self.survive(self.of_query / 2)
        return answer

    def sendmail(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def send(*args: Any, **more: Any) -> Any:
            self.survive(self.of_mail / 2)
            answer = real(*args, **more)
            self.survive(self.of_mail / 2)
            return answer

        return send


# More with FATES=… by hand.
@pytest.mark.parametrize("seed", range(1, 1 + int(os.environ.get("FATES", "2"))))
def test_a_week_in_which_every_task_dies_again_and_again(
    play: Callable[..., Play], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Afterwards nothing was sent twice and nothing is lost, and the cases ended as they would have."""
    story = play([Complies(), Liar(), Bouncer(), CounterNoticed()])
    fate = Fate(random.Random(seed))
    real_beat = story.office.beat

    def beat(_times: int) -> None:
        for task in BEAT:
            for _ in range(3):
                with suppress(Killed), connection.execute_wrapper(fate.query):
                    task()

    with monkeypatch.context() as patched:
        patched.setattr(smtplib.SMTP, "sendmail", fate.sendmail(smtplib.SMTP.sendmail))
        patched.setattr(transaction.Atomic, "__init__", fate.enter(transaction.Atomic.__init__))
        story.office.beat = beat  # type: ignore[method-assign, assignment]
        story.run(7)
    story.office.beat = real_beat  # type: ignore[method-assign]
    story.run(3)
    assert fate.deaths > 15
    nothing_was_sent_twice(story)
    nothing_is_lost(story)
    nothing_was_wrong(story)
    assert story.ended("complies") == story.ended("bouncer") == REMOVED
    assert story.case("liar").state != CaseState.CLOSED
    assert CounterNotice.objects.get().told_at


def nothing_was_sent_twice(story: Play) -> None:
    arrived = Counter(one.message["Message-ID"] for one in story.world.letters())
    assert set(arrived.values()) == {1}
    assert list(told_twice(Notice.objects.filter(sent_at__isnull=False))) == []
    for notice in Notice.objects.all():
        sent = notice.case.events.filter(kind="notice.sent", data__notice=str(notice.pk)).count()
        assert sent == (1 if notice.sent_at else 0)


def nothing_is_lost(story: Play) -> None:
    """Every letter that counts as sent arrived, and the other way round; every mail to us is on record, once."""
    arrived = {one.message["Message-ID"] for one in story.world.letters()}
    sent: set[str] = set()
    for letters in (Notice.objects, FollowUp.objects):
        assert not letters.filter(state__in=(NoticeState.APPROVED, NoticeState.SENDING)).exists()
        sent |= set(letters.filter(sent_at__isnull=False).exclude(recipient="").values_list("message_id", flat=True))
    assert arrived == sent
    received = Communication.objects.filter(direction=Communication.Direction.IN).values_list("message_id", flat=True)
    assert sorted([*received, *OrphanMail.objects.values_list("message_id", flat=True)]) == sorted(story.world.written)
