"""The mail that tells alerts: what it says of them as they stand now, what it leaves out, and where it leads."""

from datetime import timedelta

from django.utils import timezone

from accounts.mailing import Mail
from alerts import letter, outbox
from alerts.models import Alert, AlertRule, Digest, Kind
from search import leaving
from search.models import Enrolment, Match
from search.states import Decision, MatchState
from tests.matches import make_match


def digest_of(*alerts: Alert) -> Digest:
    """A mail on its way that tells these."""
    token = f"token-{alerts[0].pk.hex}"
    digest = Digest.objects.create(user=alerts[0].user, message_id=f"<{token}@localhost>", return_token=token)
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(digest=digest)
    return digest


def found(enrolled: Enrolment, *matches: Match) -> Alert:
    """An alert of one new thing with these pictures."""
    return outbox.tell(enrolled.subject.user, Kind.MATCH, f"match:{matches[0].pk}", matches=matches)


def moved(enrolled: Enrolment, kind: Kind, number: int = 1) -> Alert:
    """An alert of a case, each of a case of its own."""
    made = make_match(enrolled.subject)  # any id does
    return outbox.tell(enrolled.subject.user, kind, f"event:{number}", case=made.pk)


def written(*alerts: Alert) -> Mail:
    mail = letter.of(digest_of(*alerts))
    assert mail
    return mail


def test_one_picture(enrolled_alice: Enrolment) -> None:
    mail = written(found(enrolled_alice, make_match(enrolled_alice.subject)))
    assert mail.subject == "A picture to look at"
    assert "We found a picture that may show you." in str(mail.body)
    assert "Some of them belong together" not in str(mail.body)
    assert mail.to == ["alice@example.org"]


def test_pictures_of_one_page_are_one_thing(enrolled_alice: Enrolment) -> None:
    twelve = [make_match(enrolled_alice.subject) for _ in range(12)]
    mail = written(found(enrolled_alice, *twelve))
    assert mail.subject == "Twelve pictures to look at"
    assert "We found twelve pictures that may show you. They belong together, so this is one thing to look at." in str(
        mail.body
    )


def test_what_needs_an_answer_comes_first_and_is_where_the_button_leads(enrolled_alice: Enrolment) -> None:
    mail = written(
        moved(enrolled_alice, Kind.REMOVED, 1),
        found(enrolled_alice, make_match(enrolled_alice.subject)),
        moved(enrolled_alice, Kind.QUESTION, 2),
    )
    assert mail.subject == "A question for you, a picture to look at and a removal"
    text = str(mail.body)
    assert text.index("What needs your answer") < text.index("What is new") < text.index("What we did")
    assert "Sign in to answer\nhttp://localhost:8000/cases/" in text


def test_text_and_html_say_the_same(enrolled_alice: Enrolment) -> None:
    mail = written(
        found(enrolled_alice, make_match(enrolled_alice.subject)), moved(enrolled_alice, Kind.PLACE_REMOVED, 1)
    )
    html = str(mail.alternatives[0][0])
    lines = [line.strip("()") for line in str(mail.body).splitlines() if line and "http" not in line]
    assert len(lines) > 10
    for line in lines:
        assert line in html


def test_what_was_answered_meanwhile_is_left_out(enrolled_alice: Enrolment) -> None:
    answered, waiting = make_match(enrolled_alice.subject), make_match(enrolled_alice.subject)
    digest = digest_of(found(enrolled_alice, answered), found(enrolled_alice, waiting))
    Match.objects.filter(pk=answered.pk).update(state=MatchState.DISMISSED)
    mail = letter.of(digest)
    assert mail
    assert mail.subject == "A picture to look at"


def test_nothing_left_is_no_mail(enrolled_alice: Enrolment) -> None:
    dismissed, unsure, gone = (make_match(enrolled_alice.subject) for _ in range(3))
    withdrawn, left = make_match(enrolled_alice.subject), make_match(enrolled_alice.subject)
    digest = digest_of(*[found(enrolled_alice, match) for match in (dismissed, unsure, gone, withdrawn, left)])
    assert letter.of(digest)
    Match.objects.filter(pk=dismissed.pk).update(state=MatchState.DISMISSED)
    Match.objects.filter(pk=unsure.pk).update(decision=Decision.UNSURE)
    gone.delete()
    withdrawn.image.withdrawn_at = timezone.now()
    withdrawn.image.save()
    assert letter.of(digest)
    leaving.leave_site(enrolled_alice.subject.user, "shop.example")
    assert letter.of(digest) is None


def test_older_pictures_that_still_wait_are_one_sentence(enrolled_alice: Enrolment) -> None:
    for _ in range(2):
        letter.of(digest_of(found(enrolled_alice, make_match(enrolled_alice.subject))))
    mail = written(found(enrolled_alice, make_match(enrolled_alice.subject)))
    assert "Two pictures that we told you of before still wait for your answer." in str(mail.body)


def test_several_moves_of_one_case_are_one(enrolled_alice: Enrolment) -> None:
    case = make_match(enrolled_alice.subject).pk
    user = enrolled_alice.subject.user
    letters = [outbox.tell(user, Kind.WROTE, f"event:{number}", case=case) for number in range(3)]
    assert "We asked for the removal of a picture." in str(written(*letters).body)


def test_dates_are_those_of_their_own_clock_and_language(enrolled_alice: Enrolment) -> None:
    alert = found(enrolled_alice, make_match(enrolled_alice.subject))
    late = timezone.now().replace(year=2025, month=5, day=3, hour=23, minute=30)
    Alert.objects.filter(pk=alert.pk).update(created_at=late)
    AlertRule.objects.create(user=alert.user, time_zone="Europe/Berlin", language="de")
    mail = written(alert)
    assert "(4. Mai 2025)" in str(mail.body)
    assert '<html lang="de"' in str(mail.alternatives[0][0])


def test_several_days_are_said_as_such(enrolled_alice: Enrolment) -> None:
    first, last = (found(enrolled_alice, make_match(enrolled_alice.subject)) for _ in range(2))
    start = timezone.now().replace(year=2025, month=5, day=3, hour=12)
    Alert.objects.filter(pk=first.pk).update(created_at=start)
    Alert.objects.filter(pk=last.pk).update(created_at=start + timedelta(days=7))
    assert "(3 May 2025 \N{EN DASH} 10 May 2025)" in str(written(first, last).body)


def test_a_discreet_mail_says_nothing_in_the_list_of_messages(enrolled_alice: Enrolment) -> None:
    alert = found(enrolled_alice, make_match(enrolled_alice.subject))
    alert.user.discreet = True
    alert.user.save()
    mail = written(alert)
    html = str(mail.alternatives[0][0])
    assert mail.subject == "A message for you"
    assert "<title>A message for you</title>" in html
    assert "Sign in to read it." in html


def test_the_mail_can_be_stopped_from_the_mail_program(enrolled_alice: Enrolment) -> None:
    mail = written(found(enrolled_alice, make_match(enrolled_alice.subject)))
    link = mail.extra_headers["List-Unsubscribe"].strip("<>")
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in str(mail.body)
    assert link in str(mail.alternatives[0][0])


def test_the_html_asks_nothing_of_the_network_and_is_small(enrolled_alice: Enrolment) -> None:
    mail = written(found(enrolled_alice, make_match(enrolled_alice.subject)), moved(enrolled_alice, Kind.ENDED, 1))
    html = str(mail.alternatives[0][0])
    assert len(html.encode()) < 30_000
    for word in ("<img", "src=", "url(", "@import", "<link", "<script", "background="):
        assert word not in html
