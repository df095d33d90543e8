"""No operator is told two stories about one place, asked twice, hurried, or sent more than it can work through."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone

from accounts import consent
from accounts.models import Purpose, User
from search import enrolment
from search.models import Enrolment
from takedowns import delivery, guards, mandates, notices
from takedowns.cases import NotAllowed
from takedowns.guards import NotYet
from takedowns.models import AbuseContact, Case, InfringingUrl, Notice, Operator, WorkItem
from takedowns.states import CaseState, NoticeState, Outcome, UrlState
from tests import cases, photos
from tests.letters_out import draft, mail_sink, operator, place, sent

CLAIMS, DENIES = "dmca_512c", "host_policy"


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any) -> Iterator[Case]:
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        yield cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


@pytest.fixture
def notice(case: Case) -> Notice:
    return case.notices.get()


def also(notice: Notice, ground: str, contact: AbuseContact | None = None, **fields: Any) -> Notice:
    """Another draft about the same places."""
    return notices.draft(notice.case, ground, contact or notice.contact, list(notice.urls.all()), **fields)


def another_case(case: Case, sha256: str = "c") -> Case:
    """The same person's, about another picture."""
    match = cases.match_of(case.subject, photos.astronaut(), sha256)
    made = Case.objects.create(subject=case.subject, match=match, state=CaseState.DRAFTING)
    decision = case.ground_decision
    decision.pk, decision.case = None, made
    decision.save(force_insert=True)
    return made


def copied(notice: Notice, case: Case) -> Notice:
    """The same letter in another case, with places of its own for the same addresses."""
    urls = [
        InfringingUrl.objects.create(
            case=case, page_url=url.page_url, image_url=url.image_url, digest=url.digest, host=url.host
        )
        for url in notice.urls.all()
    ]
    return notices.draft(case, notice.ground, notice.contact, urls)


# --- Two stories -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["approved", "sending", "sent", "refused", "complied", "contested"])
def test_never_two_grounds_that_contradict_each_other(notice: Notice, carol: User, dana: User, state: str) -> None:
    other = also(notice, DENIES)
    sent(notice, NoticeState(state), sent_at=timezone.now() - timedelta(days=40), due_at=timezone.now())
    for staff in (carol, dana):
        with pytest.raises(NotAllowed, match="told something else"):
            notices.approve(other, staff)


@pytest.mark.parametrize("state", ["withdrawn", "bounced", "retracted"])
def test_what_was_never_said_or_was_taken_back_contradicts_nothing(notice: Notice, carol: User, state: str) -> None:
    other = also(notice, DENIES)
    sent(notice, NoticeState(state))
    assert notices.approve(other, carol)


def test_another_name_of_the_same_operator_is_the_same_operator(notice: Notice, carol: User) -> None:
    contact = operator("other-name.example")
    other = also(notice, DENIES, contact)
    Operator.objects.filter(pk__in=(notice.operator_id, contact.operator_id)).update(cluster=notice.operator_id)
    notices.approve(notice, carol)
    with pytest.raises(NotAllowed, match="told something else"):
        notices.approve(other, carol)


def test_another_operator_or_another_place_may_be_told_otherwise(notice: Notice, carol: User) -> None:
    notices.approve(notice, carol)
    assert notices.approve(also(notice, DENIES, operator("somebody-else.example")), carol)
    elsewhere = notices.draft(notice.case, DENIES, notice.contact, [place(notice.case, "elsewhere")])
    assert notices.approve(elsewhere, carol)


def test_it_is_looked_at_once_more_before_sending(notice: Notice, carol: User, settings: Any) -> None:
    """Somebody found out meanwhile that two operators are one."""
    contact = operator("other-name.example")
    first, second = notices.approve(notice, carol), notices.approve(also(notice, DENIES, contact), carol)
    Operator.objects.filter(pk__in=(notice.operator_id, contact.operator_id)).update(cluster=notice.operator_id)
    with mail_sink(settings) as sink:
        assert delivery.send_approved() == [first]
        assert len(sink.deliveries) == 1
    assert "told something else" in WorkItem.objects.get(kind=delivery.BLOCKED, about=str(second.pk)).text


