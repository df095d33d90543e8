"""Our side of the sixty days: the beat's tasks, what staff do with what lies on their desks, and what the subject says.

Carol works off everything that a person has to do; Dana approves what Carol wrote. Nothing here is part of the
product: it is what people would do at the console, by the functions that the console's buttons call.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from accounts import keys
from accounts import tasks as account_tasks
from accounts.models import User
from takedowns import delivery, follow_ups, notices, relapse, tasks, workflow
from takedowns.cases import NotAllowed
from takedowns.mail import counter, effects, orphans
from takedowns.models import Case, Communication, CounterNotice, FollowUp, InfringingUrl, Notice, WorkItem
from takedowns.states import CaseState, CounterNoticeState, NoticeState, Outcome
from tests.operators import World

DAY = timedelta(days=1)
# As `CELERY_BEAT_SCHEDULE` has them; the others are about crawls, people and plans.
BEAT: tuple[Callable[[], object], ...] = (
    tasks.read_mail,
    tasks.prepare_cases,
    tasks.clock,
    tasks.send_approved,
    tasks.verify_due,
    tasks.screen_relapses,
    tasks.look_around,
    account_tasks.sweep,
)
ANSWER = "We act under an authority that the person shown has signed; its text is below. There is nothing else to add."
FILED = "Complaint 26-cv-1234, filed at the District Court for the Northern District on 4 December 2026."
# After so long nobody waits for an operator that does nothing.
GIVE_UP_AFTER = 45 * DAY


@dataclass
class Office:
    """`choice` is what the subject chooses about a counter-notice; `surprises` is what a person would wonder about."""

    alice: User
    carol: User
    dana: User
    world: World
    choice: str = counter.LET_RESTORE
    patience: timedelta = 2 * DAY
    surprises: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def is_busy(self) -> bool:
        """Whether a letter waits to leave, a place to be looked at, or a mail to be handed out."""
        waiting = (NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.SENDING)
        letters = (Notice.objects, FollowUp.objects)
        return (
            any(rows.filter(state__in=waiting).exists() for rows in letters)
            or InfringingUrl.objects.filter(next_check_at__lte=timezone.now()).exists()
        )

    def beat(self, times: int = 1) -> None:
        """Every task in turn, as often as that."""
        for task in BEAT:
            for _ in range(times):
                task()

    def work(self) -> None:
        """What staff do in a morning."""
        self._reissue()
        self._approve()
        for item in list(WorkItem.objects.filter(done_at=None).select_related("case").order_by("created_at")):
            if WorkItem.objects.filter(pk=item.pk, done_at=None).exists():
                self._deal_with(item)
        for orphan in list(orphans.waiting()):
            orphans.away(orphan, orphans.Away.NOT_ABOUT_US, self.carol)
        self._give_up()

    def live(self) -> None:
        """What the subject does: chooses, and says yes to a relapse."""
        for found in list(CounterNotice.objects.filter(state=CounterNoticeState.INFORMED)):
            if found.told_at and timezone.now() - found.told_at > self.patience:
                counter.choose(found, self.alice, self.choice)
        waiting = Case.objects.filter(state=CaseState.AWAITING_SUBJECT, ground_decision=None)
        for case in waiting.exclude(relapse_of=None).select_related("match", "relapse_of__ground_decision"):
            assert case.relapse_of is not None
            workflow.open_case(case.match, self.alice, case.relapse_of.ground_decision.answers)
            tasks.prepare_case(str(case.pk))

    # --- Letters ---------------------------------------------------------------------------------------------

    def _approve(self) -> None:
        for notice in list(Notice.objects.filter(state=NoticeState.DRAFT).select_related("operator")):
            try:
                notices.approve(notice, self.carol)
            except NotAllowed as refusal:
                self.refused[str(notice.pk)] = str(refusal)
        for further in list(FollowUp.objects.filter(state=NoticeState.DRAFT)):
            try:
                follow_ups.approve(further, self.dana if further.drafted_by_id == self.carol.pk else self.carol)
            except NotAllowed as refusal:
                self.surprises.append(f"a draft that cannot be approved: {refusal}")

    def _reissue(self) -> None:
        """One click on each relapse that the subject has said yes to."""
        agreed = Case.objects.exclude(relapse_of=None).exclude(state__in=(CaseState.CLOSED, CaseState.AWAITING_SUBJECT))
        for case in agreed.filter(notices__state=NoticeState.DRAFT).distinct():
            relapse.reissue(case, self.carol)

    def _give_up(self) -> None:
        for case in Case.objects.filter(state=CaseState.ACTION_NEEDED, created_at__lt=timezone.now() - GIVE_UP_AFTER):
            workflow.close(case, self.carol, Outcome.NO_RESPONSE, "Nobody acted, and nobody is left to be asked.")

    # --- The desk --------------------------------------------------------------------------------------------

    def _deal_with(self, item: WorkItem) -> None:
        act = getattr(self, f"_on_{item.kind}", None)
        if act is None:
            self.surprises.append(f"{item.kind}: {item.text}")
            workflow.finish(item, self.carol)
        else:
            act(item)

    def _on_notice_paste(self, item: WorkItem) -> None:
        letter = Notice.objects.filter(pk=item.about).first() or FollowUp.objects.get(pk=item.about)
        delivery.take_sheet(letter, self.carol)
        delivery.record_pasted(letter, self.carol, "Thank you. Your number is 4711.")

    def _on_notice_stuck(self, item: WorkItem) -> None:
        """The mail server's log says whether it left."""
        letter = Notice.objects.filter(pk=item.about).first() or FollowUp.objects.get(pk=item.about)
        left = any(one.message["Message-ID"] == letter.message_id for one in self.world.letters())
        delivery.settle(letter, self.carol, left=left)
        if not left:
            # Another is written: "Look again" on the case's page.
            workflow.prepare(item.case)

    def _on_letter_question(self, item: WorkItem) -> None:
        """Answered after a while; a colleague approves it."""
        letter = Communication.objects.get(pk=item.about)
        assert letter.notice is not None
        if letter.notice.state != NoticeState.INFO_REQUESTED:
            workflow.finish(item, self.carol)
        elif timezone.now() - item.created_at > self.patience:
            follow_ups.draft(letter.notice, FollowUp.Kind.ANSWER, note=ANSWER, staff=self.carol)

    def _on_letter_unsure(self, item: WorkItem) -> None:
        self._sort(item)

    def _on_letter_read(self, item: WorkItem) -> None:
        self._sort(item)

    def _sort(self, item: WorkItem) -> None:
        """Read, and said what it is: an operator's words, or a stranger's."""
        letter = Communication.objects.select_related("case__subject__user").get(pk=item.about)
        text = keys.unseal(letter.case.subject.user, "communication", letter.sealed_body).decode()
        if "proof of your authority" in text:
            effects.reclassify(letter, Communication.Kind.QUESTION, self.carol)
        elif "We will remove the picture by" in text:
            day = datetime.strptime(text.partition(" by ")[2].split(".")[0], "%d %B %Y").date()  # noqa: DTZ007
            effects.reclassify(letter, Communication.Kind.REPLY, self.carol, until=day)
        else:
            effects.mark_read(letter, self.carol)

    def _on_counter_chosen(self, item: WorkItem) -> None:
        found = CounterNotice.objects.get(pk=item.about)
        if not found.notice.follow_ups.filter(kind=FollowUp.Kind.COUNTER_RESPONSE).exists():
            counter.draft_response(found, self.carol, FILED)

    def _on_counter_over(self, item: WorkItem) -> None:
        """She looks at the page."""
        found = CounterNotice.objects.get(pk=item.about)
        operator = next(one for one in self.world.operators.values() if found.notice.recipient in one.addresses())
        counter.end(found, self.carol, kept_down=not operator.shown)

    def _seen(self, item: WorkItem) -> None:
        workflow.finish(item, self.carol)

    _on_counter_notice = _on_counter_window = _on_ladder_ended = _seen
    _on_undecided = _on_letter_refused = _on_new_place = _seen

    def _on_notice_bounced(self, item: WorkItem) -> None:
        """Another address was found, and the letter goes there."""
        if Notice.objects.filter(escalates=item.about).exists():
            workflow.finish(item, self.carol)
