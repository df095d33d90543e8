"""Seven operators on loopback, with their sites and their desks; `operators_registry` knows who they are.

Each has a web server at an address of its own, a network of its own in the registry, and a desk that gets our letters
by SMTP and answers with mails in a folder. What they say and what they do are two things: `shown` is what is true.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from demo.mail import Delivery, MailSink, body
from tests import photos
from tests.cases import ANSWERS
from tests.proxies import by_side
from tests.sites import Answer, Reply, Site, page, serve

DAY = timedelta(days=1)
GONE = Reply(b"<h1>404 Not Found</h1>", status=404)
SOFT_404 = page("<h1>Page not found</h1><p>This post has been removed.</p>")
NOT_HERE = Reply(b"<h1>Unavailable</h1><p>This content is not available in your country.</p>", status=451)
TRANSIT = "abuse@transit.example"
OUR_DESK = "notices@localhost"


# --- Who is who ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Profile:
    """An operator as the registries know it, and the subject's answers about the picture that it shows.

    `host` is a name or an address; `owner` is the registrant's address of a site with a name.
    """

    code: str
    name: str
    address: str
    abuse: tuple[str, ...]
    host: str = ""
    other_host: str = ""
    owner: str = ""
    country: str = "US"
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> dict[str, str]:
        return {**ANSWERS, **self.answers}


def crop(left: int, top: int, right: int, bottom: int) -> Callable[[], photos.Rgb]:
    """One person of the group picture."""
    return lambda: photos.np.ascontiguousarray(photos.group()[top:bottom, left:right])


PICTURES: dict[str, Callable[[], photos.Rgb]] = {
    "complies": photos.astronaut,
    "liar": photos.hopper,
    "geo": crop(656, 220, 941, 598),
    "bouncer": crop(348, 115, 690, 568),
    "other_address": crop(1037, 149, 1280, 524),
    "counter": crop(172, 18, 470, 405),
    "re_uploader": crop(0, 133, 275, 526),
}


# --- What operators do -----------------------------------------------------------------------------------------


class Operator:
    """One operator: what it shows, what it got, and what it is going to do.

    A subclass says what follows from the first letter (`on_notice`) and from further ones (`on_further`).
    """

    profile: Profile

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.shown = True
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self.site: Site
        self.world: World

    @property
    def code(self) -> str:
        return self.profile.code

    @property
    def host(self) -> str:
        return self.profile.host or self.profile.address

    @property
    def page_url(self) -> str:
        return self.site.url("/post", self.host)

    @property
    def image_url(self) -> str:
        return self.site.url("/photo.jpg", self.host)

    def addresses(self) -> set[str]:
        return {*self.profile.abuse, self.profile.owner} - {""}

    def put_up(self, pixels: photos.Rgb | None = None, path: str = "") -> None:
        """Show the picture (again): the page, and the file in it."""
        picture = photos.jpeg(PICTURES[self.code]() if pixels is None else pixels)
        file = f"{path}/photo.jpg"
        self.site.answers[f"{path}/post"] = page(f'<p>Hello</p><img src="{file}">')
        self.site.answers[file] = Reply(picture, "image/jpeg")
        self.shown = True

    def take_down(self) -> None:
        self.site.answers.clear()
        self.shown = False

    def put(self, page_answer: Answer, file_answer: Answer | None = None) -> None:
        """Change the page, and perhaps the file, whatever that comes to."""
        self.site.answers["/post"] = page_answer
        if file_answer is not None:
            self.site.answers["/photo.jpg"] = file_answer

    def after(self, days: float, act: Callable[[], None]) -> None:
        self._agenda.append((self.world.now + days * DAY, len(self._agenda), act))

    def is_due(self, now: datetime) -> bool:
        return any(at <= now for at, _, _ in self._agenda)

    def act(self, now: datetime) -> None:
        """Do what is due. What that plans for a later time stays for later."""
        due = sorted(entry for entry in self._agenda if entry[0] <= now)
        self._agenda = [entry for entry in self._agenda if entry[0] > now]
        for _, _, one in due:
            one()

    def receive(self, letter: EmailMessage) -> None:
        self.got.append(letter)
        if len(self.got) == 1:
            self.on_notice(letter)
        else:
            self.on_further(letter)

    def on_notice(self, letter: EmailMessage) -> None:
        """Nothing."""

    def on_further(self, letter: EmailMessage) -> None:
        """Nothing."""

    def answer(self, letter: EmailMessage, text: str, sender: str = "") -> None:
        """An answer as mail programs write it: under the letter, which it quotes."""
        quoted = "\n".join(f"> {line}" for line in body(letter, "plain").splitlines())
        self.world.write(
            sender=sender or self.profile.abuse[0],
            to=str(letter["Reply-To"]),
            subject=f"Re: {letter['Subject']}",
            text=f"{text}\n\nOn Mon, 23 Nov 2026, somebody wrote:\n{quoted}\n",
            headers={"In-Reply-To": str(letter["Message-ID"])},
        )


class Complies(Operator):
    """Takes page and file down a day after the letter, and says so."""

    profile = Profile("complies", "First Hosting", "127.0.0.2", ("abuse@one.example",))

    def on_notice(self, letter: EmailMessage) -> None:
        self.after(1, self.take_down)
        self.after(1, lambda: self.answer(letter, "The picture has been removed."))


class Liar(Operator):
    """Says that it is gone, and shows pages that say so, with 200 and with 404. The file is there all the time."""

    profile = Profile(
        "liar",
        "Second Hosting",
        "127.0.0.3",
        ("abuse@two.example",),
        host="blog.liars.example",
        owner="owner@liars.example",
        country="IE",
        answers={"photographer": "someone_else", "lives_in": "eu"},
    )

    def on_notice(self, letter: EmailMessage) -> None:
        self.after(1, lambda: self.put(SOFT_404))
        self.after(1, lambda: self.answer(letter, "The content has been removed from our servers."))
        self.after(4, lambda: self.put(GONE))
        self.after(6, lambda: self.put(SOFT_404))
        self.after(20, lambda: self.put(page('<img src="/photo.jpg">')))
        self.after(25, lambda: self.put(Reply(SOFT_404.body, status=404)))


class GeoBlocker(Operator):
    """Hides an intimate picture from one network, in turns: it says so, or pretends that there is nothing."""

    profile = Profile(
        "geo",
        "Third Hosting",
        "127.0.0.4",
        ("abuse@three.example",),
        answers={"intimate": "yes", "photographer": "someone_else"},
    )

    def on_notice(self, letter: EmailMessage) -> None:
        self.after(1, lambda: self._hide(NOT_HERE))
        self.after(1, lambda: self.answer(letter, "The picture has been removed."))
        self.after(5, lambda: self._hide(GONE))
        self.after(15, lambda: self._hide(Reply(b"<h1>Unavailable</h1>", status=451)))

    def _hide(self, here: Reply) -> None:
        """From us; by another way it is there."""
        picture = Reply(photos.jpeg(PICTURES[self.code]()), "image/jpeg")
        self.put(by_side(here, page('<img src="/photo.jpg">')), by_side(here, picture))


class Bouncer(Operator):
    """Its first address does not exist. The second works."""

    profile = Profile("bouncer", "Fourth Hosting", "127.0.0.5", ("abuse@four.example", "tickets@four.example"))

    def receive(self, letter: EmailMessage) -> None:
        self.got.append(letter)
        if letter["To"] == self.profile.abuse[0]:
            self.world.bounce(letter)
        else:
            self.after(1, self.take_down)
            self.after(1, lambda: self.answer(letter, "We have removed it.", self.profile.abuse[1]))


class OtherAddress(Operator):
    """Its parent company answers, naming only the reference: a question first, then a day, which it keeps."""

    profile = Profile(
        "other_address",
        "Fifth Hosting",
        "127.0.0.6",
        ("abuse@five.example",),
        answers={"photographer": "someone_else"},
    )
    sender = "legal@parent.example"
    promised_after_days = 14

    def on_notice(self, letter: EmailMessage) -> None:
        self._reference = reference_in(letter)
        self.after(1, lambda: self._mail("Please provide proof of your authority to act for the person shown."))

    def on_further(self, letter: EmailMessage) -> None:
        day = self.world.now + self.promised_after_days * DAY
        self.after(1, lambda: self._mail(f"Thank you. We will remove the picture by {day.day} {day:%B %Y}."))
        self.after(self.promised_after_days - 0.5, self.take_down)

    def _mail(self, text: str) -> None:
        self.world.write(sender=self.sender, to=OUR_DESK, subject=f"Your report {self._reference}", text=text)


class CounterNoticed(Operator):
    """Takes it down, and passes a counter-notice on. Without word of a court it puts the picture back."""

    profile = Profile("counter", "Sixth Hosting", "127.0.0.7", ("abuse@six.example",))

    def __init__(self, counter_after_days: float = 1.5) -> None:
        super().__init__()
        self._counter_after_days = counter_after_days
        self.told_of_court = False

    def on_notice(self, letter: EmailMessage) -> None:
        self.after(1, self.take_down)
        self.after(1, lambda: self.answer(letter, "It has been taken down."))
        self.after(self._counter_after_days, lambda: self._counter(letter))
        self.after(self._counter_after_days + 18, self._put_back)

    def on_further(self, letter: EmailMessage) -> None:
        self.told_of_court |= "to restrain your subscriber" in " ".join(body(letter, "plain").split())

    def _counter(self, letter: EmailMessage) -> None:
        self.answer(letter, COUNTER_NOTICE.format(page=self.page_url))

    def _put_back(self) -> None:
        if not self.told_of_court:
            self.put_up()


class ReUploader(Operator):
    """Takes it down, and has it back twenty days later; and once more on another of its hosts."""

    profile = Profile(
        "re_uploader",
        "Seventh Hosting",
        "127.0.0.8",
        ("abuse@seven.example",),
        host="board.sharing.example",
        other_host="files.sharing.example",
        owner="owner@sharing.example",
        country="GB",
        answers={"photographer": "someone_else", "lives_in": "uk"},
    )

    def on_notice(self, letter: EmailMessage) -> None:
        self.after(1, self.take_down)
        self.after(1, lambda: self.answer(letter, "The picture was removed."))
        self.after(22, lambda: self.put_up(photos.reencoded(PICTURES[self.code]())))

    def on_further(self, letter: EmailMessage) -> None:
        if self.shown:
            self.after(1, self.take_down)
            self.after(1, lambda: self.answer(letter, "The picture was removed."))


ALL: tuple[type[Operator], ...] = (Complies, Liar, GeoBlocker, Bouncer, OtherAddress, CounterNoticed, ReUploader)

COUNTER_NOTICE = """We have received the following counter-notification from our customer:

