"""A locked account: nothing goes on, its owner sees why, can appeal and can end things; a person lifts it."""

from typing import Any

import pytest

from accounts.models import AccountLock, AuditEvent, DataRequest, User
from accounts.security import locks
from search import probes
from search.models import Enrolment
from tests.routes import ours

pytestmark = pytest.mark.django_db


def test_safeguard_11_a_locked_account_opens_why_and_what_ends_things(alice: User, client_for: Any) -> None:
    locks.lock(alice, "different_faces")
    client = client_for(alice)
    for url in ("/dashboard/", "/matches/", "/enrol/"):
        assert client.get(url).headers["Location"] == "/account/locked/", url
    page = client.get("/account/locked/").content.decode()
    assert "different faces" in page
    for url in ("/consents/", "/account/security/"):
        assert client.get(url).status_code == 200, url


def test_a_locked_account_cannot_do_anything_with_faces_or_cases(alice: User, client_for: Any) -> None:
    locks.lock(alice, "photos_of_others")
    client = client_for(alice)
    for route in ours():
        place = route.name.split(":")[0]
        if route.audience == "subscribers" and not route.names and place in {"search", "takedowns", "alerts", "portal"}:
            if route.name in {"search:consents", "search:withdraw_enrolment"}:
                continue
            for answer in (client.get(route.url()), client.post(route.url())):
                assert answer.headers.get("Location") == "/account/locked/", route.name


def test_safeguard_11_nobody_is_searched_for_with_a_locked_account(enrolled_alice: Enrolment) -> None:
    assert len(probes.all_probes()) == 1
    lock = locks.lock(enrolled_alice.subject.user, "different_faces")
    assert probes.all_probes() == []
    with pytest.raises(probes.NotAProbe, match="locked"):
        probes.probe_of(enrolled_alice)
    locks.lift(lock, enrolled_alice.subject.user)
    assert len(probes.all_probes()) == 1


def test_safeguard_11_an_appeal_reaches_a_person_who_lifts_the_lock(alice: User, carol: User, client_for: Any) -> None:
    locks.lock(alice, "different_faces")
    client, staff = client_for(alice), client_for(carol)
    client.post("/account/locked/", {"words": "My brother tried my phone."})
    appeal = DataRequest.objects.get(user=alice)
    assert appeal.kind == DataRequest.Kind.APPEAL
    assert appeal.reference in client.get("/account/locked/").content.decode()
    queue = staff.get("/console/locks/").content.decode()
    assert alice.email in queue
    assert appeal.reference in queue
    lock = AccountLock.objects.get()
    staff.post("/console/locks/lift/", {"lock": lock.pk})
    assert client.get("/dashboard/").status_code == 200
    lock.refresh_from_db()
    assert lock.lifted_by == carol
    actions = list(AuditEvent.objects.filter(about=alice.pk).values_list("action", flat=True))
    assert actions.count("account.locked") == actions.count("account.unlocked") == 1


def test_a_second_lock_changes_nothing(alice: User) -> None:
    assert locks.lock(alice, "different_faces") == locks.lock(alice, "photos_of_others")
    assert AccountLock.objects.count() == 1


def test_nobody_lifts_their_own(alice: User, client_for: Any) -> None:
    lock = locks.lock(alice, "different_faces")
    assert client_for(alice).post("/console/locks/lift/", {"lock": lock.pk}).status_code == 404
    assert locks.locked(alice) == lock
