"""What must hold at every step of the sixty days, asked of the records, the mail server and the pages."""

import io
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from uuid import UUID

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from demo.mail import body
from takedowns import events, workflow
from takedowns.grounds import conflicts
from takedowns.models import Case, CaseEvent, FollowUp, InfringingUrl, Notice, WorkItem
from takedowns.states import CaseState, NoticeState, Outcome, UrlState
from tests.office import Office
from tests.operators import TRANSIT, Arrived, Operator

HOME = "12 Secret Road"
NAME = "Alice Example"
# An address of any kind; a name of ours in a log is none.
_ADDRESS = re.compile(r"https?://|\b127\.0\.0\.[2-9]\b|[\w.+-]+@[\w-]+\.\w+|\.example\b|/photo\.jpg|/post\b")
_UNSENT = {NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.WITHDRAWN}
_OURS = ("takedowns", "accounts", "crawler", "search", "django.request")


class Watcher:
    """Looks at everything after each step; `pages` and `letters` count what was looked at."""

    def __init__(self, office: Office, log: Any, sign_in: Callable[[User], Client]) -> None:
        self.office, self.log, self._sign_in = office, log, sign_in
        self.pages = self.letters = 0
        self.removed_at: dict[UUID, datetime] = {}
        self._last: dict[UUID, tuple[object, ...]] = {}
        self._event = self._item = 0
        self._seen_items: set[UUID] = set()
        self._standing: dict[UUID, Notice] = {}
        self.problems: list[str] = []

    def look(self) -> None:
        """All of it."""
        self._letters()
        self._removals()
        self._turns()
        self._words()
        self._pages()

    def check(self, holds: object, otherwise: str) -> None:
        """All problems are told at the end, each once: one is often explained by another."""
        if not holds and otherwise not in self.problems:
            self.problems.append(otherwise)

    def before(self) -> None:
        """How the notices stand before anything is sent: what a further letter is judged by."""
        self._standing = {notice.pk: notice for notice in Notice.objects.all()}

    # --- Letters ---------------------------------------------------------------------------------------------

    def _letters(self) -> None:
        arrived = self.office.world.letters()
        ids = Counter(one.message["Message-ID"] for one in arrived)
        self.check(all(times == 1 for times in ids.values()), "a letter arrived twice")
        for one in arrived[self.letters :]:
            self._letter(one)
        self.letters = len(arrived)
        for problem in told_twice(Notice.objects.exclude(state__in=_UNSENT)):
            self.check(False, problem)

    def _letter(self, one: Arrived) -> None:
        message_id = one.message["Message-ID"]
        notice = Notice.objects.filter(message_id=message_id).first()
        further = FollowUp.objects.select_related("notice").filter(message_id=message_id).first()
        about = notice or (further.notice if further else None)
        name = f"{one.at:%d %b} to {one.recipient} ({further.kind if further else 'notice'})"
        if about is None:
            self.check(False, f"{name}: not on record")
            return
        self.check(one.operator or one.recipient == TRANSIT, f"{name}: a stranger was written to")
        words = text_of(one)
        self.check(HOME not in words, f"{name}: has the home address")
        self.check(about.case.reference in one.message["Subject"], f"{name}: no reference")
        self.check(not about.case.intimate or (NAME not in words and "Alice" not in words), f"{name}: names the person")
        self.check(further or one.shown or not one.operator, f"{name}: is about what is gone")
        if further is not None and further.kind == FollowUp.Kind.REMINDER:
            before = self._standing.get(about.pk, about)
            self.check(one.shown, f"{name}: reminds of what is gone")
            self.check(before.state in {NoticeState.SENT, NoticeState.ACKNOWLEDGED}, f"{name}: presses in our turn")
            promised = before.promised_until
            self.check(promised is None or promised <= timezone.now(), f"{name}: before a promised day")

    # --- Removals --------------------------------------------------------------------------------------------

    def _removals(self) -> None:
        for url in InfringingUrl.objects.filter(state=UrlState.REMOVED).select_related("case"):
            if url.pk not in self.removed_at:
                self.removed_at[url.pk] = timezone.now()
                operator = self._operator(url)
                self.check(not operator.shown, f"{operator.code}: removed, and it is there")
                self.check(twice_a_day_apart(url), f"{operator.code}: removed without two looks a day apart")

    def _operator(self, url: InfringingUrl) -> Operator:
        hosts = {one.host: one for one in self.office.world.operators.values()}
        hosts |= {one.profile.other_host: one for one in self.office.world.operators.values() if one.profile.other_host}
        return hosts[url.host]

    # --- Whose move ------------------------------------------------------------------------------------------

    def _turns(self) -> None:
        for case in Case.objects.all():
            notices = set(case.notices.values_list("state", flat=True))
            undone = case.work_items.filter(done_at=None).exists()
            step = workflow.next_step(case)
            waiting = bool(notices & {NoticeState.DRAFT, NoticeState.APPROVED})
            theirs = {NoticeState.SENT, NoticeState.ACKNOWLEDGED, NoticeState.PARTLY_COMPLIED, NoticeState.CONTESTED}
            # Who was gone past is not waited for: after the last step it is our move.
            running = case.notices.filter(state__in=theirs, escalated_at=None).exists()
            ours = undone or waiting
            sound = {
                CaseState.TRIAGE: step.whose == "us",
                CaseState.DRAFTING: step.whose == "us" and not undone,
                CaseState.AWAITING_PROVIDER: running and not ours and step.whose in ("them", "us"),
                CaseState.AWAITING_SUBJECT: step.whose == "you",
                CaseState.ACTION_NEEDED: step.whose == "us" and (ours or not running),
                CaseState.CLOSED: case.outcome and not waiting and self._ended(case),
            }[CaseState(case.state)]
            held = f"{case.state}, {sorted(notices)}, undone: {self._undone(case)}, {step.whose}: {step.text}"
            self.check(sound, f"{self._code(case)} on {timezone.now():%d %b}: {held}")

    def _ended(self, case: Case) -> bool:
        left = case.urls.exclude(state__in=(UrlState.REMOVED, UrlState.RELAPSED)).exists()
        return case.outcome != Outcome.REMOVED or not left

    def _undone(self, case: Case) -> list[str]:
        return list(case.work_items.filter(done_at=None).values_list("kind", flat=True))

    def _code(self, case: Case) -> str:
        url = case.urls.first()
        return self._operator(url).code if url else str(case)

    # --- Words -----------------------------------------------------------------------------------------------

    def _words(self) -> None:
        for event in CaseEvent.objects.filter(pk__gt=self._event).order_by("pk"):
            self._event = event.pk
            self.check(event.kind in events.KINDS, f"no such kind of event: {event.kind}")
            # The name of a host may be there, for the story; no address of a page or of a desk.
            told = f"{event.text} {[value for key, value in event.data.items() if key != 'host']}"
            self.check(not _ADDRESS.search(told) and HOME not in told, f"an address in {event.kind}: {told}")
        for item in WorkItem.objects.exclude(pk__in=self._seen_items):
            self._seen_items.add(item.pk)
            self.check(not _ADDRESS.search(item.text), f"an address in work {item.kind}: {item.text}")
        for record in self.log.records:
            if record.name.startswith(_OURS):
                words = record.getMessage()
                self.check(not _ADDRESS.search(words) and HOME not in words, f"an address in the log: {words}")
                self.check(record.levelno < logging.ERROR, f"an error in the log: {words}")
        self.log.clear()

    # --- Pages -----------------------------------------------------------------------------------------------

    def _pages(self) -> None:
        """The subscriber's and the console's page of every case to which something has happened."""
        clients: dict[str, Client] = {}
        for case in Case.objects.all():
            mark = (case.state, case.events.count(), case.work_items.filter(done_at=None).count())
            if self._last.get(case.pk) == mark:
                continue
            self._last[case.pk] = mark
            for who, name in ((self.office.alice, "takedowns:case"), (self.office.carol, "takedowns:console_case")):
                # Sessions end; days lie between two looks.
                client = clients.setdefault(name, clients.get(name) or self._sign_in(who))
                answer = client.get(reverse(name, args=[case.pk]))
                self.check(answer.status_code == 200, f"{name} of {self._code(case)}: {answer.status_code}")
                self.check(HOME not in answer.content.decode(), f"{name} shows the home address")
                self.pages += 1