The material was at {page} before it was removed.
I swear, under penalty of perjury, that I have a good faith belief that the material was removed as a result of
mistake or misidentification. I consent to the jurisdiction of the Federal District Court and accept service of process.
/s/ Mallory Uploader, 1 Other Road, Springfield, +1 217 555 0101
"""


# --- The world around them -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arrived:
    """A letter of ours at the mail server: when, whose desk it is for, and what was true of the picture then."""

    at: datetime
    operator: Operator | None
    recipient: str
    message: EmailMessage
    shown: bool


class World:
    """All operators with the mail between them and us. `now` moves with `turn`."""

    def __init__(self, operators: Iterable[Operator], sink: MailSink, maildrop: Path) -> None:
        self.operators = {one.code: one for one in operators}
        self.arrived: list[Arrived] = []
        self.written: list[str] = []
        self.now: datetime
        self._sink, self._maildrop = sink, maildrop
        self._read = 0

    def turn(self, now: datetime) -> None:
        """Hand out the letters that have come since, and let everybody do what is due."""
        self.now = now
        self._hand_out()
        for one in self.operators.values():
            one.act(now)

    def is_busy(self, now: datetime) -> bool:
        """Whether something is to be done by somebody, or to be read by us."""
        return any(one.is_due(now) for one in self.operators.values()) or any(self._maildrop.glob("*.eml"))

    def letters(self) -> list[Arrived]:
        """What we sent to operators; mails to the subject are left out."""
        self._hand_out()
        return [one for one in self.arrived if not one.recipient.endswith("@example.org")]

    def _hand_out(self) -> None:
        new = self._sink.deliveries[self._read :]
        self._read += len(new)
        for delivery in new:
            self._deliver(delivery)

    def _deliver(self, delivery: Delivery) -> None:
        (recipient,) = delivery.recipients
        whose = next((one for one in self.operators.values() if recipient in one.addresses()), None)
        # Of the networks above, the one that is written to carries the geo-blocker's.
        about = self.operators.get("geo") if recipient == TRANSIT else whose
        shown = about.shown if about else False
        self.arrived.append(Arrived(self.now, whose, recipient, delivery.message, shown))
        if whose is not None and recipient != whose.profile.owner:
            whose.receive(delivery.message)

    def write(self, *, sender: str, to: str, subject: str, text: str, headers: dict[str, str] | None = None) -> None:
        """A mail to us, by the mailbox."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, to, subject
        for name, value in (headers or {}).items():
            mail[name] = value
        mail.set_content(text)
        self._drop(mail)

    def bounce(self, letter: EmailMessage) -> None:
        """A delivery report (RFC 3464): there is no such mailbox."""
        report = REPORT.format(to=letter["Reply-To"], recipient=letter["To"], message_id=letter["Message-ID"])
        self._drop(message_from_bytes(report.encode(), EmailMessage, policy=policy.default))

    def _drop(self, mail: EmailMessage) -> None:
        number = len(self.written) + 1
        mail["Message-ID"] = f"<{number}.{mail['From']}>".replace("@", ".at.").replace(">", "@desk.example>")
        self.written.append(str(mail["Message-ID"]))
        (self._maildrop / f"{number:04d}.eml").write_bytes(mail.as_bytes())


REPORT = """From: MAILER-DAEMON@mx.four.example
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<{recipient}>: host mx.four.example said: 550 5.1.1 No such user.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.four.example

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
--b--
"""


def reference_in(letter: EmailMessage) -> str:
    """Our reference, as anybody can read it in the letter's title."""
    return str(letter["Subject"]).rpartition("[")[2].rstrip("]")


@contextmanager
def running(operators: Iterable[Operator], sink: MailSink, maildrop: Path, now: datetime) -> Iterator[World]:
    """The operators' sites, each with its picture up."""
    world = World(operators, sink, maildrop)
    world.now = now
    with ExitStack() as stack:
        for one in world.operators.values():
            one.site, one.world = stack.enter_context(serve({}, one.profile.address)), world
            one.put_up()
        yield world
