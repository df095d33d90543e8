"""The tasks that run every minute, and the check before a deployment."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.core import checks, mail

from accounts.models import User
from search.models import Enrolment
from takedowns import tasks
from takedowns.models import Case, Verification
from takedowns.states import NoticeState
from tests import cases

TASKS = (
    *(tasks.prepare_cases, tasks.send_approved, tasks.verify_due, tasks.screen_relapses),
    *(tasks.look_around, tasks.clock, tasks.read_mail, tasks.settle_clusters, tasks.count_figures),
)


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any) -> Iterator[Case]:
    settings.VERIFICATION_INTERVAL_SECONDS = 0
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        yield cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


def test_every_task_may_run_twice(case: Case, carol: User) -> None:
    cases.approved(case, carol)
    for _ in range(2):
        for task in TASKS:
            task()
    assert len(mail.outbox) == 1
    assert case.notices.get().state == NoticeState.SENT
    assert Verification.objects.exists()


def test_nothing_to_do_is_no_error(db: None) -> None:
    for task in TASKS:
        task()


def test_what_the_clock_calls_exists() -> None:
    named = {task.name for task in TASKS}
    called = {entry["task"] for entry in configured.CELERY_BEAT_SCHEDULE.values()}
    assert {name for name in called if name.startswith("takedowns.")} <= named


def warnings() -> list[str]:
    found = checks.run_checks(tags=["takedowns"], include_deployment_checks=True)
    return [message.msg for message in found if message.id == "takedowns.W001"]


def test_a_deployment_without_our_address_or_telephone_is_warned(settings: Any) -> None:
    assert warnings() == []
    settings.AGENT_ADDRESS, settings.AGENT_PHONE = " ", ""
    assert warnings() == ["AGENT_ADDRESS is not set.", "AGENT_PHONE is not set."]
