"""The kill switch: senior staff, with a reason, on record; while it is on nothing leaves and work goes on."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import AuditEvent, User
from demo.mail import MailSink
from search.models import Enrolment
from takedowns import delivery, notices, stops
from takedowns.cases import NotAllowed
from takedowns.models import Case, SendingStop, WorkItem
from tests import cases
from tests.letters_out import draft, mail_sink


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any) -> Iterator[Case]:
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        yield cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


@pytest.fixture
def sink(settings: Any) -> Iterator[MailSink]:
    with mail_sink(settings) as running:
        yield running


def test_only_senior_staff_with_a_reason(carol: User, dana: User, alice: User) -> None:
    for user in (carol, alice):
        with pytest.raises(NotAllowed, match="senior"):
            stops.stop(user, "Because.")
        with pytest.raises(NotAllowed, match="senior"):
            stops.lift(user)
    for reason in ("", "  \n", "x" * 401):
        with pytest.raises(NotAllowed, match="say why"):
            stops.stop(dana, reason)
    assert not SendingStop.objects.exists()


def test_nothing_leaves_while_it_is_on_and_approving_goes_on(
    case: Case, carol: User, dana: User, sink: MailSink
) -> None:
    stops.stop(dana, "A wrong letter went out.")
    approved = cases.approved(case, carol)
    assert delivery.send_approved() == []
    with pytest.raises(NotAllowed, match="stopped by a senior colleague"):
        delivery.send(approved)
    assert not WorkItem.objects.exists(), "nobody is asked about each letter"
    assert not sink.deliveries
    assert stops.lift(dana) == 1
    assert delivery.send_approved() == [approved]


def test_a_stop_in_the_middle_of_a_run_ends_it(
    case: Case, carol: User, dana: User, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    for notice in (case.notices.get(), draft(case, "another")):
        notices.approve(notice, carol)
    record_sent = delivery._record_sent

    def then_stop(*args: Any) -> Any:
        stops.stop(dana, "Stop.")
        return record_sent(*args)

    monkeypatch.setattr(delivery, "_record_sent", then_stop)
    assert len(delivery.send_approved()) == 1
    assert len(sink.deliveries) == 1
    assert not WorkItem.objects.exists()


def test_stops_are_lifted_together_and_stay_on_record(carol: User, dana: User) -> None:
    first = stops.stop(dana, "One reason.")
    stops.stop(dana, "Another reason.")
    assert stops.in_force() == first
    assert stops.lift(dana) == 2
    assert stops.in_force() is None
    assert stops.lift(dana) == 0
    assert SendingStop.objects.filter(lifted_by=dana).count() == 2
    trail = AuditEvent.objects.filter(action__startswith="sending.").order_by("id").values_list("action", "actor")
    assert list(trail) == [(f"sending.{act}", dana.pk) for act in ("stopped", "stopped", "lifted", "lifted")]
    assert "reason" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_senior_staff_stop_and_start_on_a_page_that_all_staff_see(client_for: Any, carol: User, dana: User) -> None:
    senior, junior = client_for(dana), client_for(carol)
    assert senior.post("/console/sending/stop/", {"reason": "no"}).status_code == 422
    senior.post("/console/sending/stop/", {"reason": "A wrong address in a template."})
    assert "A wrong address in a template." in junior.get("/console/sending/").content.decode()
    for act in ("stop", "start"):
        assert junior.post(f"/console/sending/{act}/", {"reason": "long enough"}).status_code == 404
    assert stops.in_force()
    senior.post("/console/sending/start/")
    assert stops.in_force() is None
