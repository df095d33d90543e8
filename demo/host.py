"""The host's abuse desk: reads the mail to its abuse address and takes down what a notice names."""

import re
import smtplib
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr

from demo.loopback import ADDRESS
from demo.mail import Delivery, MailSink, body
from demo.registry import ABUSE_ADDRESS
from demo.sites import Site

URL = re.compile(r"https?://[^\s<>\"']+")
SMTP_SECONDS = 10.0


@dataclass(frozen=True)
class Takedown:
    message_id: str
    urls: tuple[str, ...]


class AbuseDesk:
    """Acts only on mail to its own address, and only on URLs that are, letter for letter, a customer's."""

    def __init__(self, sink: MailSink, customers: Sequence[Site]) -> None:
        self.acted: list[Takedown] = []
        self._sink = sink
        self._customers = customers
        self._read = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._sink.wake()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._stopping:
            self._sink.wait_for(lambda mail: self._stopping or len(mail) > self._read, timeout=3600)
            for delivery in self._sink.deliveries[self._read :]:
                self._read += 1
                if ABUSE_ADDRESS in delivery.recipients and not _automatic(delivery.message):
                    self._handle(delivery)

    def _handle(self, delivery: Delivery) -> None:
        named = urls_in(body(delivery.message, "plain") or body(delivery.message, "html"))
        removed = tuple(url for url in named if self._take_down(url))
        if removed:
            self.acted.append(Takedown(str(delivery.message["Message-ID"] or ""), removed))
        self._answer(delivery, removed)

    def _take_down(self, url: str) -> bool:
        for site in self._customers:
            path = site.path_of(url)
            if path is not None:
                return site.take_down(path)
        return False

    def _answer(self, delivery: Delivery, removed: tuple[str, ...]) -> None:
        received = delivery.message
        recipient = parseaddr(str(received["Reply-To"] or received["From"] or delivery.sender))[1]
        if not recipient:
            return
        # A sender who cannot be answered must not stop the desk; what was removed stays removed.
        with (
            suppress(OSError, ValueError),
            smtplib.SMTP(ADDRESS, self._sink.port, timeout=SMTP_SECONDS) as smtp,
        ):
            smtp.send_message(acknowledgement(received, recipient, removed))


def urls_in(text: str) -> list[str]:
    """Every http(s) URL in `text` once, in order, without the punctuation of the sentence round it."""
    return list(dict.fromkeys(url.rstrip(".,;:!?)]}>") for url in URL.findall(text)))


def acknowledgement(received: EmailMessage, recipient: str, removed: tuple[str, ...]) -> EmailMessage:
    lines = (
        ["We have removed these addresses from our service:", "", *removed]
        if removed
        else ["Your message names no address that we host, so we have changed nothing."]
    )
    answer = EmailMessage()
    answer["From"] = f"Loopback Hosting Abuse Desk <{ABUSE_ADDRESS}>"
    answer["To"] = recipient
    answer["Subject"] = f"Re: {received['Subject'] or 'your message'}"
    answer["Message-ID"] = make_msgid(domain="loopback-hosting.example")
    answer["Auto-Submitted"] = "auto-replied"
    if received["Message-ID"]:
        answer["In-Reply-To"] = answer["References"] = str(received["Message-ID"])
    answer.set_content("\n".join(["Hello,", "", *lines, "", "Loopback Hosting, abuse desk", ""]))
    return answer


def _automatic(message: EmailMessage) -> bool:
    """RFC 3834: automatic mail is never answered, so that two robots cannot write to each other for ever."""
    return str(message.get("Auto-Submitted", "no")).lower() != "no"
