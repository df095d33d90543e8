"""Many letters at once: few are approved by one person, many take two, and each is checked on its own."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent, Role, User
from search.models import Enrolment
from takedowns import bulk, notices
from takedowns.cases import NotAllowed
from takedowns.models import BulkApproval, Case, CaseEvent, Notice
from takedowns.states import NoticeState
from tests import cases
from tests.letters_out import draft


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any) -> Iterator[Case]:
    settings.BULK_LETTERS, settings.BULK_OPERATORS = 3, 3
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        yield cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


@pytest.fixture
def five(case: Case) -> list[Notice]:
    return [case.notices.get(), *(draft(case, f"host{number}") for number in range(4))]


def states(found: list[Notice]) -> list[str]:
    return [Notice.objects.get(pk=notice.pk).state for notice in found]


def asked(found: list[Notice], staff: User) -> BulkApproval:
    result = bulk.ask(found, staff, "The same picture everywhere.")
    assert isinstance(result, BulkApproval)
    return result


def test_a_few_are_approved_at_once(five: list[Notice], carol: User) -> None:
    result = bulk.ask(five[:3], carol, "All read.")
    assert isinstance(result, bulk.Approved)
    assert ([one.pk for one in result], result.refused) == ([one.pk for one in five[:3]], [])
    assert states(five) == ["approved"] * 3 + ["draft"] * 2


def test_more_wait_for_a_second_person(five: list[Notice], carol: User, dana: User, alice: User) -> None:
    waiting = asked(five, carol)
    assert states(five) == ["draft"] * 5
    for user in (carol, alice):
        with pytest.raises(NotAllowed):
            bulk.confirm(waiting, user)
    result = bulk.confirm(waiting, dana)
    assert len(result) == 5
    assert not result.refused
    assert {one.approved_by for one in result} == {dana}
    with pytest.raises(NotAllowed, match="already"):
        bulk.confirm(waiting, dana)
    acts = AuditEvent.objects.filter(action__startswith="bulk.").order_by("id")
    assert [(one.action, one.actor) for one in acts] == [("bulk.asked", carol.pk), ("bulk.confirmed", dana.pk)]


def test_few_letters_to_many_operators_are_many(five: list[Notice], carol: User, settings: Any) -> None:
    settings.BULK_LETTERS, settings.BULK_OPERATORS = 10, 2
    assert isinstance(bulk.ask(five[:3], carol, "All read."), BulkApproval)


def test_many_small_stacks_are_a_large_one(five: list[Notice], carol: User, dana: User) -> None:
    bulk.ask(five[:2], carol, "Two.")
    assert isinstance(bulk.ask(five[2:4], carol, "Two more."), BulkApproval)
    assert isinstance(bulk.ask(five[2:4], dana, "Somebody else's two."), bulk.Approved)


def test_letters_approved_one_by_one_are_nobody_s_stack(five: list[Notice], carol: User) -> None:
    for notice in five[:3]:
        notices.approve(notice, carol)
    assert isinstance(bulk.ask(five[3:], carol, "Two."), bulk.Approved)


def test_the_stacks_of_an_hour_ago_do_not_count(five: list[Notice], carol: User, time_machine: Any) -> None:
    bulk.ask(five[:2], carol, "Two.")
    time_machine.move_to(timezone.now() + timedelta(minutes=61))
    assert isinstance(bulk.ask(five[2:4], carol, "Two more."), bulk.Approved)


def test_one_that_fails_is_named_and_the_others_go_on(five: list[Notice], carol: User, dana: User) -> None:
    notices.edit(five[0], dana, five[0].body.replace("/s/", "//"))
    notices.withdraw(five[1], dana, "The wrong host.")
    result = bulk.ask(five[:3], carol, "All read.")
    assert isinstance(result, bulk.Approved)
    assert [one.pk for one in result] == [five[2].pk]
    assert [one.notice.pk for one in result.refused] == [five[0].pk, five[1].pk]
    assert "signature" in result.refused[0].why
    assert "not a draft" in result.refused[1].why


def test_whoever_wrote_of_a_letter_approves_it_in_no_stack(five: list[Notice], carol: User, dana: User) -> None:
    notices.edit(five[0], carol, five[0].body)
    notices.edit(five[1], dana, five[1].body)
    result = bulk.confirm(asked(five, carol), dana)
    assert {one.notice.pk for one in result.refused} == {five[0].pk, five[1].pk}
    assert states(five) == ["draft", "draft", "approved", "approved", "approved"]


def test_a_letter_changed_between_the_two_people_is_left_out(five: list[Notice], carol: User, dana: User) -> None:
    waiting = asked(five, carol)
    erin = User.objects.create_user("erin@example.org", "a long passphrase", role=Role.STAFF)
    notices.edit(five[4], erin, five[4].body)
    (refused,) = bulk.confirm(waiting, dana).refused
    assert "changed after the first person" in refused.why


def test_whoever_asked_must_still_be_one_of_us(five: list[Notice], carol: User, dana: User) -> None:
    waiting = asked(five, carol)
    User.objects.filter(pk=carol.pk).update(role=Role.SUBSCRIBER)
    with pytest.raises(NotAllowed, match="not a member of staff any more"):
        bulk.confirm(waiting, dana)


def test_it_can_be_refused(five: list[Notice], carol: User, dana: User) -> None:
    waiting = asked(five, carol)
    bulk.refuse(waiting, dana)
    with pytest.raises(NotAllowed, match="already"):
        bulk.confirm(waiting, dana)
    assert states(five) == ["draft"] * 5


def test_nonsense_is_refused(five: list[Notice], carol: User, alice: User) -> None:
    nonsense = [([], carol, "Why"), (five, alice, "Why"), (five, carol, " "), (five, carol, "x" * 401)]
    for chosen, user, reason in nonsense:
        with pytest.raises(NotAllowed):
            bulk.ask(chosen, user, reason)
    assert len(asked([five[0]] * 9 + five[1:], carol).notices.all()) == 5, "each letter counts once"


def test_the_database_holds_the_second_person_rule_too(five: list[Notice], carol: User) -> None:
    waiting = asked(five, carol)
    with pytest.raises(IntegrityError), transaction.atomic():
        BulkApproval.objects.filter(pk=waiting.pk).update(confirmed_by=carol, confirmed_at=timezone.now())


def test_it_is_on_record_that_it_was_a_stack(five: list[Notice], carol: User) -> None:
    bulk.ask(five[:1], carol, "One.")
    assert CaseEvent.objects.get(kind="notice.approved").data["bulk"] == "alone"
    assert states(five[:1]) == [NoticeState.APPROVED]
