"""Who looks younger than 18 is stopped kindly, may ask a person, and hears what that person decided."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.transitions import IllegalTransition
from search import ages
from search.models import AgeStop, Enrolment, Match, Subject
from search.probes import all_probes
from search.states import AgeStopState, EnrolmentState
from tests.matches import make_match

SignIn = Callable[[User], Client]

ADULT, YOUNG = [0.01, 0.02, 0.01], [0.6, 0.8, 0.7]


def stopped(user: User) -> AgeStop:
    with pytest.raises(ages.ApparentMinor):
        ages.check(user, YOUNG)
    return AgeStop.objects.get(user=user)


def appealed(user: User, statement: str = "I am 31.") -> AgeStop:
    stopped(user)
    return ages.ask(user, statement)


def page_of(client: Client) -> str:
    return client.get(reverse("search:age")).content.decode()


# The stop


def test_safeguard_06_an_apparent_minor_is_stopped(alice: User) -> None:
    stop = stopped(alice)
    assert stop.state == AgeStopState.STOPPED
    assert AuditEvent.objects.filter(action="age.stopped", about=alice.pk).count() == 1


def test_an_adult_goes_on(alice: User) -> None:
    ages.check(alice, ADULT)
    ages.check(alice, [])
    assert not AgeStop.objects.exists()


def test_one_odd_frame_does_not_decide(alice: User) -> None:
    ages.check(alice, [0.9, 0.01, 0.02])
    with pytest.raises(ages.ApparentMinor):
        ages.check(alice, [0.9, 0.3, 0.02])


def test_neither_picture_nor_estimate_is_kept(alice: User) -> None:
    stop = stopped(alice)
    kept = {field.name for field in stop._meta.fields}
    assert kept == {"id", "user", "state", "sealed_statement", "created_at", "appealed_at", "decided_at",
                    "decided_by", "reason"}  # fmt: skip
    assert "0.6" not in str(AuditEvent.objects.filter(action="age.stopped").values_list())


def test_trying_again_until_it_passes_does_not_work(alice: User) -> None:
    stopped(alice)
    with pytest.raises(ages.ApparentMinor):
        ages.check(alice, ADULT)
    with pytest.raises(ages.ApparentMinor):
        ages.require_not_stopped(alice)
    assert AgeStop.objects.count() == 1


def test_bob_is_not_stopped_for_alice(alice: User, bob: User) -> None:
    stopped(alice)
    ages.require_not_stopped(bob)
    ages.check(bob, ADULT)


@pytest.mark.django_db(transaction=True)
def test_a_stop_cannot_be_taken_back_with_the_enrolment_that_it_ends(alice: User) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        ages.check(alice, YOUNG)


# Asking


def test_the_page_is_kind_and_leads_on(alice: User, client_for: SignIn) -> None:
    stopped(alice)
    page = page_of(client_for(alice))
    assert "We have stopped here for now" in page
    assert "often wrong" in page
    assert "Ask a person to decide" in page
    assert reverse("search:optout") in page


def test_who_was_never_stopped_has_no_such_page(alice: User, client_for: SignIn) -> None:
    assert client_for(alice).get(reverse("search:age")).status_code == 302


def test_asking_makes_it_wait_for_a_person(alice: User, client_for: SignIn) -> None:
    stopped(alice)
    client = client_for(alice)
    response = client.post(reverse("search:age"), {"statement": "I am 31. Call me in the evening."}, follow=True)
    assert "A person will decide" in response.content.decode()
    stop = AgeStop.objects.get()
    assert stop.state == AgeStopState.APPEALED
    assert b"evening" not in bytes(stop.sealed_statement)
    assert ages.statement(stop) == "I am 31. Call me in the evening."
    client.post(reverse("search:age"), {"statement": "Once more."})
    assert ages.statement(AgeStop.objects.get()) == "I am 31. Call me in the evening."


def test_too_many_words_are_kept_in_the_form(alice: User, client_for: SignIn) -> None:
    stopped(alice)
    response = client_for(alice).post(reverse("search:age"), {"statement": "word " * 400})
    assert response.status_code == 422
    assert "word word" in response.content.decode()
    assert AgeStop.objects.get().state == AgeStopState.STOPPED


# Deciding


def test_staff_decide_without_a_picture(alice: User, carol: User, client_for: SignIn) -> None:
    stop = appealed(alice)
    client = client_for(carol)
    assert alice.email in client.get(reverse("search:age_stops")).content.decode()
    url = reverse("search:age_stop", args=[stop.pk])
    page = client.get(url).content.decode()
    assert "I am 31." in page
    assert "<img" not in page
    client.post(url, {"verdict": "allow", "reason": "We spoke on the phone."})
    stop.refresh_from_db()
    assert (stop.state, stop.decided_by, stop.reason) == (AgeStopState.ALLOWED, carol, "We spoke on the phone.")
    assert AuditEvent.objects.filter(action="age.allowed", actor=carol.pk, about=alice.pk).exists()


def test_a_decision_needs_a_reason(alice: User, carol: User, client_for: SignIn) -> None:
    stop = appealed(alice)
    response = client_for(carol).post(reverse("search:age_stop", args=[stop.pk]), {"verdict": "allow"})
    assert response.status_code == 422
    assert "Say how you checked" in response.content.decode()
    assert AgeStop.objects.get().state == AgeStopState.APPEALED


def test_who_was_allowed_is_not_stopped_again(
    alice: User, carol: User, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    stop = appealed(alice)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        ages.decide(stop, carol, allowed=True, reason="Met in person.")
    ages.check(alice, YOUNG)
    ages.require_not_stopped(alice)
    (message,) = [message for message in mail.outbox if alice.email in message.to]
    assert "You can go on" in message.subject
    assert reverse("search:age") in str(message.body)


def test_who_was_refused_hears_it_and_can_ask_again_after_a_month(
    alice: User, carol: User, client_for: SignIn, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    stop = appealed(alice)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        ages.decide(stop, carol, allowed=False, reason="Nobody answered.")
    assert "could not confirm" in str(mail.outbox[-1].body)
    with pytest.raises(ages.ApparentMinor):
        ages.check(alice, ADULT)
    with pytest.raises(ages.NotPossible):
        ages.ask(alice, "At once again.")
    page = page_of(client_for(alice))
    assert "Nobody answered." in page
    assert "Ask a person to decide" not in page
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        again = ages.ask(alice, "I have a new phone.")
    assert again.pk != stop.pk
    assert list(ages.waiting()) == [again]


def test_a_refusal_ends_the_search_for_that_face(enrolled_alice: Enrolment, carol: User) -> None:
    alice = enrolled_alice.subject.user
    make_match(enrolled_alice.subject)
    ages.decide(appealed(alice), carol, allowed=False, reason="They are 16, as they said.")
    enrolled_alice.refresh_from_db()
    assert enrolled_alice.state == EnrolmentState.WITHDRAWN
    assert not enrolled_alice.templates.exists()
    assert not Match.objects.exists()
    assert not all_probes()


def test_nothing_is_decided_twice(alice: User, carol: User, client_for: SignIn) -> None:
    stop = appealed(alice)
    ages.decide(AgeStop.objects.get(), carol, allowed=False, reason="No answer.")
    with pytest.raises(IllegalTransition):
        ages.decide(AgeStop.objects.get(), carol, allowed=True, reason="On second thoughts.")
    response = client_for(carol).get(reverse("search:age_stop", args=[stop.pk]), follow=True)
    assert "Somebody else decided this one first" in response.content.decode()


def test_a_stop_that_nobody_asked_about_is_not_for_staff(alice: User, carol: User, client_for: SignIn) -> None:
    stop = stopped(alice)
    assert alice.email not in client_for(carol).get(reverse("search:age_stops")).content.decode()
    assert client_for(carol).get(reverse("search:age_stop", args=[stop.pk])).status_code == 302


def test_known_adults_are_those_whom_a_person_allowed(alice: User, bob: User, carol: User) -> None:
    subjects = {user: Subject.objects.create(user=user) for user in (alice, bob)}
    ages.decide(appealed(alice), carol, allowed=True, reason="Met in person.")
    ages.decide(appealed(bob), carol, allowed=False, reason="No answer.")
    assert ages.known_adults() == {subjects[alice].pk}
