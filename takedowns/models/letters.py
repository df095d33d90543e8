"""What is written to operators and what they write back."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from takedowns.models.cases import Case, InfringingUrl
from takedowns.models.operators import AbuseContact, Operator
from takedowns.states import CounterNoticeState, NoticeState


class PostedLetter(models.Model):
    """What every letter that leaves at most once has: a text frozen at approval, and what became of sending it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=20, choices=NoticeState, default=NoticeState.DRAFT)
    # Empty where the operator takes notices by a form only.
    recipient = models.EmailField(blank=True)
    title = models.CharField(max_length=300)
    body = models.TextField()
    body_sha256 = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=2, default="en")
    template_version = models.CharField(max_length=40)
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    drafted_at = models.DateTimeField(default=timezone.now)
    # Nobody for a follow-up that only repeats what a person approved.
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=200, blank=True)
    # Who is putting the letter into the operator's form, where it takes notices by one only.
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(null=True)
    sending_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Notice(PostedLetter):
    """A letter to one operator on one ground. Its body is frozen at approval; it is sent at most once."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="notices")
    operator = models.ForeignKey(Operator, models.PROTECT, related_name="notices")
    contact = models.ForeignKey(AbuseContact, models.PROTECT, related_name="notices")
    # The places that the letter names: those that this operator can take down.
    urls = models.ManyToManyField(InfringingUrl, related_name="notices")
    ground = models.CharField(max_length=40)
    # As whom the operator is asked (`grounds.Addressee`); with it, the step of the ladder.
    addressee = models.CharField(max_length=20, default="host")
    # The notice that this one goes on from, because nobody acted on it or it came back.
    escalates = models.ForeignKey("self", models.SET_NULL, null=True, related_name="escalations")
    # When an answer is due. It does not run while `state` is `info_requested`: `time_left` is what was left then.
    due_at = models.DateTimeField(null=True)
    time_left = models.DurationField(null=True)
    # The date by which the operator said that it would act: nobody asks again before.
    promised_until = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["drafted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "operator", "ground"],
                # What has left is told apart by its places, which `notices.draft` and `guards` look after.
                condition=Q(state__in=(NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.SENDING)),
                name="notice_once_per_case_operator_ground",
            ),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="notice_state_known"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("drafted_by")),
                name="notice_approved_by_second_person",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="notice_state_due"),
            # The next date of each of the queue's cases, without a look at the letters themselves.
            models.Index(fields=["case", "state", "due_at", "promised_until"], name="notice_of_case_due"),
            models.Index(fields=["message_id"], name="notice_message_id"),
        ]


class FollowUp(PostedLetter):
    """A further letter about a notice: a reminder, an answer, a retraction. Sent at most once, too."""

    class Kind(models.TextChoices):
        REMINDER = "reminder", "Reminder"
        ANSWER = "answer", "Answer to a question"
        RETRACTION = "retraction", "Retraction"
        COUNTER_RESPONSE = "counter_response", "Response to a counter-notice"
        COMPLAINT = "complaint", "Complaint about a refusal"
        THANKS = "thanks", "Thanks"

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="follow_ups")
    kind = models.CharField(max_length=20, choices=Kind)
    # 1 for the first of its kind.
    number = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["drafted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "kind", "number"],
                condition=~Q(state=NoticeState.WITHDRAWN),
                name="follow_up_once",
            ),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="follow_up_state_known"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("drafted_by")),
                name="follow_up_approved_by_second_person",
            ),
        ]
        indexes = [models.Index(fields=["message_id"], name="follow_up_message_id")]


class Communication(models.Model):
    """A letter that went out or came in. The text is sealed with the subject's key."""

    class Direction(models.TextChoices):
        OUT = "out", "Sent"
        IN = "in", "Received"

    class Kind(models.TextChoices):
        """What it is; of one that came in, as the classifier or a person says."""

        LETTER = "letter", "Letter"
        REPLY = "reply", "Answer"
        AUTO_REPLY = "auto_reply", "Automatic answer"
        RECEIPT = "receipt", "Confirmation of receipt"
        COMPLIED = "complied", "Says that it is removed"
        REFUSED = "refused", "Refusal"
        QUESTION = "question", "Question to us"
        COUNTER_NOTICE = "counter_notice", "Counter-notice"
        BOUNCE = "bounce", "Mail came back"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="communications")
    notice = models.ForeignKey(Notice, models.CASCADE, null=True, related_name="communications")
    direction = models.CharField(max_length=5, choices=Direction)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.LETTER)
    sender = models.CharField(max_length=300)
    recipient = models.CharField(max_length=300)
    title = models.CharField(max_length=300)
    sealed_body = models.BinaryField()
    message_id = models.CharField(max_length=300)
    # How it was known to belong to the case: `message_id`, `token`, `reference` or `person`.
    matched_by = models.CharField(max_length=20, blank=True)
    attachments = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)
    # Somebody has read what came in and done what it asks for.
    read_at = models.DateTimeField(null=True)
    read_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message_id"], condition=Q(direction="in"), name="received_letter_once")
        ]


class OrphanMail(models.Model):
    """Mail that came in and belongs to no case that we know: a person finds out. Sealed for the installation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message_id = models.CharField(max_length=300, unique=True)
    sender = models.CharField(max_length=300, blank=True)
    sealed_title = models.BinaryField()
    sealed_body = models.BinaryField()
    # Why no case was found, in one word.
    why = models.CharField(max_length=40)
    received_at = models.DateTimeField(default=timezone.now)
    # Put to a case, or away.
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    case = models.ForeignKey(Case, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["received_at"]
        indexes = [models.Index(fields=["done_at", "received_at"], name="orphan_mail_waiting")]


class CounterNotice(models.Model):
    """Whoever put a picture there disputes a copyright notice (17 U.S.C. 512(g)(3)).

    The provider puts it back after ten to fourteen of its business days unless it is told that a court was asked.
    The days count from when the provider got the counter-notice, which is not when we did.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    notice = models.ForeignKey(Notice, models.CASCADE, related_name="counter_notices")
    # As it came; it names the person who sent it.
    communication = models.OneToOneField(Communication, models.CASCADE, null=True, related_name="counter_notice")
    state = models.CharField(max_length=20, choices=CounterNoticeState, default=CounterNoticeState.RECEIVED)
    received_at = models.DateTimeField(default=timezone.now)
    provider_received_on = models.DateField()
    # The first and the last day on which the provider may put it back.
    window_opens_on = models.DateField()
    window_ends_on = models.DateField()
    # What 512(g)(3) asks of a counter-notice and this one lacks, in sentences.
    lacks = models.JSONField(default=list)
    told_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    # `court`, `ccb`, `let_restore` or `switch_ground`: what the subject chose.
    choice = models.CharField(max_length=20, blank=True)
    chosen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice"], condition=~Q(state="ended"), name="one_open_counter_notice"),
            models.CheckConstraint(condition=Q(state__in=CounterNoticeState.values), name="counter_notice_state_known"),
        ]


class LetterTemplate(models.Model):
    """A text of our own staff in place of the one that the software carries. Insert only but for its approval."""

    code = models.CharField(max_length=40)
    language = models.CharField(max_length=2)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    body = models.TextField()
    note = models.CharField(max_length=400)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)
    # Another person than the writer; the newest approved one is used.
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    # Taken out of use: the text before it holds again.
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "language", "number"], name="letter_template_version"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("written_by")),
                name="letter_template_approved_by_second_person",
            ),
        ]
