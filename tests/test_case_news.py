"""What happens to a case and is worth telling becomes an alert, in the transaction in which it happens."""

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from alerts import outbox
from alerts.models import Alert, Digest, Kind
from alerts.states import DigestState
from search import review, withdrawal
from search.models import Enrolment, Image, Match
from search.states import Decision
from takedowns import asking, events, relapse, workflow
from takedowns.cases import end, locked
from takedowns.models import Case, InfringingUrl
from takedowns.states import CaseState, Outcome
from tests.matches import make_match


@pytest.fixture
def case(enrolled_alice: Enrolment) -> Case:
    match = make_match(enrolled_alice.subject, places=2)
    return Case.objects.create(subject=enrolled_alice.subject, match=match)


def told() -> list[str]:
    return list(Alert.objects.filter(settled_at=None).order_by("created_at", "pk").values_list("kind", flat=True))


NEWS: dict[str, tuple[Kind, dict[str, str]]] = {
    "case.asked": (Kind.QUESTION, {}),
    "case.relapse": (Kind.RELAPSE, {"reference": "FW-1"}),
    "case.removed": (Kind.REMOVED, {}),
    "case.closed": (Kind.ENDED, {"outcome": "refused", "reason": "No."}),
    "url.removed": (Kind.PLACE_REMOVED, {"host": "shop.example"}),
    "url.added": (Kind.NEW_PLACE, {}),
    "notice.sent": (Kind.WROTE, {"operator": "Shop", "due_on": "2030-01-01"}),
    "follow_up.sent": (Kind.WROTE_AGAIN, {"operator": "Shop", "letter": "Reminder"}),
    "notice.escalated": (Kind.WROTE_AGAIN, {"operator": "Shop", "reason": "late"}),
    "mail.complied": (Kind.ANSWERED, {"operator": "Shop"}),
    "mail.promised": (Kind.ANSWERED, {"operator": "Shop", "until_on": "2030-01-01"}),
    "mail.question": (Kind.ANSWERED, {"operator": "Shop"}),
    "mail.refused": (Kind.REFUSED, {"operator": "Shop"}),
}


def test_these_are_news_and_nothing_else_is() -> None:
    assert {name for name, kind in events.KINDS.items() if kind.news} == set(NEWS)


@pytest.mark.parametrize("name", NEWS)
def test_news_is_told_once_with_its_case_and_nothing_of_where(case: Case, alice: User, carol: User, name: str) -> None:
    kind, data = NEWS[name]
    event = events.record(case, name, actor=carol, **data)
    alert = Alert.objects.get()
    assert (alert.user, alert.kind, alert.case, alert.key) == (alice, kind, case.pk, f"event:{event.pk}")


def test_what_is_undone_was_never_told(case: Case) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        events.record(case, "url.added")
        raise RuntimeError
    assert told() == []


@pytest.mark.parametrize("letter", ["Thanks", "Retraction"])
def test_letters_that_ask_for_nothing_are_no_news(case: Case, letter: str) -> None:
    events.record(case, "follow_up.sent", operator="Shop", letter=letter)
    assert told() == []


def test_what_people_did_themselves_is_no_news_to_them(case: Case, alice: User) -> None:
    workflow.close(case, alice, Outcome.WITHDRAWN, "I changed my mind.")
    assert told() == []


def test_a_case_that_ends_without_a_removal_is_told(case: Case, carol: User) -> None:
    workflow.close(case, carol, Outcome.REFUSED, "They say no.")
    assert told() == [Kind.ENDED]


def test_gone_from_every_place_is_one_piece_of_news(case: Case) -> None:
    events.record(case, "url.removed", host="shop.example")
    events.record(case, "url.removed", host="shop.example")
    assert told() == [Kind.PLACE_REMOVED] * 2
    with transaction.atomic():
        end(locked(case), Outcome.REMOVED, "everything is removed")
    assert told() == [Kind.REMOVED]


def test_what_a_mail_has_told_stays_told(case: Case, alice: User) -> None:
    events.record(case, "url.removed", host="shop.example")
    mail = Digest.objects.create(user=alice, message_id="<1@x>", return_token="1", state=DigestState.SENT)
    Alert.objects.update(digest=mail)
    events.record(case, "case.removed")
    assert told() == [Kind.PLACE_REMOVED, Kind.REMOVED]


def test_a_question_that_was_answered_in_time_is_not_mailed(case: Case, alice: User, carol: User) -> None:
    asking.ask_subject(case, carol, "Is it yours?")
    assert told() == [Kind.QUESTION]
    asking.answer(case, alice, "No.")
    assert told() == []


def test_a_stopped_case_takes_its_news_back_and_tells_no_more(case: Case, carol: User) -> None:
    InfringingUrl.objects.create(case=case, page_url="https://x.example/", image_url="https://x.example/i", host="x")
    events.record(case, "notice.sent", operator="Shop", due_on="2030-01-01")
    withdrawal.withdraw([case.match.image], withdrawal.REPORTED_MINOR)
    workflow.stop_withdrawn()
    assert told() == []
    workflow.close(Case.objects.get(pk=case.pk), carol, Outcome.NOT_ACTIONABLE, "Reported.")
    assert told() == []


def test_a_question_about_a_stopped_case_is_told_as_it_waits_for_an_answer(case: Case, carol: User) -> None:
    withdrawal.withdraw([case.match.image], withdrawal.REPORTED_MINOR)
    workflow.stop_withdrawn()
    asking.ask_subject(case, carol, "May we ring you?")
    assert told() == [Kind.QUESTION]


def test_nobody_is_told_once_their_account_is_gone(case: Case, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    events.record(Case.objects.get(pk=case.pk), "url.added")
    assert told() == []


@pytest.fixture
def removed(case: Case) -> Case:
    closed = {"state": CaseState.CLOSED, "outcome": Outcome.REMOVED, "closed_at": timezone.now()}
    Case.objects.filter(pk=case.pk).update(**closed)
    return Case.objects.get(pk=case.pk)


def found_again(removed: Case) -> Match:
    """The removed picture, in a new file at a new page; nobody has screened it yet."""
    match = make_match(removed.subject)
    Image.objects.filter(pk=match.image_id).update(pdq=removed.match.image.pdq)
    Match.objects.filter(pk=match.pk).update(screened_at=None)
    return match


def test_a_new_match_that_is_a_relapse_is_told_once_and_as_a_relapse(removed: Case) -> None:
    match = found_again(removed)
    relapse.screen_new_matches()
    alert = Alert.objects.get()
    assert (alert.kind, list(alert.matches.all())) == (Kind.RELAPSE, [match])
    match.refresh_from_db()
    assert match.alerted_at is not None, "or it would be told as something new as well"


def test_a_relapse_that_was_about_to_be_told_as_new_is_taken_out_of_there(removed: Case, alice: User) -> None:
    match, other = found_again(removed), make_match(removed.subject)
    outbox.tell(alice, Kind.MATCH, "match:1", matches=[match])
    both = outbox.tell(alice, Kind.MATCH, "match:2", matches=[match, other])
    relapse.screen_new_matches()
    assert told() == [Kind.MATCH, Kind.RELAPSE]
    assert list(both.matches.all()) == [other]


def test_a_relapse_that_they_leave_be_is_not_told_any_more(removed: Case, alice: User) -> None:
    match = found_again(removed)
    relapse.screen_new_matches()
    review.confirm(match, alice, Decision.KEEP)
    assert relapse.settle_dismissed() == 1
    assert told() == []
