"""The whole matrix of every machine: each step that the tables allow is taken, and every other one is refused."""

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.transitions import IllegalTransition, StaleState, change_state
from alerts import states as alert_states
from alerts.models import AddressHealth, Digest, WebhookDelivery, WebhookEndpoint
from search import states as search_states
from search.models import Enrolment, LivenessCheck, OptOut, Subject
from takedowns import states
from takedowns.models import AbuseContact, Case, InfringingUrl, Notice, Operator
from tests.matches import make_match

OPEN_CASE = "triage drafting awaiting_provider action_needed awaiting_subject"
# Written out once more, by hand: the tables must not be their own judge.
EXPECTED = {
    "enrolment": {"awaiting_liveness": "active refused withdrawn", "active": "awaiting_liveness withdrawn"},
    "liveness": {"pending": "passed failed"},
    "match": {"candidate": "confirmed dismissed", "confirmed": "candidate", "dismissed": "candidate"},
    "opt_out": {
        "pending": "confirmed withdrawn",
        "confirmed": "assisted contested active withdrawn",
        "assisted": "contested active refused withdrawn",
        "contested": "active refused withdrawn",
        "active": "contested withdrawn",
    },
    "case": {
        "triage": "drafting awaiting_subject closed",
        "drafting": "awaiting_provider action_needed awaiting_subject closed",
        "awaiting_provider": "action_needed awaiting_subject closed",
        "action_needed": "drafting awaiting_provider awaiting_subject closed",
        "awaiting_subject": "triage drafting awaiting_provider action_needed closed",
    },
    "notice": {
        "draft": "approved withdrawn",
        "approved": "sending withdrawn",
        "sending": "sent withdrawn",
        "sent": "acknowledged info_requested complied partly_complied refused contested bounced retracted",
        "acknowledged": "info_requested complied partly_complied refused contested bounced retracted",
        "info_requested": "acknowledged complied partly_complied refused contested retracted",
        "partly_complied": "complied refused contested retracted",
        "complied": "contested retracted",
        "refused": "acknowledged complied partly_complied contested retracted",
        "contested": "complied refused retracted",
    },
    "url": {
        "live": "unreachable removed",
        "unreachable": "live removed",
        "removed": "relapsed",
        "relapsed": "unreachable removed",
    },
    "digest": {"waiting": "sent returned dropped", "sent": "returned complained"},
    "address": {"failing": "dead complained", "dead": "complained"},
    "webhook": {"on": "off disabled", "off": "on", "disabled": "on off"},
    "webhook_delivery": {"waiting": "delivered failed", "delivered": "waiting", "failed": "waiting"},
}
MACHINES = {
    "enrolment": (search_states.EnrolmentState, search_states.ENROLMENT),
    "liveness": (search_states.LivenessState, search_states.LIVENESS),
    "match": (search_states.MatchState, search_states.MATCH),
    "opt_out": (search_states.OptOutState, search_states.OPT_OUT),
    "case": (states.CaseState, states.CASE),
    "notice": (states.NoticeState, states.NOTICE),
    "url": (states.UrlState, states.INFRINGING_URL),
    "digest": (alert_states.DigestState, alert_states.DIGEST),
    "address": (alert_states.AddressState, alert_states.ADDRESS),
    "webhook": (alert_states.WebhookState, alert_states.WEBHOOK),
    "webhook_delivery": (alert_states.WebhookDeliveryState, alert_states.WEBHOOK_DELIVERY),
}


def _record(machine: str, user: User):
    if machine == "digest":
        return Digest.objects.create(user=user, message_id="<1@here>", return_token="1")
    if machine == "address":
        return AddressHealth.objects.create(user=user, address=user.email)
    if machine.startswith("webhook"):
        endpoint = WebhookEndpoint.objects.create(user=user, url="https://a.example/", sealed_secret=b"")
        if machine == "webhook":
            return endpoint
        return WebhookDelivery.objects.create(endpoint=endpoint, kind="test", body="{}")
    subject, _ = Subject.objects.get_or_create(user=user)
    if machine == "match":
        return make_match(subject)
    if machine == "opt_out":
        return OptOut.objects.create(reference="OO-1", sealed_email=b"", sealed_template=b"", model_id="m")
    if machine in {"enrolment", "liveness"}:
        enrolment = Enrolment.objects.create(subject=subject, model_id="m", adult_declared_at=timezone.now())
        if machine == "enrolment":
            return enrolment
        return LivenessCheck.objects.create(enrolment=enrolment, method="attested")
    case = Case.objects.create(subject=subject, match=make_match(subject))
    if machine == "case":
        return case
    if machine == "url":
        return InfringingUrl.objects.create(case=case, digest="d", host="h")
    operator = Operator.objects.create(key="k", kind="host", name="Host")
    contact = AbuseContact.objects.create(operator=operator, email="a@b.example", confidence=1)
    return Notice.objects.create(case=case, operator=operator, contact=contact, ground="dmca_512c")


@pytest.mark.parametrize("machine", MACHINES)
def test_every_step_of_the_matrix(machine: str, alice: User) -> None:
    known, table = MACHINES[machine]
    record = _record(machine, alice)
    model = type(record)
    for old in known.values:
        for new in known.values:
            fields = {"outcome": "withdrawn" if old == "closed" else ""} if machine == "case" else {}
            model.objects.filter(pk=record.pk).update(state=old, **fields)
            record.refresh_from_db()
            if new in EXPECTED[machine].get(old, "").split():
                also = {"outcome": "withdrawn"} if machine == "case" and new == "closed" else {}
                assert change_state(record, table, new, **also) == old
                record.refresh_from_db()
                assert record.state == new
            else:
                with pytest.raises(IllegalTransition):
                    change_state(record, table, new)
                record.refresh_from_db()
                assert record.state == old


@pytest.mark.parametrize("machine", MACHINES)
def test_the_slower_of_two_is_told(machine: str, alice: User) -> None:
    _, table = MACHINES[machine]
    record = _record(machine, alice)
    slower = type(record).objects.get(pk=record.pk)
    new = sorted(table[record.state] - {"closed"})[0]
    change_state(record, table, new)
    with pytest.raises(StaleState):
        change_state(slower, table, new)