# --- What is asked of records alone --------------------------------------------------------------------------------


def told_twice(letters: Iterable[Notice]) -> Iterator[str]:
    """More than one letter about a place on a ground to an operator, in a case; or two that contradict each other."""
    told: Counter[tuple[object, ...]] = Counter()
    grounds: dict[tuple[object, ...], set[str]] = {}
    for notice in letters:
        if notice.state == NoticeState.BOUNCED:
            continue
        for digest in notice.urls.values_list("digest", flat=True):
            told[notice.case_id, digest, notice.ground, notice.operator.name] += 1
            grounds.setdefault((digest, notice.operator.name), set()).add(notice.ground)
    yield from (f"told {times} times: {what[2:]}" for what, times in told.items() if times > 1)
    for where, said in grounds.items():
        if any(conflicts(one, other) for one in said for other in said):
            yield f"two stories to {where[1]}: {sorted(said)}"


def twice_a_day_apart(url: InfringingUrl) -> bool:
    """Whether the newest looks all found it gone, over a day at least, and nothing else in between."""
    looks = url.verifications.order_by("-checked_at", "-pk")
    run = list(takewhile(lambda check: check.outcome == "removed_source", looks))
    return len(run) >= 2 and run[0].checked_at - run[-1].checked_at >= timedelta(hours=24)


def text_of(one: Arrived) -> str:
    """All that a letter says: its head, its text, and what is attached."""
    words = "\n".join(f"{name}: {value}" for name, value in one.message.items()) + body(one.message, "plain")
    for part in one.message.iter_attachments():
        reader = PdfReader(io.BytesIO(part.get_content()))
        words += "\n".join(page.extract_text() for page in reader.pages)
        words += str(reader.metadata)
    return words
