"""Mail that came back: for good, for now, and whose mail it was."""

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.bounces import Weight, is_dead, read, status_in

ABUSE = "abuse@host.example"
OUR_ID = "<1.FW-7K2M9QXD@localhost>"


def report(
    *,
    status: str = "5.1.1",
    action: str = "failed",
    recipient: str = ABUSE,
    original: str = "",
    returned: str = "whole",
) -> bytes:
    """A delivery report as RFC 3464 has it, with the mail that came back or its header."""
    known = f"Original-Recipient: rfc822;{original}\n" if original else ""
    last = {
        "whole": f"Content-Type: message/rfc822\n\nMessage-ID: {OUR_ID}\nSubject: Notice\n\nText\n",
        "header": f"Content-Type: text/rfc822-headers\n\nMessage-ID: {OUR_ID}\nSubject: Notice\n",
        "nothing": "Content-Type: text/plain\n\n\n",
    }[returned]
    return f"""From: MAILER-DAEMON@mx.host.example
To: notices+fw@localhost
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce@mx.host.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mail could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.host.example

{known}Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 No such user

--b
{last}
--b--
""".encode()


def old(text: str, subject: str = "failure notice", **headers: str) -> bytes:
    made = EmailMessage()
    made["From"] = headers.pop("sender", "MAILER-DAEMON@mx.host.example")
    made["To"] = "notices@localhost"
    made["Subject"] = subject
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


@pytest.mark.parametrize(
    ("status", "action", "weight"),
    [
        ("5.1.1", "failed", Weight.HARD),
        ("5.7.1 (delivery not authorised)", "Failed", Weight.HARD),
        ("5.0.0", "", Weight.HARD),
        ("", "failed", Weight.HARD),
        ("4.4.7", "failed", Weight.GAVE_UP),
        ("4.4.1", "delayed", Weight.SOFT),
    ],
)
def test_how_bad_it_is(status: str, action: str, weight: Weight) -> None:
    found = read(report(status=status, action=action))
    assert found and found.of(ABUSE.upper()) == weight


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_good_news_is_no_bounce(action: str) -> None:
    assert read(report(status="2.0.0", action=action)) is None


@pytest.mark.parametrize("returned", ["whole", "header"])
def test_it_names_the_mail_that_came_back(returned: str) -> None:
    found = read(report(returned=returned))
    assert found and found.about == (OUR_ID,)


def test_whose_mail_it_was() -> None:
    forwarded = read(report(recipient="joe@elsewhere.example", original=ABUSE))
    assert forwarded and forwarded.of(ABUSE) == Weight.HARD
    stranger = read(report(recipient="joe@elsewhere.example"))
    assert stranger and stranger.of(ABUSE) is None


@pytest.mark.parametrize(
    ("raw", "weight"),
    [
        (
            old(f"Hi. This is the qmail program.\n\n<{ABUSE}>:\n550 5.1.1 No such user\n\nMessage-ID: {OUR_ID}\n"),
            Weight.HARD,
        ),
        (old(f"<{ABUSE}>: host mx said: 552 mailbox full\n", subject="Undeliverable: Notice"), Weight.HARD),
        (old(f"{ABUSE}\n retry time exceeded: 451 try later\n", subject="Mail delivery failed"), Weight.GAVE_UP),
        (old(f"{ABUSE} has not yet been delivered", subject="Warning: message delayed 24 hours"), None),
        (old(f"{ABUSE} has not yet been delivered", subject="Mail delivery delayed"), Weight.SOFT),
        (old("It failed: 550 5.1.1", sender="x@host.example", X_Failed_Recipients=ABUSE), Weight.HARD),
        (old(f"{ABUSE}: konnte nicht zugestellt werden", subject="Unzustellbar: Notice"), Weight.SOFT),
    ],
    ids=["qmail", "smtp", "gave-up", "other-subject", "delayed", "failed-recipients", "no-code"],
)
def test_older_shapes(raw: bytes, weight: Weight | None) -> None:
    found = read(raw)
    assert (found.of(ABUSE) if found else None) == weight


def test_the_id_in_the_words_of_an_old_one_is_found() -> None:
    found = read(old(f"<{ABUSE}>: 550 no\n\n--- Below this line is a copy\n\nMessage-ID: {OUR_ID}\nSubject: x\n"))
    assert found and found.about == (OUR_ID,)


@pytest.mark.parametrize(
    "raw",
    [
        old("Your letter is undeliverable nonsense, I refuse. 550 5.1.1", sender="angry@host.example"),
        old("Hello", subject="Re: Notice"),
        b"",
        b"\xff\x00",
    ],
)
def test_people_do_not_bounce(raw: bytes) -> None:
    assert read(raw) is None


@given(st.binary(max_size=600), st.integers(0, 1200))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_survived(noise: bytes, at: int) -> None:
    raw = report()
    for spoiled in (noise, raw[:at] + noise + raw[at:], raw[:at]):
        found = read(spoiled)
        assert found is None or found.of(ABUSE) in {None, *Weight}


@pytest.mark.parametrize(
    ("words", "status", "dead"),
    [
        ("550 5.1.1 No such user", "5.1.1", True),
        ("550 No such user", "", True),
        ("550 5.4.1 Recipient address rejected", "5.4.1", True),
        ("552 mailbox full", "5.2.2", False),
        ("554 5.7.1 Relay access denied", "5.7.1", False),
        ("550-5.7.26 This mail is unauthenticated", "5.7.26", False),
        ("552 5.2.3 Message too large", "5.2.3", False),
    ],
)
def test_not_every_refusal_says_that_the_address_is_dead(words: str, status: str, dead: bool) -> None:
    assert (status_in(words), is_dead(status_in(words))) == (status, dead)


def test_a_report_carries_the_status_and_says_whether_the_server_goes_on_trying() -> None:
    refused, delayed = read(report(status="5.2.2")), read(report(status="4.4.1", action="delayed"))
    assert refused and (refused.failures[0].status, refused.still_trying) == ("5.2.2", False)
    assert delayed and delayed.still_trying
