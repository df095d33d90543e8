"""Staff see whether mail is flowing, in one sentence and in counts, and never whose mail it is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from alerts import addresses, checks, delivery_health
from alerts.models import DeliveryAttempt, Digest
from alerts.states import DigestState
from tests.letters_out import EMAIL
from tests.returned_mail import digest

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
Outcome = DeliveryAttempt.Outcome


@pytest.fixture(autouse=True)
def _now(settings: Any) -> Any:
    settings.EMAIL_BACKEND = EMAIL
    with time_machine.travel(NOW, tick=False):
        yield


def tried(outcome: Outcome, minutes_ago: int, mail: Digest | None = None) -> None:
    DeliveryAttempt.objects.create(digest=mail, outcome=outcome, at=NOW - timedelta(minutes=minutes_ago))


def waiting(user: User, *, due_minutes_ago: int = 0) -> Digest:
    due = NOW - timedelta(minutes=due_minutes_ago)
    mail = digest(user, state=DigestState.WAITING, created_at=NOW - timedelta(hours=3), next_try_at=due)
    Digest.objects.filter(pk=mail.pk).update(sent_at=None)
    return mail


def sentence() -> tuple[str, str]:
    verdict = delivery_health.now().verdict
    return verdict.tone, verdict.sentence


def test_nothing_to_send_is_fine(db: None) -> None:
    assert sentence() == ("good", "Nothing had to be sent in the last 24 hours.")


def test_mail_is_flowing(alice: User) -> None:
    tried(Outcome.SENT, 5)
    assert sentence() == ("good", "Mail is flowing.")
    waiting(alice)
    assert sentence() == ("good", "Mail is flowing. One mail waits.")


def test_a_server_that_is_away_is_said_with_its_time(alice: User, bob: User) -> None:
    tried(Outcome.UNREACHABLE, 300)
    tried(Outcome.SENT, 200)
    tried(Outcome.BROKEN, 150)
    tried(Outcome.UNREACHABLE, 1)
    for user in (alice, bob):
        waiting(user, due_minutes_ago=60)
    said = "The mail server has not been there since 20 November, 09:30. 2 mails wait. None is lost."
    assert sentence() == ("stopped", said)


def test_after_it_is_back_nothing_is_said_of_it(alice: User) -> None:
    tried(Outcome.UNREACHABLE, 60)
    tried(Outcome.SENT, 1)
    assert sentence() == ("good", "Mail is flowing.")


def test_a_server_that_puts_off_is_slow(alice: User) -> None:
    tried(Outcome.DEFERRED, 1, waiting(alice))
    assert sentence() == ("waiting", "The mail server is there, but puts mails off. One mail waits.")


def test_mails_that_nobody_sends_are_noticed(alice: User) -> None:
    waiting(alice, due_minutes_ago=20)
    assert sentence() == ("needs", "One mail should have gone 15 minutes ago. Does a worker run?")


def test_mail_that_only_goes_to_a_folder_is_said_first(alice: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    tried(Outcome.SENT, 1)
    assert sentence() == ("stopped", "Mail is written to a folder on this machine. Nobody gets it.")


def test_the_numbers_have_their_denominators(alice: User, bob: User) -> None:
    mails = [digest(user, sent_at=NOW - timedelta(days=day)) for user in (alice, bob) for day in (1, 2, 40)]
    addresses.complained(mails[0])
    addresses.returned(mails[3], hard=True)
    addresses.returned(mails[4], hard=False)
    health = delivery_health.now()
    assert (health.complaints.part, health.complaints.whole, health.complaints.words) == (1, 4, "25 %")
    assert (health.returned.part, health.returned.whole) == (2, 4)
    assert health.addresses == {"failing": 0, "dead": 1, "complained": 1}
    assert [day.value for day in health.days][-3:] == [2, 2, 0]
    assert health.days[-1].label == "20 Nov"
    assert len(health.days) == 14


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 0, "none sent"), (0, 9, "0 %"), (1, 2000, "0.05 %"), (9, 9, "100 %"), (1, 3, "33.33 %")],
)
def test_small_shares_can_be_read(part: int, whole: int, words: str) -> None:
    assert delivery_health.Share(part, whole).words == words


def test_every_outcome_of_a_day_is_counted(db: None) -> None:
    for outcome, minutes in ((Outcome.SENT, 1), (Outcome.SENT, 2), (Outcome.REFUSED, 3), (Outcome.SENT, 25 * 60)):
        tried(outcome, minutes)
    health = delivery_health.now()
    assert [(bar.label, bar.value) for bar in health.outcomes if bar.value] == [
        ("Handed over", 2),
        ("Refused for good (5xx)", 1),
    ]
    assert health.tries == 3


def test_an_address_that_was_changed_is_not_counted(alice: User) -> None:
    addresses.returned(digest(alice), hard=True)
    User.objects.filter(pk=alice.pk).update(email="new@example.org")
    assert delivery_health.now().addresses["dead"] == 0


def test_the_page_shows_no_address_and_is_for_staff(
    alice: User, carol: User, client_for: Callable[[User], Client]
) -> None:
    tried(Outcome.SENT, 1, digest(alice))
    addresses.returned(digest(alice), hard=True)
    answer = client_for(carol).get("/console/delivery/")
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "Mail is flowing." in shown
    assert "alice" not in shown.lower()
    assert client_for(alice).get("/console/delivery/").status_code == 404


def test_the_queries_do_not_grow_with_the_mails(
    alice: User, bob: User, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(30):
        tried(Outcome.SENT, number, digest(alice if number % 2 else bob))
    with django_assert_max_num_queries(17):
        delivery_health.now()


def test_what_is_not_set_up_is_said_on_the_page_and_by_a_check(db: None, settings: Any) -> None:
    settings.BOUNCES_EMAIL = settings.DKIM_KEY = ""
    assert any("BOUNCES_EMAIL" in said for said in delivery_health.now().setup)
    assert [problem.id for problem in checks.returned_mail_is_read(None)] == ["alerts.W001"]
    settings.BOUNCES_EMAIL, settings.DEFAULT_FROM_EMAIL = "bounces@other.example", "Us <hello@mail.example.org>"
    settings.BOUNCES_INBOX_URL = settings.BOUNCES_WEBHOOK_SECRET = ""
    assert [problem.id for problem in checks.returned_mail_is_read(None)] == ["alerts.W002", "alerts.W003"]
    settings.BOUNCES_EMAIL, settings.BOUNCES_WEBHOOK_SECRET = "bounces@example.org", "a secret"
    assert checks.returned_mail_is_read(None) == []
    settings.BOUNCES_EMAIL = "bounces"
    assert [problem.id for problem in checks.an_address_for_returned_mail(None)] == ["alerts.E001"]
