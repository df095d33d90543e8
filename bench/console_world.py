"""A staff console as years of work leave it: cases of every kind, and how long each of its pages takes.

`python -m bench.console_world CASES` fills the database of the installation that the environment names, which must be
migrated and empty, measures every page there, and prints the figures as JSON; with 0 it only measures. Nothing in it is
anybody's: people, operators, letters and addresses are made up, always in the same way.
"""

import json
import os
import random
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone

from accounts import consent, keys
from accounts.models import Purpose, Role, User
from accounts.security import factors
from bench.timing import interleaved
from crawler.models import url_digest
from search.models import Image, Match, Subject
from search.states import Decision, MatchState
from takedowns import mandates
from takedowns.figures import PERIODS
from takedowns.models import (
    AbuseContact,
    Case,
    CaseEvent,
    Communication,
    FollowUp,
    GroundDecision,
    InfringingUrl,
    Notice,
    Operator,
    OrphanMail,
    SavedFilter,
    Verification,
    WorkItem,
)
from takedowns.states import CaseState, NoticeState, Outcome, UrlState

STAFF = ("Carol Reyes", "Dana Whitfield", "Emre Aydin", "Freya Lund", "Goran Petrov", "Hana Sato")
PLACES, NOTICES, EVENTS = 3, 2, 12
"""Of each case."""
MEASURED = "emre@staff.example"
"""For whom the pages are measured."""
TABS = ("action", "overdue", "approve", "mine", "unassigned", "waiting", "deferred", "closed", "all")
_OPERATORS = ("Nordlicht Hosting", "Bluegate Networks", "Cedarview", "Pixelhaven", "Mirrorlake CDN", "Tidewater Images")
_COUNTRIES = ("DE", "US", "FR", "NL", "GB", "PL", "")
_GROUNDS = ("dmca_512c", "dsa_16", "gdpr_erasure", "host_policy", "take_it_down")
_ADDRESSEES = ("host", "host", "platform", "cdn", "registrar", "search")
_OUTCOMES = (Outcome.REMOVED, Outcome.REMOVED, Outcome.PARTLY_REMOVED, Outcome.REFUSED, Outcome.NO_RESPONSE)
# How a hundred cases are spread over the states, and the state of the letters of each.
_SPREAD = {
    CaseState.CLOSED: (52, NoticeState.COMPLIED),
    CaseState.AWAITING_PROVIDER: (28, NoticeState.SENT),
    CaseState.DRAFTING: (8, NoticeState.DRAFT),
    CaseState.ACTION_NEEDED: (6, NoticeState.INFO_REQUESTED),
    CaseState.AWAITING_SUBJECT: (4, NoticeState.REFUSED),
    CaseState.TRIAGE: (2, NoticeState.WITHDRAWN),
}
_LETTER = (
    "To whom it may concern\n\nWe write on behalf of a person who is shown in pictures that you host without their "
    "consent. Please remove them.\n\n" + "We ask you to confirm what you have done, and when. " * 40
)
_ANSWERS = {
    "minor": "no",
    "intimate": "no",
    "synthetic": "no",
    "photographer": "me",
    "consented": "never",
    "lives_in": "us",
    "context": "ordinary",
}


@dataclass
class Seed:
    """What the rows are made from. `now` is when the world stands still."""

    random: random.Random
    now: datetime
    staff: list[User]
    subjects: list[tuple[Subject, bytes]]
    contacts: list[AbuseContact]


def seed(count: int) -> list[User]:
    """Make that many cases with all that hangs on them; returns the staff, the first of whom is senior."""
    with transaction.atomic():
        staff = [_colleague(name, senior=number == 0) for number, name in enumerate(STAFF)]
        add(count)
    return staff


