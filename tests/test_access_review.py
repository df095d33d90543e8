"""The quarterly review of staff: who may do what, how they sign in, and how often they looked."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.security import factors
from accounts.tickets import access_review


@pytest.fixture
def erik(db: None) -> User:
    return User.objects.create_user("erik@example.org", "a long passphrase", role="staff")


def test_promise_28_everybody_with_a_role_is_listed_with_their_looks(
    alice: User, bob: User, carol: User, dana: User, erik: User
) -> None:
    for about in (alice, bob):
        audit.record("request.read", about, actor=carol, about=about)
    audit.record("source.named", dana, actor=dana)
    found = {one.email: one for one in access_review.review()}
    assert set(found) == {carol.email, dana.email, erik.email}
    assert (found[carol.email].reads, found[carol.email].people, found[carol.email].acts) == (2, 2, 0)
    assert (found[dana.email].acts, found[dana.email].role) == (1, "senior_staff")
    assert found[carol.email].remarks == [] and found[carol.email].second_factors == ["totp"]
    assert "no second factor" in found[erik.email].remarks and len(found[erik.email].remarks) == 2


def test_what_was_done_before_is_not_counted(carol: User) -> None:
    audit.record("source.named", carol, actor=carol)
    (row,) = access_review.review(timezone.now() + timedelta(minutes=1))
    assert row.acts == 0


@pytest.mark.django_db
def test_it_is_printed_for_programs(erik: User, capsys: Any) -> None:
    factors.add_totp(erik)
    call_command("access_review", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["staff"][0]["email"] == erik.email
    assert document["staff"][0]["second_factors"] == ["totp"]
    call_command("access_review")
    assert erik.email in capsys.readouterr().out
