"""An SMTP server that delivers nowhere: it keeps every message in order, and as a file for people to open."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.loopback import ADDRESS, listener


@dataclass(frozen=True)
class Delivery:
    sender: str
    """Envelope sender (MAIL FROM), which need not be the From header."""
    recipients: tuple[str, ...]
    """Envelope recipients (RCPT TO), lower case."""
    message: EmailMessage


class _Controller(Controller):
    """aiosmtpd's server in a thread, on a socket that listens already: no port to guess, none to lose."""

    def __init__(self, handler: "MailSink", listening: socket.socket, smtp: type[SMTP]) -> None:
        super().__init__(handler, hostname=ADDRESS, port=listening.getsockname()[1])
        self._listening, self._smtp = listening, smtp

    def factory(self) -> SMTP:
        return self._smtp(self.handler, **self.SMTP_kwargs)

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)


class MailSink:
    """`smtp`: who speaks the protocol, for a server with faults of its own."""

    def __init__(self, preferred_port: int, folder: Path | None = None, smtp: type[SMTP] = SMTP) -> None:
        self._listener = listener(preferred_port)
        self.port: int = self._listener.getsockname()[1]
        self._folder = folder
        self._deliveries: list[Delivery] = []
        self._changed = threading.Condition()
        self._controller = _Controller(self, self._listener, smtp)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop(no_assert=True)
        self._listener.close()

    @property
    def deliveries(self) -> list[Delivery]:
        with self._changed:
            return list(self._deliveries)

    def for_recipient(self, address: str) -> list[EmailMessage]:
        return [delivery.message for delivery in self.deliveries if address.lower() in delivery.recipients]

    def wait_for(self, condition: Callable[[list[Delivery]], bool], timeout: float) -> bool:
        """Wait until `condition` holds of the deliveries so far; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: condition(self._deliveries), timeout)

    def wake(self) -> None:
        """Make everyone who waits look at their condition again."""
        with self._changed:
            self._changed.notify_all()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd when a message has arrived; the answer goes to the client."""
        raw = envelope.original_content or b""
        message = message_from_bytes(raw, EmailMessage, policy=policy.default)
        recipients = tuple(address.lower() for address in envelope.rcpt_tos)
        with self._changed:
            if self._folder:
                self._folder.mkdir(parents=True, exist_ok=True)
                (self._folder / f"{len(self._deliveries) + 1:04d}.eml").write_bytes(raw)
            self._deliveries.append(Delivery(envelope.mail_from or "", recipients, message))
            self._changed.notify_all()
        return "250 Message accepted"


def body(message: EmailMessage, kind: str) -> str:
    """The message's first part of `kind` (`plain` or `html`), or an empty string."""
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""