def add(count: int) -> None:
    """Make so many more cases, with people and operators of their own."""
    with transaction.atomic():
        made = _people_and_operators(count)
        cases = _cases(made, count)
        for first in range(0, count, 500):
            _fill(made, cases[first : first + 500])
        _orphans(made, max(3, count // 100))


def _people_and_operators(count: int) -> Seed:
    first, people = Operator.objects.count(), Subject.objects.count()
    chance, staff = random.Random(7), list(User.objects.filter(email__endswith="@staff.example"))
    operators = Operator.objects.bulk_create(_operator(first + number) for number in range(max(6, count // 60)))
    contacts = AbuseContact.objects.bulk_create(_contact(operator) for operator in operators)
    subjects = [_subject(people + number) for number in range(max(2, count // 50))]
    return Seed(chance, timezone.now(), staff, subjects, contacts)


def _colleague(name: str, *, senior: bool) -> User:
    role = Role.SENIOR_STAFF if senior else Role.STAFF
    first = name.split()[0].lower()
    user = User.objects.create_user(f"{first}@staff.example", "a long passphrase", full_name=name, role=role)
    factors.add_totp(user)
    return user


def _operator(number: int) -> Operator:
    name = _OPERATORS[number % len(_OPERATORS)]
    name = name if number < len(_OPERATORS) else f"{name} {number // len(_OPERATORS) + 1}"
    country = _COUNTRIES[number % len(_COUNTRIES)]
    return Operator(key=f"network:{number}", kind=Operator.Kind.HOST, name=name, country=country)


def _contact(operator: Operator) -> AbuseContact:
    email = f"abuse@{operator.name.lower().replace(' ', '-')}.example"
    return AbuseContact(operator=operator, email=email, role="abuse", source="rdap_ip", confidence=0.9)


def _subject(number: int) -> tuple[Subject, bytes]:
    user = User.objects.create_user(f"subscriber{number}@people.example", full_name=f"Subscriber {number}")
    consent.give(user, Purpose)
    mandates.sign(user, full_name=user.full_name, address="", signature=user.full_name)
    return Subject.objects.get(user=user), keys.seal(user, "communication", _LETTER.encode())


def _cases(made: Seed, count: int) -> list[Case]:
    states = [state for state, (share, _) in _SPREAD.items() for _ in range(share)]
    made.random.shuffle(states)
    before = Image.objects.count()
    images = Image.objects.bulk_create(_image(before + number) for number in range(count))
    found = Match.objects.bulk_create(
        _match(made.subjects[number % len(made.subjects)][0], image) for number, image in enumerate(images)
    )
    rows = [_case(made, match, states[number % len(states)]) for number, match in enumerate(found)]
    for number, row in enumerate(rows[1:], 1):
        if number % 8 == 0 and row.state != CaseState.CLOSED:
            row.relapse_of = rows[number - 1]
    return Case.objects.bulk_create(rows)


def _image(number: int) -> Image:
    return Image(sha256=f"{number:064x}", pdq=f"{number:064x}", width=640, height=480, model_id="made-up")


def _match(subject: Subject, image: Image) -> Match:
    return Match(
        subject=subject,
        image=image,
        box=[200, 100, 90, 110],
        score=0.8,
        quality_length=11.0,
        model_id="made-up",
        band="certain",
        gallery_size=1000,
        state=MatchState.CONFIRMED,
        decision=Decision.ACT,
        screened_at=timezone.now(),
    )


def _case(made: Seed, match: Match, state: CaseState) -> Case:
    chance, closed = made.random, state == CaseState.CLOSED
    opened = made.now - timedelta(days=chance.randint(20, 400) if closed else chance.randint(0, 30), minutes=7)
    deferred = not closed and chance.random() < 0.06
    return Case(
        subject=match.subject,
        match=match,
        state=state,
        outcome=chance.choice(_OUTCOMES) if closed else Outcome.NONE,
        assigned_to=chance.choice(made.staff) if chance.random() < 0.6 else None,
        intimate=chance.random() < 0.1,
        created_at=opened,
        closed_at=opened + timedelta(days=14) if closed else None,
        deferred_until=made.now + timedelta(days=2) if deferred else None,
    )


# --- What hangs on the cases -------------------------------------------------------------------------------


def _fill(made: Seed, cases: Sequence[Case]) -> None:
    _create(GroundDecision, (_decision(made, case) for case in cases))
    urls = _create(InfringingUrl, (url for case in cases for url in _urls(made, case)))
    _create(Verification, (check for url in urls for check in _checks(url)))
    letters = _create(Notice, (notice for case in cases for notice in _notices(made, case)))
    by_case: dict[Any, list[InfringingUrl]] = {}
    for url in urls:
        by_case.setdefault(url.case_id, []).append(url)
    named = Notice.urls.through
    _create(
        named, (named(notice=one, infringingurl=url) for one in letters for url in by_case[one.case_id][: PLACES - 1])
    )
    sealed = {subject.pk: body for subject, body in made.subjects}
    _create(Communication, (mail for one in letters for mail in _mail(one, sealed[one.case.subject_id])))
    _create(FollowUp, (_reminder(one) for one in letters if one.state == NoticeState.INFO_REQUESTED))
    _create(CaseEvent, (event for case in cases for event in _events(made, case)))
    _create(CaseEvent, (_complied(one) for one in letters if one.state == NoticeState.COMPLIED))
    _create(WorkItem, (_work(case) for case in cases if case.state == CaseState.ACTION_NEEDED))


def _create(model: Any, rows: Iterable[models.Model]) -> list[Any]:
    made: list[Any] = model.objects.bulk_create(rows, batch_size=500)
    return made


def _decision(made: Seed, case: Case) -> GroundDecision:
    ground = "take_it_down" if case.intimate else made.random.choice(_GROUNDS)
    considered = [{"ground": ground, "holds": True, "why": "The answers say so."}]
    answers = {**_ANSWERS, "intimate": "yes" if case.intimate else "no"}
    return GroundDecision(case=case, answers=answers, ground=ground, considered=considered, rules_version="1")


def _urls(made: Seed, case: Case) -> Iterator[InfringingUrl]:
    gone = case.outcome == Outcome.REMOVED
    for number in range(PLACES):
        host = f"site{made.random.randint(1, 900)}.example"
        page, file = f"https://{host}/p/{case.pk}/{number}", f"https://img.{host}/{case.pk}/{number}.jpg"
        yield InfringingUrl(
            case=case,
            page_url=page,
            image_url=file,
            digest=url_digest(page, file),
            host=host,
            state=UrlState.REMOVED if gone else UrlState.LIVE,
            next_check_at=made.now + timedelta(days=number),
        )


def _checks(url: InfringingUrl) -> Iterator[Verification]:
    outcome = "removed_source" if url.state == UrlState.REMOVED else "still_live"
    for days in (3, 1):
        at = timezone.now() - timedelta(days=days)
        yield Verification(url=url, outcome=outcome, page_status=200, image_status=200, checked_at=at)


def _notices(made: Seed, case: Case) -> Iterator[Notice]:
    state = _SPREAD[CaseState(case.state)][1]
    first, *others = made.random.sample(made.contacts, NOTICES)
    for contact in (first, *others):
        left = state not in {NoticeState.DRAFT, NoticeState.WITHDRAWN}
        due = made.now + timedelta(hours=made.random.randint(-48, 160))
        paused = state == NoticeState.INFO_REQUESTED
        yield Notice(
            case=case,
            operator=contact.operator,
            contact=contact,
            ground=case.ground_decision.ground,
            addressee=made.random.choice(_ADDRESSEES),
            state=state,
            recipient=contact.email,
            title=f"Pictures of a person without their consent [{case.reference}]",
            body=_LETTER,
            template_version="1",
            message_id=f"<{case.pk}.{contact.pk}@faceward.example>" if left else "",
            drafted_at=case.created_at,
            sent_at=case.created_at + timedelta(hours=3) if left else None,
            due_at=due if left else None,
            time_left=timedelta(days=2, hours=4) if paused else None,
        )


def _mail(notice: Notice, sealed: bytes) -> Iterator[Communication]:
    if not notice.sent_at:
        return
    out, came_in = Communication.Direction.OUT, Communication.Direction.IN
    ours = "notices@faceward.example"
    common = {"case": notice.case, "notice": notice, "sealed_body": sealed, "title": notice.title}
    yield Communication(
        **common,
        direction=out,
        sender=ours,
        recipient=notice.recipient,
        message_id=notice.message_id,
        at=notice.sent_at,
    )
    kind = Communication.Kind.QUESTION if notice.state == NoticeState.INFO_REQUESTED else Communication.Kind.RECEIPT
    yield Communication(
        **common,
        direction=came_in,
        kind=kind,
        sender=notice.recipient,
        recipient=ours,
        message_id=f"answer {notice.message_id}",
        at=notice.sent_at + timedelta(hours=5),
    )


def _reminder(notice: Notice) -> FollowUp:
    return FollowUp(
        notice=notice,
        kind=FollowUp.Kind.REMINDER,
        state=NoticeState.SENT,
        recipient=notice.recipient,
        title=notice.title,
        body=_LETTER,
        template_version="1",
        sent_at=notice.sent_at,
    )


def _events(made: Seed, case: Case) -> Iterator[CaseEvent]:
    yield CaseEvent(case=case, at=case.created_at, kind="case.opened", text="Case opened.")
    for number in range(1, EVENTS):
        at = case.created_at + timedelta(hours=number)
        actor = made.random.choice(made.staff)
        yield CaseEvent(case=case, at=at, kind="case.note", actor=actor, text=f"Note: looked at it, {number}.")


def _complied(notice: Notice) -> CaseEvent:
    at = notice.drafted_at + timedelta(days=6)
    return CaseEvent(case=notice.case, at=at, kind="notice.complied", data={"notice": str(notice.pk)}, text="Gone.")


def _work(case: Case) -> WorkItem:
    text = "An operator asked something. Read it, and answer."
    return WorkItem(case=case, kind="made_up", about=str(case.pk), text=text, created_at=case.created_at)


def _orphans(made: Seed, count: int) -> None:
    text = keys.seal_for_installation("orphan-mail", b"Your ticket was received.")
    before = OrphanMail.objects.count()
    for number in range(before, before + count):
        OrphanMail.objects.create(
            message_id=f"<{number}@elsewhere.example>",
            sender=f"desk{number}@elsewhere.example",
            sealed_title=text,
            sealed_body=text,
            why="no_match",
            received_at=made.now - timedelta(hours=number),
        )


# --- Pages -------------------------------------------------------------------------------------------------


def pages(staff: User) -> dict[str, str]:
    """Every page of the console that cases make longer, by what it shows."""
    waiting = Case.objects.filter(state=CaseState.AWAITING_PROVIDER).earliest("created_at")
    asked = Case.objects.filter(state=CaseState.ACTION_NEEDED).earliest("created_at")
    drafted = Case.objects.filter(state=CaseState.DRAFTING).earliest("created_at")
    operator = Operator.objects.earliest("pk")
    SavedFilter.objects.get_or_create(staff=staff, name="Intimate", defaults={"query": "tab=all&intimate=1"})
    filters = "ground=dsa_16&country=DE&operator=Nord&host=site&assigned=none&state=drafting"
    return {
        **{f"queue: {name}": f"/console/?tab={name}" for name in TABS},
        "queue: last page of all": "/console/?tab=all&page=9999",
        "queue: all, newest first": "/console/?tab=all&sort=-age",
        "queue: search for a host": "/console/?tab=all&q=site77",
        "queue: search for nothing": "/console/?tab=all&q=there-is-none",
        "queue: six filters": f"/console/?tab=all&{filters}",
        "case: letters to approve": f"/console/cases/{drafted.pk}/",
        "case: waiting": f"/console/cases/{waiting.pk}/",
        "case: asked, from the queue": f"/console/cases/{asked.pk}/?tab=all&at=40",
        "operators": "/console/operators/",
        "operator": f"/console/operators/{operator.pk}/",
        "mail that fits nowhere": "/console/mail/",
        "search results to look up": "/console/search-results/",
        "letters": "/console/letters/",
        "letter": "/console/letters/host_policy/en/",
        "sending": "/console/sending/",
        **{f"figures: {period.label}": f"/console/figures/?period={period.key}" for period in PERIODS},
    }


def measure(staff: User, rounds: int = 9) -> dict[str, dict[str, float]]:
    """Milliseconds (median and slowest) and queries of each page, for somebody who is signed in."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(staff)
    return {name: _timed(client, path, rounds) for name, path in pages(staff).items()}


def _timed(client: Client, path: str, rounds: int) -> dict[str, float]:
    def ask() -> None:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    asked = _queries(ask)
    timing = interleaved({"page": ask}, rounds)["page"]
    return {
        "median": timing.median * 1000,
        "slowest": max(timing.elapsed) * 1000,
        "processor": statistics.median(timing.processor) * 1000,
        "queries": asked,
    }


def _queries(act: Callable[[], None]) -> int:
    asked = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        act()
    return asked


def main(arguments: Sequence[str]) -> int:
    count = int(arguments[0])
    if count:
        seed(count)
    json.dump(measure(User.objects.get(email=MEASURED)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