def test_two_people_cannot_both_have_taken_the_picture(notice: Notice, bob: User, carol: User, dana: User) -> None:
    notices.approve(notice, carol)
    consent.give(bob, Purpose)
    enrolled = enrolment.enrol(bob, photos.pair(photos.hopper()), adult=True)
    mandates.sign(bob, full_name="Bob Example", address="", signature="Bob Example")
    theirs = another_case(notice.case)
    Case.objects.filter(pk=theirs.pk).update(subject=enrolled.subject)
    theirs.refresh_from_db()
    claim = copied(notice, theirs)
    with pytest.raises(NotAllowed, match="somebody else owns the copyright"):
        notices.approve(claim, carol)
    assert notices.approve(claim, dana)


_APPROVE = """
import sys, time
import django
django.setup()
from accounts.models import User
from takedowns import notices
from takedowns.cases import NotAllowed
from takedowns.models import Notice
notice, staff = Notice.objects.get(pk=sys.argv[1]), User.objects.get(email="carol@example.org")
print("ready", flush=True)
sys.stdin.readline()
try:
    notices.approve(notice, staff)
except NotAllowed:
    sys.exit(3)
"""


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "sqlite", reason="copies an SQLite database")
def test_of_two_approved_at_the_same_moment_one_is_refused(notice: Notice, carol: User, tmp_path: Path) -> None:
    other = also(notice, DENIES)
    copy = tmp_path / "copy.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(copy)) as target:
        target.executescript("\n".join(connection.connection.iterdump()))
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"sqlite:///{copy}",
    }
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _APPROVE, str(pk)],
            env=environment,
            cwd=configured.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for pk in (notice.pk, other.pk)
    ]
    for worker in workers:
        assert worker.stdout and worker.stdout.readline() == b"ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(b"go\n")
        worker.stdin.flush()
    assert sorted(worker.wait(timeout=120) for worker in workers) == [0, 3]
    with closing(sqlite3.connect(copy)) as database:
        states = sorted(row[0] for row in database.execute("SELECT state FROM takedowns_notice"))
    assert states == ["approved", "draft"]


# --- Too often ---------------------------------------------------------------------------------------------


def test_the_same_is_not_asked_in_two_open_cases(notice: Notice, carol: User) -> None:
    notices.approve(notice, carol)
    again = copied(notice, another_case(notice.case))
    with pytest.raises(NotAllowed, match=f"case {notice.case.reference}, which is open"):
        notices.approve(again, carol)


def test_a_case_that_ended_does_not_stand_in_the_way_once_its_time_is_over(notice: Notice, carol: User) -> None:
    again = copied(notice, another_case(notice.case))
    now = timezone.now()
    sent(notice, sent_at=now - timedelta(days=1), due_at=now + timedelta(days=1))
    Case.objects.filter(pk=notice.case_id).update(state=CaseState.CLOSED, outcome=Outcome.NO_RESPONSE)
    with pytest.raises(NotAllowed, match="has until"):
        notices.approve(again, carol)
    sent(notice, due_at=now)
    assert notices.approve(again, carol)


def test_a_place_that_was_removed_and_is_back_is_asked_about_again(notice: Notice, carol: User) -> None:
    again = copied(notice, another_case(notice.case))
    now = timezone.now()
    sent(notice, sent_at=now, due_at=now + timedelta(days=30))
    Case.objects.filter(pk=notice.case_id).update(state=CaseState.CLOSED, outcome=Outcome.REMOVED)
    notice.urls.update(state=UrlState.RELAPSED)
    assert notices.approve(again, carol)


@pytest.fixture
def second(notice: Notice) -> Notice:
    """On another ground that contradicts nothing, so that only the time stands in the way."""
    made = also(notice, CLAIMS, operator("none.example"))
    Notice.objects.filter(pk=made.pk).update(operator=notice.operator, contact=notice.contact, ground="take_it_down")
    return Notice.objects.get(pk=made.pk)


