"""Where mails of people wait: an IMAP mailbox or a folder of .eml files.

What was taken over is deleted there: a mailbox keeps what it has for ever, and no erasure would reach it. What was left
out (absence notices and the like) stays, marked, for a person to look at.
"""

import imaplib
import logging
import ssl
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import SplitResult, unquote, urlsplit

from accounts.tickets.mail_text import MAX_MAIL

logger = logging.getLogger(__name__)

FAILED = "failed"
# In one go; the rest is read the next time.
_MOST = 200
_TIMEOUT_SECONDS = 30
# A mark of our own: people who look into the mailbox change whether a mail counts as read.
_MARK = "Faceward"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class MailboxTrouble(Exception):
    """The mailbox cannot be read. Says why, without its password."""


class Mailbox(AbstractContextManager["Mailbox"], Protocol):
    """A place with mails."""

    def mails(self) -> Iterator[tuple[str, bytes]]:
        """The mails that nothing was decided about yet: a key, and the bytes up to a limit."""

    def done(self, key: str, *, taken: bool) -> None:
        """Delete a mail that was taken over; mark one that was not."""


def mailbox(url: str, setting: str = "PRIVACY_INBOX_URL") -> Mailbox:
    """The mailbox at `url`: `imaps://user:password@host/INBOX` or `maildrop:///folder`. Raises `MailboxTrouble`.

    `setting` is where the address comes from, for whoever has to put it right.
    """
    parts = urlsplit(url)
    if parts.scheme == "maildrop":
        return Maildrop(Path(unquote(parts.path)), setting)
    if parts.scheme == "imaps" or (parts.scheme == "imap" and parts.hostname in _LOOPBACK):
        return Imap(parts)
    raise MailboxTrouble(f"{setting} has to begin with imaps:// or maildrop://")


def take_over(url: str, setting: str, take: Callable[[bytes], str], taken: Collection[str]) -> Counter[str]:
    """Hand each mail that waits to `take`, which says in a word what became of it. How many mails became what.

    What became one of `taken` is deleted. One mail that breaks something does not keep the others from being read: it
    counts as `FAILED`, and is tried again the next time. No mailbox has no mails. Raises `MailboxTrouble`.
    """
    counts: Counter[str] = Counter()
    if not url:
        return counts
    with mailbox(url, setting) as box:
        for key, raw in box.mails():
            outcome = _take_or_leave(raw, take)
            if outcome != FAILED:
                box.done(key, taken=outcome in taken)
            counts[outcome] += 1
    return counts


def _take_or_leave(raw: bytes, take: Callable[[bytes], str]) -> str:
    try:
        return take(raw)
    except Exception:
        logger.exception("A mail could not be taken over")
        return FAILED


class Maildrop(Mailbox):
    """A folder into which something else puts one file for each mail."""

    def __init__(self, folder: Path, setting: str) -> None:
        self._folder, self._setting = folder, setting

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def mails(self) -> Iterator[tuple[str, bytes]]:
        if not self._folder.is_dir():
            raise MailboxTrouble(f"The folder of {self._setting} is not there")
        for path in sorted(self._folder.glob("*.eml"))[:_MOST]:
            if not path.is_symlink() and path.is_file():
                with path.open("rb") as file:
                    yield path.name, file.read(MAX_MAIL)

    def done(self, key: str, *, taken: bool) -> None:
        path = self._folder / Path(key).name
        if taken:
            path.unlink(missing_ok=True)
        else:
            path.replace(path.with_suffix(".left"))


class Imap(Mailbox):
    """An IMAP mailbox, always by TLS, except on this machine."""

    def __init__(self, parts: SplitResult) -> None:
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        try:
            self._server = _connected(parts)
            self._server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxTrouble(f"The mailbox cannot be opened: {type(error).__name__}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._server.logout()
        except (OSError, imaplib.IMAP4.error):
            self._server.shutdown()

    def mails(self) -> Iterator[tuple[str, bytes]]:
        try:
            status, _ = self._server.select(f'"{self._folder}"')
            if status != "OK":
                raise MailboxTrouble("The mailbox has no folder of that name")
            _, found = self._server.uid("SEARCH", "UNKEYWORD", _MARK, "UNDELETED")
            for uid in (found[0] or b"").split()[:_MOST]:
                _, answer = self._server.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MAX_MAIL}>)")
                raw = next((piece[1] for piece in answer if isinstance(piece, tuple)), None)
                if raw is not None:
                    yield uid.decode(), raw
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxTrouble(f"The mailbox cannot be read: {type(error).__name__}") from error

    def done(self, key: str, *, taken: bool) -> None:
        try:
            self._server.uid("STORE", key, "+FLAGS", f"(\\Deleted {_MARK})" if taken else f"({_MARK})")
            if taken and "UIDPLUS" in self._server.capabilities:
                # Without UIDPLUS the server itself removes it, when somebody else tidies up.
                self._server.uid("EXPUNGE", key)
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxTrouble(f"The mailbox cannot be changed: {type(error).__name__}") from error


def _connected(parts: SplitResult) -> imaplib.IMAP4:
    host = parts.hostname or ""
    if parts.scheme == "imap":
        return imaplib.IMAP4(host, parts.port or 143, timeout=_TIMEOUT_SECONDS)
    context = ssl.create_default_context()
    return imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=context, timeout=_TIMEOUT_SECONDS)
