"""A mail server on loopback with faults: it drops, delays, greets slowly, and answers as servers do that refuse."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.mail import MailSink
from tests.letters_out import EMAIL

STAGES = ("connect", "ehlo", "mail", "rcpt", "data", "stored")
DROP = "drop"
Fault = str | float


class _Faulty(SMTP):
    """Greets when its sink says so."""

    async def _handle_client(self) -> None:
        sink: FaultySink = self.event_handler
        self.__ident__ = "a mail server"
        answer = await sink.act("connect", self)
        if answer:
            await self.push(answer)
            self.transport.close()
            return
        await super()._handle_client()


class FaultySink(MailSink):
    """`faults` by stage: `DROP`, seconds to wait first, or what to answer. `stored`: the mail is kept, and then…

    `only`: whose mails are meant; empty: everybody's. Faults of the connection are everybody's anyway.
    """

    def __init__(self) -> None:
        super().__init__(0, smtp=_Faulty)
        self.faults: dict[str, Fault] = {}
        self.only: set[str] = set()
        self.connections = 0

    async def act(self, stage: str, server: SMTP, envelope: Envelope | None = None) -> str:
        """The answer to give at this stage; empty to go on as if nothing were wrong."""
        self.connections += stage == "connect"
        fault = self.faults.get(stage)
        spared = envelope is not None and self.only and not self.only & set(envelope.rcpt_tos)
        if fault is None or spared:
            return ""
        if isinstance(fault, float):
            await asyncio.sleep(fault)
            return ""
        if fault == DROP:
            server.transport.abort()
            # Nobody is there any more to answer to.
            await asyncio.sleep(3600)
        return fault

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        answer = await self.act("ehlo", server)
        return [answer] if answer else responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self.act("mail", server)
        envelope.mail_from = envelope.mail_from or (None if answer else address)
        return answer or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        answer = await self.act("rcpt", server, envelope)
        if answer:
            envelope.rcpt_tos.remove(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await self.act("data", server, envelope)
        if answer:
            return answer
        accepted = await super().handle_DATA(server, session, envelope)
        return await self.act("stored", server, envelope) or accepted


@contextmanager
def faulty_sink(settings: Any) -> Iterator[FaultySink]:
    """A faulty server, and the settings pointing there; it is waited for shortly."""
    running = FaultySink()
    running.start()
    # Starting it looks whether it is there.
    running.connections = 0
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = EMAIL, "127.0.0.1", running.port
    settings.EMAIL_TIMEOUT = 0.5
    try:
        yield running
    finally:
        running.stop()
