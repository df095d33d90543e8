"""A mail finds its case by the letter it answers, by its own address, by the reference; or it waits for a person."""

from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import keys
from accounts.models import User
from accounts.tickets.mailboxes import MailboxTrouble
from takedowns import delivery
from takedowns.mail import inbox
from takedowns.models import AbuseContact, Case, Communication, Notice, OrphanMail, WorkItem
from takedowns.tasks import read_mail
from tests import letters_in
from tests.imap_server import imap_server
from tests.letters_in import ABUSE, answer, raw

STRANGER = "somebody@elsewhere.example"


@pytest.fixture
def case(alice: User) -> Case:
    return letters_in.case_of(alice)


@pytest.fixture
def notice(case: Case) -> Notice:
    return letters_in.sent_to(case)


def only_letter() -> Communication:
    return Communication.objects.get(direction="in")


# --- Which case --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["In_Reply_To", "References"])
def test_by_the_letter_that_it_answers(notice: Notice, header: str) -> None:
    mail = raw("Hello.", sender=STRANGER, **{header: f"<x@y> {notice.message_id} <z@y>"})
    assert inbox.take(mail) == "filed"
    letter = only_letter()
    assert (letter.case, letter.notice, letter.matched_by) == (notice.case, notice, "message_id")


def test_by_the_case_s_own_address(notice: Notice) -> None:
    for number, header in enumerate(("To", "Delivered_To", "X_Original_To", "Cc")):
        address = delivery.reply_address(notice.case)
        headers = {"to": address} if header == "To" else {header: f"Us <{address.upper()}>"}
        assert inbox.take(raw(f"Hello {number}.", sender=STRANGER, **headers)) == "filed"
    assert set(Communication.objects.filter(direction="in").values_list("matched_by", flat=True)) == {"token"}


@pytest.mark.parametrize("token", ["", ".aaaaaaaaaaaa", ".AAAAAAAAAAAA"])
def test_a_wrong_token_is_no_more_than_a_reference(notice: Notice, token: str) -> None:
    to = f"notices+{notice.case.reference.lower()}{token}@localhost"
    assert inbox.take(raw("We cannot remove it.", sender=STRANGER, to=to)) == "filed"
    assert only_letter().matched_by == "reference"
    notice.refresh_from_db()
    assert notice.state == "sent"


def test_the_token_of_another_case_opens_nothing(notice: Notice, bob: User) -> None:
    other = letters_in.case_of(bob)
    to = f"notices+{notice.case.reference.lower()}.{other.reply_token}@localhost"
    inbox.take(raw("Hello.", to=to))
    assert only_letter().matched_by == "reference"


@pytest.mark.parametrize("where", ["subject", "text"])
def test_by_the_reference(notice: Notice, where: str) -> None:
    words = f"About {notice.case.reference.lower()}."
    assert inbox.take(raw(words) if where == "text" else raw("Hello", subject=words)) == "filed"
    letter = only_letter()
    assert (letter.notice, letter.matched_by) == (notice, "reference")


@pytest.mark.parametrize(
    ("text", "why"), [("Hello.", "no_reference"), ("Your FW-22222222", "unknown_reference"), ("", "no_reference")]
)
def test_what_belongs_to_no_case_waits_for_a_person(notice: Notice, text: str, why: str) -> None:
    assert inbox.take(raw(text)) == "orphan"
    (orphan,) = OrphanMail.objects.all()
    assert (orphan.why, orphan.sender, orphan.case) == (why, ABUSE, None)
    assert b"Hello" not in bytes(orphan.sealed_body)


def test_a_mail_about_two_cases_waits_too(notice: Notice, bob: User) -> None:
    other = letters_in.case_of(bob)
    assert inbox.take(raw(f"{notice.case.reference} and {other.reference}")) == "orphan"
    assert OrphanMail.objects.get().why == "several_references"


def test_the_right_one_of_several_notices(case: Case) -> None:
    first, second = letters_in.sent_to(case), letters_in.sent_to(case, "desk@platform.example")
    for sender, meant in (("desk@platform.example", second), ("legal@eu.host.example", first), (STRANGER, None)):
        inbox.take(raw("Hello.", sender=sender, to=delivery.reply_address(case)))
        assert Communication.objects.get(sender=sender).notice == meant


