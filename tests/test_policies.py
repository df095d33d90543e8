"""Policies: published once, told to those who were there, agreed to anew where it matters."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts import consent
from accounts.models import PolicyVersion, Purpose, User
from accounts.policies import telling, versions

Publish = Callable[..., list[PolicyVersion]]


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    """Publishes a version of the privacy policy."""
    folder = tmp_path / "privacy"
    folder.mkdir()

    def write(version: str, body: str, *, material: bool = False) -> list[PolicyVersion]:
        head = f"Material: {'yes' if material else 'no'}\nSummary: Version {version}.\n\n"
        (folder / f"{version}.md").write_text(head + body)
        return versions.publish(tmp_path)

    return write


@pytest.mark.django_db
def test_every_text_on_file_is_published_once_and_never_changes() -> None:
    assert {row.kind for row in versions.publish()} == set(PolicyVersion.Kind.values)
    assert versions.publish() == []
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.update(body="Something else.")


def test_promise_41_people_are_told_of_a_change_once_and_the_mail_has_its_date(
    alice: User, carol: User, publish: Publish
) -> None:
    publish("2026-01-01", "We keep it for a day.")
    assert telling.tell() == 0, "the first version changes nothing for anybody"
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        publish("2026-02-01", "We keep it for a week.", material=True)
        newcomer = User.objects.create_user("new@example.org")
        assert telling.tell() == 1
        assert telling.tell() == 0
    (told,) = mail.outbox
    assert told.to == [alice.email] and newcomer.email not in told.to
    due = versions.waiting_for(alice)[0].due
    assert due and f"{due.day} {due:%B %Y}" in str(told.body)


def test_going_on_is_no_consent_after_a_material_change(alice: User, publish: Publish) -> None:
    consent.give(alice, Purpose)
    publish("2026-01-01", "We keep it for a day.")
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False) as clock:
        publish("2026-02-01", "We keep it for a week.", material=True)
        assert consent.given(alice) == set(Purpose), "there is time to answer"
        clock.shift(versions.NOTICE + timedelta(seconds=1))
        assert consent.given(alice) == set(), "without an answer everything rests"
        versions.accept(alice, versions.waiting_for(alice))
        assert consent.given(alice) == set(Purpose)
        assert versions.waiting_for(alice) == []


def test_a_change_that_asks_for_nothing_stops_nothing(alice: User, publish: Publish) -> None:
    consent.give(alice, Purpose)
    publish("2026-01-01", "We keep it for a day.")
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False) as clock:
        publish("2026-02-01", "We keep it for one day.")
        clock.shift(2 * versions.NOTICE)
        assert consent.given(alice) == set(Purpose)
        assert [change.due for change in versions.changes_for(alice)] == [None]


@pytest.mark.django_db
def test_what_changed_is_marked_and_nothing_in_a_text_is_run(publish: Publish) -> None:
    (old,) = publish("2026-01-01", "# Time\n\nWe keep <b>it</b> for a day.\n\nGone.")
    (new,) = publish("2026-02-01", "# Time\n\nWe keep <b>it</b> for a week.\n\nNew.\n\n<script>1</script>")
    shown = versions.difference(old, new)
    assert "for a <del>day.</del> <ins>week.</ins>" in shown
    assert "<script" not in shown and "<b>" not in shown
    assert "<script" not in versions.as_html(new)


def test_agreeing_on_the_page(alice: User, publish: Publish, client_for: Callable[[User], Client]) -> None:
    publish("2026-01-01", "We keep it for a day.")
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        publish("2026-02-01", "We keep it for a week.", material=True)
        browser = client_for(alice)
        assert "I have read it and agree" in browser.get("/policies/changes/").content.decode()
        browser.post("/policies/changes/")
        assert versions.waiting_for(alice) == []
        assert "Nothing waits for you" in browser.get("/policies/changes/").content.decode()


@pytest.mark.parametrize(
    ("named", "problem"),
    [("Acme|Hosts our servers|France", ""), ("Acme", "name|purpose|country")],
)
def test_processors_come_from_the_configuration(
    settings: Any, client: Client, named: str, problem: str, db: None
) -> None:
    settings.PROCESSORS, settings.STRIPE_SECRET_KEY = named, "sk_test"
    if problem:
        with pytest.raises(ValueError, match=problem.replace("|", r"\|")):
            client.get("/processors/")
    else:
        page = client.get("/processors/").content.decode()
        assert "Hosts our servers" in page and "Stripe" in page
