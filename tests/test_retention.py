"""What the retention schedule says holds, and a command proves it (safeguards 5 and 14)."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import audit, retention
from accounts.models import AuditEvent, BillingEvent, User
from accounts.retention import Holding
from accounts.rights import proof
from accounts.states import RequestState
from accounts.tasks import self_audit
from accounts.tickets import tickets
from crawler.models import Evidence
from search.models import Enrolment, FaceTemplate, LiveSession
from search.states import EnrolmentState
from takedowns import workflow
from takedowns.models import Case
from takedowns.states import Outcome
from tests import cases
from tests.sites import Site

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_a_day(time_machine: Any) -> None:
    time_machine.move_to("2030-03-01T12:00:00Z")


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def late() -> set[str]:
    return {line.name for line in proof.check(timezone.now()) if line.broken}


def test_safeguard_14_the_proof_finds_what_is_kept_too_long_and_the_sweep_mends_it(time_machine: Any) -> None:
    """An event of the payment service, for which nobody swept."""
    now = timezone.now()
    BillingEvent.objects.create(event_id="evt_1", kind="x", made_at=now, received_at=now)
    assert run("retention")[0] == 0
    time_machine.shift(timedelta(days=31))
    code, text = run("retention", "--json")
    document = json.loads(text)
    assert code == document["broken"] == 1
    assert [one["name"] for one in document["checked"] if one["late_seconds"]] == ["Messages of the payment service"]
    retention.sweep()
    assert run("retention")[0] == 0


def test_the_table_names_every_limit() -> None:
    _, text = run("retention")
    limited = [holding.name for holding in retention.holdings() if holding.limit is not None and holding.oldest]
    assert len(limited) > 8
    assert all(name in text for name in limited)


def test_one_failing_sweep_does_not_keep_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise RuntimeError("no")

    registry = {"Bad": Holding("Bad", "why", "until", fail), "Good": Holding("Good", "why", "until", lambda: 3)}
    monkeypatch.setattr(retention, "_registry", registry)
    with pytest.raises(ExceptionGroup):
        retention.sweep()
    registry.pop("Bad")
    assert retention.sweep() == {"Good": 3}


def test_safeguard_14_evidence_goes_ninety_days_after_the_case(
    enrolled_alice: Enrolment,
    carol: User,
    site: Site,
    rdap_registry: None,
    time_machine: Any,
    django_capture_on_commit_callbacks: Any,
    settings: Any,
) -> None:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    time_machine.shift(timedelta(days=200))
    retention.sweep()
    assert Evidence.objects.exists()
    workflow.close(case, carol, Outcome.REFUSED, "The host said no.")
    time_machine.shift(timedelta(days=89))
    retention.sweep()
    assert Evidence.objects.exists()
    time_machine.shift(timedelta(days=2))
    assert "Evidence" in late()
    with django_capture_on_commit_callbacks(execute=True):
        retention.sweep()
    assert not Evidence.objects.exists()
    assert not [path for path in settings.EVIDENCE_DIR.rglob("*") if path.is_file()]
    assert Case.objects.get().urls.get().evidence is None
    assert "Evidence" not in late()


def test_safeguard_05_templates_go_three_years_after_the_last_visit(
    enrolled_alice: Enrolment, time_machine: Any
) -> None:
    alice = enrolled_alice.subject.user
    User.objects.filter(pk=alice.pk).update(last_active_on=timezone.now().date())
    time_machine.shift(timedelta(days=3 * 365 - 1))
    retention.sweep()
    assert FaceTemplate.objects.exists()
    time_machine.shift(timedelta(days=3))
    assert "Face templates" in late()
    retention.sweep()
    assert not FaceTemplate.objects.exists()
    enrolled_alice.refresh_from_db()
    assert enrolled_alice.state == EnrolmentState.WITHDRAWN


def test_a_sign_up_that_was_never_confirmed_goes_after_a_week(alice: User, bob: User, time_machine: Any) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=False, primary=True)
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    time_machine.shift(timedelta(days=8))
    retention.sweep()
    assert set(User.objects.all()) == {bob}


def test_what_was_asked_is_forgotten_a_year_after_the_answer(alice: User, time_machine: Any) -> None:
    request = tickets.open_ticket("question", email=alice.email, body="Why?", user=alice)
    type(request).objects.filter(pk=request.pk).update(state=RequestState.CLOSED, closed_at=timezone.now())
    time_machine.shift(timedelta(days=366))
    retention.sweep()
    request.refresh_from_db()
    assert not bytes(request.sealed_contact)
    assert request.user is None
    assert not request.messages.exists()


def test_an_abandoned_live_check_is_late_after_minutes(alice: User, time_machine: Any) -> None:
    ends = timezone.now() + timedelta(minutes=2)
    LiveSession.objects.create(user=alice, purpose="enrol", steps=[], expires_at=ends, sealed_frames=b"sealed")
    time_machine.shift(timedelta(hours=2))
    assert "Live checks under way" in late()
    retention.sweep()
    assert not bytes(LiveSession.objects.get().sealed_frames)
    assert not late()


def test_the_published_schedule_is_the_registry(client: Client) -> None:
    page = client.get("/privacy/").content.decode()
    for holding in retention.holdings():
        assert holding.basis.citation in page
        assert holding.name in page


def test_the_audit_command_finds_a_gap(alice: User) -> None:
    for _ in range(3):
        audit.record("test.event", alice)
    assert run("audit", "verify")[0] == 0
    last = AuditEvent.objects.order_by("-id")[0]
    AuditEvent.objects.create(
        at=last.at, action="forged", object_type="x", object_id="1", previous_hash=last.hash, hash="f" * 64
    )
    code, text = run("audit", "verify", "--json")
    assert code == 1
    assert json.loads(text)["broken_at"] == AuditEvent.objects.order_by("-id")[0].pk


def test_promise_29_the_daily_self_audit_writes_when_something_is_wrong(time_machine: Any, settings: Any) -> None:
    self_audit()
    assert not mail.outbox
    now = timezone.now()
    BillingEvent.objects.create(event_id="evt_1", kind="x", made_at=now, received_at=now)
    time_machine.shift(timedelta(days=40))
    self_audit()
    letter = mail.outbox[-1]
    assert letter.to == [settings.PRIVACY_EMAIL]
    assert "Messages of the payment service" in letter.body
    retention.sweep()
    self_audit()
    assert len(mail.outbox) == 1