@pytest.mark.parametrize(
    ("state", "due", "promised", "why"),
    [
        ("sent", 1, None, "has until"),
        ("acknowledged", 1, None, "has until"),
        ("acknowledged", -1, 2, "has until"),
        ("sending", None, None, "about to leave"),
        ("approved", None, None, "about to leave"),
        ("info_requested", -1, None, "answered first"),
        ("sent", -1, None, ""),
        ("acknowledged", -1, -1, ""),
        ("refused", 1, None, ""),
        ("complied", 1, None, ""),
        ("bounced", 1, None, ""),
        ("retracted", 1, 9, ""),
    ],
)
def test_an_operator_is_left_in_peace_while_its_time_runs(
    notice: Notice, second: Notice, state: str, due: int | None, promised: int | None, why: str
) -> None:
    now = timezone.now()
    times = {"due_at": due, "promised_until": promised}
    ends = {name: now + timedelta(days=days) for name, days in times.items() if days is not None}
    sent(notice, NoticeState(state), sent_at=now - timedelta(days=1), **ends)
    told = guards.why_not(second)
    assert why in told
    assert bool(told) == bool(why)


def test_a_search_engine_is_asked_for_its_list_meanwhile(notice: Notice, second: Notice) -> None:
    now = timezone.now()
    sent(notice, sent_at=now, due_at=now + timedelta(days=1))
    assert guards.why_not(second)
    Notice.objects.filter(pk=second.pk).update(addressee="search")
    second.refresh_from_db()
    assert not guards.why_not(second)


def test_the_letters_of_a_day_are_counted_and_the_rest_waits(case: Case, carol: User, settings: Any) -> None:
    settings.OPERATOR_DAILY_LETTERS = 2
    busy = operator("busy.example")
    about = [case, another_case(case, sha256="b"), another_case(case, sha256="d")]
    drafts = [notices.draft(one, CLAIMS, busy, [place(one, f"p{number}")]) for number, one in enumerate(about)]
    first, second, third, other = (notices.approve(one, carol) for one in (*drafts, draft(case, "quiet")))
    with mail_sink(settings) as sink:
        assert delivery.send_approved() == [first, second, other], "the longest first; others go on"
        with pytest.raises(NotYet, match="2 letters within a day"):
            delivery.send(third)
        assert not WorkItem.objects.filter(kind=delivery.BLOCKED).exists(), "it only waits"
        Notice.objects.filter(pk=first.pk).update(sending_at=timezone.now() - timedelta(hours=25))
        assert delivery.send_approved() == [third]
        assert len(sink.deliveries) == 4


# --- Who is not written to ---------------------------------------------------------------------------------


def test_a_hostile_operator_is_written_to_by_senior_staff_only(
    notice: Notice, carol: User, dana: User, settings: Any
) -> None:
    other_name = operator("other-name.example", stance=Operator.Stance.HOSTILE)
    Operator.objects.filter(pk__in=(notice.operator_id, other_name.operator_id)).update(cluster=notice.operator_id)
    with pytest.raises(NotAllowed, match="only senior staff"):
        notices.approve(notice, carol)
    assert notices.approve(notice, dana)
    with mail_sink(settings):
        assert delivery.send(notice)


def test_one_that_turned_hostile_after_approval_gets_nothing(notice: Notice, carol: User, settings: Any) -> None:
    notices.approve(notice, carol)
    Operator.objects.filter(pk=notice.operator_id).update(stance=Operator.Stance.HOSTILE)
    with mail_sink(settings) as sink:
        assert delivery.send_approved() == []
        assert not sink.deliveries


def test_nobody_is_asked_about_what_is_gone(notice: Notice, carol: User) -> None:
    notice.urls.update(state=UrlState.REMOVED)
    with pytest.raises(NotAllowed, match="gone already"):
        notices.approve(notice, carol)


def test_a_withdrawn_picture_is_written_about_no_more(notice: Notice, carol: User) -> None:
    image = notice.case.match.image
    image.withdrawn_at = timezone.now()
    image.save(update_fields=["withdrawn_at"])
    with pytest.raises(NotAllowed, match="withdrawn"):
        notices.approve(notice, carol)