def test_the_text_is_sealed_and_the_token_is_not_kept(notice: Notice, alice: User) -> None:
    inbox.take(answer(notice, "A private answer."))
    letter = only_letter()
    assert b"private" not in bytes(letter.sealed_body)
    assert "A private answer." in keys.unseal(alice, "communication", letter.sealed_body).decode()
    assert notice.case.reply_token not in f"{letter.recipient}{letter.title}{letter.sender}"


# --- Once, and not ours ------------------------------------------------------------------------------------


def test_the_same_mail_twice_counts_once(notice: Notice) -> None:
    for mail in (answer(notice, "Hello."), raw("Nobody's"), b"\xff\xfe no mail"):
        assert inbox.take(mail) in {"filed", "orphan"}
        assert inbox.take(mail) == "duplicate"
    assert WorkItem.objects.count() == 1


def test_another_process_that_is_faster_loses_nothing(notice: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = answer(notice, "Hello.")
    inbox.take(mail)
    real, asked = inbox._is_known, []

    def late(mail: Any) -> bool:
        asked.append(mail)
        return len(asked) > 1 and real(mail)

    monkeypatch.setattr(inbox, "_is_known", late)
    assert inbox.take(mail) == "duplicate"


def test_an_error_of_another_kind_is_no_duplicate(notice: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise IntegrityError("something else")

    monkeypatch.setattr(inbox.effects, "apply", broken)
    with pytest.raises(IntegrityError):
        inbox.take(answer(notice, "Hello."))
    assert not Communication.objects.filter(direction="in").exists()


def test_our_own_mail_is_left_alone(notice: Notice) -> None:
    assert inbox.take(answer(notice, "Hello", sender="Faceward <notices@localhost>")) == "ours"
    assert inbox.take(raw("A copy", message_id=notice.message_id)) == "ours"
    assert not Communication.objects.filter(direction="in").exists() and not OrphanMail.objects.exists()


def test_nobody_can_fill_the_queues(notice: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "_PER_CASE", 3)
    monkeypatch.setattr(inbox, "_PER_SENDER", 2)
    assert [inbox.take(answer(notice, "x")) for _ in range(5)] == ["filed"] * 3 + ["limited"] * 2
    assert [inbox.take(raw("x")) for _ in range(4)] == ["orphan"] * 2 + ["limited"] * 2


# --- Whom we believe ---------------------------------------------------------------------------------------


def state_of(notice: Notice) -> str:
    notice.refresh_from_db()
    return notice.state


@pytest.mark.parametrize(
    "text", ["It has been removed.", "We cannot remove it.", "Please provide proof of identity.", letters_in.COUNTER]
)
def test_from_a_stranger_who_names_the_reference_nothing_follows(notice: Notice, text: str) -> None:
    before = notice.urls.get().next_check_at
    inbox.take(raw(text, sender=STRANGER, subject=notice.case.reference))
    assert state_of(notice) == "sent" and notice.due_at and not notice.counter_notices.exists()
    assert notice.urls.get().next_check_at == before
    assert AbuseContact.objects.count() == 1 and not AbuseContact.objects.exclude(answered_at=None).exists()
    assert [item.kind for item in WorkItem.objects.all()] == ["letter_unsure"]


def test_a_stranger_s_second_mail_that_answers_the_first_is_believed_no_more(notice: Notice) -> None:
    inbox.take(raw("One.", sender=STRANGER, subject=notice.case.reference, message_id="<one@elsewhere.example>"))
    inbox.take(raw("We cannot remove it.", sender=STRANGER, In_Reply_To="<one@elsewhere.example>"))
    assert state_of(notice) == "sent"
    assert set(Communication.objects.filter(direction="in").values_list("matched_by", flat=True)) == {"reference"}


def test_from_the_operator_s_domain_the_reference_is_enough(notice: Notice) -> None:
    inbox.take(raw("We cannot remove it.", sender="legal@eu.host.example", subject=notice.case.reference))
    assert state_of(notice) == "refused"


def test_a_domain_where_everybody_has_an_address_is_nobody_s(case: Case) -> None:
    notice = letters_in.sent_to(case, "small.host@gmail.com")
    inbox.take(raw("We cannot remove it.", sender="mallory@gmail.com", subject=case.reference))
    assert state_of(notice) == "sent"
    inbox.take(raw("We cannot remove it.", sender="small.host@gmail.com", subject=case.reference))
    assert state_of(notice) == "refused"


def test_an_address_that_somebody_wrote_from_vouches_for_no_other(notice: Notice) -> None:
    inbox.take(answer(notice, "Hello.", sender="joe@freelance.example"))
    inbox.take(raw("We cannot remove it.", sender="max@freelance.example", subject=notice.case.reference))
    assert state_of(notice) == "sent"


def test_a_bounce_is_believed_only_of_whoever_saw_the_letter(notice: Notice) -> None:
    forged = letters_in.report(notice).replace(notice.message_id.encode(), b"<other@x>")
    forged = forged.replace(delivery.reply_address(notice.case).encode(), b"notices@localhost")
    forged = forged.replace(b"Subject: ", f"Subject: {notice.case.reference} ".encode(), 1)
    assert inbox.take(forged) == "filed"
    assert state_of(notice) == "sent" and notice.contact.bounced_at is None


# --- The mailbox -------------------------------------------------------------------------------------------


def test_a_folder_is_read_and_emptied_of_what_was_taken(notice: Notice, tmp_path: Path, settings: Any) -> None:
    settings.NOTICES_INBOX_URL = f"maildrop://{tmp_path}"
    mails = {"1": answer(notice, "Hello."), "2": raw("Whose?"), "3": raw("A copy", message_id=notice.message_id)}
    for name, mail in mails.items():
        (tmp_path / f"{name}.eml").write_bytes(mail)
    assert inbox.read_mail() == {"filed": 1, "orphan": 1, "ours": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["3.left"]
    read_mail()
    assert Communication.objects.filter(direction="in").count() == 1


def test_an_imap_mailbox_is_read(notice: Notice, settings: Any) -> None:
    with imap_server() as box:
        settings.NOTICES_INBOX_URL = box.url
        box.put(answer(notice, "Hello."))
        left = box.put(raw("A copy", message_id=notice.message_id))
        assert inbox.read_mail() == {"filed": 1, "ours": 1}
        assert set(box.mails) == {left} and inbox.read_mail() == {}


def test_one_mail_that_breaks_something_keeps_no_other_out(
    notice: Notice, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.NOTICES_INBOX_URL = f"maildrop://{tmp_path}"
    (tmp_path / "1.eml").write_bytes(raw("This one breaks it."))
    (tmp_path / "2.eml").write_bytes(raw("This one does not."))
    real = inbox.orphans.keep

    def keep(mail: Any, why: str) -> Any:
        if "breaks" in mail.text:
            raise RuntimeError("broken")
        return real(mail, why)

    monkeypatch.setattr(inbox.orphans, "keep", keep)
    assert inbox.read_mail() == {"failed": 1, "orphan": 1}
    monkeypatch.setattr(inbox.orphans, "keep", real)
    assert inbox.read_mail() == {"orphan": 1}


@pytest.mark.django_db
def test_what_is_wrong_with_the_mailbox_names_its_setting(settings: Any) -> None:
    for url, words in (("http://mail.example/", "has to begin"), ("maildrop:///no/such/folder", "not there")):
        settings.NOTICES_INBOX_URL = url
        with pytest.raises(MailboxTrouble, match=f"NOTICES_INBOX_URL.*{words}"):
            inbox.read_mail()
    read_mail()
    settings.NOTICES_INBOX_URL = ""
    assert inbox.read_mail() == {}


@given(noise=st.binary(max_size=300), at=st.integers(0, 900))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_taken_or_left(notice: Notice, noise: bytes, at: int) -> None:
    whole = answer(notice, "It has been removed. \U0001f600")
    for mail in (noise, whole[:at] + noise + whole[at:]):
        assert inbox.take(mail) in {"filed", "orphan", "duplicate", "ours", "limited"}
